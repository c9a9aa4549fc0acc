//! Every scenario that needs real processes, by its number in `faults.md`.
mod clocks;
mod connectors;
mod damaged_disks;
mod filling_disks;
mod flood;
mod leaders;
mod links;
mod members;
mod offers;
mod panics;
mod partitions;
mod quorums;
mod retries;
mod returning;
pub mod soak;

use super::Options;
use crate::outcome::Outcome;
use futures::future::{FutureExt as _, LocalBoxFuture};

/// One scenario.
#[derive(Clone, Copy)]
pub struct Scenario {
    pub number: u32,
    pub name: &'static str,
    pub run: fn(Options) -> LocalBoxFuture<'static, anyhow::Result<Outcome>>,
}

macro_rules! table {
    ($($number:literal $path:ident::$name:ident,)*) => {
        vec![$(Scenario {
            number: $number,
            name: stringify!($name),
            run: |options| async move { $path::$name(&options).await }.boxed_local(),
        }),*]
    };
}

/// All of them, in order. 100 is not in `faults.md`: it is a figure that issue 3 asks for.
pub fn all() -> Vec<Scenario> {
    table![
        1 leaders::the_leader_is_killed,
        2 leaders::leaders_die_again_and_again,
        3 quorums::the_quorum_is_lost_and_returns,
        4 quorums::all_are_killed_at_once,
        5 damaged_disks::one_loses_power,
        6 damaged_disks::all_lose_power,
        7 leaders::the_leader_is_drained,
        8 leaders::a_rolling_restart,
        9 leaders::a_zombie_returns,
        10 leaders::the_leader_stutters,
        11 returning::a_follower_sleeps_past_the_logs_end,
        12 partitions::the_leader_is_isolated,
        13 partitions::the_leader_cannot_hear,
        14 partitions::two_cannot_see_each_other,
        15 partitions::an_isolated_follower_returns,
        16 links::links_flap,
        18 links::links_are_slow,
        19 retries::replies_are_lost,
        20 retries::a_retry_goes_through_another_node,
        21 filling_disks::the_leaders_disk_is_full,
        22 filling_disks::a_sync_fails,
        23 filling_disks::syncs_are_slow,
        24 damaged_disks::bits_flip,
        25 damaged_disks::a_log_ends_too_early,
        26 damaged_disks::a_disk_is_wiped,
        29 clocks::clocks_jump,
        31 offers::the_leader_dies_with_offers_out,
        33 offers::two_accept_through_two_nodes,
        34 offers::agents_return_elsewhere,
        35 members::nodes_come_and_go,
        37 flood::five_times_too_much,
        44 panics::a_thread_panics,
        46 connectors::a_connector_dies_with_its_calls,
        100 returning::a_node_returns_to_a_hundred_thousand,
    ]
}
