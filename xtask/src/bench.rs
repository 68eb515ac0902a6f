//! `cargo xtask bench`: measurements. Each is a binary of the crate `tests`; what it takes and prints is its own.

use anyhow::{Result, ensure};
use clap::Subcommand;
use xtask::process::{Output, Tethered};

use crate::{page, setup, workspace};

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Bench {
    /// A million records from one click; arguments after `--` go to the measurement
    Produce {
        /// What the measurement itself takes
        #[arg(last = true)]
        arguments: Vec<String>,
    },
    /// The sandbox beside Apache Kafka; arguments after `--` go to the measurement
    Sandbox {
        /// What the measurement itself takes
        #[arg(last = true)]
        arguments: Vec<String>,
    },
}

pub(crate) fn run(bench: Bench) -> Result<()> {
    let (binary, arguments) = match bench {
        Bench::Produce { arguments } => ("bench-produce", arguments),
        Bench::Sandbox { arguments } => {
            build_sandbox()?;
            ("bench-sandbox", arguments)
        }
    };
    page::ensure_dir()?;
    let mut cargo = workspace::cargo();
    cargo.args(["run", "--release", "--package", "tests", "--bin", binary]).args(setup::native_features());
    let status = Tethered::spawn(cargo.arg("--").args(arguments), Output::Inherit)?.wait()?;
    ensure!(status.success(), "{binary} failed ({status})");
    Ok(())
}

/// The program that the measurement starts. Built with the same packages as the measurement, so that their
/// dependencies have the same features.
fn build_sandbox() -> Result<()> {
    let mut cargo = workspace::cargo();
    cargo.args(["build", "--release", "--package", "sandbox", "--package", "tests"]);
    cargo.args(setup::native_features());
    let status = Tethered::spawn(&cargo, Output::Inherit)?.wait()?;
    ensure!(status.success(), "the sandbox can't be built ({status})");
    Ok(())
}
