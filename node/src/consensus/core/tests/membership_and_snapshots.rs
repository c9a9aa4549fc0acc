//! Members come and go, and those far behind get the state itself.

use super::super::*;
use super::group::Group;

/// Carries a wanted snapshot from `from` to its follower, as the runtime would. Whether it was taken.
fn carry_snapshot(group: &mut Group, from: RaftId) -> Result<(), SnapshotRefused> {
    let wanted = group.node(from).wanted.pop().expect("a snapshot is wanted");
    let (index, term, membership) = {
        let node = group.node(from);
        let disk = node.disk.borrow();
        let index = disk.boot.applied;
        (index, disk.log.get(&index).unwrap().0, disk.boot.membership.clone())
    };
    assert!(index >= wanted.min_index);
    let commands = group.node(from).applied_commands.clone();
    let node = group.node(wanted.to);
    let outcome = node.core.offer_snapshot(SnapshotMeta { index, term, membership });
    if outcome.is_ok() {
        node.applied_commands = commands;
    }
    group.node(from).core.snapshot_sent(wanted.to, outcome.is_ok());
    group.settle();
    outcome
}

#[test]
fn a_member_joins_by_snapshot_and_is_promoted() {
    let mut group = Group::founding(&[1, 2, 3]);
    let leader = group.elect();
    group.node(leader).core.propose(b"early".to_vec()).unwrap();
    group.settle();
    group.join(4);
    group.node(leader).core.change_membership(&[MemberChange::AddLearner(4)]).unwrap();
    group.run_ticks(6);
    carry_snapshot(&mut group, leader).unwrap();
    group.run_ticks(6);
    assert_eq!(group.node(4).core.membership().learners, [4]);
    group.node(leader).core.change_membership(&[MemberChange::Promote(4)]).unwrap();
    group.node(leader).core.propose(b"late".to_vec()).unwrap();
    group.settle();
    group.run_ticks(6);
    assert_eq!(group.node(4).core.membership(), Membership::of_voters(&[1, 2, 3, 4]));
    let applied = group.node(leader).applied_commands.clone();
    assert_eq!(group.node(4).applied_commands, applied);
    assert_eq!(group.node(4).applied_commands.len(), 2);
}

#[test]
fn a_change_that_makes_no_sense_is_refused_before_it_is_proposed() {
    let mut group = Group::founding(&[1, 2, 3]);
    let leader = group.elect();
    let other = group.other_than(leader);
    let core = &mut group.node(leader).core;
    let mut refused = |changes: &[MemberChange]| core.change_membership(changes).unwrap_err();
    assert_eq!(refused(&[MemberChange::Remove(leader)]), MemberChangeError::RemovesLeader { id: leader });
    assert_eq!(refused(&[MemberChange::Promote(9)]), MemberChangeError::NotLearner { id: 9 });
    assert_eq!(refused(&[MemberChange::Remove(9)]), MemberChangeError::NotMember { id: 9 });
    assert_eq!(refused(&[MemberChange::AddLearner(other)]), MemberChangeError::AlreadyMember { id: other });
    assert!(matches!(refused(&[]), MemberChangeError::Invalid { .. }));
    let twice = [MemberChange::AddLearner(9), MemberChange::AddLearner(9)];
    assert!(matches!(refused(&twice), MemberChangeError::Invalid { .. }));
    assert!(matches!(refused(&[MemberChange::AddLearner(0)]), MemberChangeError::Invalid { .. }));
    let core = &mut group.node(leader).core;
    core.change_membership(&[MemberChange::AddLearner(9)]).unwrap();
    assert_eq!(core.change_membership(&[MemberChange::AddLearner(8)]), Err(MemberChangeError::Busy));
}

#[test]
fn several_changes_go_through_a_joint_configuration_and_leave_it() {
    let mut group = Group::founding(&[1, 2, 3]);
    let leader = group.elect();
    let gone = group.other_than(leader);
    let changes = [MemberChange::AddLearner(4), MemberChange::Remove(gone)];
    group.node(leader).core.change_membership(&changes).unwrap();
    group.run_ticks(6);
    let seen = group.node(leader).memberships.clone();
    assert!(seen[0].is_joint());
    let last = group.node(leader).core.membership();
    assert!(!last.is_joint() && !last.contains(gone));
    assert_eq!(last.learners, [4]);
}

#[test]
fn a_new_leader_leaves_a_joint_configuration_it_finds() {
    let mut group = Group::founding(&[1, 2, 3, 4, 5]);
    let leader = group.elect();
    let gone = group.other_than(leader);
    // The state machine of this leader is stuck, so it never gets to propose the leave itself.
    group.node(leader).apply_stalls = true;
    let changes = [MemberChange::AddLearner(6), MemberChange::Remove(gone)];
    group.node(leader).core.change_membership(&changes).unwrap();
    group.run_ticks(6);
    assert!(group.nodes.iter().all(|node| node.core.membership().is_joint()));
    group.cut_off.push(leader);
    group.run_ticks(60);
    let new_leader = group.leader().expect("a new leader");
    assert_ne!(new_leader, leader);
    assert!(!group.node(new_leader).core.membership().is_joint());
}

