//! `kindred agents`: who serves, what they say and what they do.
use super::{Context, LISTED, missing, output::*, pages};
use kindred_client::v1;

#[derive(clap::Subcommand)]
pub enum Command {
    /// Lists agents.
    List {
        /// In this team.
        #[arg(long)]
        team: Option<String>,
        /// With this routing profile.
        #[arg(long)]
        profile: Option<String>,
        /// With this presence.
        #[arg(long, value_enum)]
        presence: Option<Word>,
        /// At most so many.
        #[arg(long, default_value_t = LISTED)]
        limit: usize,
    },
    /// Prints one agent whole.
    Get {
        /// Id or name.
        agent: String,
    },
    /// Says where agents are.
    Presence {
        /// The word.
        #[arg(value_enum)]
        word: Word,
        /// Ids or names.
        #[arg(required = true)]
        agents: Vec<String>,
        /// Why.
        #[arg(long, default_value = "")]
        reason: String,
        /// Only after the current contact.
        #[arg(long)]
        after_contact: bool,
    },
}

/// What an agent says.
#[derive(Clone, Copy, clap::ValueEnum)]
pub enum Word {
    Available,
    Break,
    Away,
    Offline,
}

impl Word {
    /// As the API has it.
    pub(super) fn status(self) -> v1::presence::Status {
        match self {
            Word::Available => v1::presence::Status::Available,
            Word::Break => v1::presence::Status::Break,
            Word::Away => v1::presence::Status::Away,
            Word::Offline => v1::presence::Status::Offline,
        }
    }
}

impl Row for v1::Agent {
    const MESSAGE: &'static str = "Agent";
    const TITLES: &'static [&'static str] =
        &["agent", "presence", "state", "profile", "work", "units", "handled", "missed", "idle", "supervisor"];
    fn cells(&self) -> Vec<String> {
        let presence = self.presence.as_ref().map_or_else(String::new, |p| word(p.status().as_str_name(), "STATUS_"));
        let work = self.work.iter().map(|w| format!("{} {}", w.channel, id(&w.interaction)));
        vec![
            id(&self.name),
            presence,
            word(self.state().as_str_name(), "STATE_"),
            id(&self.routing_profile),
            work.collect::<Vec<_>>().join("\n"),
            self.used_units.to_string(),
            self.handled_count.to_string(),
            self.missed_offers.to_string(),
            if self.work.is_empty() { ago(&self.idle_since) } else { String::new() },
            ruled(self),
        ]
    }
}

/// `forced by sue: drill`, `draining by tom: leaving`.
fn ruled(agent: &v1::Agent) -> String {
    let forced = agent.presence.as_ref().and_then(|presence| presence.forced.as_ref());
    let words = [("forced", forced), ("draining", agent.draining.as_ref())];
    let words = words.into_iter().filter_map(|(what, word)| Some(format!("{what} {}", said(word?))));
    words.collect::<Vec<_>>().join("\n")
}

/// `by sue: drill`.
pub(super) fn said(word: &v1::Intervention) -> String {
    format!("by {}: {}", word.supervisor, word.reason)
}

pub async fn run(context: &Context, command: Command) -> anyhow::Result<()> {
    match command {
        Command::List { team, profile, presence, limit } => {
            let request = v1::ListAgentsRequest {
                parent: context.parent(),
                team: context.optional_name("teams", &team),
                routing_profile: context.optional_name("routingProfiles", &profile),
                presences: presence.iter().map(|word| word.status() as i32).collect(),
                ..Default::default()
            };
            let page = |page_size, page_token| {
                let request = v1::ListAgentsRequest { page_size, page_token, ..request.clone() };
                async { context.client.list_agents(request).await.map(|r| (r.agents, r.next_page_token)) }
            };
            context.out.list(&pages(limit, page).await?)
        }
        Command::Get { agent } => {
            let request = v1::GetAgentRequest { name: context.name("agents", &agent), ..Default::default() };
            let agent = context.client.get_agent(request).await?.agent.ok_or_else(|| missing("agent"))?;
            context.out.whole("Agent", &agent)
        }
        Command::Presence { word, agents, reason, after_contact } => {
            let presence = v1::Presence { status: word.status() as i32, reason, ..Default::default() };
            let request = v1::BatchSetPresenceRequest {
                parent: context.parent(),
                names: agents.iter().map(|agent| context.name("agents", agent)).collect(),
                presence: Some(presence),
                after_contact,
                ..Default::default()
            };
            context.out.list(&context.client.batch_set_presence(request).await?.agents)
        }
    }
}
