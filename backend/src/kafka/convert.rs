//! rdkafka's records as [`shared::kafka`]'s.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use rdkafka::Message;
use rdkafka::message::BorrowedMessage;
use shared::kafka::{Bytes, Header, Record, TopicName};

use super::native;

/// Bytes as a person reads them: text where they are UTF-8, else base64; the beginning where they are long.
pub(super) fn bytes(all: &[u8]) -> Bytes {
    let size = all.len() as u64;
    match std::str::from_utf8(all) {
        Ok(text) if all.len() <= Bytes::PREVIEW_BYTES => Bytes::Text(text.to_owned()),
        Ok(text) => Bytes::TextPreview {
            start: text[..text.floor_char_boundary(Bytes::PREVIEW_BYTES)].to_owned(),
            size,
        },
        Err(_) if all.len() <= Bytes::PREVIEW_BYTES => Bytes::Base64(BASE64.encode(all)),
        Err(_) => Bytes::Base64Preview { start: BASE64.encode(&all[..Bytes::PREVIEW_BYTES]), size },
    }
}

/// A record of `topic`, as the learner calls it, without its headers.
fn record(topic: TopicName, message: &impl Message) -> Record {
    Record {
        topic,
        partition: message.partition(),
        offset: message.offset(),
        timestamp_ms: message.timestamp().to_millis(),
        key: message.key().map(bytes),
        value: message.payload().map(bytes),
        headers: Vec::new(),
    }
}

/// The same with its headers, as a consumer got it.
pub(super) fn consumed(topic: TopicName, message: &BorrowedMessage<'_>) -> Record {
    let header = |(key, value): (String, Option<Vec<u8>>)| Header { key, value: value.as_deref().map(bytes) };
    Record { headers: native::headers(message).into_iter().map(header).collect(), ..record(topic, message) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decoded(bytes: &Bytes) -> (Vec<u8>, u64) {
        match bytes {
            Bytes::Text(text) => (text.clone().into_bytes(), text.len() as u64),
            Bytes::Base64(text) => {
                let all = BASE64.decode(text).unwrap();
                let size = all.len() as u64;
                (all, size)
            }
            Bytes::TextPreview { start, size } => (start.clone().into_bytes(), *size),
            Bytes::Base64Preview { start, size } => (BASE64.decode(start).unwrap(), *size),
        }
    }

    proptest! {
        #[test]
        fn any_bytes_begin_with_what_is_shown(
            all in proptest::collection::vec(any::<u8>(), 0..3 * Bytes::PREVIEW_BYTES)
        ) {
            let (shown, size) = decoded(&bytes(&all));
            prop_assert_eq!(size, all.len() as u64);
            prop_assert!(all.starts_with(&shown));
            prop_assert_eq!(shown.len(), all.len().min(Bytes::PREVIEW_BYTES));
        }

        #[test]
        fn text_stays_text_and_is_cut_between_characters(text in "[a-zäß漢🛫]{0,3000}") {
            let made = bytes(text.as_bytes());
            let is_text = matches!(made, Bytes::Text(_) | Bytes::TextPreview { .. });
            prop_assert!(is_text);
            let (shown, size) = decoded(&made);
            prop_assert_eq!(size, text.len() as u64);
            prop_assert!(text.as_bytes().starts_with(&shown));
            let full = text.len().min(Bytes::PREVIEW_BYTES);
            prop_assert!(shown.len() <= full && shown.len() + 3 >= full);
        }
    }

    #[test]
    fn null_is_not_empty() {
        let message = rdkafka::message::OwnedMessage::new(
            None,
            Some(Vec::new()),
            "airports".to_owned(),
            rdkafka::Timestamp::CreateTime(7),
            2,
            41,
            None,
        );
        let record = record(TopicName::parse("airports").unwrap(), &message);
        assert_eq!((record.partition, record.offset, record.timestamp_ms), (2, 41, Some(7)));
        assert_eq!((record.key, record.value), (Some(Bytes::Text(String::new())), None));
    }
}
