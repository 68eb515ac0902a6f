//! The Kafka protocol: which APIs there are in which versions, and how their requests and responses look on the wire.
//!
//! The only module that knows the codec, `kacrab-protocol`; the message types that it makes from Apache Kafka's
//! definitions are used under [`messages`], so that another codec with such types could take its place.

mod api;
mod fetch;
mod produce;
mod repeats;
mod strings;

use bytes::{BufMut, Bytes, BytesMut};
use kacrab_protocol::generated::{ApiKey, RequestHeaderData, ResponseHeaderData};
use kacrab_protocol::version::{request_header_version, response_header_version};
use thiserror::Error;

use crate::core::log::MOST_DECOMPRESSED_BYTES;
pub(crate) use api::{Api, Request, Response};
pub(crate) use fetch::FetchResponse;
pub(crate) use kacrab_protocol::crc::crc32c;
pub(crate) use kacrab_protocol::generated::ErrorCode;
pub(crate) use kacrab_protocol::{KafkaString, KafkaUuid, ProtocolError};
#[cfg(test)]
pub(crate) use produce::TopicProduce;
pub(crate) use produce::{PartitionProduce, ProduceRequest};

/// The messages of the protocol, one module for each, as Apache Kafka defines them.
pub(crate) mod messages {
    pub(crate) use kacrab_protocol::generated::*;
}

/// What stands before every request.
#[derive(Clone, Debug)]
pub(crate) struct RequestHeader {
    /// Which API.
    pub(crate) api: Api,
    /// In which version.
    pub(crate) version: i16,
    /// Chosen by the client, repeated in the response.
    pub(crate) correlation_id: i32,
    /// What the client calls itself.
    pub(crate) client_id: Option<KafkaString>,
}

/// The most partitions that a request may produce to. Other requests are bounded by the length of their frames.
const MOST_PARTITIONS: usize = 100_000;

/// The longest string of the protocol. Compact ones have room for more, but clients refuse those.
pub(crate) const MOST_STRING_BYTES: usize = 0x7fff;

/// Up to how many bytes batches are decompressed where nobody else may be kept waiting.
const QUICK_DECOMPRESSED_BYTES: u64 = 64 << 10;

