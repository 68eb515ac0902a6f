//! Consumer groups: what their coordinator says.

use rdkafka::error::RDKafkaErrorCode as Code;
use shared::command::DescribeGroup;
use shared::kafka::{GroupDescription, GroupMember, PartitionOffset, TopicPartition};
use shared::{Error, ErrorCode, Reply};

use super::native::{Group, Refusal};
use super::{LearnerKafka, error};

/// State, members and committed offsets of a group.
pub(super) async fn describe(learner: &LearnerKafka, args: &DescribeGroup) -> Result<Reply, Error> {
    let (id, physical) = learner.names().group(&args.group)?;
    let admin = learner.admin();
    let (group, offsets) = tokio::join!(admin.describe_group(&physical), admin.committed_offsets(&physical));
    let unknown = || {
        Error::new(ErrorCode::UnknownGroup, format!("There is no consumer group “{id}”."))
            .hint("A group comes into being with its first member, and goes when its offsets have expired.")
    };
    let group = found(group?).map_err(|refusal| error::from_refusal(&refusal, Some(learner.names())))?;
    let offsets = match offsets? {
        Ok(offsets) => offsets,
        Err(refusal) if refusal.code == Code::GroupIdNotFound => Vec::new(),
        Err(refusal) => return Err(error::from_refusal(&refusal, Some(learner.names()))),
    };
    let group = match group {
        // Coordinators call a group that they do not know dead.
        Some(group) if group.state != "Dead" || !group.members.is_empty() || !offsets.is_empty() => group,
        _ => return Err(unknown()),
    };
    let names = learner.names();
    let mut members: Vec<_> = group
        .members
        .into_iter()
        .map(|member| {
            let mut partitions: Vec<_> = member
                .partitions
                .into_iter()
                .filter_map(|(topic, partition)| {
                    names.topic_seen(&topic).map(|topic| TopicPartition { topic, partition })
                })
                .collect();
            partitions.sort();
            GroupMember { member_id: member.id, client_id: member.client_id, host: member.host, partitions }
        })
        .collect();
    members.sort_by(|a, b| (&a.client_id, &a.member_id).cmp(&(&b.client_id, &b.member_id)));
    let mut offsets: Vec<_> = offsets
        .into_iter()
        .filter_map(|(topic, partition, offset)| {
            names.topic_seen(&topic).map(|topic| PartitionOffset { topic, partition, offset })
        })
        .collect();
    offsets.sort_by(|a, b| (&a.topic, a.partition).cmp(&(&b.topic, b.partition)));
    Ok(Reply::Group(GroupDescription {
        group: id,
        state: group.state,
        assignor: group.assignor,
        members,
        offsets,
    }))
}

/// Whether a group counts on a member, both by the cluster's names.
pub(super) async fn has_member(learner: &LearnerKafka, group: &str, member: &str) -> Result<bool, Error> {
    let group = found(learner.admin().describe_group(group).await?)
        .map_err(|refusal| error::from_refusal(&refusal, Some(learner.names())))?;
    Ok(group.is_some_and(|group| group.members.iter().any(|it| it.id == member)))
}

/// Newer coordinators refuse to describe a group that they do not know.
fn found(answer: Result<Group, Refusal>) -> Result<Option<Group>, Refusal> {
    match answer {
        Ok(group) => Ok(Some(group)),
        Err(refusal) if refusal.code == Code::GroupIdNotFound => Ok(None),
        Err(refusal) => Err(refusal),
    }
}
