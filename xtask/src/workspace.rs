//! Where things are in this workspace, and cargo as its steps call it.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

/// Whether the server and the page are optimised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    /// What people use.
    Release,
    /// Quicker to build, for work on the workshop itself.
    Debug,
}

/// The workspace's folder.
pub(crate) fn root() -> PathBuf {
    let xtask =
        env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    xtask.parent().map_or(xtask.clone(), Path::to_path_buf)
}

/// Where the page is put, and what is kept about it. The server's build reads it there, so this follows no
/// `CARGO_TARGET_DIR`.
pub(crate) fn target() -> PathBuf {
    root().join("target")
}

/// Where cargo puts the server.
pub(crate) fn server(profile: Profile) -> PathBuf {
    let profile = match profile {
        Profile::Release => "release",
        Profile::Debug => "debug",
    };
    native_target().join(profile).join("kafka-workshop")
}

/// Where [`cargo`] builds. It is told, so that no configuration of cargo's (`build.target-dir`) says otherwise.
fn native_target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(target, |dir| root().join(dir))
}

/// A `cargo` in the workspace's folder, free of what `cargo xtask` told this process about xtask itself: some build
/// scripts watch those variables and would run again.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(root()).env("CARGO_TARGET_DIR", native_target());
    for (key, _) in env::vars_os() {
        let name = key.to_string_lossy();
        let about_xtask = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"];
        if about_xtask.iter().any(|prefix| name.starts_with(prefix)) || name == "CARGO_PRIMARY_PACKAGE" {
            cargo.env_remove(&key);
        }
    }
    cargo
}

/// The version of a package in Cargo.lock, if it is there.
pub(crate) fn locked_version(package: &str) -> Result<Option<String>> {
    let path = root().join("Cargo.lock");
    let lock = std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    Ok(version_in_lock(&lock, package))
}

fn version_in_lock(lock: &str, package: &str) -> Option<String> {
    let entry =
        lock.split("[[package]]").find(|entry| entry.contains(&format!("\nname = \"{package}\"\n")))?;
    let version = entry.lines().find_map(|line| line.strip_prefix("version = \""))?;
    Some(version.trim_end_matches('"').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_found_by_the_whole_name() {
        let lock = "\n[[package]]\nname = \"wasm-bindgen-macro\"\nversion = \"0.1.0\"\n\n[[package]]\nname = \
                    \"wasm-bindgen\"\nversion = \"0.2.130\"\nsource = \"x\"\n";
        assert_eq!(version_in_lock(lock, "wasm-bindgen"), Some("0.2.130".to_owned()));
        assert_eq!(version_in_lock(lock, "wasm"), None);
    }
}
