//! How long the strings of a request are that the cluster keeps and tells other clients.

use super::{KafkaString, Request};

/// The length of the longest of them, in bytes. What other requests say is refused, told only to those who said it, or not
/// written down if it is too long.
pub(super) fn longest_to_be_told(request: &Request) -> usize {
    match request {
        Request::JoinGroup(request) => longest(
            [&request.group_id, &request.member_id, &request.protocol_type]
                .into_iter()
                .chain(&request.group_instance_id)
                .chain(request.protocols.iter().map(|protocol| &protocol.name)),
        ),
        Request::AlterConfigs(request) => longest(request.resources.iter().flat_map(|resource| {
            let configs = resource.configs.iter();
            let configs = configs.flat_map(|config| std::iter::once(&config.name).chain(&config.value));
            std::iter::once(&resource.resource_name).chain(configs)
        })),
        Request::IncrementalAlterConfigs(request) => longest(request.resources.iter().flat_map(|resource| {
            let configs = resource.configs.iter();
            let configs = configs.flat_map(|config| std::iter::once(&config.name).chain(&config.value));
            std::iter::once(&resource.resource_name).chain(configs)
        })),
        _ => 0,
    }
}

fn longest<'a>(strings: impl Iterator<Item = &'a KafkaString>) -> usize {
    strings.map(KafkaString::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use bytes::{BufMut, BytesMut};
    use kacrab_protocol::version::request_header_version;

    use crate::wire::messages::incremental_alter_configs_request::{AlterConfigsResource, AlterableConfig};
    use crate::wire::messages::join_group_request::JoinGroupRequestProtocol;
    use crate::wire::messages::{
        IncrementalAlterConfigsRequestData, JoinGroupRequestData, RequestHeaderData,
    };
    use crate::wire::{Api, DecodeError, MOST_STRING_BYTES, decode, text};

    fn decoded(api: Api, version: i16, body: &BytesMut) -> Result<(), DecodeError> {
        let mut frame = BytesMut::new();
        let header = RequestHeaderData {
            request_api_key: api.key(),
            request_api_version: version,
            ..Default::default()
        };
        header.write(&mut frame, request_header_version(api.key(), version)).unwrap();
        frame.put_slice(body);
        decode(frame.freeze()).map(|_| ())
    }

    #[test]
    fn what_others_would_be_told_is_no_longer_than_their_strings() {
        for (length, is_too_long) in [(MOST_STRING_BYTES, false), (MOST_STRING_BYTES + 1, true)] {
            let long = || text("x".repeat(length));
            let protocol = JoinGroupRequestProtocol { name: long(), ..Default::default() };
            for join in [
                JoinGroupRequestData { group_id: long(), ..Default::default() },
                JoinGroupRequestData { member_id: long(), ..Default::default() },
                JoinGroupRequestData { group_instance_id: Some(long()), ..Default::default() },
                JoinGroupRequestData { protocol_type: long(), ..Default::default() },
                JoinGroupRequestData { protocols: vec![protocol], ..Default::default() },
            ] {
                let mut body = BytesMut::new();
                join.write(&mut body, 9).unwrap();
                let decoded = decoded(Api::JoinGroup, 9, &body);
                assert_eq!(matches!(decoded, Err(DecodeError::TooLongString(_))), is_too_long, "{decoded:?}");
            }
            let config = |name, value| AlterableConfig { name, value, ..Default::default() };
            let resource = |resource_name, config| AlterConfigsResource {
                resource_name,
                configs: vec![config],
                ..Default::default()
            };
            for resource in [
                resource(long(), config(text("a"), None)),
                resource(text("a"), config(long(), None)),
                resource(text("a"), config(text("a"), Some(long()))),
            ] {
                let mut body = BytesMut::new();
                let request =
                    IncrementalAlterConfigsRequestData { resources: vec![resource], ..Default::default() };
                request.write(&mut body, 1).unwrap();
                let decoded = decoded(Api::IncrementalAlterConfigs, 1, &body);
                assert_eq!(matches!(decoded, Err(DecodeError::TooLongString(_))), is_too_long, "{decoded:?}");
            }
        }
    }
}
