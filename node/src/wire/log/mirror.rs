//! How a domain value is written as protobuf and read back: one trait, and macros that apply it field by field.
//!
//! A field added to the domain does not compile until it is mirrored, and with it in `kindred.log.v1`.
use super::Error;
use super::error::Problem;
use bytes::Bytes;
use kindred_domain::ids::{
    AdjustmentId, AgentId, Channel, ConnectorId, ConversationId, CustomerId, InteractionId, LabelKey, NodeId, PolicyId,
    ProfileId, QueueId, ScheduleId, Skill, TeamId, TenantId, Uid,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A domain value that can be written as `P` and read back.
pub(super) trait Mirror<P>: Sized {
    /// As written.
    fn put(&self) -> P;
    /// As read; whatever was put comes back equal.
    fn take(written: P) -> Result<Self, Error>;
}

macro_rules! plain {
    ($($type:ty),*) => {$(
        impl Mirror<$type> for $type {
            fn put(&self) -> $type { self.clone() }
            fn take(written: $type) -> Result<Self, Error> { Ok(written) }
        }
    )*};
}
plain!(u64, u32, i32, i64, bool, String);

macro_rules! names {
    ($($name:ty),*) => {$(
        impl Mirror<String> for $name {
            fn put(&self) -> String { self.as_str().to_owned() }
            fn take(written: String) -> Result<Self, Error> { Ok(written.into()) }
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

impl Mirror<u32> for u8 {
    fn put(&self) -> u32 {
        u32::from(*self)
    }
    fn take(written: u32) -> Result<Self, Error> {
        Self::try_from(written).map_err(|_| Problem::OutOfRange(u64::from(written)).into())
    }
}

impl Mirror<Bytes> for Uid {
    fn put(&self) -> Bytes {
        Bytes::copy_from_slice(&self.0.to_be_bytes())
    }
    fn take(written: Bytes) -> Result<Self, Error> {
        let bytes = <[u8; 16]>::try_from(&written[..]).map_err(|_| Problem::NotAnId { bytes: written.len() })?;
        Ok(Uid(u128::from_be_bytes(bytes)))
    }
}

impl Mirror<Bytes> for Vec<u8> {
    fn put(&self) -> Bytes {
        Bytes::copy_from_slice(self)
    }
    fn take(written: Bytes) -> Result<Self, Error> {
        Ok(written.into())
    }
}

impl<T: Mirror<P>, P> Mirror<Option<P>> for Option<T> {
    fn put(&self) -> Option<P> {
        self.as_ref().map(Mirror::put)
    }
    fn take(written: Option<P>) -> Result<Self, Error> {
        written.map(T::take).transpose()
    }
}

impl<T: Mirror<P>, P> Mirror<Vec<P>> for Vec<T> {
    fn put(&self) -> Vec<P> {
        self.iter().map(Mirror::put).collect()
    }
    fn take(written: Vec<P>) -> Result<Self, Error> {
        written.into_iter().map(T::take).collect()
    }
}

impl<T: Mirror<P> + Ord, P> Mirror<Vec<P>> for BTreeSet<T> {
    fn put(&self) -> Vec<P> {
        self.iter().map(Mirror::put).collect()
    }
    fn take(written: Vec<P>) -> Result<Self, Error> {
        written.into_iter().map(T::take).collect()
    }
}

impl<K: Mirror<String> + Ord, V: Mirror<P>, P> Mirror<BTreeMap<String, P>> for BTreeMap<K, V> {
    fn put(&self) -> BTreeMap<String, P> {
        self.iter().map(|(key, value)| (key.put(), value.put())).collect()
    }
    fn take(written: BTreeMap<String, P>) -> Result<Self, Error> {
        let pair = |(key, value)| Ok((K::take(key)?, V::take(value)?));
        written.into_iter().map(pair).collect()
    }
}

impl<T: Mirror<P>, P> Mirror<P> for Arc<T> {
    fn put(&self) -> P {
        (**self).put()
    }
    fn take(written: P) -> Result<Self, Error> {
        T::take(written).map(Arc::new)
    }
}

impl<T: Mirror<P>, P> Mirror<P> for Box<T> {
    fn put(&self) -> P {
        (**self).put()
    }
    fn take(written: P) -> Result<Self, Error> {
        T::take(written).map(Box::new)
    }
}

/// A message that must be there is an `Option` in prost.
macro_rules! required {
    ($($type:ty => $written:ty),* $(,)?) => {$(
        impl Mirror<Option<$written>> for $type {
            fn put(&self) -> Option<$written> { Some(self.put()) }
            fn take(written: Option<$written>) -> Result<Self, Error> {
                Mirror::take(written.ok_or_else(Error::missing)?)
            }
        }
    )*};
}

/// Structs whose fields have the same names on both sides. `=> one in many`: a field that once held what has become a list
/// is read as the first of it, and not written any more.
macro_rules! structs {
    ($($name:ident { $($field:ident),* $(,)? } $(=> $one:ident in $many:ident)?)*) => {$(
        impl Mirror<pb::$name> for domain::$name {
            fn put(&self) -> pb::$name {
                pb::$name { $($field: self.$field.put(),)* $($one: None)? }
            }
            fn take(written: pb::$name) -> Result<Self, Error> {
                let _ = &written;
                $(let $one = written.$one.map(Mirror::take).transpose()
                    .map_err(|error: Error| error.at(stringify!($name), stringify!($one)))?;)?
                #[allow(unused_mut, reason = "few have a field that became a list")]
                let mut taken = Self { $($field: Mirror::take(written.$field)
                    .map_err(|error: Error| error.at(stringify!($name), stringify!($field)))?),* };
                $(if let Some(one) = $one {
                    taken.$many.insert(0, one);
                })?
                Ok(taken)
            }
        }
        required!(domain::$name => pb::$name);
        #[cfg(test)]
        impl Sample for domain::$name {
            fn sample(source: &mut Source) -> Self {
                let _ = &source;
                Self { $($field: Sample::sample(source)),* }
            }
        }
    )*};
}

/// Enums without content; both sides have the same names. 0 is never written.
macro_rules! enums {
    ($($name:ident: $($variant:ident),* ;)*) => {$(
        impl Mirror<i32> for domain::$name {
            fn put(&self) -> i32 {
                match self { $(Self::$variant => pb::$name::$variant as i32),* }
            }
            fn take(written: i32) -> Result<Self, Error> {
                match pb::$name::try_from(written) {
                    $(Ok(pb::$name::$variant) => Ok(Self::$variant),)*
                    _ => Err(Error::unknown(stringify!($name), written)),
                }
            }
        }
        #[cfg(test)]
        impl Sample for domain::$name {
            fn sample(source: &mut Source) -> Self {
                source.pick(&[$(Self::$variant),*])
            }
        }
    )*};
}

/// Enums with named fields: a message with a `oneof` of nested messages of the same names.
macro_rules! variants {
    ($name:ident in $module:ident::$oneof:ident by $field:ident { $($variant:ident { $($part:ident),* $(,)? })* }) => {
        impl Mirror<pb::$name> for domain::$name {
            fn put(&self) -> pb::$name {
                let kind = match self {
                    $(Self::$variant { $($part),* } => pb::$module::$oneof::$variant(
                        pb::$module::$variant { $($part: $part.put()),* }),)*
                };
                pb::$name { $field: Some(kind) }
            }
            fn take(written: pb::$name) -> Result<Self, Error> {
                match written.$field {
                    $(Some(pb::$module::$oneof::$variant(it)) => {
                        let _ = &it;
                        Ok(Self::$variant { $($part: Mirror::take(it.$part)
                            .map_err(|error: Error| error.at(stringify!($variant), stringify!($part)))?),* })
                    })*
                    None => Err(Error::unknown(stringify!($name), 0)),
                }
            }
        }
        required!(domain::$name => pb::$name);
        #[cfg(test)]
        impl Sample for domain::$name {
            fn sample(source: &mut Source) -> Self {
                let choices: &[fn(&mut Source) -> Self] =
                    &[$(|source| { let _ = &source; Self::$variant { $($part: Sample::sample(source)),* } }),*];
                source.pick(choices)(source)
            }
        }
    };
}

pub(super) use {enums, required, structs, variants};
