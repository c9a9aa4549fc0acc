//! Answers as the two worlds get them, brought into the one form that is compared: messages of the public API from the
//! live cluster, replies of the domain from the simulated one. States are spelled as in the public API's enums
//! (`STATE_QUEUED`), kinds of events too (`KIND_OFFER_MADE`).

use std::path::Path;

use kindred_client::{Error, Kind, logic::session::Answer};
use kindred_domain::{Event, Rejection, Reply, record as domain};
use kindred_node::consensus::core::{Content, read_entry};
use kindred_node::storage::{self, ArchiveReader};
use kindred_node::wire::api::tells;
use kindred_node::wire::log::decode_record;
use kindred_proto::v1;

use super::{Archived, Place, Shown, ShownAssignment, ShownOffer, Told};

/// Rows of a state read at a time.
const ROWS: usize = 512;

/// An answer of the public API: where in the log it stands, and what records it shows.
pub trait Shows {
    /// Where.
    fn header(&self) -> Option<&v1::ResponseHeader>;
    /// Records, as far as the model follows them.
    fn shown(&self) -> Vec<Shown>;
}

macro_rules! shows {
    ($($read:ident: $($answer:ident)*;)*) => {$($(
        impl Shows for v1::$answer {
            fn header(&self) -> Option<&v1::ResponseHeader> {
                self.header.as_ref()
            }
            fn shown(&self) -> Vec<Shown> {
                $read!(self)
            }
        }
    )*)*};
}
macro_rules! one_interaction {
    ($answer:ident) => {
        $answer.interaction.iter().map(interaction).collect()
    };
}
macro_rules! one_agent {
    ($answer:ident) => {
        $answer.agent.iter().map(agent).collect()
    };
}
macro_rules! some_agents {
    ($answer:ident) => {
        $answer.agents.iter().map(agent).collect()
    };
}
macro_rules! nothing {
    ($answer:ident) => {
        Vec::new()
    };
}
shows! {
    one_interaction: CreateInteractionResponse GetInteractionResponse UpdateInteractionResponse CancelInteractionResponse
        AbandonInteractionResponse AcceptOfferResponse DeclineOfferResponse ReportConnectedResponse
        ReportConnectFailedResponse HoldAssignmentResponse RetrieveAssignmentResponse AddChannelResponse
        TransferInteractionResponse EndAssignmentResponse CompleteWrapUpResponse CompleteInteractionResponse
        RecordActivityResponse;
    one_agent: CreateAgentResponse GetAgentResponse UpdateAgentResponse SetPresenceResponse;
    some_agents: BatchUpdateAgentsResponse BatchSetPresenceResponse;
    nothing: DeleteAgentResponse CreateQueueResponse UpdateQueueResponse DeleteQueueResponse CreateTeamResponse
        CreateRoutingProfileResponse UpdateRoutingProfileResponse CreatePolicyResponse UpdatePolicyResponse
        RollbackPolicyResponse RegisterConnectorResponse HeartbeatConnectorResponse ReconcileConnectorResponse
        DeleteConnectorResponse CreateCustomerResponse AppendConversationResponse;
}

impl Shows for Answer {
    fn header(&self) -> Option<&v1::ResponseHeader> {
        self.header.as_ref()
    }
    fn shown(&self) -> Vec<Shown> {
        let interaction = self.interaction.iter().map(interaction);
        interaction.chain(self.agents.iter().map(agent)).collect()
    }
}

/// A call that was answered with success.
pub fn done(answer: &impl Shows) -> Option<Told> {
    let header = answer.header()?;
    Some(Told::Done { at: place(header), repeated: header.repeated, shown: answer.shown() })
}

/// A call that failed; `None` if it may have happened all the same. `at`: where the log says so, if it is known.
pub fn refused(error: &Error, at: Option<Place>) -> Option<Told> {
    if error.result_unknown() {
        return None;
    }
    let reason = error.reason.clone();
    match error.kind {
        Kind::ResourceExhausted => Some(Told::NotDone { reason }),
        _ => Some(Told::Refused { at, reason }),
    }
}

/// Where an answer says it stands.
pub fn place(header: &v1::ResponseHeader) -> Place {
    Place { shard: header.shard, index: header.index, position: header.position, term: header.term }
}

