//! What a config is: its name, kind, default and rule, and how Apache Kafka reads a text as its value.

use std::collections::HashSet;

use super::error::InvalidValue;
use super::validator::Validator;
use super::value::{Value, java_double, java_trim};

/// Of which kind the values of a config are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `true` or `false`, in any case.
    Boolean,
    /// Any text.
    String,
    /// 32 bits, signed.
    Int,
    /// 16 bits, signed.
    Short,
    /// 64 bits, signed.
    Long,
    /// A floating point number of 64 bits.
    Double,
    /// Texts with commas between them.
    List,
    /// The name of a Java class.
    Class,
    /// A text that no answer tells.
    Password,
}

impl Kind {
    /// The number of the kind in a `DescribeConfigs` response.
    pub(crate) fn id(self) -> i8 {
        match self {
            Self::Boolean => 1,
            Self::String => 2,
            Self::Int => 3,
            Self::Short => 4,
            Self::Long => 5,
            Self::Double => 6,
            Self::List => 7,
            Self::Class => 8,
            Self::Password => 9,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Boolean => "BOOLEAN",
            Self::String => "STRING",
            Self::Int => "INT",
            Self::Short => "SHORT",
            Self::Long => "LONG",
            Self::Double => "DOUBLE",
            Self::List => "LIST",
            Self::Class => "CLASS",
            Self::Password => "PASSWORD",
        }
    }
}

/// How a broker config is changed while the broker runs (KIP-226).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Update {
    /// Not at all.
    ReadOnly,
    /// For one broker; a value for all brokers is refused.
    PerBroker,
    /// For one broker, or for all of them.
    ClusterWide,
}

/// Whether a config does something in the sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// As in Apache Kafka.
    Works,
    /// It is listed, checked and kept, and nothing more.
    None,
}

/// Whether a config is listed when nobody set it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Visibility {
    /// It is.
    Listed,
    /// Only once it is set.
    Internal,
}

/// A config.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConfigDef {
    /// What it is called.
    pub(crate) name: &'static str,
    /// The kind of its values.
    pub(crate) kind: Kind,
    /// Its value when nobody set it, as Apache Kafka shows it. `None` where that is no value.
    pub(crate) default: Option<&'static str>,
    /// Which values are allowed.
    pub(crate) validator: Validator,
    /// Whether it is listed when nobody set it.
    pub(crate) visibility: Visibility,
    /// How it is changed in a running broker. Topic and group configs always can be.
    pub(crate) update: Update,
    /// The broker config that stands in for it, of a topic or group config that has one. What else stands in for that
    /// one is in [`super::synonyms::broker_synonyms`].
    pub(crate) synonym: Option<&'static str>,
    /// Whether it does something here.
    pub(crate) effect: Effect,
    /// What it is for, in one sentence.
    pub(crate) documentation: &'static str,
}

impl ConfigDef {
    const fn new(
        kind: Kind,
        name: &'static str,
        default: Option<&'static str>,
        validator: Validator,
        documentation: &'static str,
    ) -> Self {
        Self {
            name,
            kind,
            default,
            validator,
            visibility: Visibility::Listed,
            update: Update::ReadOnly,
            synonym: None,
            effect: Effect::None,
            documentation,
        }
    }

    pub(super) const fn internal(mut self) -> Self {
        self.visibility = Visibility::Internal;
        self
    }

    pub(super) const fn per_broker(mut self) -> Self {
        self.update = Update::PerBroker;
        self
    }

    pub(super) const fn cluster_wide(mut self) -> Self {
        self.update = Update::ClusterWide;
        self
    }

    pub(super) const fn synonym(mut self, broker_config: &'static str) -> Self {
        self.synonym = Some(broker_config);
        self
    }

    pub(super) const fn works(mut self) -> Self {
        self.effect = Effect::Works;
        self
    }

    /// Whether answers keep its value to themselves.
    pub(crate) fn is_sensitive(&self) -> bool {
        self.kind == Kind::Password
    }

    /// Reads a text as a value, and holds it against the rule. What stands twice in a list counts once (KIP-1161).
    pub(crate) fn parse(&self, text: &str) -> Result<Value, InvalidValue> {
        let mut value = self.read(text)?;
        if let (Value::List(items), Validator::ListOf { .. }) = (&mut value, self.validator) {
            let mut seen = HashSet::new();
            items.retain(|item| seen.insert(item.clone()));
        }
        self.validator.check(self.name, Some(&value))?;
        Ok(value)
    }

    /// The default as a value; `None` where it is no value.
    pub(crate) fn default_value(&self) -> Result<Option<Value>, InvalidValue> {
        self.default.map(|text| self.read(text)).transpose()
    }

