//! How a form asks for an argument of a command. The page draws its forms from these.

/// One argument that a form may offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// The argument's name in the command.
    pub name: &'static str,
    /// What stands beside the input.
    pub label: &'static str,
    /// What it means, in a sentence.
    pub help: &'static str,
    /// How it is asked for.
    pub input: Input,
}

/// A kind of input, and the JSON value that it gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// A line of text: a string.
    Text,
    /// Names separated by commas: a list of strings.
    Names,
    /// Lines of `name=value`: an object of strings.
    Pairs,
    /// A whole number from `min` to `max`.
    Integer {
        /// The least.
        min: u64,
        /// The most.
        max: u64,
    },
    /// The same, or nothing.
    OptionalInteger {
        /// The least.
        min: u64,
        /// The most.
        max: u64,
    },
    /// A number from 1 to the number of brokers that the cluster has, or nothing.
    Replicas,
    /// One of these values, each with what to call it: a string.
    Choice(&'static [(&'static str, &'static str)]),
    /// The same where there are many: each group has a name.
    GroupedChoice(&'static [(&'static str, &'static [(&'static str, &'static str)])]),
    /// One of these values, or nothing.
    OptionalChoice {
        /// What to call nothing.
        none: &'static str,
        /// The values.
        values: &'static [(&'static str, &'static str)],
    },
    /// Yes or no.
    Toggle,
}
