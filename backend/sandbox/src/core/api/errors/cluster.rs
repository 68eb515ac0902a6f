//! Of requests about the cluster, its configs and its security.

use super::{each, words};
use crate::wire::messages::alter_configs_response::{AlterConfigsResourceResponse, AlterConfigsResponseData};
use crate::wire::messages::api_versions_response::{ApiVersion, ApiVersionsResponseData};
use crate::wire::messages::create_acls_response::{AclCreationResult, CreateAclsResponseData};
use crate::wire::messages::delete_acls_response::{DeleteAclsFilterResult, DeleteAclsResponseData};
use crate::wire::messages::describe_configs_response::{DescribeConfigsResponseData, DescribeConfigsResult};
use crate::wire::messages::{
    AlterConfigsRequestData, CreateAclsRequestData, DeleteAclsRequestData, DescribeAclsResponseData,
    DescribeClusterResponseData, DescribeConfigsRequestData, DescribeLogDirsResponseData,
    IncrementalAlterConfigsRequestData, IncrementalAlterConfigsResponseData, ListConfigResourcesResponseData,
    SaslHandshakeResponseData, incremental_alter_configs_response,
};
use crate::wire::{Api, ErrorCode};

/// With an unsupported version the broker says which it has of this API (KIP-511).
pub(super) fn api_versions(error_code: i16) -> ApiVersionsResponseData {
    let mut api_keys = Vec::new();
    if error_code == ErrorCode::UnsupportedVersion.code() {
        let (api_key, versions) = (Api::ApiVersions.key(), Api::ApiVersions.versions());
        let (min_version, max_version) = (versions.min, versions.max);
        api_keys.push(ApiVersion { api_key, min_version, max_version, ..Default::default() });
    }
    ApiVersionsResponseData { error_code, api_keys, ..Default::default() }
}

pub(super) fn sasl_handshake(error_code: i16) -> SaslHandshakeResponseData {
    SaslHandshakeResponseData { error_code, ..Default::default() }
}

pub(super) fn describe_acls(error_code: i16) -> DescribeAclsResponseData {
    DescribeAclsResponseData { error_code, ..Default::default() }
}

pub(super) fn create_acls(request: &CreateAclsRequestData, error_code: i16) -> CreateAclsResponseData {
    let results = each(&request.creations, |_| AclCreationResult { error_code, ..Default::default() });
    CreateAclsResponseData { results, ..Default::default() }
}

pub(super) fn delete_acls(request: &DeleteAclsRequestData, error_code: i16) -> DeleteAclsResponseData {
    let filter_results =
        each(&request.filters, |_| DeleteAclsFilterResult { error_code, ..Default::default() });
    DeleteAclsResponseData { filter_results, ..Default::default() }
}

pub(super) fn describe_configs(
    request: &DescribeConfigsRequestData,
    error_code: i16,
) -> DescribeConfigsResponseData {
    let results = each(&request.resources, |resource| DescribeConfigsResult {
        error_code,
        error_message: words(error_code),
        resource_type: resource.resource_type,
        resource_name: resource.resource_name.clone(),
        ..Default::default()
    });
    DescribeConfigsResponseData { results, ..Default::default() }
}

pub(super) fn alter_configs(request: &AlterConfigsRequestData, error_code: i16) -> AlterConfigsResponseData {
    let responses = each(&request.resources, |resource| AlterConfigsResourceResponse {
        error_code,
        resource_type: resource.resource_type,
        resource_name: resource.resource_name.clone(),
        ..Default::default()
    });
    AlterConfigsResponseData { responses, ..Default::default() }
}

pub(super) fn incremental_alter_configs(
    request: &IncrementalAlterConfigsRequestData,
    error_code: i16,
) -> IncrementalAlterConfigsResponseData {
    let responses = each(&request.resources, |resource| {
        incremental_alter_configs_response::AlterConfigsResourceResponse {
            error_code,
            resource_type: resource.resource_type,
            resource_name: resource.resource_name.clone(),
            ..Default::default()
        }
    });
    IncrementalAlterConfigsResponseData { responses, ..Default::default() }
}

pub(super) fn list_config_resources(error_code: i16) -> ListConfigResourcesResponseData {
    ListConfigResourcesResponseData { error_code, ..Default::default() }
}

/// Versions before 3 have no place for it, and then say of no directory that all is well.
pub(super) fn describe_log_dirs(error_code: i16) -> DescribeLogDirsResponseData {
    DescribeLogDirsResponseData { error_code, ..Default::default() }
}

pub(super) fn describe_cluster(error_code: i16) -> DescribeClusterResponseData {
    DescribeClusterResponseData { error_code, ..Default::default() }
}
