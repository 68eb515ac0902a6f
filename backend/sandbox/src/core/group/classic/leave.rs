//! LeaveGroup.

use super::{ClassicGroup, Departure, State, Step};
use crate::wire::ErrorCode;
use crate::wire::messages::{MemberIdentity, MemberResponse};

impl ClassicGroup {
    /// Takes members out, each by its id or, with no id, by its `group.instance.id` (KIP-345).
    pub(in crate::core::group) fn leave(
        &mut self,
        members: &[MemberIdentity],
        step: &mut Step<'_>,
    ) -> Vec<MemberResponse> {
        let results: Vec<_> = members.iter().map(|member| self.leave_one(member, step)).collect();
        if results.iter().any(Result::is_ok) {
            match self.state {
                State::Stable | State::CompletingRebalance => self.rebalance_or_complete_join(step),
                State::PreparingRebalance => self.maybe_complete_join(step),
                State::Empty | State::Dead => {}
            }
        }
        members.iter().zip(results).map(|(member, result)| left(member, result)).collect()
    }

    fn leave_one(&mut self, member: &MemberIdentity, step: &mut Step<'_>) -> Result<(), ErrorCode> {
        let instance = member.group_instance_id.as_ref();
        let id = member.member_id.as_str();
        if id.is_empty() {
            let existing = instance.and_then(|instance| self.static_members.get(instance).cloned());
            let existing = existing.ok_or(ErrorCode::UnknownMemberId)?;
            self.dismiss(&existing, Departure::Left, step);
        } else if self.pending_join.contains(id) {
            self.remove(id, Departure::Left, step);
        } else {
            self.check_member(id, instance)?;
            self.dismiss(id, Departure::Left, step);
        }
        Ok(())
    }
}

/// What a LeaveGroup response says of a member.
pub(in crate::core::group) fn left(member: &MemberIdentity, result: Result<(), ErrorCode>) -> MemberResponse {
    MemberResponse {
        member_id: member.member_id.clone(),
        group_instance_id: member.group_instance_id.clone(),
        error_code: result.err().map_or(0, |error| error.code()),
        ..Default::default()
    }
}
