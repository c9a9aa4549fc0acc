//! What a run went through: proof that the faults it claims to survive did happen.

/// Counts of what happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Witness {
    pub crashes: u64,
    pub crashes_losing_writes: u64,
    pub entries_lost_in_crashes: u64,
    pub messages_dropped: u64,
    pub messages_duplicated: u64,
    pub partitions: u64,
    pub pauses: u64,
    pub slow_syncs: u64,
    pub clock_steps: u64,
    pub leaders: u64,
    pub transfers: u64,
    pub membership_changes: u64,
    pub joint_memberships: u64,
    pub snapshots_installed: u64,
    pub compactions: u64,
    pub results_unknown: u64,
    pub operations_repeated: u64,
    pub writes_acknowledged: u64,
    pub reads_answered: u64,
    pub entries_committed: u64,
}

impl Witness {
    /// Every count with its name.
    pub fn counts(&self) -> [(&'static str, u64); 20] {
        [
            ("crashes", self.crashes),
            ("crashes losing writes", self.crashes_losing_writes),
            ("entries lost in crashes", self.entries_lost_in_crashes),
            ("messages dropped", self.messages_dropped),
            ("messages duplicated", self.messages_duplicated),
            ("partitions", self.partitions),
            ("pauses", self.pauses),
            ("slow syncs", self.slow_syncs),
            ("clock steps", self.clock_steps),
            ("leaders", self.leaders),
            ("transfers", self.transfers),
            ("membership changes", self.membership_changes),
            ("joint memberships", self.joint_memberships),
            ("snapshots installed", self.snapshots_installed),
            ("compactions", self.compactions),
            ("results unknown", self.results_unknown),
            ("operations repeated", self.operations_repeated),
            ("writes acknowledged", self.writes_acknowledged),
            ("reads answered", self.reads_answered),
            ("entries committed", self.entries_committed),
        ]
    }

    /// Adds the counts of another run.
    pub fn add(&mut self, other: &Self) {
        self.crashes += other.crashes;
        self.crashes_losing_writes += other.crashes_losing_writes;
        self.entries_lost_in_crashes += other.entries_lost_in_crashes;
        self.messages_dropped += other.messages_dropped;
        self.messages_duplicated += other.messages_duplicated;
        self.partitions += other.partitions;
        self.pauses += other.pauses;
        self.slow_syncs += other.slow_syncs;
        self.clock_steps += other.clock_steps;
        self.leaders += other.leaders;
        self.transfers += other.transfers;
        self.membership_changes += other.membership_changes;
        self.joint_memberships += other.joint_memberships;
        self.snapshots_installed += other.snapshots_installed;
        self.compactions += other.compactions;
        self.results_unknown += other.results_unknown;
        self.operations_repeated += other.operations_repeated;
        self.writes_acknowledged += other.writes_acknowledged;
        self.reads_answered += other.reads_answered;
        self.entries_committed += other.entries_committed;
    }
}
