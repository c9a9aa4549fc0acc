//! Names of things: short shared strings for what people name, 128-bit numbers for what we draw.
use alloc::{string::String, sync::Arc};
use core::{
    borrow::Borrow,
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
    ops::Deref,
};

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Eq)]
        pub struct $name(Arc<str>);
        impl Hash for $name { fn hash<H: Hasher>(&self, state: &mut H) { self.0.hash(state) } }
        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool { Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0 }
        }
        // Most names compared are the very same one (a tenant's in every key): no need to read their letters.
        impl Ord for $name {
            fn cmp(&self, other: &Self) -> Ordering {
                if Arc::ptr_eq(&self.0, &other.0) { Ordering::Equal } else { self.0.cmp(&other.0) }
            }
        }
        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> { Some(self.cmp(other)) }
        }
        impl $name {
            /// Wraps a name; its form was checked by whoever decoded it.
            pub fn new(text: &str) -> Self { Self(Arc::from(text)) }
            /// The name as text.
            pub fn as_str(&self) -> &str { &self.0 }
        }
        impl Deref for $name { type Target = str; fn deref(&self) -> &str { &self.0 } }
        impl Borrow<str> for $name { fn borrow(&self) -> &str { &self.0 } }
        impl From<&str> for $name { fn from(text: &str) -> Self { Self::new(text) } }
        impl From<String> for $name { fn from(text: String) -> Self { Self(Arc::from(text)) } }
        impl fmt::Debug for $name { fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(&self.0) } }
        impl fmt::Display for $name { fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(&self.0) } }
    )*};
}

names! {
    /// A customer of the cluster's operator; the unit of isolation.
    TenantId;
    /// One customer contact.
    InteractionId;
    /// Who serves customers.
    AgentId;
    /// Where interactions wait.
    QueueId;
    /// A group of agents.
    TeamId;
    /// Which queues and channels an agent serves, and how.
    ProfileId;
    /// How a queue chooses agents.
    PolicyId;
    /// A platform's connection to the router.
    ConnectorId;
    /// Who contacts.
    CustomerId;
    /// All contacts about one matter.
    ConversationId;
    /// `voice`, `email`, `chat`, `video`, `social`, `task` or a tenant's own.
    Channel;
    /// Key of a label.
    LabelKey;
    /// A skill's name.
    Skill;
    /// A machine of the cluster by its operator's name for it.
    NodeId;
    /// Hours of operation.
    ScheduleId;
    /// What a supervisor changed of many until a time.
    AdjustmentId;
}

/// A 128-bit identifier drawn before proposing (UUID layout).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Uid(pub u128);

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = self.0;
        write!(
            f,
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            (hex >> 96) as u32,
            (hex >> 80) as u16,
            (hex >> 64) as u16,
            (hex >> 48) as u16,
            (hex & 0xffff_ffff_ffff) as u64
        )
    }
}
impl fmt::Debug for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An offer's identifier: the fencing token for the telephony behind us. An accepted offer's assignment
/// has the same number.
pub type OfferId = Uid;
/// An agent's part in an interaction; equal to the offer it came from.
pub type AssignmentId = Uid;
/// A caller's `request_id`.
pub type RequestId = Uid;
/// One stream that speaks for agents.
pub type SessionId = Uid;
