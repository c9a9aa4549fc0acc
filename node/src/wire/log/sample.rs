//! Random domain values for round trips. The macros of [`super::mirror`] derive one for every mirrored type, so a
//! field added to the domain is sampled as soon as it is mirrored.
use kindred_domain::ids::{
    AdjustmentId, AgentId, Channel, ConnectorId, ConversationId, CustomerId, InteractionId, LabelKey, NodeId, PolicyId,
    ProfileId, QueueId, ScheduleId, Skill, TeamId, TenantId, Uid,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Longest list, set or map drawn.
const MANY_MAX: usize = 3;

/// Choices read from bytes that proptest draws and shrinks; zeros once they are used up.
pub(in crate::wire) struct Source {
    bytes: Vec<u8>,
    at: usize,
    depth: usize,
}

impl Source {
    /// Choices from these bytes.
    pub fn new(bytes: Vec<u8>) -> Self {
        let (at, depth) = (0, 0);
        Self { bytes, at, depth }
    }

    fn byte(&mut self) -> u8 {
        let byte = self.bytes.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        byte
    }

    /// One of these.
    pub fn pick<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[usize::from(self.byte()) % choices.len()].clone()
    }

    fn number(&mut self) -> u128 {
        // Mostly small, sometimes at the edge of every width.
        match self.byte() % 8 {
            0 => 0,
            1 => u128::MAX,
            2 => 1 << (self.byte() % 128),
            _ => (0..=self.byte() % 16).fold(0, |number, _| number << 8 | u128::from(self.byte())),
        }
    }

    /// Draws a part of a tree; `leaf` once it is deep.
    pub fn nested<T>(&mut self, tree: fn(&mut Self) -> T, leaf: fn(&mut Self) -> T) -> T {
        if self.depth >= 4 {
            return leaf(self);
        }
        self.depth += 1;
        let drawn = tree(self);
        self.depth -= 1;
        drawn
    }
}

/// A type of which random values can be drawn.
pub(in crate::wire) trait Sample: Sized {
    /// A random value.
    fn sample(source: &mut Source) -> Self;
}

macro_rules! numbers {
    ($($type:ty),*) => {$(
        impl Sample for $type { fn sample(source: &mut Source) -> Self { source.number() as $type } }
    )*};
}
numbers!(u8, u32, u64, i32, i64);

macro_rules! names {
    ($($name:ty),*) => {$(
        impl Sample for $name {
            fn sample(source: &mut Source) -> Self { <$name>::from(String::sample(source)) }
        }
    )*};
}
names!(
    AdjustmentId,
    AgentId,
    Channel,
    ConnectorId,
    ConversationId,
    CustomerId,
    InteractionId,
    LabelKey,
    NodeId,
    PolicyId,
    ProfileId,
    QueueId,
    ScheduleId,
    Skill,
    TeamId,
    TenantId
);

impl Sample for bool {
    fn sample(source: &mut Source) -> Self {
        source.pick(&[false, true])
    }
}

impl Sample for String {
    fn sample(source: &mut Source) -> Self {
        let letters = ['a', 'Z', '0', '-', ' ', '"', 'é', '語', '\u{0}', '😀'];
        (0..source.byte() % 6).map(|_| source.pick(&letters)).collect()
    }
}

impl Sample for Uid {
    fn sample(source: &mut Source) -> Self {
        Self(source.number())
    }
}

impl<T: Sample> Sample for Option<T> {
    fn sample(source: &mut Source) -> Self {
        bool::sample(source).then(|| T::sample(source))
    }
}

impl<T: Sample> Sample for Vec<T> {
    fn sample(source: &mut Source) -> Self {
        let many = usize::from(source.byte()) % (MANY_MAX + 1);
        (0..many).map(|_| T::sample(source)).collect()
    }
}

impl<T: Sample + Ord> Sample for BTreeSet<T> {
    fn sample(source: &mut Source) -> Self {
        Vec::sample(source).into_iter().collect()
    }
}

impl<K: Sample + Ord, V: Sample> Sample for BTreeMap<K, V> {
    fn sample(source: &mut Source) -> Self {
        Vec::<(K, V)>::sample(source).into_iter().collect()
    }
}

impl<A: Sample, B: Sample> Sample for (A, B) {
    fn sample(source: &mut Source) -> Self {
        (A::sample(source), B::sample(source))
    }
}

impl<T: Sample> Sample for Arc<T> {
    fn sample(source: &mut Source) -> Self {
        Arc::new(T::sample(source))
    }
}

impl<T: Sample> Sample for Box<T> {
    fn sample(source: &mut Source) -> Self {
        Box::new(T::sample(source))
    }
}
