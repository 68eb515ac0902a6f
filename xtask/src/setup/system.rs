//! Packages of the operating system. Installed only as root, or after a yes; otherwise the exact command is said.

use std::env;
use std::io::{self, BufRead, IsTerminal, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use super::Goal;
use crate::step::Step;

/// A program that comes from the operating system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Program {
    /// The C compiler, for librdkafka.
    Cc,
    /// For librdkafka, too.
    Make,
    /// Java, for Apache Kafka.
    Java,
    /// Fetches Apache Kafka.
    Maven,
    /// Fetches wasm-opt and axe-core, and runs the former.
    Npm,
    /// The browser of the browser tests.
    Chromium,
    /// What drives it.
    Chromedriver,
    /// Builds OpenSSL, where its headers are not.
    Perl,
    /// For `apt-get` by another user than root.
    Sudo,
    /// Debian's packages.
    AptGet,
}

/// Whether a program is on the PATH.
pub(crate) fn has(program: Program) -> bool {
    let name = match program {
        Program::Cc => "cc",
        Program::Make => "make",
        Program::Java => "java",
        Program::Maven => "mvn",
        Program::Npm => "npm",
        Program::Chromium => "chromium",
        Program::Chromedriver => "chromedriver",
        Program::Perl => "perl",
        Program::Sudo => "sudo",
        Program::AptGet => "apt-get",
    };
    on_path(name)
}

pub(super) fn on_path(name: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|dir| dir.join(name).is_file())
}

/// What cargo is told where OpenSSL's headers are not: the server builds OpenSSL itself.
pub(crate) fn native_features() -> &'static [&'static str] {
    if has_openssl_headers() { &[] } else { &["--features", "backend/vendored-tls"] }
}

/// Installs what `goal` needs and the machine lacks, all at once.
pub(super) fn step(goal: Goal) -> Result<Option<Step>> {
    let missing = missing(goal);
    if missing.is_empty() {
        return Ok(None);
    }
    let packages: Vec<_> = missing.iter().flat_map(|need| need.debian).copied().collect();
    if has(Program::AptGet) && (is_root() || yes(&packages)) {
        let title = format!("Installing {} by apt-get", packages.join(", "));
        return Ok(Some(Step::new(title, Duration::from_secs(60), move |_| install(&packages))));
    }
    let how = if has(Program::AptGet) {
        format!("Install it by:\n\n    sudo apt-get install {}\n", packages.join(" "))
    } else {
        "Install it by the system's package manager (macOS: `xcode-select --install`, and brew).".to_owned()
    };
    let (essential, rest): (Vec<_>, Vec<_>) = missing.into_iter().partition(|need| need.essential);
    if let Some(need) = essential.first() {
        bail!("This machine has no {}. {how}", need.what);
    }
    for need in rest {
        println!("Note: this machine has no {}. {how}", need.what);
    }
    Ok(None)
}

/// Runs `apt-get install` for `packages`, visibly: it may take long, and it is the person's system.
pub(super) fn install(packages: &[&str]) -> Result<()> {
    // Never killed half way: it is in our process group, so Ctrl-C reaches it and it ends in order.
    let apt_get = |arguments: &[&str]| -> Result<()> {
        let mut command = Command::new(if is_root() { "env" } else { "sudo" });
        command
            .args(["DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"])
            .args(arguments)
            .args(packages_or_none(arguments, packages));
        let status = command.stdout(Stdio::null()).status().context("running apt-get")?;
        ensure!(
            status.success(),
            "`apt-get {} {}` failed ({status})",
            arguments.join(" "),
            packages.join(" ")
        );
        Ok(())
    };
    apt_get(&["update"])?;
    apt_get(&["install", "--yes", "--no-install-recommends"])
}

pub(super) fn is_root() -> bool {
    rustix::process::getuid().is_root()
}

struct Need {
    what: &'static str,
    debian: &'static [&'static str],
    /// Whether nothing works without it.
    essential: bool,
}

fn missing(goal: Goal) -> Vec<Need> {
    let mut missing = Vec::new();
    let mut need = |there: bool, what, debian, essential| {
        if !there {
            missing.push(Need { what, debian, essential });
        }
    };
    let compiler: &[&str] = &["build-essential"];
    need(has(Program::Cc) && has(Program::Make), "C compiler and make (librdkafka is C)", compiler, true);
    let tls: &[&str] = &["pkg-config", "libssl-dev"];
    need(
        has_openssl_headers(),
        "headers of OpenSSL (else perl builds it: 3 minutes)",
        tls,
        !has(Program::Perl),
    );
    if goal == Goal::Test {
        let java: &[&str] = &["default-jre-headless", "maven"];
        need(has(Program::Java) && has(Program::Maven), "Java and Maven (for Apache Kafka)", java, false);
        let browser: &[&str] = &["chromium", "chromium-driver"];
        need(
            has(Program::Chromium) && has(Program::Chromedriver),
            "Chromium with its driver",
            browser,
            false,
        );
        need(has(Program::Npm), "npm (for wasm-opt and axe-core)", &["npm"], false);
    }
    missing
}

fn has_openssl_headers() -> bool {
    if env::var_os("OPENSSL_DIR").is_some() {
        return true;
    }
    let by_pkg_config = Command::new("pkg-config").args(["--exists", "openssl"]).status();
    by_pkg_config.is_ok_and(|status| status.success())
        || (cfg!(target_os = "macos")
            && ["/opt/homebrew", "/usr/local"]
                .iter()
                .any(|brew| std::path::Path::new(brew).join("opt/openssl@3/include").is_dir()))
}

fn packages_or_none<'a>(arguments: &[&str], packages: &'a [&'a str]) -> &'a [&'a str] {
    if arguments.contains(&"install") { packages } else { &[] }
}

/// Asks on the terminal whether `sudo apt-get install` is wanted.
fn yes(packages: &[&str]) -> bool {
    if !has(Program::Sudo) || !io::stdin().is_terminal() {
        return false;
    }
    print!("Install {} by `sudo apt-get install`? [y/N] ", packages.join(", "));
    io::stdout().flush().ok();
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).ok();
    matches!(answer.trim(), "y" | "Y" | "yes")
}
