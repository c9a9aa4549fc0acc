//! What may be sent before the disk has answered, and what a replica refuses to hear.

use protobuf::Message as _;
use raft::eraftpb::{Message, MessageType};

use super::super::*;
use super::group::{Group, Node};

fn kinds(node: &Node) -> Vec<MessageType> {
    let kind = |message: &Outgoing| {
        let mut decoded = Message::default();
        decoded.merge_from_bytes(&message.bytes).unwrap();
        decoded.get_msg_type()
    };
    node.outbox.iter().map(kind).collect()
}

fn message(kind: MessageType, from: RaftId, to: RaftId, term: u64) -> Message {
    let mut message = Message::default();
    message.set_msg_type(kind);
    message.from = from;
    message.to = to;
    message.term = term;
    message
}

fn give(node: &mut Node, message: &Message) -> Result<(), BadMessage> {
    node.core.receive(&message.write_to_bytes().unwrap())
}

#[test]
fn a_vote_waits_for_the_disk() {
    let mut group = Group::founding(&[1, 2, 3]);
    let node = group.node(1);
    node.disk_stalls = true;
    let mut request = message(MessageType::MsgRequestVote, 2, 1, 2);
    (request.index, request.log_term) = (1, 1);
    give(node, &request).unwrap();
    node.turn();
    assert_eq!(kinds(node), []);
    assert_eq!(node.unsynced[0].hard_state, HardState { term: 2, vote: 2, commit: 1 });
    node.sync();
    node.turn();
    assert_eq!(kinds(node), [MessageType::MsgRequestVoteResponse]);
}

#[test]
fn heartbeat_answers_do_not_wait_for_entries_but_append_answers_do() {
    let mut group = Group::founding(&[1, 2, 3]);
    let leader = group.elect();
    group.run_ticks(4);
    let follower = group.other_than(leader);
    group.node(follower).disk_stalls = true;
    group.node(leader).core.propose(b"slow".to_vec()).unwrap();
    group.node(leader).turn();
    let append = group.node(leader).outbox.drain(..).find(|message| message.to == follower).unwrap();
    let node = group.node(follower);
    node.core.receive(&append.bytes).unwrap();
    node.turn();
    assert_eq!(kinds(node), []);
    let term = node.core.standing().term;
    give(node, &message(MessageType::MsgHeartbeat, leader, follower, term)).unwrap();
    node.turn();
    assert_eq!(kinds(node), [MessageType::MsgHeartbeatResponse]);
    node.sync();
    node.turn();
    assert_eq!(kinds(node), [MessageType::MsgHeartbeatResponse, MessageType::MsgAppendResponse]);
}

#[test]
fn a_heartbeat_answer_in_a_new_term_waits_for_that_term() {
    let mut group = Group::founding(&[1, 2, 3]);
    let node = group.node(1);
    node.disk_stalls = true;
    give(node, &message(MessageType::MsgHeartbeat, 2, 1, 5)).unwrap();
    node.turn();
    assert_eq!(kinds(node), []);
    node.sync();
    node.turn();
    assert_eq!(kinds(node), [MessageType::MsgHeartbeatResponse]);
}

#[test]
fn a_leader_sends_entries_before_its_own_disk_has_them() {
    let mut group = Group::founding(&[1, 2, 3]);
    let leader = group.elect();
    group.run_ticks(4);
    let node = group.node(leader);
    node.disk_stalls = true;
    let position = node.core.propose(b"fast".to_vec()).unwrap();
    node.turn();
    assert_eq!(kinds(node), [MessageType::MsgAppend; 2]);
    group.settle();
    // Both followers have it, so it is committed; the leader itself applies it when it is on its own disk.
    assert!(group.node(leader).core.commit_index() >= position.index);
    assert_eq!(group.node(leader).applied_commands, []);
    group.node(leader).disk_stalls = false;
    group.node(leader).sync();
    group.settle();
    assert_eq!(group.node(leader).applied_commands, [(position.index, b"fast".to_vec())]);
}

