//! Membership between our words and raft's, and whether a change makes sense.

use protobuf::Message as _;
use raft::eraftpb::{ConfChange, ConfChangeSingle, ConfChangeType, ConfChangeV2, ConfState, Entry, EntryType};

use super::decoding;
use super::errors::MemberChangeError;
use super::types::{MemberChange, Membership, RaftId};

pub(super) fn to_raft(membership: &Membership) -> ConfState {
    let mut state = ConfState::default();
    state.set_voters(membership.voters.clone());
    state.set_learners(membership.learners.clone());
    state.set_voters_outgoing(membership.voters_outgoing.clone());
    state.set_learners_next(membership.learners_next.clone());
    state.auto_leave = membership.auto_leave;
    state
}

pub(super) fn from_raft(state: &ConfState) -> Membership {
    let sorted = |ids: &[RaftId]| {
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        ids
    };
    Membership {
        voters: sorted(&state.voters),
        learners: sorted(&state.learners),
        voters_outgoing: sorted(&state.voters_outgoing),
        learners_next: sorted(&state.learners_next),
        auto_leave: state.auto_leave,
    }
}

/// The change that an entry carries; `None` if it carries none.
pub(super) fn change_of(entry: &Entry) -> Option<Result<ConfChangeV2, protobuf::ProtobufError>> {
    match entry.get_entry_type() {
        EntryType::EntryNormal => None,
        EntryType::EntryConfChangeV2 => {
            let mut change = ConfChangeV2::default();
            Some(change.merge_from_bytes(&entry.data).and_then(|()| decoding::change(change)))
        }
        // Never proposed by us; a single change of the older form reads the same.
        EntryType::EntryConfChange => {
            let mut old = ConfChange::default();
            Some(old.merge_from_bytes(&entry.data).and_then(|()| {
                let single = ConfChangeSingle { node_id: old.node_id, change_type: old.change_type };
                decoding::change(ConfChangeV2 { changes: vec![single], ..Default::default() })
            }))
        }
    }
}

fn single(id: RaftId, kind: ConfChangeType) -> ConfChangeSingle {
    let mut single = ConfChangeSingle { node_id: id, ..Default::default() };
    single.set_change_type(kind);
    single
}

/// Checks `changes` against the membership in force and translates them. Several changes go through a
/// joint configuration, which is left without being asked.
pub(super) fn translate(
    changes: &[MemberChange],
    now: &Membership,
    here: RaftId,
) -> Result<ConfChangeV2, MemberChangeError> {
    let invalid = |reason: &str| MemberChangeError::Invalid { reason: reason.to_owned() };
    if changes.is_empty() {
        return Err(invalid("no change"));
    }
    let mut named = Vec::new();
    let mut voters = now.voters.clone();
    let mut singles = Vec::with_capacity(changes.len());
    for change in changes {
        let (id, kind) = check_one(*change, now, here)?;
        if id == 0 || named.contains(&id) {
            return Err(invalid("raft id 0, or a raft id named twice"));
        }
        named.push(id);
        match change {
            MemberChange::Promote(_) => voters.push(id),
            MemberChange::Remove(_) => voters.retain(|voter| *voter != id),
            MemberChange::AddLearner(_) => {}
        }
        singles.push(single(id, kind));
    }
    if voters.is_empty() {
        return Err(invalid("no voter would be left"));
    }
    let mut translated = ConfChangeV2::default();
    translated.set_changes(singles);
    Ok(translated)
}

fn check_one(
    change: MemberChange,
    now: &Membership,
    here: RaftId,
) -> Result<(RaftId, ConfChangeType), MemberChangeError> {
    match change {
        MemberChange::AddLearner(id) if now.contains(id) => Err(MemberChangeError::AlreadyMember { id }),
        MemberChange::AddLearner(id) => Ok((id, ConfChangeType::AddLearnerNode)),
        MemberChange::Promote(id) if !now.learners.contains(&id) => Err(MemberChangeError::NotLearner { id }),
        MemberChange::Promote(id) => Ok((id, ConfChangeType::AddNode)),
        MemberChange::Remove(id) if id == here => Err(MemberChangeError::RemovesLeader { id }),
        MemberChange::Remove(id) if !now.contains(id) => Err(MemberChangeError::NotMember { id }),
        MemberChange::Remove(id) => Ok((id, ConfChangeType::RemoveNode)),
    }
}
