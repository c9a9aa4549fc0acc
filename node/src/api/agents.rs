//! AgentService: who serves customers, what they say, and the streams that speak for them.
use super::{
    Answer,
    desk::Desk,
    listing::{List, examine},
    numbers::Numbers,
    session,
};
use crate::{consensus::lanes::Lane, wire::api::tells};
use kindred_domain::{
    ids::{AgentId, ProfileId, TeamId},
    record::Agent,
    state::Tenant,
};
use kindred_proto::v1::{self, agent_service_server::AgentService, presence};
use tonic::{Request, Streaming};

/// See [`AgentService`].
pub struct Agents {
    /// Where calls come in.
    pub desk: Desk,
}

#[tonic::async_trait]
impl AgentService for Agents {
    async fn create_agent(&self, request: Request<v1::CreateAgentRequest>) -> Answer<v1::CreateAgentResponse> {
        let written = self.desk.write(request, Lane::Submit).await?;
        written.agent(|header, agent| v1::CreateAgentResponse { header, agent })
    }

    async fn get_agent(&self, request: Request<v1::GetAgentRequest>) -> Answer<v1::GetAgentResponse> {
        let call = self.desk.call(&request)?;
        let asked = request.into_inner();
        let (at, found) = call.get(&asked.name, asked.read_mode, |t, id: &AgentId| t.agent(id).cloned()).await?;
        let header = call.read_header(at);
        Ok(call.respond(v1::GetAgentResponse { header, agent: Some(tells::agent(&found, at.log_ms)) }))
    }

    async fn list_agents(&self, request: Request<v1::ListAgentsRequest>) -> Answer<v1::ListAgentsResponse> {
        let call = self.desk.call(&request)?;
        let asked = request.into_inner();
        let wanted = call.form(|form| Wanted {
            team: form.optional_name(&"team", &asked.team),
            profile: form.optional_name(&"routing_profile", &asked.routing_profile),
            presences: Numbers::read::<presence::Status>(form, &"presences", &asked.presences),
        })?;
        let conditions = format!("agents {wanted:?}");
        let list = List {
            parent: &asked.parent,
            page_size: asked.page_size,
            page_token: &asked.page_token,
            read_mode: asked.read_mode,
            conditions: &conditions,
        };
        let page = move |t: &Tenant, after: Option<&str>, size| {
            examine(t.agents_after(after), size, |agent| wanted.matches(agent))
        };
        let listed = call.list(list, |agent| &agent.id, page).await?;
        let at = listed.at;
        let (agents, next_page_token) = listed.tell(|agent| tells::agent(agent, at.log_ms));
        Ok(call.respond(v1::ListAgentsResponse { header: call.read_header(at), agents, next_page_token }))
    }

    async fn update_agent(&self, request: Request<v1::UpdateAgentRequest>) -> Answer<v1::UpdateAgentResponse> {
        let written = self.desk.write(request, Lane::Submit).await?;
        written.agent(|header, agent| v1::UpdateAgentResponse { header, agent })
    }

    async fn delete_agent(&self, request: Request<v1::DeleteAgentRequest>) -> Answer<v1::DeleteAgentResponse> {
        let written = self.desk.write(request, Lane::Submit).await?;
        written.done(|header| v1::DeleteAgentResponse { header })
    }

    async fn batch_update_agents(
        &self,
        request: Request<v1::BatchUpdateAgentsRequest>,
    ) -> Answer<v1::BatchUpdateAgentsResponse> {
        let written = self.desk.write(request, Lane::Submit).await?;
        written.agents(|header, agents| v1::BatchUpdateAgentsResponse { header, agents })
    }

    async fn set_presence(&self, request: Request<v1::SetPresenceRequest>) -> Answer<v1::SetPresenceResponse> {
        let written = self.desk.write(request, Lane::Answer).await?;
        written.agent(|header, agent| v1::SetPresenceResponse { header, agent })
    }

    async fn batch_set_presence(
        &self,
        request: Request<v1::BatchSetPresenceRequest>,
    ) -> Answer<v1::BatchSetPresenceResponse> {
        let written = self.desk.write(request, Lane::Answer).await?;
        written.agents(|header, agents| v1::BatchSetPresenceResponse { header, agents })
    }

    type SessionStream = session::Outgoing;

    async fn session(&self, request: Request<Streaming<v1::SessionRequest>>) -> Answer<Self::SessionStream> {
        let call = self.desk.call(&request)?;
        let outgoing = session::open(call.clone(), request.into_inner())?;
        Ok(call.respond(outgoing))
    }
}

/// Which agents are listed.
#[derive(Debug)]
struct Wanted {
    team: Option<TeamId>,
    profile: Option<ProfileId>,
    presences: Numbers,
}

impl Wanted {
    fn matches(&self, agent: &Agent) -> bool {
        self.team.as_ref().is_none_or(|team| agent.team.as_ref() == Some(team))
            && self.profile.as_ref().is_none_or(|profile| agent.profile == *profile)
            && (self.presences.is_empty() || self.presences.contains(tells::status(agent.presence.status).into()))
    }
}
