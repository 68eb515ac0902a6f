//! ApiVersions, and what happens to requests that are not announced or not well formed.

use std::time::Duration;

use bytes::{BufMut, BytesMut};
use kacrab_protocol::generated::*;
use tests::conformance::api::{APIS, Api};
use tests::conformance::wire::{Reply, Wire};
use tests::conformance::{Scenario, text};

use crate::compare;

/// What Apache Kafka announces and the sandbox does not, and why.
const NOT_THERE: &[(&[ApiKey], &str)] = &[
    (
        &[
            ApiKey::AddPartitionsToTxn,
            ApiKey::AddOffsetsToTxn,
            ApiKey::EndTxn,
            ApiKey::WriteTxnMarkers,
            ApiKey::TxnOffsetCommit,
            ApiKey::DescribeTransactions,
            ApiKey::ListTransactions,
        ],
        "there are no transactions yet",
    ),
    (
        &[ApiKey::ConsumerGroupHeartbeat, ApiKey::ConsumerGroupDescribe],
        "there are no consumer groups of the new protocol yet",
    ),
    (
        &[
            ApiKey::ShareGroupHeartbeat,
            ApiKey::ShareGroupDescribe,
            ApiKey::ShareFetch,
            ApiKey::ShareAcknowledge,
            ApiKey::InitializeShareGroupState,
            ApiKey::ReadShareGroupState,
            ApiKey::WriteShareGroupState,
            ApiKey::DeleteShareGroupState,
            ApiKey::ReadShareGroupStateSummary,
            ApiKey::DescribeShareGroupOffsets,
            ApiKey::AlterShareGroupOffsets,
            ApiKey::DeleteShareGroupOffsets,
        ],
        "there are no share groups yet",
    ),
    (
        &[
            ApiKey::DescribeClientQuotas,
            ApiKey::AlterClientQuotas,
            ApiKey::DescribeUserScramCredentials,
            ApiKey::AlterUserScramCredentials,
        ],
        "quotas and credentials are not stored yet",
    ),
    (&[ApiKey::AlterPartitionReassignments], "replicas don't move yet"),
    (&[ApiKey::AlterReplicaLogDirs], "each broker has one place for its logs, in memory"),
    (
        &[ApiKey::DescribeQuorum, ApiKey::AddRaftVoter, ApiKey::RemoveRaftVoter],
        "there is no quorum: the one controller is always there",
    ),
    (
        &[ApiKey::UpdateFeatures, ApiKey::UnregisterBroker],
        "a cluster's brokers and features stay as they are",
    ),
    (&[ApiKey::SaslAuthenticate], "no listener asks for SASL"),
    (
        &[
            ApiKey::CreateDelegationToken,
            ApiKey::RenewDelegationToken,
            ApiKey::ExpireDelegationToken,
            ApiKey::DescribeDelegationToken,
        ],
        "never: delegation tokens",
    ),
    (&[ApiKey::StreamsGroupHeartbeat, ApiKey::StreamsGroupDescribe], "never: streams groups"),
];

fn request() -> ApiVersionsRequestData {
    ApiVersionsRequestData {
        client_software_name: text("conformance"),
        client_software_version: text("1.0"),
        ..ApiVersionsRequestData::default()
    }
}

fn announced(s: &mut Scenario<'_>) {
    s.each::<ApiVersionsRequestData>("what is announced", |s, version| {
        let answer = s.quietly(0, &request(), version).answer();
        for (keys, reason) in NOT_THERE {
            for key in *keys {
                let is_there = answer.api_keys.iter().any(|api| api.api_key == *key as i16);
                assert_eq!(is_there, s.target.is_kafka(), "{key:?}, of which is said: {reason}");
            }
        }
        for api in &answer.api_keys {
            if NOT_THERE.iter().any(|(keys, _)| keys.iter().any(|key| *key as i16 == api.api_key)) {
                continue;
            }
            let known = APIS.iter().find(|(_, key, _)| *key == api.api_key);
            let name = known.map_or("an API that no scenario knows", |(name, _, _)| name);
            s.note(&format!("{name} {} => {} to {}", api.api_key, api.min_version, api.max_version));
        }
        for feature in &answer.supported_features {
            s.note(&format!(
                "supported {} => {} to {}",
                feature.name.as_str(),
                feature.min_version,
                feature.max_version
            ));
        }
        let mut finalized = answer.finalized_features.clone();
        // A Java hash map's order.
        finalized.sort_by(|one, other| one.name.as_str().cmp(other.name.as_str()));
        for feature in &finalized {
            s.note(&format!(
                "finalized {} => {} to {}",
                feature.name.as_str(),
                feature.min_version_level,
                feature.max_version_level
            ));
        }
        s.note(&format!("zk_migration_ready => {}", answer.zk_migration_ready));
        s.note(&format!("error => {}", answer.error_code));
    });
    for (name, version) in [("", "1.0"), ("conformance", ""), ("a b", "1.0"), ("-a", "1.0"), ("a", "1.0 (x)")]
    {
        let request = ApiVersionsRequestData {
            client_software_name: text(name),
            client_software_version: text(version),
            ..ApiVersionsRequestData::default()
        };
        let reply = s.quietly(0, &request, 3);
        let code = match &reply {
            Reply::Answer { response, .. } => {
                format!("error {} and {} APIs", response.error_code, !response.api_keys.is_empty())
            }
            other => format!("{other:?}"),
        };
        s.note(&format!("ApiVersions v3 of {name:?} {version:?} => {code}"));
    }
}

