//! From the debug form of a response to a line of a transcript: shorter, error codes by name, and without what may
//! differ between two clusters that behave the same.

use std::collections::HashMap;

use kacrab_protocol::generated::ErrorCode;

/// Fields whose values say nothing about behaviour, each with the reason.
const FIELDS: &[(&str, &str)] = &[
    ("cluster_id", "given when a cluster is formatted"),
    ("controller_id", "any live broker's: Kafka chooses one at random for each answer"),
    ("finalized_features_epoch", "an offset in the metadata log"),
    ("log_dir", "a path"),
    ("total_bytes", "the disk's"),
    ("usable_bytes", "the disk's"),
];

/// What most answers say and seldom matters: left out, so that the rest is seen. What stands there instead is shown.
const USUAL: &[&str] = &[
    "throttle_time_ms: 0, ",
    ", throttle_time_ms: 0",
    ", node_endpoints: []",
    ", record_errors: []",
    ", error_message: None",
    ", current_leader: { leader_id: -1, leader_epoch: -1 }",
    ", offline_replicas: []",
    ", topic_authorized_operations: -2147483648",
    ", cluster_authorized_operations: -2147483648",
    ", authorized_operations: -2147483648",
    ", rack: None",
    ", topic_config_error_code: 0",
    ", preferred_read_replica: -1",
    ", diverging_epoch: { epoch: -1, end_offset: -1 }",
    ", snapshot_id: { end_offset: -1, epoch: -1 }",
    ", ongoing_txn_producer_id: -1, ongoing_txn_producer_epoch: -1",
    // They stand behind the answer, as batches.
    ", records: None",
];

/// A day: what is nearer to now than this is a time that was just taken.
const NOW_MS: i64 = 86_400_000;

/// What was masked so far in a scenario, so that the same thing has the same name throughout.
#[derive(Debug, Default)]
pub struct Masks {
    /// Texts and what stands for them: names that a run made unique, and addresses.
    names: Vec<(String, String)>,
    ids: HashMap<String, String>,
    /// Ids that are first seen while this is set are numbered from 1 again: the same step in another version.
    repeated: Option<usize>,
    /// Fields that this scenario masks besides.
    fields: Vec<&'static str>,
}

impl Masks {
    /// From now on `shown` stands for `real`.
    pub fn name(&mut self, real: &str, shown: &str) {
        self.names.push((real.to_owned(), shown.to_owned()));
        // A name that begins with another comes first.
        self.names.sort_by_key(|(real, _)| std::cmp::Reverse(real.len()));
    }

    /// From now on the field's value is not shown. `_reason` is for the reader.
    pub fn field(&mut self, field: &'static str, _reason: &'static str) {
        self.fields.push(field);
    }

    /// Numbers ids that are new from 1 again, until the next call.
    pub fn repeat(&mut self) {
        self.repeated = Some(0);
    }

    /// Ends what [`Self::repeat`] began.
    pub fn end_repeat(&mut self) {
        self.repeated = None;
    }

    /// The line of a transcript for the debug form `text`.
    pub fn line(&mut self, text: &str) -> String {
        let text = text.replace(", _unknown_tagged_fields: []", "").replace("_unknown_tagged_fields: []", "");
        let text = plain_strings(&text);
        let text = plain_uuids(&without_type_names(&text));
        let mut text = self.with_ids(&text);
        for usual in USUAL {
            text = text.replace(usual, "");
        }
        for (real, shown) in &self.names {
            text = text.replace(real, shown);
        }
        for field in FIELDS.iter().map(|(field, _)| field).chain(&self.fields) {
            text = replace_field(&text, field, |_| Some("*".to_owned()));
        }
        for field in ["producer_id", "ongoing_txn_producer_id"] {
            text = replace_field(&text, field, |value| {
                let number: i64 = value.parse().ok()?;
                (number >= 0).then(|| self.id(&format!("producer {number}"), "producer"))
            });
        }
        for field in ["error_code", "topic_config_error_code"] {
            text = replace_field(&text, field, |value| {
                let code: i16 = value.parse().ok().filter(|code| *code != 0)?;
                Some(format!("{code} {:?}", ErrorCode::from(code)))
            });
        }
        with_now(&text)
    }

