//! The checks themselves: what each runs and what it needs of the machine.
//!
//! All that is native is built in one profile and for the whole workspace, so that cargo compiles each dependency
//! once, with the same features.

use std::num::NonZero;
use std::path::Path;
use std::process::Command;
use std::{env, fs, thread};

use anyhow::{Context, Result, ensure};
use xtask::kafka::Installation;
use xtask::process::{Output, Tethered};
use xtask::python;

use super::in_ci;
use crate::page;
use crate::setup::{self, Program, Tools, has};
use crate::step::run_all;
use crate::workspace::{self, Profile};

/// One check.
pub(super) struct Check {
    pub(super) name: String,
    /// What it is, in a few words.
    pub(super) about: String,
    /// Whether the set-up can bring what it needs.
    pub(super) needs_setup: bool,
    /// Why it can't run here, if so.
    pub(super) lacks: Box<dyn Fn() -> Option<String>>,
    pub(super) run: Box<dyn FnOnce() -> Result<()>>,
}

/// Test binaries of the crate `tests` in the order of their run; those not named here come between.
const FIRST: &str = "integration";
const LAST: &str = "browser";
/// The one that needs no Apache Kafka.
const ALONE: &str = "sandbox";
/// The one that runs kcat, Python scripts and Kafka's tools.
const CLIENTS: &str = "clients";

/// From this number property tests draw what they try.
const SEED: &str = "PROPTEST_RNG_SEED";

/// Crates whose own tests are quick.
const CRATES: [&str; 5] = ["shared", "backend", "backend/sandbox", "frontend", "xtask"];

/// All checks of the workspace as it is.
pub(super) fn all() -> Result<Vec<Check>> {
    let mut checks = vec![
        check("format", "cargo fmt --check", || run(workspace::cargo().args(["fmt", "--all", "--check"]))),
        check("clippy", "clippy, warnings denied", || {
            run(native("clippy", &["--all-targets"]).args(["--", "--deny", "warnings"]))
        }),
        check("docs", "rustdoc, warnings denied", || {
            run(native("doc", &["--no-deps"]).env("RUSTDOCFLAGS", "--deny warnings"))
        }),
        Check {
            lacks: Box::new(page_lack),
            needs_setup: true,
            ..check("page", "the page, built as it is released", || {
                run_all(page::step(Profile::Release)?.into_iter().collect())
            })
        },
        // After the page, which the server carries: else the server would be built twice.
        Check { needs_setup: true, ..check("unit", "unit, property and documentation tests", unit) },
    ];
    let mut binaries = test_names(&workspace::root().join("tests"))?;
    for expected in [FIRST, LAST] {
        if !binaries.iter().any(|name| name == expected) {
            binaries.push(expected.to_owned());
        }
    }
    binaries.sort_by_key(|name| (name == LAST, name != FIRST));
    checks.extend(binaries.into_iter().map(binary));
    Ok(checks)
}

fn check(name: &str, about: &str, run: impl FnOnce() -> Result<()> + 'static) -> Check {
    Check {
        name: name.to_owned(),
        about: about.to_owned(),
        needs_setup: false,
        lacks: Box::new(|| None),
        run: Box::new(run),
    }
}

fn unit() -> Result<()> {
    let mut tests = native("test", &["--lib", "--bins"]);
    for member in CRATES {
        for name in test_names(&workspace::root().join(member))? {
            tests.args(["--test", &name]);
        }
    }
    if in_ci() && env::var_os(SEED).is_none() {
        // What CI refuses is what a change broke: it asks the same each time. By hand each run asks something new.
        tests.env(SEED, "1");
    }
    run(&tests)?;
    run(&native("test", &["--doc"]))
}

