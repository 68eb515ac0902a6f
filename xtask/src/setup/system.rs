//! Packages of the operating system. Installed only as root, or after a yes; otherwise the exact command is said.

use std::env;
use std::io::{self, BufRead, IsTerminal, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use super::{Goal, kafka_step};
use crate::step::{Step, run_all};

/// A program that comes from the operating system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Program {
    /// The C compiler, for librdkafka.
    Cc,
    /// For librdkafka, too.
    Make,
    /// Fetches Apache Kafka.
    Maven,
    /// Fetches wasm-opt and axe-core, and runs the former.
    Npm,
    /// The browser of the browser tests.
    Chromium,
    /// The client that `clients` tests.
    Kcat,
    /// Runs the scripts in `data/scripts`.
    Python,
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
        Program::Maven => "mvn",
        Program::Npm => "npm",
        Program::Chromium => "chromium",
        Program::Kcat => "kcat",
        Program::Python => "python3",
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

/// Installs what `goal` needs and the machine lacks. What nothing works without must succeed; each of the rest is
/// tried alone, and a failure is said.
pub(super) fn install_missing(goal: Goal) -> Result<()> {
    let missing = missing(goal);
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<_> = missing.iter().flat_map(|need| need.debian).copied().collect();
    let (essential, rest): (Vec<_>, Vec<_>) = missing.into_iter().partition(|need| need.essential);
    if may_install(&packages) {
        let mut steps = vec![Step::new("Fetching the list of packages", Duration::from_secs(10), |_| {
            update();
            Ok(())
        })];
        steps.extend(essential.iter().map(apt_step));
        steps.extend(rest.iter().map(|need| apt_step(need).optional()));
        return run_all(steps);
    }
    let how = if has(Program::AptGet) {
        format!("Install it by:\n\n    sudo apt-get install {}\n", packages.join(" "))
    } else {
        "Install it by the system's package manager (macOS: `xcode-select --install`, and brew).".to_owned()
    };
    if let Some(need) = essential.first() {
        bail!("This machine has no {}. {how}", need.what);
    }
    for need in rest {
        println!("Note: this machine has no {}. {how}", need.what);
    }
    Ok(())
}

fn apt_step(need: &Need) -> Step {
    let packages = need.debian;
    let title = format!("Installing {} by apt-get", packages.join(", "));
    Step::new(title, Duration::from_secs(40), move |_| install(packages))
}

/// Whether packages of the system can be installed here, and by us.
pub(super) fn may_install(packages: &[&str]) -> bool {
    has(Program::AptGet) && (is_root() || yes(packages))
}

/// Runs `apt-get update`. One source of many that can't be reached makes it fail: whether that matters, [`install`]
/// finds out.
pub(super) fn update() {
    apt_get(&["update"]).ok();
}

/// Runs `apt-get install` for `packages`.
pub(super) fn install(packages: &[&str]) -> Result<()> {
    apt_get(&[&["install", "--yes", "--no-install-recommends"], packages].concat())
}

/// Visibly: it may take long, and it is the person's system. Never killed half way: it is in our process group, so
/// Ctrl-C reaches it and it ends in order.
fn apt_get(arguments: &[&str]) -> Result<()> {
    let status = Command::new(if is_root() { "env" } else { "sudo" })
        .args(["DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"])
        // An upgrade by itself may have the lock, and a mirror a bad moment.
        .args(["-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=5"])
        .args(arguments)
        .stdout(Stdio::null())
        .status()
        .context("running apt-get")?;
    ensure!(status.success(), "`apt-get {}` failed ({status})", arguments.join(" "));
    Ok(())
}

fn is_root() -> bool {
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
        // macOS has none that pkg-config finds, but perl.
        has_openssl_headers() || cfg!(target_os = "macos"),
        "headers of OpenSSL (else perl builds it: 3 minutes)",
        tls,
        !has(Program::Perl),
    );
    if goal != Goal::Build {
        let java: &[&str] = &["default-jre-headless", "maven"];
        need(kafka_step().is_ok(), "Java and Maven (for Apache Kafka)", java, false);
    }
    if goal == Goal::Test {
        need(has(Program::Chromium), "Chromium", &["chromium"], false);
        need(has(Program::Npm), "npm (for wasm-opt and axe-core)", &["npm"], false);
        need(has(Program::Kcat), "kcat (a client that is tested)", &["kcat"], false);
        let python: &[&str] = &["python3", "python3-venv"];
        need(has_venv(), "Python with venv (for the scripts' client)", python, false);
    }
    missing
}

/// Whether Python makes virtual environments: Debian's does so only with a package of its own.
fn has_venv() -> bool {
    let imports =
        Command::new("python3").args(["-c", "import ensurepip, venv"]).stderr(Stdio::null()).status();
    imports.is_ok_and(|status| status.success())
}

fn has_openssl_headers() -> bool {
    let exists = Command::new("pkg-config").args(["--exists", "openssl"]).status();
    exists.is_ok_and(|status| status.success())
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
