//! How much a request may name whose answer tells much of each name.
//!
//! Apache Kafka tells of a thing as often as a request names it. Here that ends where a short request would have an answer
//! that no memory holds: clients name each thing once.

use std::collections::HashSet;
use std::hash::Hash;

use super::messages::OffsetFetchRequestData;
use super::{KafkaString, Request};

/// How often a request may name what it has named before, in all.
const MOST_REPEATS: usize = 16;
/// How many resources may be described at once: of some there are as many as there are names.
const MOST_RESOURCES: usize = 10_000;

/// Whether a request names too much.
pub(super) fn are_too_many(request: &Request) -> bool {
    match request {
        Request::DescribeConfigs(request) => {
            let resources = request.resources.iter();
            request.resources.len() > MOST_RESOURCES
                || too_often(resources.map(|it| (it.resource_type, it.resource_name.as_str())))
        }
        Request::DescribeGroups(request) => too_often(request.groups.iter().map(KafkaString::as_str)),
        Request::DescribeProducers(request) => too_often(request.topics.iter().flat_map(|topic| {
            topic.partition_indexes.iter().map(move |index| (topic.name.as_str(), *index))
        })),
        Request::OffsetFetch(request) => fetches_too_often(request),
        _ => false,
    }
}

fn fetches_too_often(request: &OffsetFetchRequestData) -> bool {
    let of_one = request
        .topics
        .iter()
        .flatten()
        .flat_map(|topic| topic.partition_indexes.iter().map(move |index| (topic.name.as_str(), *index)));
    let of_many = request.groups.iter().flat_map(|group| {
        group.topics.iter().flatten().flat_map(move |topic| {
            let place = (group.group_id.as_str(), topic.topic_id, topic.name.as_str());
            topic.partition_indexes.iter().map(move |index| (place, *index))
        })
    });
    too_often(of_one)
        || too_often(of_many)
        || too_often(request.groups.iter().map(|group| group.group_id.as_str()))
}

fn too_often<K: Eq + Hash>(names: impl Iterator<Item = K>) -> bool {
    let mut seen = HashSet::new();
    names.filter_map(|name| (!seen.insert(name)).then_some(())).count() > MOST_REPEATS
}

#[cfg(test)]
mod tests {
    use bytes::{BufMut, Bytes, BytesMut};

    use super::*;
    use crate::wire::messages::describe_configs_request::DescribeConfigsResource;
    use crate::wire::messages::describe_producers_request::TopicRequest;
    use crate::wire::messages::offset_fetch_request::{OffsetFetchRequestGroup, OffsetFetchRequestTopics};
    use crate::wire::messages::{
        DescribeConfigsRequestData, DescribeGroupsRequestData, DescribeProducersRequestData,
    };
    use crate::wire::{Api, DecodeError, KafkaString, decode, text};

    /// Whether requests are read in which names stand so often.
    fn are_read(times: usize) -> Vec<bool> {
        let names = |name: &str| vec![text(name); times];
        let each = |name: KafkaString| DescribeConfigsResource {
            resource_type: 2,
            resource_name: name,
            configuration_keys: None,
            ..Default::default()
        };
        let group = |name: KafkaString, partitions: usize| OffsetFetchRequestGroup {
            group_id: name,
            topics: Some(vec![OffsetFetchRequestTopics {
                name: text("t"),
                partition_indexes: vec![0; partitions],
                ..Default::default()
            }]),
            ..Default::default()
        };
        let mut read = Vec::new();
        macro_rules! read {
            ($api:ident, $version:literal, $request:expr) => {
                let mut frame = BytesMut::new();
                frame.put_i16(Api::$api.key());
                frame.put_i16($version);
                frame.put_i32(1);
                frame.put_i16(-1);
                // All of these versions but one have tagged fields behind the header.
                if Api::$api != Api::DescribeConfigs {
                    frame.put_u8(0);
                }
                $request.write(&mut frame, $version).expect("a good request");
                read.push(match decode(Bytes::from(frame)) {
                    Ok(_) => true,
                    Err(DecodeError::TooManyNames(Api::$api)) => false,
                    Err(other) => panic!("{other}"),
                });
            };
        }
        let resources = names("t").into_iter().map(each).collect();
        read!(DescribeConfigs, 3, DescribeConfigsRequestData { resources, ..Default::default() });
        read!(DescribeGroups, 5, DescribeGroupsRequestData { groups: names("g"), ..Default::default() });
        let topics =
            vec![TopicRequest { name: text("t"), partition_indexes: vec![0; times], ..Default::default() }];
        read!(DescribeProducers, 0, DescribeProducersRequestData { topics, ..Default::default() });
        let groups = names("g").into_iter().map(|name| group(name, 0)).collect();
        read!(OffsetFetch, 8, OffsetFetchRequestData { groups, ..Default::default() });
        let groups = vec![group(text("g"), times)];
        read!(OffsetFetch, 8, OffsetFetchRequestData { groups, ..Default::default() });
        read
    }

    #[test]
    fn a_thing_may_be_named_a_few_times_and_not_thousands_of_times() {
        assert_eq!(are_read(1 + MOST_REPEATS), [true; 5]);
        assert_eq!(are_read(2 + MOST_REPEATS), [false; 5]);
    }
}
