//! A scenario on both clusters, and the differences that are known.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::scenario::{Scenario, prepare};
use super::target::UnderTest;
use super::transcript::{Difference, Transcript, show};

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
/// must differ still. What Apache Kafka sees twice must be equal too, else something is not masked; that is looked
/// into when there is a difference, or with `CONFORMANCE_TWICE` always.
pub fn compare(name: &'static str, brokers: usize, known: &[Known], scenario: fn(&mut Scenario<'_>)) {
    let Some(kafka) = UnderTest::shared_kafka(brokers) else { return };
    let case = Case { name, title: format!("{name}, {brokers}"), home: None };
    judge(&case, kafka, UnderTest::sandbox(brokers), known, scenario, true);
}

/// The same on one broker and then on three, where what the scenario asks by default has its home at the second
/// broker: it leads the partitions that the scenario makes, which the others follow, and coordinates its groups.
pub fn compare_both(name: &'static str, known: &[Known], scenario: fn(&mut Scenario<'_>)) {
    compare(name, 1, known, scenario);
    let Some(kafka) = UnderTest::shared_kafka(3) else { return };
    let case = Case { name, title: format!("{name}, at home among 3"), home: Some(1) };
    judge(&case, kafka, UnderTest::sandbox(3), known, scenario, true);
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
    let Some(kafka) = UnderTest::kafka_with(brokers, settings) else { return };
    let case = Case { name, title: name.to_owned(), home: None };
    judge(&case, &kafka, UnderTest::sandbox_with(brokers, settings), known, scenario, false);
}

/// A scenario on clusters of one size.
struct Case {
    /// By this name known differences are listed.
    name: &'static str,
    title: String,
    home: Option<usize>,
}

fn judge(
    case: &Case,
    kafka: &UnderTest,
    sandbox: UnderTest,
    known: &[Known],
    scenario: fn(&mut Scenario<'_>),
    again: bool,
) {
    let name = &case.title;
    let expected = run(case, "on Apache Kafka", kafka, scenario);
    assert!(!expected.is_broken_off(), "{name} breaks off on Apache Kafka:\n{}", expected.end());
    let twice = |because: &str| {
        let second = run(case, "on Apache Kafka again", kafka, scenario);
        let unmasked = expected.differences(&second);
        assert!(
            unmasked.is_empty(),
            "{name}: {because}, and Apache Kafka differs from itself: something is not masked.\n{}",
            show(&unmasked, "first ", "second")
        );
    };
    if again && std::env::var_os("CONFORMANCE_TWICE").is_some() {
        twice("asked to look");
    }
    if std::env::var_os("CONFORMANCE_KAFKA_ONLY").is_some() {
        return;
    }
    if again {
        prepare(&sandbox);
    }
    let actual = run(case, "on the sandbox", &sandbox, scenario);
    drop(sandbox);
    let known: Vec<_> = known.iter().filter(|known| known.scenario == case.name).collect();
    let differences = expected.differences(&actual);
    let is_known = |difference: &Difference| known.iter().any(|known| known.step == difference.step);
    let (_, new): (Vec<_>, Vec<_>) = differences.iter().cloned().partition(is_known);
    if !new.is_empty() {
        if again {
            twice("the sandbox differs");
        }
        panic!("{name}: {} differences\n{}", new.len(), show(&new, "Kafka  ", "sandbox"));
    }
    for known in known {
        let differs = differences.iter().any(|difference| difference.step == known.step);
        assert!(
            differs,
            "{name}: the sandbox does as Apache Kafka does in `{}`; it is listed as a difference",
            known.step
        );
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
