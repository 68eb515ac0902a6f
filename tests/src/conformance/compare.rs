//! A scenario on both clusters, and the differences that are known.

use std::env::var_os;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::scenario::{Scenario, prepare};
use super::target::UnderTest;
use super::transcript::{Difference, Transcript, show};

/// How often Apache Kafka is asked at most: what is a matter of chance there is not the same each time.
const RUNS: usize = 3;

/// A difference that stays.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// In this scenario,
    pub scenario: &'static str,
    /// in this step, in whatever version it differs,
    pub step: &'static str,
    /// for this reason.
    pub reason: &'static str,
}

/// Runs a scenario on Apache Kafka and on the sandbox, where both must see the same, but for `known`: each of those
/// must differ still. Where they differ Apache Kafka is asked again: what the sandbox sees must be what Apache Kafka
/// sees in one of its runs. With `CONFORMANCE_TWICE` it is always asked twice and must see the same, else something is
/// not masked.
pub fn compare(name: &'static str, brokers: usize, known: &[Known], scenario: fn(&mut Scenario<'_>)) {
    let case = Case { name, title: format!("{name}, {brokers}"), home: None };
    on_shared(&case, brokers, known, scenario);
}

/// The same on one broker and then on three, where what the scenario asks by default has its home at the second
/// broker: it leads the partitions that the scenario makes, which the others follow, and coordinates its groups.
pub fn compare_both(name: &'static str, known: &[Known], scenario: fn(&mut Scenario<'_>)) {
    compare(name, 1, known, scenario);
    let case = Case { name, title: format!("{name}, at home among 3"), home: Some(1) };
    on_shared(&case, 3, known, scenario);
}

fn on_shared(case: &Case, brokers: usize, known: &[Known], scenario: fn(&mut Scenario<'_>)) {
    let Some(kafka) = UnderTest::shared_kafka(brokers) else { return };
    let on_kafka = |place: &str| Some(run(case, place, kafka, scenario));
    let on_sandbox = || {
        let sandbox = UnderTest::lasting_sandbox(brokers);
        prepare(&sandbox);
        run(case, "on the sandbox", &sandbox, scenario)
    };
    judge(case, &on_kafka, on_sandbox, known, var_os("CONFORMANCE_TWICE").is_some());
}

/// The same on clusters of its own, which it may break and which it finds unused.
pub fn compare_alone(name: &'static str, brokers: usize, known: &[Known], scenario: fn(&mut Scenario<'_>)) {
    compare_alone_with(name, brokers, &[], known, scenario);
}

/// The same with broker settings of its own.
pub fn compare_alone_with(
    name: &'static str,
    brokers: usize,
    settings: &[(&str, &str)],
    known: &[Known],
    scenario: fn(&mut Scenario<'_>),
) {
    let case = Case { name, title: name.to_owned(), home: None };
    let on_kafka = |place: &str| {
        let kafka = UnderTest::kafka_with(brokers, settings)?;
        Some(run(&case, place, &kafka, scenario))
    };
    let on_sandbox = || run(&case, "on the sandbox", &UnderTest::sandbox_with(brokers, settings), scenario);
    judge(&case, &on_kafka, on_sandbox, known, false);
}

/// A scenario on clusters of one size.
struct Case {
    /// By this name known differences are listed.
    name: &'static str,
    title: String,
    home: Option<usize>,
}

/// `on_kafka` gives none where the machine can't run one.
fn judge(
    case: &Case,
    on_kafka: &dyn Fn(&str) -> Option<Transcript>,
    on_sandbox: impl FnOnce() -> Transcript,
    known: &[Known],
    twice: bool,
) {
    let name = &case.title;
    let mut runs = 0;
    let mut ask_kafka = || loop {
        let place = ["on Apache Kafka", "on Apache Kafka again", "on Apache Kafka once more"][runs];
        runs += 1;
        let seen = on_kafka(place)?;
        if !seen.is_broken_off() {
            return Some((seen, runs));
        }
        // That says nothing of the sandbox.
        assert!(runs < RUNS, "{name} breaks off {place}:\n{}", seen.end());
        eprintln!("{name} breaks off {place}:\n{}", seen.end());
    };
    let Some((expected, _)) = ask_kafka() else { return };
    if twice && let Some((second, _)) = ask_kafka() {
        let unmasked = expected.differences(&second);
        assert!(
            unmasked.is_empty(),
            "{name}: Apache Kafka differs from itself: something is not masked.\n{}",
            show(&unmasked, "first ", "second")
        );
    }
    if var_os("CONFORMANCE_KAFKA_ONLY").is_some() {
        return;
    }
    let actual = on_sandbox();
    let Err(why) = agree(case, &expected, &actual, known) else { return };
    loop {
        let Some((again, runs)) = ask_kafka() else { return };
        let by_itself = expected.differences(&again);
        if by_itself.is_empty() {
            panic!("{why}");
        }
        let by_itself = show(&by_itself, "first", "again");
        if agree(case, &again, &actual, known).is_ok() {
            eprintln!(
                "{name}: Apache Kafka differs from itself, and the sandbox does as it does once.\n{by_itself}"
            );
            return;
        }
        assert!(runs < RUNS, "{why}\nApache Kafka differs from itself, too:\n{by_itself}");
    }
}

/// Whether the sandbox sees what Apache Kafka sees, but for what is known; else in what they differ.
fn agree(case: &Case, expected: &Transcript, actual: &Transcript, known: &[Known]) -> Result<(), String> {
    let name = &case.title;
    let known: Vec<_> = known.iter().filter(|known| known.scenario == case.name).collect();
    let differences = expected.differences(actual);
    let is_known = |difference: &Difference| known.iter().any(|known| known.step == difference.step);
    let (_, new): (Vec<_>, Vec<_>) = differences.iter().cloned().partition(is_known);
    if !new.is_empty() {
        return Err(format!("{name}: {} differences\n{}", new.len(), show(&new, "Kafka  ", "sandbox")));
    }
    let differs = |known: &&Known| differences.iter().any(|difference| difference.step == known.step);
    match known.into_iter().find(|known| !differs(known)) {
        None => Ok(()),
        Some(known) => Err(format!(
            "{name}: the sandbox does as Apache Kafka does in `{}`; it is listed as a difference",
            known.step
        )),
    }
}

fn run(case: &Case, place: &str, target: &UnderTest, scenario: fn(&mut Scenario<'_>)) -> Transcript {
    let mut run = Scenario::new(target, case.home);
    let outcome = catch_unwind(AssertUnwindSafe(|| scenario(&mut run)));
    let mut transcript = run.finish();
    if let Err(panic) = outcome {
        let why =
            panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
        transcript.break_off(why.unwrap_or("for no reason that it gave"));
    }
    transcript.save(&format!("{} {place}", case.title));
    transcript
}
