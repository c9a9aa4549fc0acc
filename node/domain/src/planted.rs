//! Bugs planted on purpose, to see whether `chaos-tests` finds them.
//!
//! Only with the feature `planted-bugs`, which nothing but the mutation drill turns on. Without it
//! [`planted!`](crate::planted!) is a constant `false`, and the compiler takes the bugs out.

macro_rules! bugs {
    ($($(#[doc = $doc:literal])* $bug:ident = $name:literal,)*) => {
        /// A bug somebody might have written.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Bug {
            $($(#[doc = $doc])* $bug,)*
        }

        impl Bug {
            /// Every one.
            pub const ALL: &[Self] = &[$(Self::$bug),*];

            /// Its name on command lines.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$bug => $name,)*
                }
            }

            /// What it does, in words.
            pub const fn what(self) -> &'static str {
                match self {
                    $(Self::$bug => concat!($($doc),*),)*
                }
            }
        }
    };
}

bugs! {
    /// Entries are acknowledged once written, before they are synced.
    AckBeforeSync = "ack-before-sync",
    /// Entries are acknowledged once handed to the log writer, before they are written.
    AckBeforeWrite = "ack-before-write",
    /// A term or a vote that comes without entries is not synced.
    VoteNotSynced = "vote-not-synced",
    /// Apply writes the hard state too, and thereby an old term and no vote.
    HardStateByApply = "hard-state-by-apply",
    /// The commit index is not raised to what is applied when a replica starts.
    CommitNotRaised = "commit-not-raised",
    /// The applied index is not always stored with the state: entries are applied twice after a restart.
    AppliedApart = "applied-twice-after-restart",
    /// A log that lost what it acknowledged votes all the same.
    SideFileIgnored = "side-file-ignored",
    /// A committed change of membership is not stored with the state.
    MembersNotStored = "members-not-stored",
    /// A snapshot is written over the rows that are there, and those it does not have stay.
    SnapshotOverOldRows = "snapshot-over-old-rows",
    /// A snapshot says that it stands for one entry less than it holds.
    SnapshotIndexBehind = "snapshot-index-behind",
    /// Snapshots do not carry the memory of requests.
    DedupNotInSnapshots = "dedup-not-in-snapshots",
    /// A leader answers linearizable reads without asking a quorum.
    ReadByLease = "read-by-lease",
    /// A question for a read index is asked again under the same context.
    ReadContextReused = "read-context-reused",
    /// Each replica takes its own wall clock for the time of an `Advance`.
    ExpiryByWallClock = "expiry-by-wall-clock",
    /// Within a term log time follows the leader's wall clock wherever that is set.
    LogTimeByWallClock = "log-time-by-wall-clock",
    /// A new leader whose clock is behind lets log time go back.
    LogTimeBack = "log-time-back",
    /// A new leader does not extend the deadlines that stood while nobody led.
    DeadlinesNotStretched = "deadlines-not-stretched",
    /// What happens in a new leader's first entry is not told as events.
    EventLostAtLeaderChange = "event-lost-at-leader-change",
    /// Events are numbered from the beginning of their stretch again after a restart or a snapshot.
    EventNumbersRestart = "event-numbers-restart",
    /// An acceptance takes whatever offer is out.
    AcceptAnyOffer = "accept-without-compare-and-set",
    /// Only the Matchmaker looks whether an agent has room.
    CapacityUnchecked = "capacity-only-by-matchmaker",
    /// What offers hold of an agent's capacity is forgotten by a new leader.
    ReservationForgotten = "reservation-forgotten-at-failover",
    /// Customers on hold are taken for connected by a new leader.
    HoldForgotten = "hold-forgotten-at-failover",
    /// A stream that is not renewed any more speaks for its agents for ever.
    SessionNeverLapses = "session-never-lapses",
    /// The Matchmaker waits for ever for a batch that was lost.
    BatchNeverReleased = "batch-never-released",
    /// Reconciling closes what the connector says is alive.
    ReconcileClosesAlive = "reconcile-closes-alive",
    /// The same request id with another payload gets the first reply.
    PayloadHashIgnored = "payload-hash-ignored",
}

/// Whether this bug is planted now.
#[macro_export]
macro_rules! planted {
    ($bug:ident) => {
        $crate::planted::is($crate::planted::Bug::$bug)
    };
}

#[cfg(feature = "planted-bugs")]
mod now {
    use super::Bug;
    use core::sync::atomic::{AtomicU32, Ordering};

    const NONE: u32 = u32::MAX;
    static PLANTED: AtomicU32 = AtomicU32::new(NONE);

    /// Plants a bug in the whole process, and takes out the one before.
    pub fn plant(bug: Option<Bug>) {
        PLANTED.store(bug.map_or(NONE, |bug| bug as u32), Ordering::SeqCst);
    }

    /// Whether a bug is planted.
    pub fn is(bug: Bug) -> bool {
        PLANTED.load(Ordering::Relaxed) == bug as u32
    }
}

#[cfg(feature = "planted-bugs")]
pub use now::{is, plant};

/// No bug is planted.
#[cfg(not(feature = "planted-bugs"))]
pub const fn is(_: Bug) -> bool {
    false
}