    fn read(&self, text: &str) -> Result<Value, InvalidValue> {
        let trimmed = java_trim(text);
        let not_a_number =
            || InvalidValue::of(self.name, text, format!("Not a number of type {}", self.kind.name()));
        Ok(match self.kind {
            Kind::Boolean if trimmed.eq_ignore_ascii_case("true") => Value::Boolean(true),
            Kind::Boolean if trimmed.eq_ignore_ascii_case("false") => Value::Boolean(false),
            Kind::Boolean => {
                return Err(InvalidValue::of(self.name, text, "Expected value to be either true or false"));
            }
            Kind::String => Value::Text(trimmed.to_owned()),
            Kind::Int => Value::Integer(trimmed.parse::<i32>().map_err(|_| not_a_number())?.into()),
            Kind::Short => Value::Integer(trimmed.parse::<i16>().map_err(|_| not_a_number())?.into()),
            Kind::Long => Value::Integer(trimmed.parse().map_err(|_| not_a_number())?),
            Kind::Double => Value::Double(java_double(trimmed).ok_or_else(not_a_number)?),
            Kind::List if trimmed.is_empty() => Value::List(Vec::new()),
            // White space around each comma goes; that at the ends is gone by now.
            Kind::List => Value::List(
                trimmed.split(',').map(|item| item.trim_matches(is_regex_white_space).to_owned()).collect(),
            ),
            // There are no classes here but those that Apache Kafka begins with.
            Kind::Class if self.default == Some(trimmed) => Value::Text(trimmed.to_owned()),
            Kind::Class => {
                return Err(InvalidValue::of(self.name, text, format!("Class {text} could not be found.")));
            }
            Kind::Password => Value::Password(trimmed.to_owned()),
        })
    }
}

/// What `\s` is in a regular expression of Java.
fn is_regex_white_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\x0B' | '\x0C' | '\r')
}

macro_rules! constructors {
    ($($function:ident: $kind:ident;)*) => {
        $(
            pub(super) const fn $function(
                name: &'static str,
                default: Option<&'static str>,
                validator: Validator,
                documentation: &'static str,
            ) -> ConfigDef {
                ConfigDef::new(Kind::$kind, name, default, validator, documentation)
            }
        )*
    };
}

constructors! {
    boolean: Boolean;
    string: String;
    int: Int;
    short: Short;
    long: Long;
    double: Double;
    list: List;
    class: Class;
    password: Password;
}

#[cfg(test)]
mod tests {
    use super::super::validator::at_least;
    use super::*;

    fn message(result: Result<Value, InvalidValue>) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn a_value_out_of_its_range_is_refused_in_kafkas_words() {
        let def = int("segment.bytes", None, at_least(1_048_576.0), "");
        assert_eq!(def.parse("1048576").unwrap(), Value::Integer(1_048_576));
        assert_eq!(
            message(def.parse("100")),
            "Invalid value 100 for configuration segment.bytes: Value must be at least 1048576"
        );
    }

    #[test]
    fn what_is_no_number_is_shown_as_it_was_written() {
        let def = long("retention.ms", None, Validator::Any, "");
        assert_eq!(
            message(def.parse(" 7 days")),
            "Invalid value  7 days for configuration retention.ms: Not a number of type LONG"
        );
        let def = short("x", None, Validator::Any, "");
        assert_eq!(
            message(def.parse("32768")),
            "Invalid value 32768 for configuration x: Not a number of type SHORT"
        );
        let def = double("x", None, Validator::Any, "");
        assert_eq!(
            message(def.parse("inf")),
            "Invalid value inf for configuration x: Not a number of type DOUBLE"
        );
    }

    #[test]
    fn space_around_a_value_does_not_count() {
        assert_eq!(long("x", None, Validator::Any, "").parse(" +5\n").unwrap(), Value::Integer(5));
        assert_eq!(
            list("x", None, Validator::Any, "").parse(" a ,b, c d ").unwrap(),
            Value::List(vec!["a".to_owned(), "b".to_owned(), "c d".to_owned()])
        );
    }

    #[test]
    fn a_boolean_may_be_written_in_any_case_and_in_no_other_way() {
        let def = boolean("preallocate", None, Validator::Any, "");
        assert_eq!(def.parse("TRUE").unwrap(), Value::Boolean(true));
        assert_eq!(def.parse(" False ").unwrap(), Value::Boolean(false));
        assert_eq!(
            message(def.parse("1")),
            "Invalid value 1 for configuration preallocate: Expected value to be either true or false"
        );
    }

    #[test]
    fn a_class_that_kafka_does_not_begin_with_is_not_found() {
        let def = class("x", Some("org.Known"), Validator::Any, "");
        assert_eq!(def.parse("org.Known").unwrap(), Value::Text("org.Known".to_owned()));
        assert_eq!(
            message(def.parse("org.Other")),
            "Invalid value org.Other for configuration x: Class org.Other could not be found."
        );
    }
}
