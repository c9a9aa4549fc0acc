//! What a session asks: the same requests as the unary calls, so that a retry may come either way.
use super::{PayloadKey, ask};
use crate::wire::api::form::{Field, Form, Refused};
use kindred_domain::{
    Command,
    ids::{AgentId, TenantId},
    limits::BATCH_MAX,
};
use kindred_proto::v1::{self, session_request, session_transfer, transfer_interaction_request};

/// What one message of a session is.
#[derive(Debug)]
pub enum Action {
    /// Opens the session.
    Start(v1::SessionStart),
    /// Speaks for more agents.
    Attach(Vec<AgentId>),
    /// Speaks for fewer.
    Detach(Vec<AgentId>),
    /// Still there.
    Heartbeat,
    /// Asks for a change; `agent` must be attached, if there is one.
    Command(Command, Option<AgentId>),
}

impl Action {
    /// Reads a message. What is wrong is told in its own words, not in those of the unary request it stands for.
    pub fn read(tenant: &TenantId, key: PayloadKey, request: v1::SessionRequest) -> Result<Self, Refused> {
        use session_request::Action as Public;
        let request_id = request.request_id;
        let mut form = Form::new(tenant);
        let action = match request.action {
            Some(Public::Start(start)) => return form.finish(Self::Start(start)),
            Some(Public::Heartbeat(_)) => return form.finish(Self::Heartbeat),
            Some(action) => action,
            None => {
                form.fail(&"action", "is required");
                return form.finish(Self::Heartbeat);
            }
        };
        form.uid(&"request_id", &request_id);
        match action {
            Public::Attach(asked) => {
                let agents = agents(&mut form, &"attach.agents", &asked.agents);
                form.finish(Self::Attach(agents))
            }
            Public::Detach(asked) => {
                let agents = agents(&mut form, &"detach.agents", &asked.agents);
                form.finish(Self::Detach(agents))
            }
            Public::Presence(asked) => {
                let agent: AgentId = form.name(&"presence.agent", &asked.agent);
                form.finish(())?;
                let request = v1::SetPresenceRequest {
                    name: asked.agent,
                    presence: asked.presence,
                    after_contact: asked.after_contact,
                    expire_after: None,
                    request_id,
                };
                let command = ask(tenant, key, request).map_err(|refused| in_words(refused, "presence", "agent"))?;
                Ok(Self::Command(command, Some(agent)))
            }
            action => {
                form.finish(())?;
                let (verb, subject) = words(&action);
                let command = unary(tenant, key, request_id, action);
                Ok(Self::Command(command.map_err(|refused| in_words(refused, verb, subject))?, None))
            }
        }
    }
}

fn agents(form: &mut Form<'_>, field: Field<'_>, names: &[String]) -> Vec<AgentId> {
    if names.is_empty() {
        form.fail(field, "is required");
    }
    form.names(field, names, BATCH_MAX)
}

/// The agents a session starts with.
pub fn started(tenant: &TenantId, start: &v1::SessionStart) -> Result<Vec<AgentId>, Refused> {
    let mut form = Form::new(tenant);
    form.parent(&"start.parent", &start.parent);
    let agents = form.names(&"start.agents", &start.agents, BATCH_MAX);
    form.finish(agents)
}

/// What a session calls an action, and the field that the unary request calls `name`.
fn words(action: &session_request::Action) -> (&'static str, &'static str) {
    use session_request::Action as Public;
    match action {
        Public::Start(_) => ("start", "agents"),
        Public::Heartbeat(_) => ("heartbeat", ""),
        Public::Attach(_) => ("attach", "agents"),
        Public::Detach(_) => ("detach", "agents"),
        Public::Presence(_) => ("presence", "agent"),
        Public::Accept(_) => ("accept", "interaction"),
        Public::Decline(_) => ("decline", "interaction"),
        Public::Activity(_) => ("activity", "interaction"),
        Public::Connected(_) => ("connected", "assignment"),
        Public::ConnectFailed(_) => ("connect_failed", "assignment"),
        Public::Hold(_) => ("hold", "assignment"),
        Public::Retrieve(_) => ("retrieve", "assignment"),
        Public::EndAssignment(_) => ("end_assignment", "assignment"),
        Public::CompleteWrapUp(_) => ("complete_wrap_up", "assignment"),
        Public::Complete(_) => ("complete", "assignment"),
        Public::Transfer(_) => ("transfer", "assignment"),
    }
}

