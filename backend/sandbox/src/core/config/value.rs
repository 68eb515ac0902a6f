//! Values of configs, read and shown as Java does.

use std::fmt;

/// A value, read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number, of whichever width the config has.
    Integer(i64),
    /// A floating point number.
    Double(f64),
    /// A text, or the name of a class.
    Text(String),
    /// Texts.
    List(Vec<String>),
    /// What is not told.
    Password(String),
}

/// As a `DescribeConfigs` response shows it; callers keep passwords back.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean(value) => write!(f, "{value}"),
            Self::Integer(value) => write!(f, "{value}"),
            Self::Double(value) => f.write_str(&show_double(*value)),
            Self::Text(value) => f.write_str(value),
            Self::List(items) => f.write_str(&items.join(",")),
            Self::Password(_) => f.write_str("[hidden]"),
        }
    }
}

impl Value {
    /// As a message shows it: lists stand in brackets.
    pub(super) fn in_message(&self) -> String {
        match self {
            Self::List(items) => format!("[{}]", items.join(", ")),
            other => other.to_string(),
        }
    }
}

/// Without the characters up to the space at both ends, as `String.trim` of Java.
pub(super) fn java_trim(text: &str) -> &str {
    text.trim_matches(|c| c <= ' ')
}

/// What `Double.parseDouble` of Java reads, but for its hexadecimal form.
pub(super) fn java_double(text: &str) -> Option<f64> {
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    match unsigned {
        "NaN" => return Some(f64::NAN),
        "Infinity" => return Some(sign * f64::INFINITY),
        _ => {}
    }
    let number = unsigned.strip_suffix(['d', 'D', 'f', 'F']).unwrap_or(unsigned);
    let is_number = number.bytes().all(|b| matches!(b, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'));
    if !is_number || number.starts_with(['+', '-']) {
        return None;
    }
    Some(sign * number.parse::<f64>().ok()?)
}

/// As `Double.toString` of Java.
fn show_double(value: f64) -> String {
    let magnitude = value.abs();
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "Infinity".to_owned() } else { "-Infinity".to_owned() }
    } else if magnitude == 0.0 || (1e-3..1e7).contains(&magnitude) {
        format!("{value:?}")
    } else {
        let text = format!("{value:E}");
        match text.split_once('E') {
            Some((mantissa, exponent)) if !mantissa.contains('.') => format!("{mantissa}.0E{exponent}"),
            _ => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_are_shown_as_java_shows_them() {
        let cases = [
            (0.5, "0.5"),
            (1.0, "1.0"),
            (0.0, "0.0"),
            (-0.001, "-0.001"),
            (0.0005, "5.0E-4"),
            (1e7, "1.0E7"),
            (123_456_789.0, "1.23456789E8"),
            (f64::MAX, "1.7976931348623157E308"),
            (f64::INFINITY, "Infinity"),
        ];
        for (value, shown) in cases {
            assert_eq!(Value::Double(value).to_string(), shown);
        }
    }

    #[test]
    fn doubles_are_read_as_java_reads_them() {
        assert_eq!(java_double("1e3"), Some(1000.0));
        assert_eq!(java_double("-.5d"), Some(-0.5));
        assert_eq!(java_double("-Infinity"), Some(f64::NEG_INFINITY));
        for text in ["", "infinity", "nan", "--1", "+-1", "1_0", "d", "1dd"] {
            assert_eq!(java_double(text), None, "{text}");
        }
    }

    #[test]
    fn a_list_has_commas_in_an_answer_and_brackets_in_a_message() {
        let list = Value::List(vec!["compact".to_owned(), "delete".to_owned()]);
        assert_eq!(list.to_string(), "compact,delete");
        assert_eq!(list.in_message(), "[compact, delete]");
    }
}
