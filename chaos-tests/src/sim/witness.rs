//! What a run went through: a run in which the fault it is about did not happen proves nothing.

macro_rules! witness {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// Counters of one run, or of many.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct Witness {
            $($(#[$doc])* pub $name: u64,)*
        }

        impl Witness {
            /// Faults of all kinds, each counted once; a message lost, late or doubled is weather and not counted here.
            pub fn injected(&self) -> u64 {
                // Power cuts and disk errors end in a crash, and are counted as that.
                self.crashes + self.disks_full + self.stops + self.slow_syncs + self.flips + self.logs_cut + self.wipes
                    + self.clock_faults + self.agents_died + self.connectors_died + self.transfers + self.memberships
                    + self.partitions + self.answers_lost + self.feeds_refused
            }

            /// Takes in another run's.
            pub fn add(&mut self, other: &Self) {
                $(self.$name += other.$name;)*
            }

            /// Every counter, by name.
            pub fn all(&self) -> Vec<(&'static str, u64)> {
                vec![$((stringify!($name), self.$name)),*]
            }
        }
    };
}

witness! {
    /// Calls answered with success.
    acknowledged,
    /// Offers that agents were told of.
    offers_told,
    /// Attempts after a call's first.
    retries,
    /// Commands one node handed to another.
    forwarded,
    /// Answers that were lost on the way to the client.
    answers_lost,
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
    /// Disks that were full, processes stopped and continued, syncs made slow.
    disks_full, stops, slow_syncs,
    /// Bits flipped and those that the node found, logs cut below what was acknowledged, disks wiped.
    flips, flips_found, logs_cut, wipes,
    /// Replicas that started without the right to vote.
    voteless,
    /// Snapshots.
    snapshots_sent, snapshots_installed,
    /// Clocks set or put out of pace.
    clock_faults,
    /// Changes of membership that were committed; leaders handed over.
    memberships, transfers,
    /// Streams opened again, leases that lapsed, agents' streams taken by another.
    streams_resumed, leases_lapsed, sessions_taken,
    /// Offers accepted through two nodes; offers that expired in the log.
    accepted_twice, offers_expired,
    /// Changes of configuration that operators asked for.
    config_changes,
    /// Programs of agents that died.
    agents_died,
    /// Connectors that died, calls that were open then, reconciliations, and calls that one of them closed as lost.
    connectors_died, calls_left_alone, reconciled, calls_lost,
    /// Requests repeated after their memory.
    too_old,
    /// Crashes armed at a failpoint that were met; leaders killed inside a joint membership.
    failpoints, joint_crashes,
    /// Offers out when a leader died; acceptances that came after the offer's end.
    offers_out, offers_raced,
    /// Times at which a Matchmaker stopped taking feeds for a while.
    feeds_refused,
    /// Faults of a storm.
    faults,
}
