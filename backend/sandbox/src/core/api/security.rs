//! ACLs and SASL, on a cluster that has neither.

use crate::wire::messages::create_acls_request::CreateAclsRequestData;
use crate::wire::messages::create_acls_response::{AclCreationResult, CreateAclsResponseData};
use crate::wire::messages::delete_acls_request::DeleteAclsRequestData;
use crate::wire::messages::delete_acls_response::{DeleteAclsFilterResult, DeleteAclsResponseData};
use crate::wire::messages::describe_acls_response::DescribeAclsResponseData;
use crate::wire::messages::sasl_handshake_response::SaslHandshakeResponseData;
use crate::wire::{ErrorCode, KafkaString, message};

fn no_authorizer() -> Option<KafkaString> {
    message("No Authorizer is configured.")
}

/// CreateAcls.
pub(super) fn create_acls(request: &CreateAclsRequestData) -> CreateAclsResponseData {
    let results = request.creations.iter().map(|_| AclCreationResult {
        error_code: ErrorCode::SecurityDisabled.code(),
        error_message: no_authorizer(),
        ..Default::default()
    });
    CreateAclsResponseData { results: results.collect(), ..Default::default() }
}

/// DeleteAcls.
pub(super) fn delete_acls(request: &DeleteAclsRequestData) -> DeleteAclsResponseData {
    let results = request.filters.iter().map(|_| DeleteAclsFilterResult {
        error_code: ErrorCode::SecurityDisabled.code(),
        error_message: no_authorizer(),
        ..Default::default()
    });
    DeleteAclsResponseData { filter_results: results.collect(), ..Default::default() }
}

/// DescribeAcls.
pub(super) fn describe_acls() -> DescribeAclsResponseData {
    DescribeAclsResponseData {
        error_code: ErrorCode::SecurityDisabled.code(),
        error_message: message("No Authorizer is configured on the broker"),
        ..Default::default()
    }
}

/// SaslHandshake, on a listener without SASL.
pub(super) fn sasl_handshake() -> SaslHandshakeResponseData {
    SaslHandshakeResponseData { error_code: ErrorCode::IllegalSaslState.code(), ..Default::default() }
}
