//! Trunk, wasm-bindgen, wasm-opt, axe-core and confluent-kafka, each of a fixed version, in the cache or already on the PATH.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use std::{env, fs};

use anyhow::{Context, Result, bail};
use xtask::{cache, python};

use super::system::{Program, has, on_path};
use super::wasm::Wasm;
use crate::step::{Log, Step};
use crate::workspace;

/// 0.22 needs a newer Rust.
const TRUNK: &str = "0.21.14";

/// The npm package with wasm-opt.
const BINARYEN: &str = "132.0.0";

/// Older ones, such as Debian 12's 108, make a page that fails at its start.
const OLDEST_WASM_OPT: u32 = 116;

/// The accessibility rules of the browser tests.
const AXE_CORE: &str = "4.14.1";

/// An npm that can't reach its registry tries for very long.
const NPM_WITHIN: Duration = Duration::from_secs(300);

/// A pip that can't reach its index tries for long, too.
const PIP_WITHIN: Duration = Duration::from_secs(300);

/// What builds the page.
#[derive(Debug)]
pub(crate) struct Tools {
    pub(crate) wasm: Wasm,
    /// Folders that come first on the PATH.
    first: Vec<PathBuf>,
    /// Whether there is a wasm-opt that can be trusted.
    pub(crate) has_wasm_opt: bool,
}

impl Tools {
    /// Looks for all of them; an error when something necessary is not there.
    pub(crate) fn find() -> Result<Self> {
        let lacking = |what: &str| format!("there is no {what}: run `cargo xtask setup`");
        let wasm = Wasm::find()?.with_context(|| lacking("Rust that compiles to WebAssembly"))?;
        let mut first = Vec::new();
        for tool in cargo_tools()? {
            match tool.find()? {
                Place::Cache(bin) => first.push(bin),
                Place::Path => {}
                Place::Nowhere => bail!(lacking(&format!("{} {}", tool.package, tool.version))),
            }
        }
        let has_wasm_opt = match find_wasm_opt()? {
            Place::Cache(bin) => {
                first.push(bin);
                true
            }
            Place::Path => true,
            Place::Nowhere => false,
        };
        if wasm == Wasm::Debian {
            first.push("/usr/bin".into());
        }
        Ok(Self { wasm, first, has_wasm_opt })
    }

    /// Makes `command` find them, and the Rust that compiles to WebAssembly.
    pub(crate) fn prepare(&self, command: &mut Command) -> Result<()> {
        let path = env::var_os("PATH").unwrap_or_default();
        command.env("PATH", env::join_paths(self.first.iter().cloned().chain(env::split_paths(&path)))?);
        self.wasm.prepare(command);
        Ok(())
    }

    /// What the page depends on besides its sources.
    pub(crate) fn versions(&self) -> String {
        let rustc = match self.wasm {
            Wasm::Rustup => "rustc",
            Wasm::Debian => "/usr/bin/rustc",
        };
        let rustc = Command::new(rustc).arg("--version").current_dir(workspace::root()).output();
        let rustc =
            rustc.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
        let wasm_opt = if self.has_wasm_opt { BINARYEN } else { "none" };
        format!("{rustc} trunk {TRUNK} wasm-opt {wasm_opt}")
    }
}

/// The steps that install what is missing.
pub(super) fn steps() -> Result<Vec<Step>> {
    let mut steps = Vec::new();
    for tool in cargo_tools()? {
        if matches!(tool.find()?, Place::Nowhere) {
            let title = format!("Building {} {}", tool.package, tool.version);
            steps.push(Step::new(title, tool.estimate, move |log| tool.install(log)));
        }
    }
    if matches!(find_wasm_opt()?, Place::Nowhere) {
        if has(Program::Npm) {
            let title = format!("Fetching wasm-opt (binaryen {BINARYEN}) from npm");
            let step = Step::new(title, Duration::from_secs(10), |log| npm(log, "binaryen", BINARYEN));
            steps.push(step.optional());
        } else {
            println!("Note: the page will be twice its size, for there is no npm to fetch wasm-opt.");
        }
    }
    Ok(steps)
}

/// Fetches axe-core, for the browser tests.
pub(super) fn axe_step() -> Result<Option<Step>> {
    if axe()?.is_some() || !has(Program::Npm) {
        return Ok(None);
    }
    let title = format!("Fetching axe-core {AXE_CORE} from npm");
    let step = Step::new(title, Duration::from_secs(5), |log| npm(log, "axe-core", AXE_CORE));
    Ok(Some(step.optional()))
}

/// Fetches the Kafka client of the Python scripts, for their tests.
pub(super) fn python_step() -> Result<Option<Step>> {
    if python::find()?.is_some() || !has(Program::Python) {
        return Ok(None);
    }
    let title = format!("Fetching confluent-kafka {} from PyPI", python::CONFLUENT_KAFKA);
    let within = Some(PIP_WITHIN);
    let install = move |log: &Log| python::install_by(|command| log.fetch(command, within));
    Ok(Some(Step::new(title, Duration::from_secs(15), install).optional()))
}

