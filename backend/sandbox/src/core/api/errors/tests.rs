//! Held to what Apache Kafka 4.3.1 says.

use bytes::Bytes;

use super::with_error;
use crate::core::hostile::frame;
use crate::core::{Answer, Caller, ConnectionId, InjectedError};
use crate::wire::{Api, ErrorCode, Response, decode, encode, text};

/// A line for each version of each API: its name, the version, the body of a request, and the body of what
/// `getErrorResponse` of that request says of REQUEST_TIMED_OUT, both in hexadecimal. Written by Apache Kafka's own
/// classes.
const APACHE_KAFKA: &str = include_str!("apache_kafka.txt");

fn lines() -> impl Iterator<Item = (Api, i16, Bytes, Bytes)> {
    APACHE_KAFKA.lines().map(|line| {
        let [api, version, request, answer] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        let api = Api::ALL.iter().copied().find(|known| format!("{known:?}") == api).expect(line);
        (api, version.parse().expect(line), bytes(request), bytes(answer))
    })
}

fn bytes(hexadecimal: &str) -> Bytes {
    let pairs = hexadecimal.trim_start_matches('-').as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// The body of the answer.
fn answered(api: Api, version: i16, request: &Bytes, error: ErrorCode) -> Vec<u8> {
    let (header, request) = decode(frame(api, version, request)).expect("a request");
    let Answer::Response(response) = with_error(version, &request, error.code()) else {
        panic!("{api:?} version {version} is to be answered")
    };
    let frame = encode(&header, &response).expect("an answer");
    let header = 8 + usize::from(kacrab_protocol::version::response_header_version(api.key(), version) > 0);
    frame[header..].to_vec()
}

#[test]
fn every_api_says_an_error_in_every_version_as_apache_kafka_does() {
    for (api, version, request, expected) in lines() {
        let said = answered(api, version, &request, ErrorCode::RequestTimedOut);
        assert_eq!(said, expected, "{api:?} version {version}");
        let other = answered(api, version, &request, ErrorCode::RebalanceInProgress);
        let has_a_place = !(api == Api::DescribeLogDirs && version < 3);
        assert_eq!(said != other, has_a_place, "{api:?} version {version} carries the error");
    }
}

#[test]
fn no_api_and_no_version_is_left_out() {
    let told: Vec<_> = lines().map(|(api, version, ..)| (api, version)).collect();
    let announced = Api::ALL.iter().flat_map(|&api| {
        let versions = api.versions();
        // Produce is announced from version 0 for the sake of old clients, and is there from version 3 (KIP-896).
        let oldest = if api == Api::Produce { 3 } else { versions.min };
        (oldest..=versions.max).map(move |version| (api, version))
    });
    assert_eq!(told, announced.collect::<Vec<_>>());
}

#[test]
fn an_error_can_be_injected_into_every_api() {
    for (api, version, request, _) in lines() {
        let mut cluster = crate::core::testing::TestCluster::new(1, &[]);
        let api_name = format!("{api:?}");
        let error = InjectedError { broker: None, api: api_name, error_code: 7, times: 1 };
        cluster.core.inject(error).unwrap();
        let (_, request) = decode(frame(api, version, &request)).expect("a request");
        let caller = Caller { broker: 1, connection: ConnectionId(0), version, client_id: text("tester") };
        let answer = cluster.core.faulty_answer(&caller, api, &request);
        let answer = answer.unwrap_or_else(|| panic!("{api:?} version {version} is answered with the error"));
        if let Answer::Response(Response::Fetch(fetched)) = answer {
            let partition = &fetched.head.responses[0].partitions[0];
            assert_eq!((fetched.head.error_code, partition.error_code), (7, 7), "version {version}");
        }
        assert!(cluster.core.faulty_answer(&caller, api, &request).is_none(), "only once");
    }
}