/// A test binary of the crate `tests`.
fn binary(name: String) -> Check {
    let about = format!("tests/tests/{name}.rs");
    Check {
        lacks: Box::new({
            let (file, name) = (workspace::root().join(&about), name.clone());
            move || {
                if !file.is_file() {
                    return Some(format!("there is no {}", file.display()));
                }
                match name.as_str() {
                    ALONE => None,
                    LAST => kafka_lack().or_else(browser_lack),
                    CLIENTS => kafka_lack().or_else(clients_lack),
                    _ => kafka_lack(),
                }
            }
        }),
        needs_setup: true,
        ..check(&name.clone(), &about, move || {
            if name == LAST && page_lack().is_none() {
                // Else a page that is older than its sources may be tested in their place.
                run_all(page::step(Profile::Release)?.into_iter().collect())?;
            }
            let mut tests = native("test", &["--test", &name]);
            if env::var_os("RUST_TEST_THREADS").is_none() {
                tests.env("RUST_TEST_THREADS", at_once().to_string());
            }
            if let Some(axe) = setup::axe()? {
                tests.env("KAFKA_WORKSHOP_AXE", axe);
            }
            run(&tests)
        })
    }
}

/// How many tests of a binary run at once. On many cores there are not more: each may start an Apache Kafka of four
/// processes, and sockets by the hundred. On one core there are not fewer: most of them wait.
fn at_once() -> usize {
    thread::available_parallelism().map_or(2, NonZero::get).clamp(2, 4)
}

/// What the machine lacks for the page as it is released.
fn page_lack() -> Option<String> {
    match Tools::find() {
        Err(error) => Some(format!("{error:#}")),
        // Elsewhere a large page is better than none.
        Ok(tools) => (in_ci() && !tools.has_wasm_opt).then(|| "there is no wasm-opt".to_owned()),
    }
}

/// What the machine lacks for a test against Apache Kafka, or with its tools.
fn kafka_lack() -> Option<String> {
    match Installation::find() {
        Err(missing) => Some(format!("{missing:#}")),
        Ok(None) => Some("Apache Kafka's jars are not there: `cargo xtask kafka` fetches them".to_owned()),
        Ok(Some(_)) => None,
    }
}

/// What the machine lacks for a test in a browser.
fn browser_lack() -> Option<String> {
    first_lack(&[
        (page::dir().join("index.html").is_file(), "the page is not built: see the check `page`"),
        (has(Program::Chromium), "there is no `chromium` on the PATH (Debian: apt-get install chromium)"),
        (setup::axe().is_ok_and(|axe| axe.is_some()), "there is no axe-core, and no npm to fetch it"),
    ])
}

/// What the machine lacks of clients that others wrote.
fn clients_lack() -> Option<String> {
    let has_python = python::find().is_ok_and(|python| python.is_some());
    first_lack(&[
        (has(Program::Kcat), "there is no `kcat` on the PATH (Debian: apt-get install kcat)"),
        (has_python, "there is no Python with confluent-kafka, and no venv or pip to fetch it"),
    ])
}

fn first_lack(there: &[(bool, &str)]) -> Option<String> {
    there.iter().find_map(|(there, lack)| (!there).then(|| (*lack).to_owned()))
}

/// A cargo command on the whole workspace.
fn native(command: &str, arguments: &[&str]) -> Command {
    let mut cargo = workspace::cargo();
    cargo.args([command, "--release", "--workspace"]).args(setup::native_features()).args(arguments);
    cargo
}

fn run(command: &Command) -> Result<()> {
    let status = Tethered::spawn(command, Output::Inherit)?.wait()?;
    let arguments: Vec<_> = command.get_args().map(|argument| argument.to_string_lossy()).collect();
    ensure!(status.success(), "`cargo {}` failed ({status})", arguments.join(" "));
    Ok(())
}

/// The names of the test binaries in a crate's folder.
fn test_names(member: &Path) -> Result<Vec<String>> {
    let Ok(entries) = fs::read_dir(member.join("tests")) else { return Ok(Vec::new()) };
    let mut names = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == "rs") {
            names.push(path.file_stem().context("a file has a name")?.to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}
