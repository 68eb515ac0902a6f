use super::*;

fn epochs(entries: &[(i32, i64)]) -> LeaderEpochs {
    let mut epochs = LeaderEpochs::default();
    for &(epoch, start_offset) in entries {
        epochs.assign(epoch, start_offset);
    }
    epochs
}

fn list(epochs: &LeaderEpochs) -> Vec<(i32, i64)> {
    epochs.entries.iter().map(|entry| (entry.epoch, entry.start_offset)).collect()
}

#[test]
fn an_epoch_ends_where_the_next_begins_and_the_latest_at_the_end_of_the_log() {
    let epochs = epochs(&[(2, 10), (4, 20), (7, 30)]);
    assert_eq!(epochs.end_offset(7, 35), Some((7, 35)));
    assert_eq!(epochs.end_offset(4, 35), Some((4, 30)));
    assert_eq!(epochs.end_offset(6, 35), Some((4, 30)), "the epoch below one that is not known");
    assert_eq!(epochs.end_offset(1, 35), Some((1, 10)), "below all: itself, and where the first begins");
    assert_eq!(epochs.end_offset(8, 35), None, "above all");
    assert_eq!(epochs.end_offset(-1, 35), None);
}

#[test]
fn nothing_is_known_of_any_epoch_in_an_empty_log() {
    assert_eq!(LeaderEpochs::default().end_offset(0, 0), None);
}

#[test]
fn an_epoch_is_assigned_once_and_drops_what_contradicts_it() {
    assert_eq!(list(&epochs(&[(1, 0), (1, 5)])), [(1, 0)]);
    assert_eq!(list(&epochs(&[(1, 0), (2, 5), (3, 5)])), [(1, 0), (3, 5)], "epoch 2 appended nothing");
    assert_eq!(list(&epochs(&[(1, 0), (3, 5), (2, 8)])), [(1, 0), (2, 8)], "an older epoch comes later");
    assert_eq!(list(&epochs(&[(1, 0), (2, 5), (2, 3)])), [(1, 0), (2, 3)], "the same epoch begins earlier");
}

#[test]
fn an_offset_belongs_to_the_epoch_that_began_before_it() {
    let epochs = epochs(&[(2, 10), (4, 20)]);
    let at = [9, 10, 19, 20, 99].map(|offset| epochs.epoch_at(offset));
    assert_eq!(at, [None, Some(2), Some(2), Some(4), Some(4)]);
}

#[test]
fn truncation_takes_epochs_from_both_ends() {
    let all = epochs(&[(1, 0), (2, 10), (3, 20)]);
    let from_end = |offset| {
        let mut epochs = all.clone();
        epochs.truncate_from_end(offset);
        list(&epochs)
    };
    assert_eq!(from_end(21), [(1, 0), (2, 10), (3, 20)]);
    assert_eq!(from_end(20), [(1, 0), (2, 10)]);
    assert_eq!(from_end(0), []);
    let from_start = |offset| {
        let mut epochs = all.clone();
        epochs.truncate_from_start(offset);
        list(&epochs)
    };
    assert_eq!(from_start(0), [(1, 0), (2, 10), (3, 20)]);
    assert_eq!(from_start(15), [(2, 15), (3, 20)]);
    assert_eq!(from_start(20), [(3, 20)]);
    assert_eq!(from_start(99), [(3, 99)]);
}
