//! What a scenario saw, and in what two runs differ.

use std::collections::BTreeMap;
use std::fmt::Write;

/// The steps of a run and what came of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Transcript {
    pub(super) lines: Vec<Line>,
    broken_off: bool,
}

/// A step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Empty for a note.
    pub(super) api: &'static str,
    pub(super) version: Option<i16>,
    pub(super) label: String,
    pub(super) outcome: String,
    /// The series that it is part of.
    pub(super) series: Option<Series>,
}

/// Steps that are done in each version of an API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Series {
    /// No other series of the run has it.
    pub(super) number: usize,
    pub(super) api: &'static str,
    pub(super) label: String,
    pub(super) version: i16,
}

/// A step in which two runs differ.
#[derive(Clone, Debug)]
pub(super) struct Difference {
    /// What was done, without the version: what the list of known differences names.
    pub(super) step: String,
    /// Version and outcomes on both sides; `None` where a side has no such step.
    version: Option<i16>,
    expected: Option<String>,
    actual: Option<String>,
}

impl Line {
    /// What was done, and in which version.
    fn key(&self) -> (String, Option<i16>) {
        let series = self.series.as_ref();
        (self.step(), series.map(|series| series.version).or(self.version))
    }

    /// What was done, as in `DeleteTopics known (by name)`.
    fn step(&self) -> String {
        let mut step = [self.api, &self.label].join(" ").trim().to_owned();
        if let Some(series) = self.series.as_ref().filter(|series| !series.label.is_empty()) {
            write!(step, " ({})", series.label).expect("writing to a string");
        }
        step
    }

    fn text(&self, with_version: bool) -> String {
        let version = self.version.filter(|_| with_version).map(|version| format!(" v{version}"));
        let mut text =
            format!("{}{} {}", self.api, version.unwrap_or_default(), self.label).trim().to_owned();
        if !self.outcome.is_empty() {
            write!(text, " => {}", self.outcome).expect("writing to a string");
        }
        text
    }
}

impl Transcript {
    /// Keeps it as a file where `CONFORMANCE_TRANSCRIPTS` says.
    pub(super) fn save(&self, name: &str) {
        if let Some(folder) = std::env::var_os("CONFORMANCE_TRANSCRIPTS") {
            let folder = std::path::PathBuf::from(folder);
            std::fs::create_dir_all(&folder).expect("a folder for transcripts");
            std::fs::write(folder.join(format!("{name}.txt")), self.render()).expect("writing a transcript");
        }
    }

    /// As text. Versions in a row that saw the same are one entry.
    fn render(&self) -> String {
        let mut out = String::new();
        for part in self.lines.chunk_by(|one, other| one.series_number() == other.series_number()) {
            let Some(series) = part.first().and_then(|line| line.series.as_ref()) else {
                part.iter().for_each(|line| out += &(line.text(true) + "\n"));
                continue;
            };
            let mut versions: Vec<(i16, i16, String)> = Vec::new();
            for steps in part.chunk_by(|one, other| one.series == other.series) {
                let version =
                    steps.first().and_then(|line| line.series.as_ref()).map_or(0, |series| series.version);
                let text: String = steps.iter().map(|line| format!("  {}\n", line.text(false))).collect();
                match versions.last_mut() {
                    Some((_, last, before)) if *before == text => *last = version,
                    _ => versions.push((version, version, text)),
                }
            }
            for (first, last, text) in versions {
                writeln!(out, "{} v{first} to v{last}: {}", series.api, series.label).expect("writing");
                out += &text;
            }
        }
        out
    }

    /// The scenario ended before its end.
    pub(super) fn break_off(&mut self, why: &str) {
        let label = format!("broken off: {why}");
        let line = Line { api: "", version: None, label, outcome: String::new(), series: None };
        self.lines.push(line);
        self.broken_off = true;
    }

    pub(super) fn is_broken_off(&self) -> bool {
        self.broken_off
    }

    /// The last lines.
    pub(super) fn end(&self) -> String {
        let from = self.lines.len().saturating_sub(5);
        self.lines[from..].iter().map(|line| line.text(true) + "\n").collect()
    }

