//! DeleteTopics.

use std::collections::HashSet;

use crate::core::api::repeats::counts;
use crate::core::{Caller, Core};
use crate::wire::messages::delete_topics_request::DeleteTopicsRequestData;
use crate::wire::messages::delete_topics_response::{DeletableTopicResult, DeleteTopicsResponseData};
use crate::wire::{ErrorCode, KafkaString, KafkaUuid, message};

impl Core {
    /// DeleteTopics.
    pub(in crate::core::api) fn delete_topics(
        &mut self,
        caller: &Caller,
        request: &DeleteTopicsRequestData,
    ) -> DeleteTopicsResponseData {
        let mut names: Vec<(Option<KafkaString>, KafkaUuid)> =
            request.topic_names.iter().map(|name| (Some(name.clone()), KafkaUuid::ZERO)).collect();
        names.extend(request.topics.iter().map(|topic| (topic.name.clone(), topic.topic_id)));

        let mut response = DeleteTopicsResponseData::default();
        let result = |name: Option<KafkaString>, id: KafkaUuid, error: ErrorCode, reason: Option<&str>| {
            DeletableTopicResult {
                name,
                topic_id: id,
                error_code: error.code(),
                error_message: reason.and_then(message),
                ..Default::default()
            }
        };
        let mut counts = counts(names.iter().cloned());
        // A topic that is named and whose id is given too is not deleted.
        let image = std::sync::Arc::clone(&self.image);
        let ids: HashSet<_> = names.iter().filter(|(name, _)| name.is_none()).map(|(_, id)| *id).collect();
        let twice =
            |name: &KafkaString| image.topic(name.as_str()).is_some_and(|topic| ids.contains(&topic.id));
        let named: HashSet<_> = names.iter().filter_map(|(name, _)| name.as_ref()).cloned().collect();
        let enabled = self.image.configs.broker_settings().delete_topic_enable;
        for (name, id) in names {
            let key = (name.clone(), id);
            let count = counts.get_mut(&key).map_or(0, std::mem::take);
            if count == 0 {
                continue;
            }
            if count > 1 {
                let what = if name.is_some() { "Duplicate topic name." } else { "Duplicate topic id." };
                response.responses.push(result(name, id, ErrorCode::InvalidRequest, Some(what)));
                continue;
            }
            let found = match (&name, id) {
                (None, KafkaUuid::ZERO) => {
                    Err((ErrorCode::InvalidRequest, Some("Neither topic name nor id were specified.")))
                }
                (Some(_), id) if id != KafkaUuid::ZERO => Err((
                    ErrorCode::InvalidRequest,
                    Some("You may not specify both topic name and topic id."),
                )),
                _ if !enabled => {
                    let error = if caller.version < 3 {
                        ErrorCode::InvalidRequest
                    } else {
                        ErrorCode::TopicDeletionDisabled
                    };
                    Err((error, Some("Topic deletion is disabled.")))
                }
                _ if !self.is_connected(caller.broker) || request.timeout_ms <= 0 => {
                    Err((ErrorCode::RequestTimedOut, None))
                }
                (None, id) if image.topic_by_id(id).is_some_and(|topic| named.contains(&topic.name)) => {
                    continue;
                }
                (Some(name), _) if twice(name) => {
                    let id = image.topic(name.as_str()).map_or(KafkaUuid::ZERO, |topic| topic.id);
                    let reason = "The provided topic name maps to an ID that was already supplied.";
                    response.responses.push(result(
                        Some(name.clone()),
                        id,
                        ErrorCode::InvalidRequest,
                        Some(reason),
                    ));
                    continue;
                }
                (None, id) => match self.image.topic_by_id(id) {
                    Some(topic) => Ok((topic.name.clone(), id)),
                    None => {
                        Err((ErrorCode::UnknownTopicId, Some("This server does not host this topic ID.")))
                    }
                },
                (Some(name), _) => match self.image.topic(name.as_str()) {
                    Some(topic) => Ok((name.clone(), topic.id)),
                    None => Err((
                        ErrorCode::UnknownTopicOrPartition,
                        Some("This server does not host this topic-partition."),
                    )),
                },
            };
            response.responses.push(match found {
                Ok((name, id)) => {
                    self.remove_topic(name.as_str());
                    result(Some(name), id, ErrorCode::None, None)
                }
                Err((error, reason)) => result(name, id, error, reason),
            });
        }
        response
    }
}