    fn id(&mut self, real: &str, kind: &str) -> String {
        if let Some(known) = self.ids.get(real) {
            return known.clone();
        }
        let number = match &mut self.repeated {
            Some(seen) => {
                *seen += 1;
                format!("new {seen}")
            }
            None => (self.ids.len() + 1).to_string(),
        };
        let shown = format!("<{kind} {number}>");
        self.ids.insert(real.to_owned(), shown.clone());
        shown
    }

    /// UUIDs, of topics and in members' ids, by number; Kafka's two reserved ones as they are.
    fn with_ids(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(place) = find_uuid(rest) {
            let (before, after) = rest.split_at(place);
            let (uuid, after) = after.split_at(36);
            out += before;
            let reserved = uuid.starts_with("00000000-0000-0000-0000-00000000000");
            out += &if reserved { format!("0…{}", &uuid[35..]) } else { self.id(uuid, "id") };
            rest = after;
        }
        out + rest
    }
}

fn find_uuid(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    (0..bytes.len().saturating_sub(35)).find(|&at| {
        bytes[at..at + 36].iter().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
    })
}

/// `KafkaString { inner: b"a" }` as `"a"`.
fn plain_strings(text: &str) -> String {
    const OPEN: &str = "KafkaString { inner: b\"";
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(OPEN) {
        let end = end_of_quoted(after);
        out += before;
        out.push('"');
        out += &after[..end];
        out.push('"');
        rest = after[end..].strip_prefix("\" }").unwrap_or(&after[end..]);
    }
    out + rest
}

fn end_of_quoted(text: &str) -> usize {
    let mut escaped = false;
    for (place, letter) in text.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return place,
            _ => {}
        }
    }
    text.len()
}

/// `KafkaUuid(a)` as `a`.
fn plain_uuids(text: &str) -> String {
    let mut parts = text.split("KafkaUuid(");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |out, part| out + &part.replacen(')', "", 1))
}

/// `Name { a: 1 }` as `{ a: 1 }`.
fn without_type_names(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for part in text.split_inclusive('{') {
        match part.strip_suffix(" {") {
            Some(before) => {
                out += before.trim_end_matches(|letter: char| letter.is_ascii_alphanumeric());
                out.push('{');
            }
            None => out += part,
        }
    }
    out
}

/// Replaces the values of `field` by what `with` makes of them.
fn replace_field(text: &str, field: &str, mut with: impl FnMut(&str) -> Option<String>) -> String {
    let open = format!("{field}: ");
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(place) = rest.find(&open) {
        let whole_word = !rest[..place].ends_with(|letter: char| letter.is_alphanumeric() || letter == '_');
        let (before, after) = rest.split_at(place + open.len());
        out += before;
        rest = after;
        if whole_word {
            let end = end_of_value(after);
            out += &with(&after[..end]).unwrap_or_else(|| after[..end].to_owned());
            rest = &after[end..];
        }
    }
    out + rest
}

fn end_of_value(text: &str) -> usize {
    let (mut depth, mut quoted, mut escaped) = (0, false, false);
    for (place, letter) in text.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '{' | '[' | '(' => depth += 1,
            '}' | ']' | ')' if depth > 0 => depth -= 1,
            ',' | '}' | ']' | ')' if depth == 0 => return text[..place].trim_end().len(),
            _ => {}
        }
    }
    text.len()
}

fn with_now(text: &str) -> String {
    let now = super::now_ms();
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(place) = rest.find(|letter: char| letter.is_ascii_digit()) {
        let (before, after) = rest.split_at(place);
        let end = after.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(after.len());
        let (digits, after) = after.split_at(end);
        out += before;
        let number: Option<i64> = digits.parse().ok();
        let is_near = |time: i64| (time - now).abs() < NOW_MS;
        out += match number {
            Some(time) if is_near(time) => "<now>",
            // How Kafka says that there is no limit to the past: now less the greatest number.
            Some(past) if out.ends_with('-') && is_near(i64::MAX - past) => "<i64::MAX + now>",
            _ => digits,
        };
        rest = after;
    }
    out + rest
}
