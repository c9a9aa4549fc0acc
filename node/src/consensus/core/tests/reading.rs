//! Linearizable reads.

use super::super::*;
use super::group::Group;

#[test]
fn a_read_gets_an_index_that_covers_every_earlier_write() {
    let mut group = Group::founding(&[1, 2, 3]);
    let leader = group.elect();
    let position = group.node(leader).core.propose(b"seen".to_vec()).unwrap();
    group.settle();
    let follower = group.other_than(leader);
    group.run_ticks(4);
    for id in [leader, follower] {
        group.node(id).core.read(7).unwrap();
        group.node(id).core.read(8).unwrap();
        group.settle();
        let reads = &group.node(id).reads;
        assert_eq!(reads.len(), 2);
        assert!(reads.iter().all(|read| read.outcome.is_ok_and(|index| index >= position.index)));
    }
}

#[test]
fn a_read_without_a_quorum_times_out() {
    let mut group = Group::founding(&[1, 2, 3]);
    let leader = group.elect();
    for id in [1, 2, 3] {
        if id != leader {
            group.cut_off.push(id);
        }
    }
    group.node(leader).core.read(1).unwrap();
    group.run_ticks(limits::READ_TIMEOUT_TICKS as usize - 1);
    assert_eq!(group.node(leader).reads, []);
    group.run_ticks(1);
    let failed = ReadDone { ticket: 1, outcome: Err(ReadFailure::TimedOut) };
    assert_eq!(group.node(leader).reads, [failed]);
}

#[test]
fn a_read_survives_a_change_of_leader() {
    let mut group = Group::founding(&[1, 2, 3]);
    let leader = group.elect();
    group.run_ticks(4);
    let follower = group.other_than(leader);
    group.cut_off.push(leader);
    group.node(follower).core.read(1).unwrap();
    group.run_ticks(limits::READ_TIMEOUT_TICKS as usize - 1);
    assert!(group.leader().is_some());
    assert!(matches!(group.node(follower).reads[..], [ReadDone { ticket: 1, outcome: Ok(_) }]));
}

#[test]
fn an_answer_to_a_question_given_up_does_not_count() {
    let mut reads = reads::Reads::new(1, 2);
    let mut done = Vec::new();
    reads.add(10, 0).unwrap();
    let first = reads.ask(0).unwrap();
    reads.give_up_old(limits::READ_RETRY_TICKS);
    let second = reads.ask(limits::READ_RETRY_TICKS).unwrap();
    assert_ne!(first, second);
    reads.answered(&first, 5, &mut done);
    assert_eq!(done, []);
    reads.answered(&second, 6, &mut done);
    assert_eq!(done, [ReadDone { ticket: 10, outcome: Ok(6) }]);
    let other_start = reads::Reads::new(1, 3).ask(0);
    assert_eq!(other_start, None, "nothing waits, nothing is asked");
}

#[test]
fn waiting_reads_are_bounded() {
    let mut reads = reads::Reads::new(1, 2);
    for ticket in 0..limits::READS_WAITING_MAX as u64 {
        reads.add(ticket, 0).unwrap();
    }
    assert_eq!(reads.add(0, 0), Err(ReadsFull));
    let context = reads.ask(0).unwrap();
    let mut done = Vec::new();
    reads.answered(&context, 1, &mut done);
    assert_eq!(done.len(), limits::READS_WAITING_MAX);
    reads.add(0, 0).unwrap();
}
