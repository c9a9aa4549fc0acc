//! What a run went through: a run in which the fault it is about did not happen proves nothing.

use std::collections::BTreeMap;

/// Over what a counter must not stay 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// Every single run.
    EachRun,
    /// All runs together, once there are so many: chance decides which run it happens in.
    Runs(u64),
}

/// A counter of [`Witness`] that proves that what a scenario is about happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proof {
    pub counter: &'static str,
    pub over: Over,
}

/// It must happen in every run.
pub const fn each(counter: &'static str) -> Proof {
    Proof { counter, over: Over::EachRun }
}

/// It must happen in some of so many runs.
pub const fn over(runs: u64, counter: &'static str) -> Proof {
    Proof { counter, over: Over::Runs(runs) }
}

macro_rules! witness {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// Counters of one run, or of many.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct Witness {
            $($(#[$doc])* pub $name: u64,)*
            /// Failpoints at which a process died, by name.
            pub met: BTreeMap<&'static str, u64>,
        }

        impl Witness {
            /// Faults of all kinds, each counted once; a message lost, late or doubled is weather and not counted here.
            pub fn injected(&self) -> u64 {
                // Power cuts and disk errors end in a crash, and are counted as that.
                self.crashes + self.disks_full + self.stops + self.disks_slowed + self.flips + self.logs_cut + self.wipes
                    + self.clock_faults + self.agents_died + self.connectors_died + self.transfers + self.memberships
                    + self.partitions + self.answers_lost + self.feeds_refused
            }

            /// Takes in another run's.
            pub fn add(&mut self, other: &Self) {
                $(self.$name += other.$name;)*
                other.met.iter().for_each(|(name, count)| *self.met.entry(name).or_default() += count);
            }

            /// A counter or failpoint by name; what never happened may have no name yet.
            pub fn count(&self, name: &str) -> u64 {
                $(if name == stringify!($name) {
                    return self.$name;
                })*
                self.met.get(name).copied().unwrap_or(0)
            }

            /// Whether there is a counter of this name: failpoints aside.
            pub fn has(name: &str) -> bool {
                [$(stringify!($name)),*].contains(&name)
            }
        }
    };
}

witness! {
    /// Calls answered with success.
    acknowledged,
    /// Offers that agents were told of.
    offers_told,
    /// Attempts after a call's first; of them those at another node than the one before, which had not answered, while
    /// nobody could lead.
    retries, retries_elsewhere,
    /// Commands one node handed to another.
    forwarded,
    /// Answers that were lost on the way to the client.
    answers_lost,
    /// Answers to an agent's repeated request that were older than what it had been told since.
    answers_outdated,
    /// Messages between nodes that were lost, late, doubled; partitions of a storm.
    lost, delayed, duplicated, partitions,
    /// Leaders elected.
    leaders,
    /// Processes killed; of them those with a command proposed and not answered.
    crashes, crashes_with_work_open,
    /// Power cuts that lost something not synced; of them with a torn record at the end.
    power_cuts, torn,
    /// Processes that stopped by themselves over a disk error.
    disk_faults,
    /// Disks that were full, processes stopped and continued, disks slowed, and syncs that took longer for it.
    disks_full, stops, disks_slowed, slow_syncs,
    /// Bits flipped and those that the node found, logs cut below what was acknowledged, disks wiped.
    flips, flips_found, logs_cut, wipes,
    /// Replicas that started without the right to vote.
    voteless,
    /// Snapshots.
    snapshots_sent, snapshots_installed,
    /// Processes that died with chunks still to send, with an import open, in the switch to a snapshot; all of them.
    senders_died, importers_died, installers_died, snapshots_broken,
    /// Clocks set or put out of pace.
    clock_faults,
    /// Changes of membership that were committed; leaders handed over.
    memberships, transfers,
    /// Streams opened again, leases that lapsed, agents' streams taken by another.
    streams_resumed, leases_lapsed, sessions_taken,
    /// Offers accepted through two nodes of which one was refused; offers that expired in the log.
    accepted_twice, offers_expired,
    /// Batches of offers that were not answered in their time; offers that found no room.
    batches_run_out, offers_without_room,
    /// Programs of agents that died.
    agents_died,
    /// Connectors that died, calls that were open then, reconciliations, and calls that one of them closed as lost.
    connectors_died, calls_left_alone, reconciled, calls_lost,
    /// Requests repeated after their memory.
    too_old,
    /// Crashes armed at a failpoint that were met; leaders killed inside a joint membership.
    failpoints, joint_crashes,
    /// Disks put back empty whose machines vote again under another raft id.
    rejoined,
    /// Offers out when a leader died, and their deadlines that a failover stretched; acceptances sent around a failover
    /// for an offer near its end.
    offers_out, deadlines_stretched, offers_raced,
    /// Times at which a Matchmaker stopped taking feeds for a while.
    feeds_refused,
    /// Faults of a storm.
    faults,
}
