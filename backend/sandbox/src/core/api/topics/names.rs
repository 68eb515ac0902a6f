//! The names that topics may have.

use std::collections::HashMap;

use crate::core::Core;
use crate::wire::KafkaString;

/// The longest name of a topic.
const MAX_NAME: usize = 249;

/// What is wrong with the name of a topic.
pub(in crate::core::api) fn invalid_name(name: &str) -> Option<String> {
    let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let reason = match name {
        "" => "the empty string is not allowed".to_owned(),
        "." | ".." => format!("'{name}' is not allowed"),
        _ if name.chars().count() > MAX_NAME => {
            format!("the length of '{name}' is longer than the max allowed length {MAX_NAME}")
        }
        _ if !name.chars().all(valid) => {
            format!(
                "'{name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'"
            )
        }
        _ => return None,
    };
    Some(format!("Topic name is invalid: {reason}"))
}

/// The names of topics with `.` told as `_`: names that are then the same collide in the names of metrics.
pub(in crate::core::api) struct UnifiedNames(HashMap<String, KafkaString>);

impl UnifiedNames {
    fn of(name: &str) -> String {
        name.replace('.', "_")
    }

    /// Adds the name of a new topic.
    pub(super) fn add(&mut self, name: KafkaString) {
        self.0.insert(Self::of(name.as_str()), name);
    }

    /// A topic that a new one of this name would collide with.
    pub(super) fn colliding(&self, name: &str) -> Option<&KafkaString> {
        if !name.contains(['.', '_']) {
            return None;
        }
        self.0.get(&Self::of(name)).filter(|other| other.as_str() != name)
    }
}

impl Core {
    /// Those of all topics.
    pub(super) fn unified_names(&self) -> UnifiedNames {
        let names = self.image.topics().map(|topic| &topic.name);
        UnifiedNames(names.map(|name| (UnifiedNames::of(name.as_str()), name.clone())).collect())
    }
}
