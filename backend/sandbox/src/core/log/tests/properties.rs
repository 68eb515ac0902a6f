use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Step {
    Append { records: usize, epoch_up: bool, compressed: bool },
    TruncateTo(prop::sample::Index),
    AdvanceStart(prop::sample::Index),
    DropOldest,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (1..6_usize, prop::bool::weighted(0.2), any::<bool>())
            .prop_map(|(records, epoch_up, compressed)| Step::Append { records, epoch_up, compressed }),
        1 => any::<prop::sample::Index>().prop_map(Step::TruncateTo),
        1 => any::<prop::sample::Index>().prop_map(Step::AdvanceStart),
        1 => Just(Step::DropOldest),
    ]
}

/// An offset of the log, at which a batch may or may not begin.
fn pick(log: &PartitionLog, index: prop::sample::Index) -> i64 {
    let span = usize::try_from(log.end_offset() - log.start_offset()).expect("a log") + 1;
    log.start_offset() + i64::try_from(index.index(span)).expect("small")
}

proptest! {
    #[test]
    fn logs_stay_whole_whatever_happens(steps in prop::collection::vec(step(), 1..60)) {
        let mut log = empty_log();
        let mut epoch = 0;
        let mut acknowledged = Vec::new();
        for step in steps {
            match step {
                Step::Append { records, epoch_up, compressed } => {
                    epoch += i32::from(epoch_up);
                    let compression = if compressed { Compression::Lz4 } else { Compression::None };
                    let records = checked(&BatchBuilder::of(records).compressed(compression));
                    let end = log.end_offset();
                    let appended = log.append(&records, epoch, &small_segments(), WALL_MS);
                    prop_assert_eq!(appended.base_offset, end);
                    prop_assert_eq!(log.end_offset(), appended.last_offset + 1);
                    acknowledged.push((appended.base_offset, appended.last_offset, epoch));
                }
                Step::TruncateTo(index) => {
                    let offset = pick(&log, index);
                    log.truncate_to(offset);
                    prop_assert_eq!(log.end_offset(), offset);
                    acknowledged.retain(|&(_, last, _)| last < offset);
                    // The next leader has another epoch.
                    epoch += 1;
                }
                Step::AdvanceStart(index) => {
                    let offset = pick(&log, index);
                    log.advance_start_offset(offset);
                    prop_assert_eq!(log.start_offset(), offset);
                }
                Step::DropOldest => {
                    log.drop_oldest_segment();
                }
            }
            let first = log.batches_from(0).next().map_or(log.end_offset(), StoredBatch::base_offset);
            acknowledged.retain(|&(base, ..)| base >= first);
            let kept: Vec<_> = log
                .batches_from(0)
                .map(|batch| {
                    let header = batch.header().expect("a header");
                    (header.base_offset, header.last_offset(), header.leader_epoch)
                })
                .collect();
            prop_assert_eq!(&kept, &acknowledged);
            prop_assert!(log.start_offset() <= log.end_offset());
            prop_assert_eq!(log.size_bytes(), log.segments().map(|segment| segment.bytes).sum::<usize>());
            for offset in log.start_offset()..log.end_offset() {
                let containing = kept.iter().find(|&&(_, last, _)| last >= offset);
                let slice = log.read(offset, log.end_offset(), 1, true);
                let read = slice.pieces.first().and_then(|piece| BatchHeader::read(piece));
                prop_assert_eq!(read.map(|header| header.base_offset), containing.map(|&(base, ..)| base));
                if let Some(&(_, _, epoch)) = containing.filter(|&&(base, ..)| base <= offset) {
                    prop_assert_eq!(log.epoch_at(offset), Some(epoch));
                }
            }
        }

        let mut follower = empty_log();
        follower.truncate_fully_and_start_at(log.start_offset());
        for batch in log.batches_from(log.start_offset()) {
            follower.append_stored(batch.clone(), &append_rules(), WALL_MS).expect("in order");
        }
        prop_assert_eq!(
            log.read(log.start_offset(), i64::MAX, usize::MAX, true).pieces.concat(),
            whole(&follower).concat()
        );
        prop_assert_eq!(follower.producers().describe(), log.producers().describe());
    }
}
