//! Who uses the cluster: platforms that submit, agents who serve, watchers who follow, operators who set up.
//! Retries, endpoints, sessions and resumption are the client library's own logic.

mod agent;
mod calls;
mod lives;
mod operator;
mod platform;
mod watcher;

use std::collections::{BTreeMap, BTreeSet};

use kindred_client::logic::endpoints::EndpointId;
use kindred_client::logic::{Attempts, Budget, Endpoints, Resume, SessionLogic};
use kindred_node::consensus::core::RaftId;
use kindred_node::consensus::gateway::At;

use super::event::Conn;
use super::server::{Answer, Asking, Failed};

pub use operator::Setup;

/// A call's answer, arriving.
pub struct Told {
    pub client: usize,
    pub call: u64,
    pub attempt: u32,
    pub outcome: Result<Answer, Failed>,
}

/// Something a client does by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// A platform's next interaction.
    Create,
    /// The customer's patience ends.
    HangUp {
        interaction: String,
    },
    /// Somebody wants to know how it stands.
    Look {
        interaction: String,
    },
    /// A connector says that it is there.
    Beat,
    /// An agent speaks again for itself.
    Attach,
    /// An agent says that it is available.
    Available,
    Accept {
        interaction: String,
        offer: String,
        /// When the offer ends, as it was told, in simulated time.
        expires_us: u64,
    },
    /// The same acceptance again through an ordinary call at another node.
    AcceptElsewhere {
        interaction: String,
        offer: String,
    },
    Decline {
        interaction: String,
        offer: String,
    },
    Connected {
        assignment: String,
    },
    Hold {
        assignment: String,
    },
    Retrieve {
        assignment: String,
    },
    Complete {
        assignment: String,
    },
    WrapUp {
        assignment: String,
    },
    /// What should have gone on long ago is looked at again.
    Remember,
}

/// One logical call.
pub struct OpenCall {
    asking: Asking,
    attempts: Attempts,
    attempt: u32,
    just_tried: Option<EndpointId>,
    asked: Option<EndpointId>,
    /// Whom the last attempt asked that was answered.
    answered_by: Option<EndpointId>,
    /// Whom the attempt before asked, if nothing came back in its time.
    unanswered: Option<EndpointId>,
    began_us: u64,
    /// Index in the history.
    record: Option<usize>,
    /// Where in the log it was refused for good.
    refused_at: Option<At>,
}

/// How its calls find the cluster.
pub struct Caller {
    pub endpoints: Endpoints,
    pub budget: Budget,
    open: BTreeMap<u64, OpenCall>,
    next: u64,
}

/// What a client does.
pub enum Role {
    Operator,
    Platform(Platform),
    Agent(Box<Agent>),
    Watcher(Box<Watcher>),
}

/// A client.
pub struct Client {
    pub tenant: usize,
    pub caller: Caller,
    pub role: Role,
    /// Its process is down.
    pub dead: bool,
}

/// A platform, which may be a connector that vouches for its calls.
#[derive(Default)]
pub struct Platform {
    pub connector: Option<String>,
    /// Names of what it submitted and does not know to be closed.
    pub alive: BTreeSet<String>,
    /// Calls that ended while its process was down, and that nobody told the cluster of.
    pub died: BTreeSet<String>,
    pub created: u64,
    /// Its lease lapsed or it came back: it reconciles first.
    pub reconciling: bool,
    /// When a heartbeat was last answered.
    pub beaten_us: u64,
}

/// Two acceptances of one offer: through which node each was answered, and whether with success.
#[derive(Default)]
pub struct Twice {
    session: Option<(RaftId, bool)>,
    call: Option<(RaftId, bool)>,
}

impl Twice {
    /// Both were answered, through two nodes, and one of them was refused.
    fn is_decided(&self) -> bool {
        self.session.zip(self.call).is_some_and(|(one, other)| one.0 != other.0 && one.1 != other.1)
    }
}

/// An agent's program.
pub struct Agent {
    parent: String,
    seed: u64,
    pub name: String,
    pub logic: SessionLogic,
    pub conn: Option<Conn>,
    /// Steps planned: (what, when), so that nothing is done twice at once.
    planned: BTreeMap<(String, i32), u64>,
    /// As of which entry of the log it knows each interaction.
    known: BTreeMap<String, u64>,
    /// Parts that are not over, by assignment name, with their state.
    work: BTreeMap<String, i32>,
    /// Requests of the session in the history.
    records: BTreeMap<String, usize>,
    /// Of them acceptances, with their offers.
    accepting: BTreeMap<String, String>,
    /// Where its stream goes.
    endpoint: Option<EndpointId>,
    dialing: bool,
    due_at_ms: u64,
}

/// Somebody who follows all events of a tenant.
pub struct Watcher {
    pub resume: Resume,
    pub conn: Option<Conn>,
    last: Option<u64>,
    /// Index in the history's `watched`.
    pub record: usize,
}

/// An agent's program that was just started.
pub fn new_agent(parent: &str, name: String, seed: u64) -> Agent {
    let logic = SessionLogic::new(parent, [name.clone()], seed);
    Agent {
        parent: parent.to_owned(),
        seed,
        name,
        logic,
        conn: None,
        planned: BTreeMap::new(),
        known: BTreeMap::new(),
        work: BTreeMap::new(),
        records: BTreeMap::new(),
        accepting: BTreeMap::new(),
        endpoint: None,
        dialing: true,
        due_at_ms: u64::MAX,
    }
}

/// A watcher that has seen nothing yet.
pub fn new_watcher(seed: u64, record: usize) -> Watcher {
    Watcher { resume: Resume::new("", seed), conn: None, last: None, record }
}

impl Caller {
    /// The process is gone, and with it what it waited for.
    fn forget(&mut self) {
        self.open.clear();
    }
}

impl Agent {
    /// The program is gone: the next one begins with its name alone.
    fn forget(&mut self) {
        *self = new_agent(&self.parent, self.name.clone(), self.seed.wrapping_add(1));
    }
}

impl Client {
    /// Whether it waits for an answer.
    pub fn is_waiting(&self) -> bool {
        !self.caller.open.is_empty()
    }

    /// What it waits for, in words.
    pub fn waits_for(&self) -> Vec<String> {
        self.caller.open.values().map(|call| format!("{:?} after {} attempts", call.asking, call.attempt)).collect()
    }
}