/// axe-core's script, when it is in the cache.
pub(crate) fn axe() -> Result<Option<PathBuf>> {
    let script = cache::tool("axe-core", AXE_CORE)?.join("node_modules/axe-core/axe.min.js");
    Ok(script.is_file().then_some(script))
}

/// A tool that cargo installs.
struct CargoTool {
    package: &'static str,
    program: &'static str,
    version: String,
    arguments: &'static [&'static str],
    opt_level: &'static str,
    estimate: Duration,
}

enum Place {
    /// In this folder of the cache.
    Cache(PathBuf),
    /// On the PATH, in the right version.
    Path,
    Nowhere,
}

/// In the order of their installation.
fn cargo_tools() -> Result<Vec<CargoTool>> {
    let mut tools = vec![CargoTool {
        package: "trunk",
        program: "trunk",
        version: TRUNK.to_owned(),
        arguments: &["--no-default-features"],
        opt_level: "0",
        estimate: Duration::from_secs(215),
    }];
    // It must be exactly what the page is compiled with.
    if let Some(version) = workspace::locked_version("wasm-bindgen")? {
        tools.push(CargoTool {
            package: "wasm-bindgen-cli",
            program: "wasm-bindgen",
            version,
            arguments: &[],
            opt_level: "1",
            estimate: Duration::from_secs(100),
        });
    }
    Ok(tools)
}

impl CargoTool {
    fn find(&self) -> Result<Place> {
        let bin = self.home()?.join("bin");
        if bin.join(self.program).is_file() {
            return Ok(Place::Cache(bin));
        }
        Ok(if self.is_said_by(Path::new(self.program)) { Place::Path } else { Place::Nowhere })
    }

    /// Whether `program` runs and is this tool in this version: `trunk 0.21.14`, `wasm-bindgen 0.2.130`.
    fn is_said_by(&self, program: &Path) -> bool {
        let said = said_version(program);
        said.as_deref().and_then(|said| said.split_whitespace().nth(1)) == Some(&self.version)
    }

    fn home(&self) -> Result<PathBuf> {
        cache::tool(self.package, &self.version)
    }

    fn install(&self, log: &Log) -> Result<()> {
        cache::install(&self.home()?, |root| {
            if on_path("cargo-binstall") {
                let mut binstall = workspace::cargo();
                binstall
                    .args(["binstall", "--no-confirm", "--disable-strategies", "compile", "--root"])
                    .arg(root);
                binstall.arg(format!("{}@{}", self.package, self.version));
                // What it fetched may be linked to a newer libc.
                if log.run(&binstall).is_ok() && self.is_said_by(&root.join("bin").join(self.program)) {
                    return Ok(());
                }
            }
            // A lock file may name what the registry has withdrawn since.
            log.run(&self.cargo_install(root, &["--locked"])?)
                .or_else(|_| log.run(&self.cargo_install(root, &[])?))?;
            fs::remove_dir_all(self.building()?).ok();
            Ok(())
        })
    }

    /// Unoptimised where that is quick enough: it is built once and runs for seconds.
    fn cargo_install(&self, root: &Path, flags: &[&str]) -> Result<Command> {
        let mut cargo = workspace::cargo();
        cargo
            .args(["install", "--force", self.package, "--version", &self.version, "--root"])
            .arg(root)
            .args(self.arguments)
            .args(flags)
            .env("CARGO_TARGET_DIR", self.building()?)
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", self.opt_level)
            .env("CARGO_PROFILE_RELEASE_LTO", "off")
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "256")
            .env("CARGO_PROFILE_RELEASE_DEBUG", "false");
        Ok(cargo)
    }

    /// Kept when an installation is interrupted, so that the next one goes on from there.
    fn building(&self) -> Result<PathBuf> {
        Ok(cache::dir()?.join("building").join(format!("{}-{}", self.package, self.version)))
    }
}

fn find_wasm_opt() -> Result<Place> {
    let bin = cache::tool("binaryen", BINARYEN)?.join("node_modules/.bin");
    if bin.join("wasm-opt").is_file() && on_path("node") {
        return Ok(Place::Cache(bin));
    }
    // As in `wasm-opt version 132 (version_132)`.
    let version = said_version(Path::new("wasm-opt"));
    let version = version.as_deref().and_then(|said| said.split_whitespace().nth(2)?.parse::<u32>().ok());
    Ok(if version >= Some(OLDEST_WASM_OPT) { Place::Path } else { Place::Nowhere })
}

fn said_version(program: &Path) -> Option<String> {
    let output = Command::new(program).arg("--version").output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

fn npm(log: &Log, package: &str, version: &str) -> Result<()> {
    cache::install(&cache::tool(package, version)?, |root| {
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-audit", "--no-fund", "--no-package-lock", "--prefix"]).arg(root);
        log.fetch(npm.arg(format!("{package}@{version}")), Some(NPM_WITHIN))
    })
}
