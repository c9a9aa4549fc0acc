//! Replies: what apply tells the caller, and what is remembered of it for retries.
use super::Error;
use super::mirror::{Mirror, enums, required, variants};
#[cfg(test)]
use super::sample::{Sample, Source};
use kindred_domain::ids::InteractionId;
use kindred_proto::log::v1 as pb;

mod domain {
    pub use kindred_domain::rejection::Rejection;
    pub use kindred_domain::reply::{Dropped, Reply};
}

enums! {
    Dropped: InteractionNotWaiting, AgentGone, AgentNotAvailable, NoCapacity, NotServed, NotQualified,
        Excluded, Unconfirmed, DeferralRefused, QueueClosed, QueuePaused, AgentDraining;
}

variants! {
    Rejection in rejection::Rejection by rejection {
        NotFound { kind, id, field }
        AlreadyExists { kind, id }
        EtagMismatch { expected, actual }
        WrongState { kind, id, state, verb }
        OfferGone { offer }
        CapacityExceeded { agent, channel }
        InUse { kind, id, by }
        LimitReached { limit, max }
        InvalidField { field, problem }
        UnsupportedMode { mode }
        RequestIdReused {  }
        RequestTooOld {  }
        RequestTimeAhead {  }
        RequestMemoryFull {  }
        WrongShard { tenant }
        ConnectorLapsed { connector }
        Closed { field, queue, opens_ms }
        Draining { field, queue, supervisor, reason }
        PresenceForced { agent, supervisor, reason }
    }
}

impl Mirror<pb::DroppedOffer> for (InteractionId, domain::Dropped) {
    fn put(&self) -> pb::DroppedOffer {
        pb::DroppedOffer { interaction: self.0.put(), reason: self.1.put() }
    }

    fn take(written: pb::DroppedOffer) -> Result<Self, Error> {
        Ok((Mirror::take(written.interaction)?, Mirror::take(written.reason)?))
    }
}

/// Replies that are one record afterwards are listed by name; the others by their parts.
macro_rules! replies {
    (records: $($record:ident),*; parts: $($part:ident { $($field:ident),* })*) => {
        impl Mirror<pb::Reply> for domain::Reply {
            fn put(&self) -> pb::Reply {
                use pb::reply as written;
                let reply = match self {
                    Self::Done => written::Reply::Done(written::Done {}),
                    Self::Agents(agents) => written::Reply::Agents(written::Agents { agents: agents.put() }),
                    $(Self::$record(it) => written::Reply::$record(it.put()),)*
                    $(Self::$part { $($field),* } => written::Reply::$part(
                        written::$part { $($field: $field.put()),* }),)*
                };
                pb::Reply { reply: Some(reply) }
            }

            fn take(reply: pb::Reply) -> Result<Self, Error> {
                use pb::reply as written;
                Ok(match reply.reply {
                    Some(written::Reply::Done(_)) => Self::Done,
                    Some(written::Reply::Agents(it)) => Self::Agents(Mirror::take(it.agents)?),
                    $(Some(written::Reply::$record(it)) => Self::$record(Mirror::take(it)?),)*
                    $(Some(written::Reply::$part(it)) => Self::$part {
                        $($field: Mirror::take(it.$field)
                            .map_err(|error: Error| error.at(stringify!($part), stringify!($field)))?),*
                    },)*
                    None => return Err(Error::unknown("Reply", 0)),
                })
            }
        }

        #[cfg(test)]
        impl Sample for domain::Reply {
            fn sample(source: &mut Source) -> Self {
                let choices: &[fn(&mut Source) -> Self] = &[
                    |_| Self::Done,
                    |source| Self::Agents(Sample::sample(source)),
                    $(|source| Self::$record(Sample::sample(source)),)*
                    $(|source| Self::$part { $($field: Sample::sample(source)),* },)*
                ];
                source.pick(choices)(source)
            }
        }
    };
}
replies! {
    records: Interaction, Agent, Session, Team, Profile, Queue, Policy, Connector, Customer, Conversation,
        Tenant,
        Placement, Node, Schedule, Adjustment;
    parts:
        Reconciled { connector, lost, unknown, remaining }
        Offers { made, dropped }
}

impl Mirror<pb::Outcome> for Result<domain::Reply, domain::Rejection> {
    fn put(&self) -> pb::Outcome {
        use pb::outcome::Outcome;
        let outcome = match self {
            Ok(reply) => Outcome::Reply(reply.put()),
            Err(rejection) => Outcome::Rejection(rejection.put()),
        };
        pb::Outcome { outcome: Some(outcome) }
    }

    fn take(written: pb::Outcome) -> Result<Self, Error> {
        use pb::outcome::Outcome;
        match written.outcome {
            Some(Outcome::Reply(reply)) => Ok(Ok(Mirror::take(reply)?)),
            Some(Outcome::Rejection(rejection)) => Ok(Err(Mirror::take(rejection)?)),
            None => Err(Error::unknown("Outcome", 0)),
        }
    }
}

#[cfg(test)]
impl Sample for Result<domain::Reply, domain::Rejection> {
    fn sample(source: &mut Source) -> Self {
        match bool::sample(source) {
            true => Ok(Sample::sample(source)),
            false => Err(Sample::sample(source)),
        }
    }
}
