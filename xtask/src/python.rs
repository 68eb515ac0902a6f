//! A Python that has confluent-kafka, for the scripts in `data/scripts`: a virtual environment in the cache, one for each
//! version of Python.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::cache;

/// The confluent-kafka that the scripts are run with.
pub const CONFLUENT_KAFKA: &str = "2.16.1";

/// The interpreter, when its environment is in the cache; `None` also where there is no `python3`.
pub fn find() -> Result<Option<PathBuf>> {
    let Some(version) = version() else { return Ok(None) };
    let python = environment(&version)?.join("bin/python");
    Ok(python.is_file().then_some(python))
}

/// Makes the environment. `run` runs `venv`, then `pip`, to their ends, and may show how they go on.
pub fn install_by(run: impl Fn(&Command) -> Result<()>) -> Result<()> {
    let Some(version) = version() else { bail!("there is no `python3` on the PATH") };
    cache::install(&environment(&version)?, |root| {
        let mut venv = Command::new("python3");
        run(venv.args(["-m", "venv"]).arg(root))
            .context("making a virtual environment (Debian: python3-venv)")?;
        // By the interpreter: the path in pip's own script is lost when the folder gets its name.
        let mut pip = Command::new(root.join("bin/python"));
        pip.args([
            "-m",
            "pip",
            "install",
            "--disable-pip-version-check",
            "--no-input",
            "--only-binary",
            ":all:",
        ]);
        run(pip.arg(format!("confluent-kafka=={CONFLUENT_KAFKA}")))
    })
}

/// As in `3.11.2`: an environment works with the Python alone that made it.
fn version() -> Option<String> {
    let output = Command::new("python3").arg("--version").output().ok()?;
    let said = String::from_utf8_lossy(&output.stdout);
    said.trim().strip_prefix("Python ").map(str::to_owned)
}

fn environment(version: &str) -> Result<PathBuf> {
    cache::tool("confluent-kafka", &format!("{CONFLUENT_KAFKA}-python-{version}"))
}
