//! An empty disk, a founder's, a learner's: what each is to do.
use super::*;
use crate::{
    peer,
    storage::{Options, Store, Who},
};
use std::sync::Arc;

fn members(names: &[&str]) -> BTreeMap<u64, Member> {
    let member = |name: &&str| Member { id: (*name).to_owned(), peer: String::new(), client: String::new() };
    founders(names.iter().map(member).collect())
}

fn disk(dir: &std::path::Path) -> StoreRef {
    let who = Who { cluster_id: "c".into(), node_id: "b".into() };
    Arc::new(Store::open(dir, &who, &Options::default()).unwrap())
}

fn node(raft_id: u64, storage: Option<u128>) -> PeerNode {
    let storage_id = storage.map(|s| bytes::Bytes::copy_from_slice(&s.to_be_bytes())).unwrap_or_default();
    PeerNode { raft_id, storage_id, ..Default::default() }
}

#[test]
fn a_raft_id_is_taken_by_another_disk_only() {
    assert!(!is_taken(7, 2, [node(2, Some(7)), node(3, Some(9)), node(2, None)].iter()));
    assert!(is_taken(7, 2, [node(2, Some(8))].iter()));
}

#[test]
fn a_removed_members_raft_id_stays_taken() {
    let shared = Shared::new(1, "c".into(), NodeId::from("a"), 0);
    let address =
        |role| Address { node: NodeId::from("b"), storage: Some(8), peer: String::new(), client: String::new(), role };
    for role in [NodeRole::Voter, NodeRole::Removed] {
        shared.set_address(2, address(role));
        assert!(is_taken(7, 2, peer::disks_of(&shared).iter()), "{role:?}");
    }
    shared.retire_address(2);
    assert!(shared.address(2).is_none() && nodes_of(&shared).is_empty());
    assert!(is_taken(7, 2, peer::disks_of(&shared).iter()));
}

#[test]
fn an_empty_disk_founds_or_joins_and_a_known_one_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let store = disk(dir.path());
    assert!(matches!(part(&store, &members(&["c", "a", "b"]), "b").unwrap(), Part::Founds(2)));
    assert!(matches!(part(&store, &BTreeMap::new(), "b").unwrap(), Part::Joins));
    assert!(part(&store, &members(&["a", "c"]), "b").is_err());
    found(&store, 2, members(&["a", "b", "c"]), 2).unwrap();
    let Part::Known(origin) = part(&store, &members(&["a", "b", "c"]), "b").unwrap() else { panic!("not known") };
    assert_eq!((origin.founder, origin.shards, origin.members.len()), (true, 2, 3));
}

#[test]
fn a_disk_let_in_asks_again_until_it_has_a_state() {
    let dir = tempfile::tempdir().unwrap();
    let store = disk(dir.path());
    let request = application(&store.identity(), ("p:1", "c:1"), 1);
    let register = registration(request).unwrap();
    assert_eq!((register.storage.0, register.raft_id), (store.identity().storage, None));
    let answer = JoinResponse { raft_id: 9, shards: 1, nodes: vec![node(1, Some(1))], ..Default::default() };
    assert!(!joined(&store, answer.clone()).unwrap().founder);
    assert!(matches!(part(&store, &members(&["a", "b", "c"]), "b").unwrap(), Part::Joins));
    // The same answer changes nothing; another raft id is never taken.
    joined(&store, answer.clone()).unwrap();
    assert!(joined(&store, JoinResponse { raft_id: 10, ..answer }).is_err());
}
