//! What a command gave, as the response it goes into.
use super::{desk::Call, failure::Failure};
use crate::{consensus::gateway::At, wire::api::tells};
use kindred_domain::Reply;
use kindred_proto::v1;
use tonic::{Response, Status};

/// A command that was done.
pub struct Written {
    /// Where in the log.
    pub at: At,
    /// The first reply to the same request.
    pub repeated: bool,
    /// What it gave.
    pub reply: Reply,
    /// Whose call it was.
    pub call: Call,
}

type Header = Option<v1::ResponseHeader>;

macro_rules! replies {
    ($($(#[$doc:meta])* $name:ident: $variant:ident => $public:ty, $tell:path;)*) => {$(
        $(#[$doc])*
        pub fn $name<R>(self, make: impl FnOnce(Header, Option<$public>) -> R) -> Result<Response<R>, Status> {
            let header = self.header();
            match &self.reply {
                Reply::$variant(record) => Ok(self.call.respond(make(header, Some($tell(record))))),
                other => Err(self.unexpected(stringify!($name), other)),
            }
        }
    )*};
}

impl Written {
    /// The response's header.
    pub fn header(&self) -> Header {
        self.call.header(self.at, self.repeated)
    }

    /// A reply of another kind than the command gives: our fault.
    pub fn unexpected(&self, wanted: &str, got: &Reply) -> Status {
        let got = std::mem::discriminant(got);
        self.call.fail(Failure::Internal { what: format!("a reply of another kind than {wanted}: {got:?}") })
    }

    /// A response of a header only.
    pub fn done<R>(self, make: impl FnOnce(Header) -> R) -> Result<Response<R>, Status> {
        let header = self.header();
        Ok(self.call.respond(make(header)))
    }

    replies! {
        /// A response with a queue.
        queue: Queue => v1::Queue, tells::queue;
        /// A response with a team.
        team: Team => v1::Team, tells::team;
        /// A response with a routing profile.
        profile: Profile => v1::RoutingProfile, tells::profile;
        /// A response with a policy.
        policy: Policy => v1::Policy, tells::policy;
        /// A response with a connector.
        connector: Connector => v1::Connector, tells::connector;
        /// A response with a customer.
        customer: Customer => v1::Customer, tells::customer;
        /// A response with a conversation.
        conversation: Conversation => v1::Conversation, tells::conversation;
        /// A response with a node.
        node: Node => v1::Node, tells::node;
        /// A response with a schedule.
        schedule: Schedule => v1::Schedule, tells::schedule;
        /// A response with an adjustment.
        adjustment: Adjustment => v1::Adjustment, tells::adjustment;
    }

    /// A response with an interaction.
    pub fn interaction<R>(
        self,
        make: impl FnOnce(Header, Option<v1::Interaction>) -> R,
    ) -> Result<Response<R>, Status> {
        let header = self.header();
        match &self.reply {
            Reply::Interaction(record) => Ok(self.call.respond(make(header, Some(tells::interaction(record, None))))),
            other => Err(self.unexpected("interaction", other)),
        }
    }

    /// A response with one agent.
    pub fn agent<R>(self, make: impl FnOnce(Header, Option<v1::Agent>) -> R) -> Result<Response<R>, Status> {
        let header = self.header();
        let agent = match &self.reply {
            Reply::Agent(record) => tells::agent(record, self.at.log_ms),
            Reply::Agents(records) if records.len() == 1 => tells::agent(&records[0], self.at.log_ms),
            other => return Err(self.unexpected("agent", other)),
        };
        Ok(self.call.respond(make(header, Some(agent))))
    }

    /// A response with several agents.
    pub fn agents<R>(self, make: impl FnOnce(Header, Vec<v1::Agent>) -> R) -> Result<Response<R>, Status> {
        let header = self.header();
        match &self.reply {
            Reply::Agents(records) => {
                let agents = records.iter().map(|record| tells::agent(record, self.at.log_ms)).collect();
                Ok(self.call.respond(make(header, agents)))
            }
            other => Err(self.unexpected("agents", other)),
        }
    }
}