/// Why a frame is no request. Each of them ends the connection.
#[derive(Debug, Error)]
pub(crate) enum DecodeError {
    /// Less than the eight bytes with which every request begins.
    #[error("the frame is too short for a request")]
    TooShort,
    /// An API that is not announced.
    #[error("API key {0} is not announced")]
    UnknownApi(i16),
    /// A version that is not announced.
    #[error("version {version} of {api:?} is not announced")]
    UnsupportedVersion {
        /// Of this API.
        api: Api,
        /// This one.
        version: i16,
    },
    /// More partitions than any cluster has.
    #[error("a request to produce names {0} partitions")]
    TooManyPartitions(usize),
    /// It names the same too often, or too much, where the answer to each may be long.
    #[error("a request of {0:?} would have too long an answer")]
    TooManyNames(Api),
    /// A string that is longer than any of Apache Kafka's, and that others would be told.
    #[error("a string of {0} bytes")]
    TooLongString(usize),
    /// The rest of the frame is not what the API and version say.
    #[error(transparent)]
    Malformed(#[from] ProtocolError),
}

/// Reading the request of a client that calls itself so meets a defect.
#[cfg(test)]
pub(crate) const WITH_DEFECT: &str = "with-defect";

/// Reads a frame: the header, and the request. The request shares the frame's bytes.
///
/// An `ApiVersions` request of a version that is not announced is read as one of version 0, as brokers must (KIP-511);
/// [`encode`] answers it in version 0.
pub(crate) fn decode(frame: Bytes) -> Result<(RequestHeader, Request), DecodeError> {
    decode_within(frame, MOST_DECOMPRESSED_BYTES)
}

/// The same, if that is soon done. `None`: what the frame holds decompresses to more than is soon looked through.
pub(crate) fn decode_quickly(frame: &Bytes) -> Option<Result<(RequestHeader, Request), DecodeError>> {
    match decode_within(frame.clone(), QUICK_DECOMPRESSED_BYTES) {
        Ok((_, Request::Produce(produce))) if produce.has_too_large_records() => None,
        decoded => Some(decoded),
    }
}

fn decode_within(mut frame: Bytes, most: u64) -> Result<(RequestHeader, Request), DecodeError> {
    let Some(&[k0, k1, v0, v1, c0, c1, c2, c3]) = frame.get(..8).and_then(|head| head.first_chunk::<8>())
    else {
        return Err(DecodeError::TooShort);
    };
    let (key, version) = (i16::from_be_bytes([k0, k1]), i16::from_be_bytes([v0, v1]));
    let api = Api::from_key(key).ok_or(DecodeError::UnknownApi(key))?;
    if !api.versions().contains(version) {
        if api == Api::ApiVersions {
            let correlation_id = i32::from_be_bytes([c0, c1, c2, c3]);
            let header = RequestHeader { api, version, correlation_id, client_id: None };
            return Ok((header, Request::ApiVersions(messages::ApiVersionsRequestData::default())));
        }
        return Err(DecodeError::UnsupportedVersion { api, version });
    }
    let head = RequestHeaderData::read(&mut frame, request_header_version(key, version))?;
    let header =
        RequestHeader { api, version, correlation_id: head.correlation_id, client_id: head.client_id };
    #[cfg(test)]
    assert!(header.client_id.as_ref().is_none_or(|id| id.as_str() != WITH_DEFECT), "a defect");
    let request = match api {
        Api::Produce => Request::Produce(ProduceRequest::read_within(&mut frame, version, most)?),
        _ => Request::read(api, &mut frame, version)?,
    };
    match &request {
        Request::Produce(produce) if produce.partitions() > MOST_PARTITIONS => {
            Err(DecodeError::TooManyPartitions(produce.partitions()))
        }
        told if repeats::are_too_many(told) => Err(DecodeError::TooManyNames(api)),
        told => match strings::longest_to_be_told(told) {
            length if length > MOST_STRING_BYTES => Err(DecodeError::TooLongString(length)),
            _ => Ok((header, request)),
        },
    }
}

/// Writes a response as a frame with its length.
pub(crate) fn encode(header: &RequestHeader, response: &Response) -> Result<BytesMut, ProtocolError> {
    let version = if header.api.versions().contains(header.version) { header.version } else { 0 };
    let mut frame = BytesMut::with_capacity(response.size_hint());
    frame.put_i32(0);
    ResponseHeaderData { correlation_id: header.correlation_id, ..Default::default() }
        .write(&mut frame, response_header_version(header.api.key(), version))?;
    response.write(&mut frame, version)?;
    let length = u32::try_from(frame.len() - 4).unwrap_or(u32::MAX);
    frame[..4].copy_from_slice(&length.to_be_bytes());
    Ok(frame)
}

/// A string of the protocol from text.
pub(crate) fn text(text: impl Into<String>) -> KafkaString {
    KafkaString::from(text.into())
}

/// An optional message of a response; what a string has no room for is cut off.
pub(crate) fn message(text: impl Into<String>) -> Option<KafkaString> {
    let mut text = text.into();
    text.truncate(text.floor_char_boundary(MOST_STRING_BYTES));
    Some(KafkaString::from(text))
}

impl Api {
    /// The number of the API in the protocol.
    pub(crate) fn key(self) -> i16 {
        self as i16
    }

    fn from_key(key: i16) -> Option<Self> {
        Self::ALL.iter().copied().find(|api| api.key() == key)
    }
}

/// The codec knows every announced version, under the key that the table gives it.
const _: fn(i16) -> Option<ApiKey> = ApiKey::from_i16;
