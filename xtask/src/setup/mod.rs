//! What a fresh machine lacks, as steps that put it there. Each is looked for first: what is there is never installed
//! again, and half an installation never counts as one (see `xtask::cache`).

mod system;
mod tools;
mod wasm;

use std::time::Duration;

use anyhow::Result;
use xtask::kafka::{Installation, Missing, VERSION};

pub(crate) use system::{Program, has, native_features};
pub(crate) use tools::{Tools, axe};

use crate::step::{Log, Step, run_all};

/// What the machine is to be able to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Goal {
    /// Build the page and the server, which needs no more to run.
    Build,
    /// That, and run an Apache Kafka of our own.
    Kafka,
    /// That, and the tests of browsers and foreign clients.
    Test,
}

/// `cargo xtask setup`: what `serve` needs.
pub(crate) fn run() -> Result<()> {
    install_packages(Goal::Build)?;
    let steps = steps(Goal::Build)?;
    if steps.is_empty() {
        println!("Everything is there. Next: cargo xtask serve");
        return Ok(());
    }
    run_all(steps)?;
    println!("Next: cargo xtask serve");
    Ok(())
}

/// Installs what `goal` needs of the operating system. It comes before [`steps`], which go by what is there.
pub(crate) fn install_packages(goal: Goal) -> Result<()> {
    system::install_missing(goal)
}

/// The steps that are left to do for `goal`. An error when one of them is known to be impossible.
pub(crate) fn steps(goal: Goal) -> Result<Vec<Step>> {
    let mut steps = Vec::new();
    steps.extend(wasm::step()?);
    steps.extend(tools::steps()?);
    match goal {
        Goal::Build => {}
        Goal::Kafka => steps.extend(kafka_step()?),
        Goal::Test => {
            // What is missing is told by the tests.
            steps.extend(kafka_step().unwrap_or_default().map(Step::optional));
            steps.extend(tools::axe_step()?);
            steps.extend(tools::python_step()?);
        }
    }
    Ok(steps)
}

/// Fetches Apache Kafka's jars and makes its starts quick, unless that is done.
pub(crate) fn kafka_step() -> Result<Option<Step>> {
    if let Some(installation) = Installation::find()? {
        let prepare = |_: &Log| Installation::find_or_fetch()?.prepare();
        let step = Step::new("Preparing Apache Kafka for quick starts", Duration::from_secs(15), prepare);
        return Ok((!installation.is_prepared()).then_some(step));
    }
    if !has(Program::Maven) {
        return Err(Missing::Maven.into());
    }
    let title = format!("Fetching Apache Kafka {VERSION} from Maven Central (55 MB)");
    let fetch = |log: &Log| Installation::find_or_fetch_by(|maven| log.fetch(maven, None)).map(drop);
    Ok(Some(Step::new(title, Duration::from_secs(50), fetch)))
}
