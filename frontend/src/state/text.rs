//! Numbers, durations and JSON as people read them.

use std::fmt::Write;

/// `7884` as `7,884`.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// An offset, with its thousands; `–` where it is not known.
pub(crate) fn offset(offset: Option<i64>) -> String {
    match offset {
        None => "–".to_owned(),
        Some(offset) if offset < 0 => offset.to_string(),
        Some(offset) => thousands(offset.unsigned_abs()),
    }
}

/// `1 record`, `1,200 records`, `no records`.
pub(crate) fn count(number: u64, one: &str, many: &str) -> String {
    match number {
        0 => format!("no {many}"),
        1 => format!("1 {one}"),
        _ => format!("{} {many}", thousands(number)),
    }
}

/// `340 ms`, `1.2 s`, `2 min 5 s`.
pub(crate) fn millis(millis: f64) -> String {
    if millis < 1000.0 {
        format!("{} ms", millis.max(0.0).round())
    } else if millis < 60_000.0 {
        format!("{:.1} s", millis / 1000.0)
    } else {
        let seconds = (millis / 1000.0) as u64;
        format!("{} min {} s", seconds / 60, seconds % 60)
    }
}

/// `850 µs`, `3.4 ms`, `1.2 s`.
pub(crate) fn micros(micros: u64) -> String {
    match micros {
        0..1000 => format!("{micros} µs"),
        1000..10_000 => format!("{:.1} ms", micros as f64 / 1000.0),
        _ => millis(micros as f64 / 1000.0),
    }
}

/// `512 B`, `3.4 KB`, `1.2 MB`, by thousands.
pub(crate) fn bytes(bytes: f64) -> String {
    match bytes {
        b if b < 1000.0 => format!("{b:.0} B"),
        b if b < 1_000_000.0 => format!("{:.1} KB", b / 1000.0),
        b => format!("{:.1} MB", b / 1_000_000.0),
    }
}

/// JSON with its lines broken and indented, number and order as they were; `None` where it is not JSON, or only a
/// number or a word.
pub(crate) fn pretty_json(text: &str) -> Option<String> {
    if !text.trim_start().starts_with(['{', '[']) {
        return None;
    }
    serde_json::from_str::<serde::de::IgnoredAny>(text).ok()?;
    let mut pretty = String::with_capacity(text.len() * 2);
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut escaped = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if in_string {
            pretty.push(c);
            in_string = escaped || c != '"';
            escaped = !escaped && c == '\\';
            continue;
        }
        match c {
            '"' => {
                in_string = true;
                pretty.push(c);
            }
            '{' | '[' => {
                while chars.next_if(char::is_ascii_whitespace).is_some() {}
                pretty.push(c);
                if let Some(close) = chars.next_if(|&c| c == '}' || c == ']') {
                    pretty.push(close);
                } else {
                    depth += 1;
                    break_line(&mut pretty, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                break_line(&mut pretty, depth);
                pretty.push(c);
            }
            ',' => {
                pretty.push(c);
                break_line(&mut pretty, depth);
            }
            ':' => pretty.push_str(": "),
            c if c.is_ascii_whitespace() => {}
            c => pretty.push(c),
        }
    }
    Some(pretty)
}

fn break_line(text: &mut String, depth: usize) {
    // Writing to a string can't fail.
    let _ = write!(text, "\n{:1$}", "", depth * 2);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_thousands() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(7884), "7,884");
        assert_eq!(thousands(1_000_000), "1,000,000");
        assert_eq!(offset(None), "–");
        assert_eq!(count(1, "record", "records"), "1 record");
    }

    #[test]
    fn durations_have_units() {
        assert_eq!(millis(340.4), "340 ms");
        assert_eq!(millis(1234.0), "1.2 s");
        assert_eq!(millis(125_000.0), "2 min 5 s");
        assert_eq!(micros(850), "850 µs");
        assert_eq!(micros(3400), "3.4 ms");
    }

    #[test]
    fn json_is_indented_and_otherwise_as_it_was() {
        let text = r#"{"b": 1.50, "a":[ ], "c":{"d":"x, {\"y\"} \\"}, "e":[1,null]}"#;
        let pretty = "{\n  \"b\": 1.50,\n  \"a\": [],\n  \"c\": {\n    \"d\": \"x, {\\\"y\\\"} \\\\\"\n  },\n  \"e\": [\n    1,\n    null\n  ]\n}";
        assert_eq!(pretty_json(text).as_deref(), Some(pretty));
        assert_eq!(pretty_json("plain"), None);
        assert_eq!(pretty_json("{broken"), None);
    }
}