/// A refusal of the unary request, with the fields of the session's message.
fn in_words(refused: Refused, verb: &str, subject: &str) -> Refused {
    let Refused::Malformed(mut malformed) = refused else { return refused };
    for violation in &mut malformed.violations {
        let field = match violation.field.as_str() {
            "request_id" => continue,
            "name" => subject,
            other => other,
        };
        violation.field = format!("{verb}.{field}");
    }
    // The part of one name that the unary request has twice is one fault here.
    malformed.violations.dedup();
    Refused::Malformed(malformed)
}

/// The part of an assignment's name that names its interaction.
fn interaction_of(assignment: &str) -> String {
    assignment.split_once("/assignments/").map_or(assignment, |(interaction, _)| interaction).to_owned()
}

fn unary(
    tenant: &TenantId,
    key: PayloadKey,
    request_id: String,
    action: session_request::Action,
) -> Result<Command, Refused> {
    use session_request::Action as Public;
    match action {
        Public::Accept(a) => {
            ask(tenant, key, v1::AcceptOfferRequest { name: a.interaction, offer_id: a.offer_id, request_id })
        }
        Public::Decline(a) => {
            let request =
                v1::DeclineOfferRequest { name: a.interaction, offer_id: a.offer_id, reason: a.reason, request_id };
            ask(tenant, key, request)
        }
        Public::Connected(a) => ask(tenant, key, v1::ReportConnectedRequest { name: a.assignment, request_id }),
        Public::ConnectFailed(a) => {
            ask(tenant, key, v1::ReportConnectFailedRequest { name: a.assignment, cause: a.cause, request_id })
        }
        Public::Hold(a) => ask(tenant, key, v1::HoldAssignmentRequest { name: a.assignment, request_id }),
        Public::Retrieve(a) => ask(tenant, key, v1::RetrieveAssignmentRequest { name: a.assignment, request_id }),
        Public::EndAssignment(a) => ask(tenant, key, v1::EndAssignmentRequest { name: a.assignment, request_id }),
        Public::CompleteWrapUp(a) => ask(tenant, key, v1::CompleteWrapUpRequest { name: a.assignment, request_id }),
        Public::Complete(a) => {
            let name = interaction_of(&a.assignment);
            ask(
                tenant,
                key,
                v1::CompleteInteractionRequest { name, assignment: a.assignment, note: a.note, request_id },
            )
        }
        Public::Activity(a) => {
            let party = v1::record_activity_request::Party::Agent.into();
            let request =
                v1::RecordActivityRequest { name: a.interaction, party, now_dormant: a.now_dormant, request_id };
            ask(tenant, key, request)
        }
        Public::Transfer(a) => {
            let target = a.target.map(|target| match target {
                session_transfer::Target::Queue(queue) => transfer_interaction_request::Target::Queue(queue),
                session_transfer::Target::Agent(agent) => transfer_interaction_request::Target::Agent(agent),
            });
            let request = v1::TransferInteractionRequest {
                name: a.assignment,
                target,
                connect_by: a.connect_by,
                reason: a.reason,
                request_id,
            };
            ask(tenant, key, request)
        }
        // Read by the caller; if one came here it would be refused for want of a name.
        Public::Start(_) | Public::Attach(_) | Public::Detach(_) | Public::Heartbeat(_) | Public::Presence(_) => {
            ask(tenant, key, v1::AcceptOfferRequest::default())
        }
    }
}
