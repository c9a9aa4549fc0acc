//! The core alone and in small groups, message by message.

mod group;
mod membership_and_snapshots;
mod messages;
mod reading;

use super::*;
use group::Group;

#[test]
fn a_lone_voter_elects_itself_and_commits() {
    let mut group = Group::founding(&[1]);
    group.run_ticks(25);
    assert!(group.node(1).core.is_leader());
    let position = group.node(1).core.propose(b"one".to_vec()).unwrap();
    group.settle();
    assert_eq!(group.node(1).applied_commands, [(position.index, b"one".to_vec())]);
}

#[test]
fn three_replicas_elect_one_leader_and_apply_the_same() {
    let mut group = Group::founding(&[1, 2, 3]);
    let leader = group.elect();
    for number in 0..10_u8 {
        group.node(leader).core.propose(vec![number + 1]).unwrap();
    }
    group.settle();
    group.run_ticks(4);
    for id in [1, 2, 3] {
        assert_eq!(group.node(id).applied_commands.len(), 10);
        let first = group.nodes[0].applied_commands.clone();
        assert_eq!(group.node(id).applied_commands, first);
    }
}

#[test]
fn only_a_leader_takes_proposals_and_says_who_leads() {
    let mut group = Group::founding(&[1, 2, 3]);
    assert_eq!(group.node(1).core.propose(vec![1]), Err(ProposeError::NotLeader { leader: None }));
    let leader = group.elect();
    group.run_ticks(4);
    let follower = group.other_than(leader);
    let refused = group.node(follower).core.propose(vec![1]);
    assert_eq!(refused, Err(ProposeError::NotLeader { leader: Some(leader) }));
    let core = &mut group.node(leader).core;
    assert_eq!(core.propose(Vec::new()), Err(ProposeError::Empty));
    let max = limits::PROPOSAL_BYTES_MAX;
    assert_eq!(core.propose(vec![0; max + 1]), Err(ProposeError::TooLarge { bytes: max + 1, max }));
}

#[test]
fn too_many_uncommitted_bytes_are_refused_until_they_commit() {
    let mut group = Group::founding(&[1, 2, 3]);
    let leader = group.elect();
    let fits = limits::UNCOMMITTED_BYTES_MAX as usize / limits::PROPOSAL_BYTES_MAX;
    for _ in 0..fits {
        group.node(leader).core.propose(vec![1; limits::PROPOSAL_BYTES_MAX]).unwrap();
    }
    let core = &mut group.node(leader).core;
    assert_eq!(core.can_propose(1), Err(ProposeError::Full));
    assert_eq!(core.propose(vec![1]), Err(ProposeError::Full));
    group.settle();
    group.node(leader).core.propose(vec![1]).unwrap();
}

#[test]
fn leadership_moves_when_asked() {
    let mut group = Group::founding(&[1, 2, 3]);
    let leader = group.elect();
    let next = group.other_than(leader);
    assert_eq!(group.node(leader).core.transfer_leader(9), Err(TransferError::BadTarget { to: 9 }));
    group.node(leader).core.transfer_leader(next).unwrap();
    group.settle();
    assert_eq!(group.leader(), Some(next));
    let asked = group.node(leader).core.transfer_leader(leader);
    assert_eq!(asked, Err(TransferError::NotLeader { leader: Some(next) }));
}

#[test]
fn a_restarted_replica_goes_on_from_its_disk() {
    let mut group = Group::founding(&[1, 2, 3]);
    let leader = group.elect();
    group.node(leader).core.propose(b"kept".to_vec()).unwrap();
    group.settle();
    group.run_ticks(4);
    group.restart(leader);
    assert!(!group.node(leader).core.is_leader());
    let new_leader = group.elect();
    group.node(new_leader).core.propose(b"next".to_vec()).unwrap();
    group.settle();
    group.run_ticks(4);
    let applied: Vec<_> = group.node(leader).applied_commands.iter().map(|(_, data)| data.clone()).collect();
    assert_eq!(applied, [b"kept".to_vec(), b"next".to_vec()]);
}

#[test]
fn entries_out_of_memory_are_read_from_disk() {
    let mut group = Group::founding(&[1, 2, 3]);
    let leader = group.elect();
    let away = group.other_than(leader);
    group.cut_off.push(away);
    for number in 0..100_u8 {
        group.node(leader).core.propose(vec![number; 1_000]).unwrap();
        group.settle();
    }
    group.cut_off.clear();
    group.run_ticks(30);
    assert_eq!(group.node(away).applied_commands.len(), 100);
    assert!(group.node(leader).disk.borrow().reads > 0);
}

#[test]
fn a_disk_that_lost_entries_is_refused() {
    let mut boot = Boot::founding(&[1, 2, 3]);
    boot.hard_state.commit = 5;
    let config = group::config(1);
    let refused = Core::new(config, boot.clone(), group::Disk::default().shared()).err().map(|e| e.to_string());
    assert_eq!(refused.as_deref(), Some("last_index 1 is below committed 5 (applied 1): the log lost entries"));
    boot.hard_state.commit = 1;
    boot.applied = 0;
    assert!(matches!(
        Core::new(config, boot, group::Disk::default().shared()),
        Err(BootError::StateBehind { applied: 0, truncated: 1 })
    ));
}

#[test]
fn hard_state_survives_its_encoding() {
    let hard_state = HardState { term: 7, vote: u64::MAX, commit: 9 };
    assert_eq!(HardState::from_bytes(&hard_state.to_bytes()), Some(hard_state));
    assert_eq!(HardState::from_bytes(&[0; 23]), None);
}

#[test]
fn ticks_missed_in_a_stall_are_forgotten() {
    let mut ticker = Ticker::new(1_000);
    assert_eq!(ticker.due(1_049), 0);
    assert_eq!(ticker.due(1_050), 1);
    assert_eq!(ticker.due(1_149), 1);
    assert_eq!(ticker.due(1_150), 1);
    assert_eq!(ticker.due(60_000), limits::TICKS_AFTER_STALL_MAX);
    assert_eq!(ticker.due(60_000), 0);
    assert_eq!(ticker.next_ms(), 60_050);
}
