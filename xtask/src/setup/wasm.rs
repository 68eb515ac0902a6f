//! A Rust that compiles to WebAssembly: rustup's target, or Debian's rustc with its sources of the standard library
//! where rustup's server can't be reached.

use std::path::Path;
use std::process::Command;
use std::time::Duration;
use std::{env, fs};

use anyhow::{Context, Result, bail};

use super::system;
use crate::step::{Log, Step};
use crate::workspace;

const TARGET: &str = "wasm32-unknown-unknown";

/// Debian 12's: from its security archive, at least as new as `rust-version` in Cargo.toml.
const DEBIAN_PACKAGES: [&str; 5] = ["rustc-web", "cargo-web", "rust-web-src", "rust-web-llvm", "lld-22"];
const DEBIAN_LINKER: &str = "wasm-ld-22";

/// A rustup that can't reach its server may try for very long.
const RUSTUP_WITHIN: Duration = Duration::from_secs(120);

/// `rustup` or `debian`: for trying either where both are there.
const CHOICE: &str = "KAFKA_WORKSHOP_WASM";

/// Which Rust compiles the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wasm {
    /// The one that compiles the server, with its target installed.
    Rustup,
    /// The one in /usr/bin, which builds the standard library from source.
    Debian,
}

impl Wasm {
    /// What this machine has.
    pub(super) fn find() -> Result<Option<Self>> {
        let choice = env::var(CHOICE).unwrap_or_default();
        if choice != "debian" && rustup_has_target()? {
            return Ok(Some(Self::Rustup));
        }
        Ok((choice != "rustup" && debian_is_installed()).then_some(Self::Debian))
    }

    /// Makes `command`, which runs cargo, use it. The target directories are apart: the compilers differ.
    pub(crate) fn prepare(self, command: &mut Command) {
        let target = workspace::target();
        match self {
            Self::Rustup => {
                command.env("CARGO_TARGET_DIR", target.join("wasm"));
            }
            Self::Debian => {
                command
                    .env("CARGO_TARGET_DIR", target.join("wasm-debian"))
                    .env("RUSTC_BOOTSTRAP", "1")
                    .env("CARGO_UNSTABLE_BUILD_STD", "std,panic_abort")
                    .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", DEBIAN_LINKER);
                // `cargo xtask` set these for rustup's compiler.
                for key in ["CARGO", "RUSTC", "RUSTUP_TOOLCHAIN", "LD_LIBRARY_PATH"] {
                    command.env_remove(key);
                }
            }
        }
    }
}

/// Puts one of the two on this machine, unless it is there.
pub(super) fn step() -> Result<Option<Step>> {
    if Wasm::find()?.is_some() {
        return Ok(None);
    }
    Ok(Some(Step::new(format!("Installing Rust's target {TARGET}"), Duration::from_secs(30), install)))
}

fn install(log: &Log) -> Result<()> {
    let by_rustup = add_by_rustup(log);
    if by_rustup.is_ok() && Wasm::find()?.is_some() {
        return Ok(());
    }
    if system::may_install(&DEBIAN_PACKAGES) {
        println!("      rustup could not; Debian's packages may: {}", DEBIAN_PACKAGES.join(", "));
        system::update();
        if system::install(&DEBIAN_PACKAGES).is_ok() && Wasm::find()?.is_some() {
            return Ok(());
        }
    }
    let tried = by_rustup.err().map_or_else(String::new, |error| format!("\n\n`rustup` said: {error:#}"));
    bail!(
        "no Rust here compiles to {TARGET}. One of these ways helps:\n\
         - with rustup and a way to its server: rustup target add {TARGET}\n\
         - on Debian 12 or newer: sudo apt-get install {}\n\
         Then run this again.{tried}",
        DEBIAN_PACKAGES.join(" ")
    )
}

fn add_by_rustup(log: &Log) -> Result<()> {
    if env::var(CHOICE).is_ok_and(|choice| choice == "debian") {
        bail!("{CHOICE} asks for Debian's");
    }
    let mut rustup = Command::new("rustup");
    rustup.args(["target", "add", TARGET]).current_dir(workspace::root());
    log.run_within(&rustup, Some(RUSTUP_WITHIN))
}

fn rustup_has_target() -> Result<bool> {
    let output = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", TARGET])
        .current_dir(workspace::root())
        .output()
        .context("running rustc: install Rust by https://rustup.rs")?;
    let dir = String::from_utf8_lossy(&output.stdout);
    let Ok(files) = fs::read_dir(dir.trim()) else { return Ok(false) };
    Ok(files.flatten().any(|file| file.file_name().to_string_lossy().starts_with("libstd-")))
}

fn debian_is_installed() -> bool {
    system::on_path(DEBIAN_LINKER)
        && Path::new("/usr/lib/rustlib/src").is_dir()
        && Path::new("/usr/bin/cargo").is_file()
        && Command::new("/usr/bin/rustc")
            .arg("--version")
            .output()
            .is_ok_and(|output| is_new_enough(&String::from_utf8_lossy(&output.stdout)))
}

/// Whether `rustc 1.96.0 (…)` can compile the workspace.
fn is_new_enough(said: &str) -> bool {
    let minor = |version: &str| version.split('.').nth(1).and_then(|minor| minor.parse::<u32>().ok());
    said.split_whitespace().nth(1).and_then(minor) >= minor(env!("CARGO_PKG_RUST_VERSION"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rustc_older_than_the_workspace_asks_is_not_used() {
        assert!(is_new_enough("rustc 1.96.0 (ac68faa20 2026-05-25) (built from a source tarball)"));
        assert!(!is_new_enough("rustc 1.63.0 (4b91a6ea7 2022-08-08) (built from a source tarball)"));
        assert!(!is_new_enough(""));
    }
}