#[test]
fn a_leader_that_finds_itself_removed_steps_down() {
    let mut group = Group::founding(&[1, 2, 3]);
    let leader = group.elect();
    let next = group.other_than(leader);
    // The removal of `next` reaches the others' logs, but only `next` becomes leader and commits it.
    group.node(leader).core.change_membership(&[MemberChange::Remove(next)]).unwrap();
    group.node(leader).turn();
    let appends = std::mem::take(&mut group.node(leader).outbox);
    for append in appends {
        group.node(append.to).core.receive(&append.bytes).unwrap();
        group.node(append.to).turn();
        group.node(append.to).outbox.clear();
    }
    group.node(leader).core.transfer_leader(next).unwrap();
    group.run_ticks(80);
    let leader = group.leader().expect("somebody leads");
    assert_ne!(leader, next);
    assert!(!group.node(leader).core.membership().contains(next));
    group.node(leader).core.propose(b"goes on".to_vec()).unwrap();
    group.settle();
}

#[test]
fn a_follower_behind_the_cut_log_gets_a_snapshot_and_the_log_waits_for_it() {
    let mut group = Group::founding(&[1, 2, 3]);
    let leader = group.elect();
    let away = group.other_than(leader);
    group.cut_off.push(away);
    for number in 1..=20_u8 {
        group.node(leader).core.propose(vec![number]).unwrap();
    }
    group.settle();
    let applied = group.node(leader).disk.borrow().boot.applied;
    let cut = group.node(leader).core.compact_to(applied - 2).unwrap();
    assert_eq!(cut.index, applied - 2);
    assert_eq!(group.node(leader).core.compact_to(applied - 2), None);
    group.cut_off.clear();
    group.run_ticks(6);
    let min_index = group.node(leader).wanted.last().unwrap().min_index;
    group.node(leader).core.propose(b"meanwhile".to_vec()).unwrap();
    group.settle();
    let cut = group.node(leader).core.compact_to(u64::MAX).unwrap();
    assert_eq!(cut.index, min_index, "the log is kept from where the snapshot will end");
    carry_snapshot(&mut group, leader).unwrap();
    group.run_ticks(6);
    assert_eq!(group.node(away).applied_commands.len(), 21);
    assert_eq!(group.node(away).core.last_index(), group.node(leader).core.last_index());
}

#[test]
fn a_snapshot_given_up_is_asked_for_again() {
    let mut group = Group::founding(&[1, 2, 3]);
    let leader = group.elect();
    group.join(4);
    group.node(leader).core.change_membership(&[MemberChange::AddLearner(4)]).unwrap();
    group.run_ticks(6);
    assert_eq!(group.node(leader).wanted.len(), 1);
    group.run_ticks(20);
    assert_eq!(group.node(leader).wanted.len(), 1, "not asked twice while one is under way");
    group.node(leader).core.snapshot_sent(4, false);
    group.run_ticks(6);
    assert_eq!(group.node(leader).wanted.len(), 2);
}

#[test]
fn snapshots_that_do_not_help_are_refused() {
    let mut group = Group::founding(&[1, 2, 3]);
    let leader = group.elect();
    group.run_ticks(6);
    let follower = group.other_than(leader);
    let meta = |index, voters: &[RaftId]| SnapshotMeta { index, term: 1, membership: Membership::of_voters(voters) };
    let commit = group.node(follower).core.commit_index();
    let mut offer = |id, meta| group.node(id).core.offer_snapshot(meta);
    assert_eq!(offer(follower, meta(commit, &[1, 2, 3])), Err(SnapshotRefused::NotAhead { index: commit }));
    assert_eq!(offer(leader, meta(99, &[1, 2, 3])), Err(SnapshotRefused::Leading));
    assert_eq!(offer(follower, meta(99, &[8])), Err(SnapshotRefused::NotMember { index: 99 }));
    assert_eq!(offer(follower, meta(99, &[1, 2, 3])), Ok(()));
    assert_eq!(offer(follower, meta(99, &[1, 2, 3])), Err(SnapshotRefused::Busy));
}

#[test]
fn a_reload_may_be_reported_before_the_write_of_its_switch() {
    let mut group = Group::founding(&[1, 2, 3]);
    let leader = group.elect();
    group.run_ticks(6);
    let follower = group.other_than(leader);
    let node = group.node(follower);
    node.disk_stalls = true;
    let meta = SnapshotMeta { index: 99, term: 1, membership: Membership::of_voters(&[1, 2, 3]) };
    node.core.offer_snapshot(meta).unwrap();
    node.turn();
    let number = node.unsynced[0].number;
    node.core.applied(99);
    assert!(!node.core.may_campaign());
    node.core.persisted(number);
    assert!(node.core.may_campaign());
    assert_eq!(node.core.commit_index(), 99);
}
