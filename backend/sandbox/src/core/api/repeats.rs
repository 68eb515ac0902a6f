//! What stands more than once in a request. Requests can be long: one pass, whatever stands in them.

use std::collections::HashMap;
use std::hash::Hash;

/// How often each key stands in a list.
pub(super) fn counts<K: Eq + Hash>(keys: impl Iterator<Item = K>) -> HashMap<K, usize> {
    let mut counts = HashMap::new();
    for key in keys {
        *counts.entry(key).or_insert(0) += 1;
    }
    counts
}

/// The last place of each key in a list.
pub(super) fn last_places<K: Eq + Hash>(keys: impl Iterator<Item = K>) -> HashMap<K, usize> {
    keys.enumerate().map(|(place, key)| (key, place)).collect()
}

#[cfg(test)]
mod tests {
    use super::{counts, last_places};

    #[test]
    fn what_stands_twice_is_counted_and_its_last_place_known() {
        assert_eq!(counts("abca".chars()).get(&'a'), Some(&2));
        assert_eq!(counts("abca".chars()).get(&'b'), Some(&1));
        assert_eq!(last_places("abca".chars()).get(&'a'), Some(&3));
        assert_eq!(last_places("abca".chars()).get(&'b'), Some(&1));
    }
}
