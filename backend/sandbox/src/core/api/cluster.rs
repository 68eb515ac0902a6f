//! ApiVersions and DescribeCluster: what the cluster is and can do.

use super::metadata::CLUSTER_OPERATIONS;
use crate::core::{Caller, Core};
use crate::wire::messages::api_versions_request::ApiVersionsRequestData;
use crate::wire::messages::api_versions_response::{
    ApiVersion, ApiVersionsResponseData, FinalizedFeatureKey, SupportedFeatureKey,
};
use crate::wire::messages::describe_cluster_request::DescribeClusterRequestData;
use crate::wire::messages::describe_cluster_response::{DescribeClusterBroker, DescribeClusterResponseData};
use crate::wire::{Api, ErrorCode, KafkaString, message};

/// A feature of the cluster, in levels (KIP-584).
struct Feature {
    name: &'static str,
    supported: (i16, i16),
    finalized: i16,
}

/// Those of Apache Kafka 4.3 that are implemented. `metadata.version` 30 is 4.3-IV0.
const FEATURES: [Feature; 2] = [
    Feature { name: "metadata.version", supported: (7, 30), finalized: 30 },
    Feature { name: "eligible.leader.replicas.version", supported: (0, 1), finalized: 1 },
];

impl Core {
    /// ApiVersions.
    pub(super) fn api_versions(
        &self,
        caller: &Caller,
        request: &ApiVersionsRequestData,
    ) -> ApiVersionsResponseData {
        if !Api::ApiVersions.versions().contains(caller.version) {
            let error = ErrorCode::UnsupportedVersion.code();
            let api_keys = vec![announced(Api::ApiVersions)];
            return ApiVersionsResponseData { error_code: error, api_keys, ..Default::default() };
        }
        let named = |text: &KafkaString| {
            let mut chars = text.as_str().bytes();
            let edge = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_alphanumeric());
            edge(text.as_str().bytes().next())
                && edge(text.as_str().bytes().last())
                && chars.all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-')
        };
        if caller.version >= 3
            && !(named(&request.client_software_name) && named(&request.client_software_version))
        {
            return ApiVersionsResponseData {
                error_code: ErrorCode::InvalidRequest.code(),
                ..Default::default()
            };
        }
        let name = |feature: &Feature| KafkaString::from_static(feature.name);
        // Clients before version 4 can't read a range that begins with 0 (KAFKA-17011).
        let supported = FEATURES
            .iter()
            .filter(|feature| caller.version >= 4 || (caller.version == 3 && feature.supported.0 > 0));
        ApiVersionsResponseData {
            api_keys: Api::ALL.iter().copied().map(announced).collect(),
            supported_features: supported
                .map(|feature| SupportedFeatureKey {
                    name: name(feature),
                    min_version: feature.supported.0,
                    max_version: feature.supported.1,
                    ..Default::default()
                })
                .collect(),
            finalized_features_epoch: if caller.version >= 3 { 1 } else { -1 },
            finalized_features: FEATURES
                .iter()
                .filter(|_| caller.version >= 3)
                .map(|feature| FinalizedFeatureKey {
                    name: name(feature),
                    max_version_level: feature.finalized,
                    min_version_level: feature.finalized,
                    ..Default::default()
                })
                .collect(),
            ..Default::default()
        }
    }

    /// DescribeCluster.
    pub(super) fn describe_cluster(
        &self,
        caller: &Caller,
        request: &DescribeClusterRequestData,
    ) -> DescribeClusterResponseData {
        if request.endpoint_type != 1 {
            let error = if request.endpoint_type == 2 {
                ErrorCode::MismatchedEndpointType
            } else {
                ErrorCode::UnsupportedEndpointType
            };
            return DescribeClusterResponseData {
                error_code: error.code(),
                error_message: message(if request.endpoint_type == 2 {
                    "The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type CONTROLLER"
                        .to_owned()
                } else {
                    format!("Unsupported endpoint type {}", request.endpoint_type)
                }),
                ..Default::default()
            };
        }
        let image = self.image_of(caller.broker);
        let told =
            image.brokers.iter().filter(|(_, broker)| !broker.fenced || request.include_fenced_brokers);
        DescribeClusterResponseData {
            endpoint_type: 1,
            cluster_id: self.cluster_id.clone(),
            controller_id: image.live_brokers().next().map_or(-1, |(id, _)| id),
            brokers: told
                .map(|(id, broker)| DescribeClusterBroker {
                    broker_id: *id,
                    host: broker.host.clone(),
                    port: i32::from(broker.port),
                    is_fenced: broker.fenced,
                    ..Default::default()
                })
                .collect(),
            cluster_authorized_operations: if request.include_cluster_authorized_operations {
                CLUSTER_OPERATIONS
            } else {
                i32::MIN
            },
            ..Default::default()
        }
    }
}

fn announced(api: Api) -> ApiVersion {
    let versions = api.versions();
    ApiVersion {
        api_key: api.key(),
        min_version: versions.min,
        max_version: versions.max,
        ..Default::default()
    }
}
