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

/// What has the same key stands once, where the first of it stands; `merge` gives the first what the others have.
pub(super) fn merged<T, K: Eq + Hash>(
    items: impl IntoIterator<Item = T>,
    key: impl Fn(&T) -> K,
    merge: impl Fn(&mut T, T),
) -> Vec<T> {
    let mut places = HashMap::new();
    let mut merged: Vec<T> = Vec::new();
    for item in items {
        let place = *places.entry(key(&item)).or_insert(merged.len());
        match merged.get_mut(place) {
            Some(first) => merge(first, item),
            None => merged.push(item),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::{counts, last_places, merged};

    #[test]
    fn what_stands_twice_is_counted_and_its_last_place_known() {
        assert_eq!(counts("abca".chars()).get(&'a'), Some(&2));
        assert_eq!(counts("abca".chars()).get(&'b'), Some(&1));
        assert_eq!(last_places("abca".chars()).get(&'a'), Some(&3));
        assert_eq!(last_places("abca".chars()).get(&'b'), Some(&1));
    }

    #[test]
    fn what_has_the_same_key_stands_once_with_what_all_have() {
        let items = [('b', vec![1]), ('a', vec![2]), ('b', vec![3]), ('b', vec![])];
        let once = merged(items, |(key, _)| *key, |(_, first), (_, other)| first.extend(other));
        assert_eq!(once, [('b', vec![1, 3]), ('a', vec![2])]);
    }
}
