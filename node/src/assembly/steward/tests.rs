//! What the steward decides from what it sees.
use super::*;
use kindred_domain::ids::{NodeId, Uid};

fn peer(matched: u64) -> PeerProgress {
    PeerProgress { raft_id: 2, matched, active: true, replicating: true, receiving_snapshot: false }
}

#[test]
fn a_learner_votes_once_it_is_up_and_has_the_state() {
    assert!(is_caught_up(&peer(1), 5));
    assert!(is_caught_up(&peer(9_000), 10_000));
    assert!(!is_caught_up(&peer(8_999), 10_000));
    // In a young cluster the log is short: nothing received is not nearly everything.
    assert!(!is_caught_up(&peer(0), 5));
    assert!(!is_caught_up(&PeerProgress { active: false, ..peer(5) }, 5), "a dead machine would cost the quorum");
    assert!(!is_caught_up(&PeerProgress { replicating: false, ..peer(5) }, 5));
}

#[test]
fn the_version_rises_to_what_every_member_can_run() {
    let members = Membership { voters: vec![1, 2], learners: vec![3], ..Membership::default() };
    let versions = |versions: &[(u64, u32)]| versions.iter().copied().collect::<BTreeMap<_, _>>();
    assert_eq!(common_version(&members, &versions(&[(1, 3), (2, 2), (3, 4)])), Some(2));
    // A member that has not said what it can run, and a node that is not a member yet.
    assert_eq!(common_version(&members, &versions(&[(1, 3), (2, 2)])), None);
    assert_eq!(common_version(&members, &versions(&[(1, 3), (2, 2), (3, 4), (4, 1)])), Some(1));
}

#[test]
fn an_old_disk_is_retired_once_the_newer_one_votes() {
    let node = |raft_id: u64, id: &str, role| {
        Arc::new(Node {
            id: NodeId::from(id),
            storage: Uid(u128::from(raft_id)),
            raft_id,
            peer_address: String::new(),
            client_address: String::new(),
            role,
            version: 1,
            draining: false,
        })
    };
    let mut nodes = vec![node(1, "a", NodeRole::Voter), node(2, "b", NodeRole::Voter), node(3, "b", NodeRole::Learner)];
    assert!(replaced(&nodes, &[1, 2]).is_empty());
    nodes[2] = node(3, "b", NodeRole::Voter);
    // Declared, and not yet a voter of the raft group.
    assert!(replaced(&nodes, &[1, 2]).is_empty());
    assert_eq!(replaced(&nodes, &[1, 2, 3]), [2]);
    nodes[1] = node(2, "b", NodeRole::Removed);
    assert!(replaced(&nodes, &[1, 3]).is_empty());
}
