//! In which table a record lies. The codes are on disk: they are never changed or reused.

/// A column family of the one RocksDB: what shares memory, compression and compaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Family {
    /// Identity, and a few keys per shard.
    Meta,
    /// Entries of all logs.
    Log,
    /// Records, read whole at start.
    State,
    /// Numbered facts, written once, read in ranges, trimmed at the beginning.
    Events,
    /// Larger bytes that live only on disk, read one at a time.
    Blobs,
}

impl Family {
    /// All of them, in the order in which they are opened.
    pub const ALL: [Self; 5] = [Self::Meta, Self::Log, Self::State, Self::Events, Self::Blobs];
    /// Those that hold a shard's state: what a snapshot carries, in this order.
    pub const OF_STATE: [Self; 3] = [Self::State, Self::Events, Self::Blobs];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Meta => "meta",
            Self::Log => "log",
            Self::State => "state",
            Self::Events => "events",
            Self::Blobs => "blobs",
        }
    }

    /// The code in a snapshot's stream.
    pub const fn code(self) -> u8 {
        match self {
            Self::Meta => 0,
            Self::Log => 1,
            Self::State => 2,
            Self::Events => 3,
            Self::Blobs => 4,
        }
    }

    /// The state family with this code.
    pub fn of_state(code: u8) -> Option<Self> {
        Self::OF_STATE.into_iter().find(|family| family.code() == code)
    }
}

macro_rules! tables {
    ($($(#[$doc:meta])* $name:ident = $code:literal in $family:ident;)*) => {
        /// A kind of record in a shard's state.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Table { $($(#[$doc])* $name = $code,)* }

        impl Table {
            /// All tables, by code.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The code on disk.
            pub const fn code(self) -> u8 { self as u8 }

            /// The table with this code.
            pub const fn from_code(code: u8) -> Option<Self> {
                match code { $($code => Some(Self::$name),)* _ => None }
            }

            /// What it is called in metrics.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }

            pub(super) const fn family(self) -> Family {
                match self { $(Self::$name => Family::$family,)* }
            }
        }
    };
}

impl Table {
    /// Whether rows often leave together, by the beginning of their keys: then the batch remembers what it
    /// put there.
    pub(super) const fn is_deleted_by_prefix(self) -> bool {
        matches!(self, Self::ConversationItem)
    }
}

tables! {
    /// Tenants.
    Tenant = 1 in State;
    /// Agents.
    Agent = 2 in State;
    /// Teams.
    Team = 3 in State;
    /// Routing profiles.
    Profile = 4 in State;
    /// Queues.
    Queue = 5 in State;
    /// Policies.
    Policy = 6 in State;
    /// Connectors.
    Connector = 7 in State;
    /// Agent sessions.
    Session = 8 in State;
    /// Customers.
    Customer = 9 in State;
    /// Conversations.
    Conversation = 10 in State;
    /// Open interactions.
    Interaction = 11 in State;
    /// Tenant to shard.
    Placement = 12 in State;
    /// Nodes of the cluster.
    Node = 13 in State;
    /// The shard's own counters.
    Shard = 14 in State;
    /// Requests remembered: the key and payload hash; the body is in [`Table::ReplyBody`].
    Dedup = 15 in State;
    /// Whatever `views` persist, with the event number it stands for.
    ViewState = 16 in State;
    /// Stretches of events, for retention: tenant, then first number.
    EventMark = 17 in State;
    /// Hours of operation.
    Schedule = 24 in State;
    /// Events: tenant, then number.
    Event = 32 in Events;
    /// Decision records: tenant, then number.
    Decision = 33 in Events;
    /// Contexts of interactions.
    Context = 48 in Blobs;
    /// Items of conversations: tenant, conversation, then number.
    ConversationItem = 49 in Blobs;
    /// Digests of customers' histories.
    History = 50 in Blobs;
    /// First replies to remembered requests.
    ReplyBody = 51 in Blobs;
    /// Closed interactions, until their retention ends.
    ClosedInteraction = 52 in Blobs;
    /// What supervisors changed of many until a time.
    Adjustment = 140 in State;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_lead_back_and_rise() {
        for pair in Table::ALL.windows(2) {
            assert!(pair[0].code() < pair[1].code());
        }
        for table in Table::ALL {
            assert_eq!(Table::from_code(table.code()), Some(*table));
            assert!(Family::OF_STATE.contains(&table.family()));
        }
        assert_eq!(Table::from_code(0), None);
    }
}
