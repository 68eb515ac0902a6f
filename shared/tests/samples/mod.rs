//! Samples of everything that crosses the WebSocket, at least one of each variant.

mod events;
mod happenings;
mod kafka;
mod lesson;
mod requests;

pub(crate) use events::{
    close_reasons, cluster_kinds, cluster_states, consumer_events, events, outcomes, replies, server_frames,
};
pub(crate) use kafka::{
    all_bytes, cluster_views, config_sources, error_codes, faulty_apis, injected_error_codes,
};
pub(crate) use lesson::lessons;
pub(crate) use requests::{
    acks, client_frames, commands, commit_each_records, compressions, sendings, start_ats,
};

/// Lists samples of an enum beside the patterns of its variants. A variant without a pattern does not compile; a
/// pattern without a sample of it fails.
macro_rules! samples {
    ($type:ty { $($pattern:pat => $samples:expr),+ $(,)? }) => {{
        fn every_variant_has_samples(value: &$type) {
            match value { $($pattern => ()),+ }
        }
        let mut all: Vec<$type> = Vec::new();
        $(
            let samples: Vec<$type> = $samples.into_iter().collect();
            assert!(!samples.is_empty(), "{} has no sample", stringify!($pattern));
            for sample in samples {
                every_variant_has_samples(&sample);
                assert!(matches!(&sample, $pattern), "{sample:?} is not {}", stringify!($pattern));
                all.push(sample);
            }
        )+
        all
    }};
}
use samples;
