//! What the lanes promise: order, shares, turns, bounds.

use super::*;

#[derive(Debug, PartialEq, Eq)]
struct Parcel {
    tenant: u8,
    number: usize,
    bytes: usize,
}

impl Item for Parcel {
    type Tenant = u8;
    fn bytes(&self) -> usize {
        self.bytes
    }
    fn tenant(&self) -> u8 {
        self.tenant
    }
}

fn parcel(tenant: u8, number: usize) -> Parcel {
    Parcel { tenant, number, bytes: 100 }
}

fn push_many(lanes: &mut Lanes<Parcel>, lane: Lane, tenant: u8, count: usize) {
    for number in 0..count {
        lanes.push(lane, parcel(tenant, number)).unwrap();
    }
}

#[test]
fn lanes_are_drained_in_order_and_submits_by_turns() {
    let mut lanes = Lanes::default();
    push_many(&mut lanes, Lane::Submit, 7, 3);
    push_many(&mut lanes, Lane::Submit, 8, 1);
    push_many(&mut lanes, Lane::Answer, 1, 1);
    push_many(&mut lanes, Lane::Internal, 2, 1);
    let order: Vec<_> = lanes.pack().iter().map(|parcel| (parcel.tenant, parcel.number)).collect();
    assert_eq!(order, [(2, 0), (1, 0), (7, 0), (8, 0), (7, 1), (7, 2)]);
    assert!(lanes.is_empty());
    assert!(lanes.pack().is_empty());
}

#[test]
fn submits_keep_their_share_when_the_lanes_before_are_full() {
    let mut lanes = Lanes::default();
    push_many(&mut lanes, Lane::Answer, 1, 1_000);
    push_many(&mut lanes, Lane::Submit, 2, 1_000);
    let packed = lanes.pack();
    assert_eq!(packed.len(), COMMANDS_PER_ENTRY_MAX);
    let submits = packed.iter().filter(|parcel| parcel.tenant == 2).count();
    assert_eq!(submits, COMMANDS_PER_ENTRY_MAX / SUBMIT_SHARE_DIVISOR);
}

#[test]
fn an_unused_share_goes_to_the_others() {
    let mut lanes = Lanes::default();
    push_many(&mut lanes, Lane::Answer, 1, 1_000);
    push_many(&mut lanes, Lane::Submit, 2, 3);
    let packed = lanes.pack();
    assert_eq!(packed.len(), COMMANDS_PER_ENTRY_MAX);
    assert_eq!(packed.iter().filter(|parcel| parcel.tenant == 2).count(), 3);
}

#[test]
fn the_turn_of_a_tenant_survives_from_one_entry_to_the_next() {
    let mut lanes = Lanes::default();
    for tenant in [1, 2, 3] {
        push_many(&mut lanes, Lane::Submit, tenant, 200);
    }
    let last = lanes.pack().last().map(|parcel| parcel.tenant);
    let next = lanes.pack().first().map(|parcel| parcel.tenant);
    assert_eq!((last, next), (Some(1), Some(2)));
}

#[test]
fn an_entry_is_bounded_in_bytes_and_large_submits_still_get_in() {
    let mut lanes = Lanes::default();
    let large = |tenant, number| Parcel { tenant, number, bytes: COMMAND_BYTES_MAX };
    for number in 0..4 {
        lanes.push(Lane::Internal, large(1, number)).unwrap();
    }
    lanes.push(Lane::Submit, large(2, 0)).unwrap();
    let mut tenants = Vec::new();
    while !lanes.is_empty() {
        tenants.push(lanes.pack().iter().map(|parcel| parcel.tenant).collect::<Vec<_>>());
    }
    assert_eq!(tenants, [vec![1, 2], vec![1, 1], vec![1]]);
    let too_large = Parcel { tenant: 1, number: 3, bytes: COMMAND_BYTES_MAX + 1 };
    let refused = lanes.push(Lane::Answer, too_large).unwrap_err().0;
    assert_eq!(refused, LaneFull::TooLarge { bytes: COMMAND_BYTES_MAX + 1, max: COMMAND_BYTES_MAX });
}

#[test]
fn a_full_lane_of_submits_keeps_a_reserve_for_every_tenant() {
    let mut lanes = Lanes::default();
    push_many(&mut lanes, Lane::Submit, 1, SUBMIT_LANE_MAX);
    let (full, given_back) = lanes.push(Lane::Submit, parcel(1, 9)).unwrap_err();
    assert_eq!(full, LaneFull::Commands { waiting: SUBMIT_LANE_MAX, max: SUBMIT_LANE_MAX });
    assert_eq!(given_back, parcel(1, 9));
    push_many(&mut lanes, Lane::Submit, 2, SUBMITS_PER_TENANT_RESERVED);
    assert!(lanes.push(Lane::Submit, parcel(2, 9)).is_err());
    assert_eq!(lanes.waiting(Lane::Submit), SUBMIT_LANE_MAX + SUBMITS_PER_TENANT_RESERVED);
}

#[test]
fn full_lanes_say_why() {
    let mut lanes = Lanes::default();
    push_many(&mut lanes, Lane::Internal, 1, INTERNAL_LANE_MAX);
    let full = lanes.push(Lane::Internal, parcel(1, 0)).unwrap_err().0;
    assert_eq!(full, LaneFull::Commands { waiting: INTERNAL_LANE_MAX, max: INTERNAL_LANE_MAX });
    let piece = |number| Parcel { tenant: 1, number, bytes: COMMAND_BYTES_MAX };
    for number in 0..LANE_BYTES_MAX / COMMAND_BYTES_MAX {
        lanes.push(Lane::Answer, piece(number)).unwrap();
    }
    let full = lanes.push(Lane::Answer, parcel(1, 0)).unwrap_err().0;
    assert_eq!(full, LaneFull::Bytes { waiting: LANE_BYTES_MAX, max: LANE_BYTES_MAX });
    assert_eq!(lanes.take_all().len(), INTERNAL_LANE_MAX + LANE_BYTES_MAX / COMMAND_BYTES_MAX);
    assert!(lanes.is_empty());
}