/// What a broker does with a frame: an answer of so many bytes, the connection closed, or nothing.
fn outcome(wire: &mut Wire) -> String {
    match wire.receive_frame(Duration::from_secs(3)) {
        Ok(Some(frame)) => format!("{frame:?}"),
        Ok(None) => "silence".to_owned(),
        Err(_) => "closed".to_owned(),
    }
}

fn not_announced(s: &mut Scenario<'_>) {
    for (version, tagged) in [(5, true), (99, true), (5, false), (-1, false), (-1, true)] {
        let mut wire = s.open(0);
        let mut frame = BytesMut::new();
        frame.put_i16(18);
        frame.put_i16(version);
        frame.put_i32(7);
        frame.put_i16(-1);
        if tagged {
            frame.put_u8(0);
        }
        wire.send_frame(&frame).expect("sending");
        let outcome = outcome(&mut wire);
        s.note(&format!("ApiVersions v{version}, tagged fields in its header: {tagged} => {outcome}"));
        let after = wire.ask(&request(), 3);
        let goes_on = matches!(after, Reply::Answer { .. });
        s.note(&format!("and the connection goes on, after v{version} {tagged} => {goes_on}"));
    }
    for (name, key, versions) in APIS {
        if *key == ApiVersionsRequestData::KEY {
            continue;
        }
        for version in [versions.start() - 1, versions.end() + 1] {
            let mut wire = s.open(0);
            let mut frame = wire.header(*key, version.max(0));
            frame[2..4].copy_from_slice(&version.to_be_bytes());
            frame.put_slice(&[0; 200]);
            wire.send_frame(&frame).expect("sending");
            let outcome = outcome(&mut wire);
            s.note(&format!("{name} v{version} => {outcome}"));
        }
    }
}

fn malformed(s: &mut Scenario<'_>) {
    let frames: &[(&str, &[u8])] = &[
        ("an API that does not exist", &[0x03, 0xe7, 0, 0, 0, 0, 0, 1, 0xff, 0xff]),
        ("an API of controllers only", &[0, 62, 0, 0, 0, 0, 0, 1, 0xff, 0xff, 0]),
        ("a negative API", &[0xff, 0xff, 0, 0, 0, 0, 0, 1, 0xff, 0xff]),
        ("an empty frame", &[]),
        ("half a header", &[0, 3, 0, 1, 0]),
        ("a header and no body", &[0, 3, 0, 1, 0, 0, 0, 1, 0xff, 0xff]),
        ("an array longer than the frame", &[0, 3, 0, 1, 0, 0, 0, 1, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff]),
        ("a string longer than the frame", &[0, 3, 0, 1, 0, 0, 0, 1, 0x7f, 0xff, 0, 0, 0, 0]),
        ("an array of -2", &[0, 42, 0, 0, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe]),
    ];
    for (what, frame) in frames {
        let mut wire = s.open(0);
        wire.send_frame(frame).expect("sending");
        let outcome = outcome(&mut wire);
        s.note(&format!("{what} => {outcome}"));
    }
    for (what, length) in
        [("a negative length", -1_i32), ("a length over socket.request.max.bytes", i32::MAX)]
    {
        let mut wire = s.open(0);
        wire.send_bytes(&length.to_be_bytes()).expect("sending");
        let outcome = outcome(&mut wire);
        s.note(&format!("{what} => {outcome}"));
    }
    // Bytes behind a request that is well formed.
    let mut wire = s.open(0);
    let mut frame = wire.header(DescribeClusterRequestData::KEY, 0);
    frame.put_slice(&[0, 0, 9, 9, 9]);
    wire.send_frame(&frame).expect("sending");
    let outcome = outcome(&mut wire);
    s.note(&format!("bytes behind a request => {}", if outcome == "closed" { "closed" } else { "answered" }));
}

#[test]
fn api_versions_on_one_broker() {
    compare("api-versions-1", 1, announced);
}

#[test]
fn api_versions_on_three_brokers() {
    compare("api-versions-3", 3, announced);
}

#[test]
fn requests_that_are_not_announced() {
    compare("not-announced", 1, not_announced);
}

#[test]
fn frames_that_are_no_requests() {
    compare("malformed", 1, malformed);
}