#[test]
fn a_lone_voter_sends_nothing_to_learners_before_its_term_is_durable() {
    let mut group = Group::founding(&[1]);
    group.run_ticks(25);
    group.node(1).core.change_membership(&[MemberChange::AddLearner(2)]).unwrap();
    group.settle();
    group.restart(1);
    let node = group.node(1);
    node.disk_stalls = true;
    for _ in 0..25 {
        node.core.tick();
        node.turn();
    }
    assert!(node.core.is_leader());
    assert_eq!(kinds(node), []);
    node.sync();
    node.turn();
    assert!(kinds(node).contains(&MessageType::MsgAppend));
}

#[test]
fn a_lone_voter_with_unwritten_entries_does_not_stand_for_election() {
    let mut group = Group::founding(&[1]);
    let node = group.node(1);
    node.disk_stalls = true;
    let mut append = message(MessageType::MsgAppend, 9, 1, 3);
    (append.index, append.log_term) = (1, 1);
    let mut entry = raft::eraftpb::Entry::default();
    (entry.index, entry.term) = (2, 3);
    append.set_entries(vec![entry]);
    give(node, &append).unwrap();
    for _ in 0..50 {
        node.core.tick();
        node.turn();
    }
    give(node, &message(MessageType::MsgTimeoutNow, 9, 1, 3)).unwrap();
    assert_eq!(node.core.standing().role, Role::Follower);
    node.disk_stalls = false;
    node.sync();
    group.run_ticks(25);
    assert!(group.node(1).core.is_leader());
}

#[test]
fn what_is_not_for_this_replica_or_not_for_the_network_is_refused() {
    let mut group = Group::founding(&[1, 2, 3]);
    let node = group.node(1);
    assert!(matches!(node.core.receive(&[0xff; 7]), Err(BadMessage::Undecodable(_))));
    let lost = message(MessageType::MsgHeartbeat, 2, 3, 5);
    assert_eq!(give(node, &lost), Err(BadMessage::Misdelivered { to: 3, here: 1 }));
    for kind in [
        MessageType::MsgHup,
        MessageType::MsgPropose,
        MessageType::MsgSnapshot,
        MessageType::MsgTransferLeader,
        MessageType::MsgUnreachable,
        MessageType::MsgCheckQuorum,
    ] {
        let refused = give(node, &message(kind, 2, 1, 5));
        assert_eq!(refused, Err(BadMessage::Forbidden(format!("{kind:?}"))));
    }
    assert_eq!(node.core.standing().term, 1);
}

#[test]
fn a_stranger_with_a_high_term_does_not_depose_a_leader() {
    let mut group = Group::founding(&[1, 2, 3]);
    let leader = group.elect();
    group.run_ticks(4);
    let term = group.node(leader).core.standing().term;
    let mut request = message(MessageType::MsgRequestVote, 77, leader, term + 10);
    (request.index, request.log_term) = (1_000, term + 10);
    give(group.node(leader), &request).unwrap();
    group.settle();
    assert_eq!(group.leader(), Some(leader));
}

#[test]
fn a_replica_whose_state_lags_takes_in_no_more_entries() {
    let mut group = Group::founding(&[1, 2, 3]);
    let leader = group.elect();
    group.run_ticks(4);
    let node = group.node(leader);
    node.core.apply_lag_bytes = limits::APPLY_LAG_BYTES_MAX + 1;
    assert_eq!(node.core.propose(vec![1]), Err(ProposeError::Full));
    node.core.apply_lag_bytes = 0;
    let follower = group.other_than(leader);
    group.node(follower).core.apply_lag_bytes = limits::APPLY_LAG_BYTES_MAX + 1;
    let position = group.node(leader).core.propose(b"later".to_vec()).unwrap();
    group.settle();
    assert!(group.node(follower).core.last_index() < position.index);
    group.node(follower).core.apply_lag_bytes = 0;
    group.run_ticks(4);
    assert_eq!(group.node(follower).core.last_index(), position.index);
}

#[test]
fn a_replica_that_lost_a_synced_tail_gets_it_back_from_the_same_leader() {
    let mut group = Group::founding(&[1, 2, 3]);
    let leader = group.elect();
    for number in 1..=10_u8 {
        group.node(leader).core.propose(vec![number]).unwrap();
    }
    group.run_ticks(6);
    let follower = group.other_than(leader);
    let last_index = group.node(follower).core.last_index();
    {
        let mut disk = group.node(follower).disk.0.borrow_mut();
        disk.log.split_off(&(last_index - 5));
        disk.boot.last_index = last_index - 6;
        disk.boot.hard_state.commit = last_index - 6;
        disk.boot.applied = last_index - 6;
    }
    group.restart(follower);
    group.node(follower).applied_commands.truncate(4);
    group.node(follower).core.set_may_vote(false);
    group.run_ticks(6);
    assert_eq!(group.leader(), Some(leader));
    assert_eq!(group.node(follower).core.last_index(), group.node(leader).core.last_index());
    assert_eq!(group.node(follower).applied_commands.len(), 10);
}

