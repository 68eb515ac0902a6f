//! `cargo xtask test`: every check there is, in the order that tells most soonest. One that fails doesn't keep the
//! rest from running. What the machine can't do is skipped and said; with `CI` set that is a failure.

mod checks;

use std::env;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use clap::Args;

use self::checks::Check;
use crate::page;
use crate::setup::{self, Goal};
use crate::step::{run_all, words};

#[derive(Args)]
pub(crate) struct Arguments {
    /// Runs this check alone; may be given several times
    #[arg(long, value_name = "CHECK")]
    only: Vec<String>,
    /// Names the checks, and runs none
    #[arg(long)]
    list: bool,
}

/// How a check ended.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Passed,
    Failed(String),
    Skipped(String),
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let checks = selected(checks::all()?, &arguments.only)?;
    if arguments.list {
        checks.iter().for_each(|check| println!("{:12} {}", check.name, check.about));
        return Ok(());
    }
    let ci = in_ci();
    page::ensure_dir()?;
    if checks.iter().any(|check| check.needs_setup) {
        let set_up = setup::install_packages(Goal::Test).and_then(|()| run_all(setup::steps(Goal::Test)?));
        match set_up {
            Err(error) if ci => return Err(error),
            Err(error) => println!("\nThe set-up is not complete, so something will be skipped: {error:#}"),
            Ok(()) => {}
        }
    }
    let mut results = Vec::new();
    for check in checks {
        println!("\n==> {}: {}", check.name, check.about);
        let start = Instant::now();
        let name = check.name.clone();
        let outcome = outcome(check, ci);
        if let Outcome::Failed(why) | Outcome::Skipped(why) = &outcome {
            println!("{why}");
        }
        results.push((name, outcome, start.elapsed()));
    }
    report(&results)
}

/// Whether nothing may be skipped.
fn in_ci() -> bool {
    env::var_os("CI").is_some_and(|value| !value.is_empty())
}

fn selected(checks: Vec<Check>, only: &[String]) -> Result<Vec<Check>> {
    let names: Vec<_> = checks.iter().map(|check| check.name.clone()).collect();
    for name in only {
        ensure!(names.contains(name), "there is no check `{name}`; there are: {}", names.join(", "));
    }
    Ok(checks.into_iter().filter(|check| only.is_empty() || only.contains(&check.name)).collect())
}

fn outcome(check: Check, ci: bool) -> Outcome {
    match ((check.lacks)(), ci) {
        (Some(lack), true) => Outcome::Failed(format!("with CI set nothing is skipped, but {lack}")),
        (Some(lack), false) => Outcome::Skipped(lack),
        (None, _) => match (check.run)() {
            Ok(()) => Outcome::Passed,
            Err(error) => Outcome::Failed(format!("{error:#}")),
        },
    }
}

fn report(results: &[(String, Outcome, Duration)]) -> Result<()> {
    println!("\n==> Summary");
    let mut failed = Vec::new();
    for (name, outcome, took) in results {
        let took = words(*took);
        match outcome {
            Outcome::Passed => println!("passed   {name:12} {took}"),
            Outcome::Skipped(why) => println!("skipped  {name:12} {}", first_line(why)),
            Outcome::Failed(why) => {
                println!("FAILED   {name:12} {took}: {}", first_line(why));
                failed.push(name.as_str());
            }
        }
    }
    if !failed.is_empty() {
        bail!("failed: {}. Again: cargo xtask test --only {}", failed.join(", "), failed.join(" --only "));
    }
    Ok(())
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lack: Option<&'static str>) -> Check {
        Check {
            name: "it".to_owned(),
            about: String::new(),
            needs_setup: false,
            lacks: Box::new(move || lack.map(str::to_owned)),
            run: Box::new(|| Ok(())),
        }
    }

    #[test]
    fn what_the_machine_lacks_is_skipped_but_never_in_ci() {
        assert_eq!(outcome(check(Some("no Java")), false), Outcome::Skipped("no Java".to_owned()));
        assert!(
            matches!(outcome(check(Some("no Java")), true), Outcome::Failed(why) if why.contains("no Java"))
        );
        assert_eq!(outcome(check(None), true), Outcome::Passed);
    }

    #[test]
    fn a_check_that_does_not_exist_is_named() {
        let error = selected(vec![check(None)], &["that".to_owned()]).err().unwrap().to_string();
        assert!(error.contains("`that`") && error.contains("there are: it"));
    }

    #[test]
    fn one_failure_fails_the_whole() {
        let took = Duration::ZERO;
        let skipped = ("a".to_owned(), Outcome::Skipped("no Java".to_owned()), took);
        assert!(report(std::slice::from_ref(&skipped)).is_ok());
        assert!(report(&[skipped, ("b".to_owned(), Outcome::Failed("1".to_owned()), took)]).is_err());
    }
}