/// An interaction as the public API shows it.
pub fn interaction(record: &v1::Interaction) -> Shown {
    let part = |part: &v1::Assignment| ShownAssignment {
        id: part.name.rsplit('/').next().unwrap_or_default().to_owned(),
        agent: part.agent.clone(),
        state: part.state().as_str_name().to_owned(),
    };
    let offer = |offer: &v1::Offer| ShownOffer { id: offer.id.clone(), agent: offer.agent.clone() };
    Shown::Interaction {
        name: record.name.clone(),
        state: record.state().as_str_name().to_owned(),
        offers: record.offers.iter().map(offer).collect(),
        assignments: record.assignments.iter().map(part).collect(),
    }
}

/// An agent as the public API shows it. Which stream speaks for it is not told: the session is named by the empty text
/// then, which agrees with any.
pub fn agent(record: &v1::Agent) -> Shown {
    let offline = v1::presence::Status::Offline;
    Shown::Agent {
        name: record.name.clone(),
        present: record.presence.as_ref().is_some_and(|presence| presence.status() != offline),
        session: record.attached.then(String::new),
    }
}

/// The same of an agent's record.
pub fn domain_agent(record: &domain::Agent) -> Shown {
    match agent(&tells::agent(record, 0)) {
        Shown::Agent { name, present, .. } => {
            Shown::Agent { name, present, session: record.session.map(|id| id.to_string()) }
        }
        other => other,
    }
}

/// The same of an interaction's record.
pub fn domain_interaction(record: &domain::Interaction) -> Shown {
    interaction(&tells::interaction(record, None))
}

/// What apply answered. `at` is the first's place where it is a repeat.
pub fn domain_outcome(outcome: &Result<Reply, Rejection>, at: Place, repeated: bool) -> Told {
    match outcome {
        Ok(reply) => Told::Done { at, repeated, shown: domain_reply(reply) },
        Err(rejection) => Told::Refused { at: Some(at), reason: rejection.reason().to_owned() },
    }
}

/// Records in a reply, as far as the model follows them.
pub fn domain_reply(reply: &Reply) -> Vec<Shown> {
    match reply {
        Reply::Interaction(record) => vec![domain_interaction(record)],
        Reply::Agent(record) => vec![domain_agent(record)],
        Reply::Agents(records) => records.iter().map(|record| domain_agent(record)).collect(),
        _ => Vec::new(),
    }
}

/// An event's kind, as a reader of the public API sees it.
pub fn kind(event: &v1::Event) -> String {
    event.kind().as_str_name().to_owned()
}

/// The same of an event as apply made it.
pub fn domain_kind(event: &Event) -> String {
    tells::public_kind(&event.kind).as_str_name().to_owned()
}

/// The interactions and agents that a replica's state holds on disk.
pub fn stored(store: &storage::Store, shard: u32) -> anyhow::Result<Vec<Shown>> {
    let view = store.view(shard)?;
    let mut shown = Vec::new();
    for table in [storage::Table::Interaction, storage::Table::ClosedInteraction, storage::Table::Agent] {
        let mut after = None;
        loop {
            let page = view.page(table, &[], after.as_deref(), ROWS)?;
            for (_, value) in &page.rows {
                shown.extend(match decode_record(value)? {
                    domain::Record::Interaction(record) | domain::Record::Closed(record) => {
                        Some(domain_interaction(&record))
                    }
                    domain::Record::Agent(record) => Some(domain_agent(&record)),
                    _ => None,
                });
            }
            match page.rows.last() {
                Some((key, _)) if page.more => after = Some(key.clone()),
                _ => break,
            }
        }
    }
    Ok(shown)
}

/// An entry as a log or an archive holds it.
pub fn archived(entry: &storage::Entry) -> anyhow::Result<Archived> {
    let bytes = match read_entry(&entry.data)?.content {
        Content::Commands(bytes) => bytes.to_vec(),
        _ => Vec::new(),
    };
    Ok(Archived { index: entry.index, term: entry.term, bytes })
}

/// The applied entries that a node's archive holds of a shard. What it misses shows as a gap in the indexes.
pub fn archive_from_dir(dir: &Path, shard: u32) -> anyhow::Result<Vec<Archived>> {
    let mut entries = Vec::new();
    for item in ArchiveReader::open(dir, shard)? {
        if let storage::Archived::Entry(entry) = item? {
            entries.push(archived(&entry)?);
        }
    }
    Ok(entries)
}