#[test]
fn a_follower_whose_disk_hangs_takes_in_a_bounded_number_of_writes() {
    let mut group = Group::founding(&[1, 2, 3]);
    let leader = group.elect();
    group.run_ticks(4);
    let follower = group.other_than(leader);
    group.node(follower).disk_stalls = true;
    for _ in 0..limits::WRITES_UNDER_WAY_MAX + 100 {
        group.node(leader).core.propose(vec![1]).unwrap();
        group.settle();
    }
    assert!(group.node(follower).unsynced.len() <= limits::WRITES_UNDER_WAY_MAX);
    group.node(follower).disk_stalls = false;
    group.node(follower).sync();
    group.run_ticks(10);
    let last_index = group.node(leader).core.last_index();
    assert_eq!(group.node(follower).core.last_index(), last_index);
}

#[test]
fn without_its_witness_a_replica_earns_trust_under_one_leader() {
    let mut group = Group::founding(&[1, 2, 3]);
    let leader = group.elect();
    group.run_ticks(4);
    let follower = group.other_than(leader);
    group.node(follower).core.begin_probation();
    group.node(follower).core.set_may_vote(false);
    group.run_ticks(2 * limits::ELECTION_TICKS_MAX);
    assert!(!group.node(follower).core.has_earned_trust(), "an older vote may still be counted");
    // What the leader commits meanwhile counts too: the log must hold it on disk.
    group.node(follower).disk_stalls = true;
    group.node(leader).core.propose(vec![1]).unwrap();
    group.settle();
    group.run_ticks(10);
    assert!(!group.node(follower).core.has_earned_trust(), "the log has not reached the leader's commit index");
    group.node(follower).disk_stalls = false;
    group.run_ticks(2);
    assert!(group.node(follower).core.has_earned_trust());
    assert_eq!(group.node(follower).reads, [], "its own question is nobody else's read");
}

#[test]
fn a_new_term_begins_the_wait_for_trust_anew() {
    let mut group = Group::founding(&[1, 2, 3]);
    let leader = group.elect();
    group.run_ticks(4);
    let follower = group.other_than(leader);
    let third = 6 - leader - follower;
    group.node(follower).core.begin_probation();
    group.node(follower).core.set_may_vote(false);
    group.run_ticks(2 * limits::ELECTION_TICKS_MAX - 2);
    group.node(leader).core.transfer_leader(third).unwrap();
    // The follower votes for nobody: the old leader's vote makes the other one.
    group.run_ticks(4);
    assert_eq!(group.leader(), Some(third));
    group.run_ticks(2 * limits::ELECTION_TICKS_MAX - 4);
    assert!(!group.node(follower).core.has_earned_trust());
    group.run_ticks(10);
    assert!(group.node(follower).core.has_earned_trust());
}

#[test]
fn who_was_heard_lately_is_active() {
    let mut group = Group::founding(&[1, 2, 3]);
    let leader = group.elect();
    group.run_ticks(4);
    let peers = group.node(leader).core.peers();
    assert!(peers.iter().all(|peer| peer.active && peer.replicating && peer.matched > 0), "{peers:?}");
    // Alone with its clock for an election timeout, less a tick: it has heard nobody.
    for _ in 0..limits::ELECTION_TICKS_MIN {
        group.node(leader).core.tick();
    }
    assert!(group.node(leader).core.peers().iter().all(|peer| !peer.active));
}