    /// In what another run differs from this one. What would have come after one of them was broken off doesn't count.
    pub(super) fn differences(&self, actual: &Self) -> Vec<Difference> {
        let mut differences = Vec::new();
        let mut add = |expected: Option<&Line>, actual: Option<&Line>| {
            let Some((step, version)) = expected.or(actual).map(Line::key) else { return };
            let outcome = |line: &Line| line.outcome.clone();
            let (expected, actual) = (expected.map(outcome), actual.map(outcome));
            // A note has no outcome: it is there or not.
            if expected != actual {
                differences.push(Difference { step, version, expected, actual });
            }
        };
        let (mut here, mut there) = (0, 0);
        for (one, other) in self.common_steps(actual) {
            self.lines[here..one].iter().for_each(|line| add(Some(line), None));
            actual.lines[there..other].iter().for_each(|line| add(None, Some(line)));
            add(Some(&self.lines[one]), Some(&actual.lines[other]));
            (here, there) = (one + 1, other + 1);
        }
        if !actual.broken_off {
            self.lines[here..].iter().for_each(|line| add(Some(line), None));
        }
        actual.lines[there..].iter().for_each(|line| add(None, Some(line)));
        differences
    }

    /// The places of the longest sequence of steps that both have.
    fn common_steps(&self, other: &Self) -> Vec<(usize, usize)> {
        let keys = |transcript: &Self| transcript.lines.iter().map(Line::key).collect::<Vec<_>>();
        let (one, other) = (keys(self), keys(other));
        let mut lengths = vec![vec![0_u32; other.len() + 1]; one.len() + 1];
        for here in (0..one.len()).rev() {
            for there in (0..other.len()).rev() {
                lengths[here][there] = if one[here] == other[there] {
                    lengths[here + 1][there + 1] + 1
                } else {
                    lengths[here + 1][there].max(lengths[here][there + 1])
                };
            }
        }
        let (mut here, mut there) = (0, 0);
        let mut common = Vec::new();
        while here < one.len() && there < other.len() {
            if one[here] == other[there] {
                common.push((here, there));
                (here, there) = (here + 1, there + 1);
            } else if lengths[here + 1][there] >= lengths[here][there + 1] {
                here += 1;
            } else {
                there += 1;
            }
        }
        common
    }
}

impl Line {
    fn series_number(&self) -> Option<usize> {
        self.series.as_ref().map(|series| series.number)
    }
}

/// Differences for a reader: those that are the same in several versions are one, and long outcomes are shown from a
/// little before the place where they part.
pub(super) fn show(differences: &[Difference], expected: &str, actual: &str) -> String {
    let mut by_text: BTreeMap<String, (usize, Vec<i16>)> = BTreeMap::new();
    for (place, difference) in differences.iter().enumerate() {
        let (one, other) = difference.around();
        let text = format!("{}\n  {expected}: {one}\n  {actual}: {other}", difference.step);
        let (_, versions) = by_text.entry(text).or_insert((place, Vec::new()));
        versions.extend(difference.version);
    }
    let mut shown: Vec<_> = by_text.into_iter().collect();
    shown.sort_by_key(|(_, (place, _))| *place);
    let mut out = String::new();
    for (text, (_, versions)) in shown {
        let versions: Vec<_> = versions.iter().map(|version| format!("v{version}")).collect();
        writeln!(out, "{} {text}", versions.join(" ")).expect("writing to a string");
    }
    out
}

impl Difference {
    fn around(&self) -> (String, String) {
        const NOTHING: &str = "no such step";
        let one = self.expected.as_deref().unwrap_or(NOTHING);
        let other = self.actual.as_deref().unwrap_or(NOTHING);
        let same = one.chars().zip(other.chars()).take_while(|(one, other)| one == other).count();
        let from = same.saturating_sub(100);
        (cut(one, from), cut(other, from))
    }
}

fn cut(line: &str, from: usize) -> String {
    let part: String = line.chars().skip(from).take(300).collect();
    if from == 0 { part } else { format!("…{part}") }
}
