//! Which scenario hunts which bug: the one in which it is caught soonest.

use kindred_domain::planted::Bug;

/// A bug and where it must show.
#[derive(Clone, Copy, Debug)]
pub struct Hunt {
    pub bug: Bug,
    /// Name of a scenario of the suite.
    pub scenario: &'static str,
}

const fn hunt(bug: Bug, scenario: &'static str) -> Hunt {
    Hunt { bug, scenario }
}

/// Every bug of [`Bug::ALL`].
pub const HUNTS: &[Hunt] = &[
    hunt(Bug::AckBeforeSync, "all_nodes_lose_their_power"),
    hunt(Bug::AckBeforeWrite, "one_node_loses_its_power"),
    hunt(Bug::VoteNotSynced, "power_fails_in_the_middle_of_an_election"),
    hunt(Bug::HardStateByApply, "the_leader_is_killed_under_load"),
    hunt(Bug::CommitNotRaised, "the_leader_is_killed_under_load"),
    hunt(Bug::AppliedApart, "all_nodes_are_killed_at_once"),
    hunt(Bug::SideFileIgnored, "a_log_is_cut_below_what_was_acknowledged"),
    hunt(Bug::MembersNotStored, "nodes_come_and_go_under_load"),
    hunt(Bug::SnapshotOverOldRows, "retries_come_after_a_snapshot"),
    hunt(Bug::SnapshotIndexBehind, "retries_come_after_a_snapshot"),
    hunt(Bug::DedupNotInSnapshots, "retries_come_after_a_snapshot"),
    hunt(Bug::ReadByLease, "reads_on_both_sides_of_a_partition"),
    hunt(Bug::ReadContextReused, "reads_in_bad_weather"),
    hunt(Bug::ExpiryByWallClock, "wall_clocks_jump_and_differ"),
    hunt(Bug::LogTimeByWallClock, "wall_clocks_jump_and_differ"),
    hunt(Bug::LogTimeBack, "wall_clocks_jump_and_differ"),
    hunt(Bug::DeadlinesNotStretched, "acceptance_races_expiry_across_a_failover"),
    hunt(Bug::EventLostAtLeaderChange, "the_leader_is_killed_again_and_again"),
    hunt(Bug::EventNumbersRestart, "the_leader_is_killed_under_load"),
    hunt(Bug::AcceptAnyOffer, "agents_answer_too_late"),
    hunt(Bug::CapacityUnchecked, "agents_can_do_less_while_offers_are_made"),
    hunt(Bug::ReservationForgotten, "the_leader_is_killed_again_and_again"),
    hunt(Bug::HoldForgotten, "the_leader_is_killed_again_and_again"),
    hunt(Bug::SessionNeverLapses, "agents_die_with_their_node"),
    hunt(Bug::BatchNeverReleased, "a_batch_of_offers_is_lost"),
    hunt(Bug::ReconcileClosesAlive, "a_connector_dies_with_its_calls"),
    hunt(Bug::PayloadHashIgnored, "answers_are_lost_and_clients_retry"),
];