#[test]
fn a_candidate_that_hears_nothing_tries_again_before_another_election_timeout() {
    let mut core =
        Core::new(super::group::config(1), Boot::founding(&[1, 2, 3]), super::group::Disk::default().shared()).unwrap();
    let asks = |core: &mut Core<super::group::SharedDisk>| core.turn().messages.len();
    let mut tries = Vec::new();
    for tick in 1..100_u64 {
        core.tick();
        if asks(&mut core) > 0 {
            tries.push(tick);
        }
    }
    let waits: Vec<u64> = tries.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let may = limits::ELECTION_RETRY_TICKS_MIN..limits::ELECTION_RETRY_TICKS_MAX;
    assert!(tries[0] >= limits::ELECTION_TICKS_MIN as u64 && waits.len() > 5, "{tries:?}");
    assert!(waits.iter().all(|wait| may.contains(wait)), "{waits:?}");
}

#[test]
fn a_leader_that_resigns_hands_over_and_is_not_asked_again() {
    let mut group = Group::founding(&[1, 2, 3]);
    let leader = group.elect();
    group.run_ticks(4);
    group.node(leader).core.set_may_vote(false);
    group.node(leader).core.resign();
    group.run_ticks(2);
    let next = group.leader().expect("somebody took over within two ticks, without an election timeout");
    assert_ne!(next, leader);
    group.node(next).core.transfer_leader(leader).unwrap();
    group.run_ticks(limits::ELECTION_TICKS_MIN + 1);
    assert_eq!(group.leader(), Some(next), "who may not vote does not take over");
}

#[test]
fn a_leader_that_resigns_steps_down_if_nobody_takes_over() {
    let mut group = Group::founding(&[1, 2, 3]);
    let leader = group.elect();
    group.run_ticks(4);
    let core = &mut group.node(leader).core;
    core.set_may_vote(false);
    // Nobody is reached. The quorum check alone might take nearly two periods.
    for _ in 0..=limits::ELECTION_TICKS_MIN {
        core.tick();
        core.resign();
    }
    assert_eq!(core.standing().role, Role::Follower);
    (0..3 * limits::ELECTION_TICKS_MAX).for_each(|_| core.tick());
    assert_eq!(core.standing().role, Role::Follower, "it does not stand for election");
}

/// A number that is no kind of message, entry or change.
const NO_KIND: i32 = 99;

#[test]
fn kinds_that_are_not_known_are_refused_and_not_asked_for() {
    let mut group = Group::founding(&[1, 2, 3]);
    let node = group.node(1);
    let mut unknown = message(MessageType::MsgHeartbeat, 2, 1, 2);
    unknown.msg_type = NO_KIND;
    assert_eq!(give(node, &unknown), Err(BadMessage::Forbidden("99".into())));
    assert_eq!(peek(&unknown.write_to_bytes().unwrap()), None);
    let without_term = message(MessageType::MsgRequestVote, 2, 1, 0);
    assert!(matches!(give(node, &without_term), Err(BadMessage::Forbidden(_))));
    let without_context = message(MessageType::MsgReadIndex, 2, 1, 0);
    assert!(matches!(give(node, &without_context), Err(BadMessage::Forbidden(_))));
    let mut append = message(MessageType::MsgAppend, 2, 1, 2);
    (append.index, append.log_term) = (1, 1);
    let mut entry = raft::eraftpb::Entry { index: 2, term: 2, entry_type: NO_KIND, ..Default::default() };
    append.entries = vec![entry.clone()];
    assert!(matches!(give(node, &append), Err(BadMessage::Undecodable(_))));
    assert!(matches!(read_entry(&entry.write_to_bytes().unwrap()), Err(BadMessage::Undecodable(_))));
    node.turn();
    let stray = raft::eraftpb::Entry { index: 3, term: 2, ..Default::default() };
    append.entries = vec![stray];
    assert!(matches!(give(node, &append), Err(BadMessage::Forbidden(_))), "entry 3 does not follow 1");
    node.turn();
    assert_eq!(node.unsynced, [], "nothing of it reached the log");
    // A change of a kind that is not known is committed like any other, and changes nothing.
    let single = raft::eraftpb::ConfChangeSingle { node_id: 9, change_type: NO_KIND };
    let change = raft::eraftpb::ConfChangeV2 { changes: vec![single], ..Default::default() };
    entry.set_entry_type(raft::eraftpb::EntryType::EntryConfChangeV2);
    entry.data = change.write_to_bytes().unwrap();
    (append.entries, append.commit) = (vec![entry], 2);
    give(node, &append).unwrap();
    while node.turn() {}
    assert_eq!(node.memberships, [Membership::of_voters(&[1, 2, 3])]);
}
