//! `kindred supervisor`: interventions, each with who does it and why.
use super::{
    Context, LISTED,
    agents::{Word, said},
    missing,
    output::*,
    pages,
};
use kindred_client::v1;
use prost_types::{Duration, Timestamp};

/// Who, and why.
#[derive(clap::Args)]
pub struct Mandate {
    /// Who does it: a label that stands in the event.
    #[arg(long, env = "KINDRED_SUPERVISOR")]
    by: String,
    /// Why.
    #[arg(long)]
    reason: String,
}

/// One or more agents.
#[derive(clap::Args)]
pub struct Agents {
    /// Ids or names.
    #[arg(required = true)]
    agents: Vec<String>,
    #[command(flatten)]
    mandate: Mandate,
}

/// One queue or interaction.
#[derive(clap::Args)]
pub struct One {
    /// Id or name.
    name: String,
    #[command(flatten)]
    mandate: Mandate,
}

#[derive(clap::Subcommand)]
pub enum Command {
    /// Changes an open interaction's priority.
    Reprioritise {
        /// Id or name.
        interaction: String,
        /// Higher goes first.
        #[arg(allow_negative_numbers = true)]
        priority: i32,
        #[command(flatten)]
        mandate: Mandate,
    },
    /// Lets an interaction that waits, or is offered, wait in another queue.
    Move {
        /// Id or name.
        interaction: String,
        /// Id or name of the queue.
        queue: String,
        #[command(flatten)]
        mandate: Mandate,
    },
    /// Takes an interaction from who has it or is offered it, back into its queue.
    PullBack(One),
    /// Takes an interaction from who has it and gives it to a named agent.
    Reassign {
        /// Id or name.
        interaction: String,
        /// Id or name of the agent.
        agent: String,
        /// It should be answered within so many seconds; without it, by what it has.
        #[arg(long)]
        connect_within_s: Option<u64>,
        #[command(flatten)]
        mandate: Mandate,
    },
    /// Says where agents are: they say nothing else until it is lifted or falls back.
    Force {
        /// The word.
        #[arg(value_enum)]
        word: Word,
        /// Falls back by itself after so many seconds.
        #[arg(long)]
        for_s: Option<i64>,
        #[command(flatten)]
        agents: Agents,
    },
    /// Ends forced presences.
    Lift(Agents),
    /// Lets agents finish what they have; nothing new is offered.
    DrainAgents(Agents),
    /// Offers them what is new again.
    UndrainAgents(Agents),
    /// Lets nothing be offered from a queue; it keeps its order.
    Pause(One),
    /// Lets a paused queue go on.
    Resume(One),
    /// Lets a queue take nothing new; what is in it is served.
    DrainQueue {
        #[command(flatten)]
        queue: One,
        /// Id or name of the queue where what comes goes instead; without it, it is refused.
        #[arg(long)]
        overflow: Option<String>,
    },
    /// Lets a queue take what is new again.
    UndrainQueue(One),
    /// Changes many agents or interactions until a time; then each is put back by itself.
    Adjust {
        /// Id of the adjustment; drawn by the server without one.
        #[arg(long, default_value = "")]
        id: String,
        /// Ids or names of agents, separated by commas.
        #[arg(long, value_delimiter = ',')]
        agents: Vec<String>,
        /// Their routing profile meanwhile.
        #[arg(long)]
        profile: Option<String>,
        /// Their proficiency meanwhile, `french=60`; may be given again.
        #[arg(long, value_parser = skill)]
        skill: Vec<(String, u32)>,
        /// Ids or names of interactions, separated by commas.
        #[arg(long, value_delimiter = ',')]
        interactions: Vec<String>,
        /// Their priority meanwhile.
        #[arg(long, allow_negative_numbers = true)]
        priority: Option<i32>,
        /// Where they wait meanwhile.
        #[arg(long)]
        queue: Option<String>,
        /// How many seconds.
        #[arg(long)]
        for_s: i64,
        #[command(flatten)]
        mandate: Mandate,
    },
    /// Puts everything of an adjustment back now.
    EndAdjustment(One),
    /// Prints one adjustment that stands.
    Adjustment {
        /// Id or name.
        name: String,
    },
    /// Lists the adjustments that stand.
    Adjustments {
        /// At most so many.
        #[arg(long, default_value_t = LISTED)]
        limit: usize,
    },
}

/// `french=60`.
fn skill(text: &str) -> Result<(String, u32), String> {
    let (skill, level) = text.split_once('=').ok_or("SKILL=LEVEL")?;
    Ok((skill.to_owned(), level.parse().map_err(|_| format!("{level} is no number"))?))
}

impl Row for v1::Adjustment {
    const MESSAGE: &'static str = "Adjustment";
    const TITLES: &'static [&'static str] = &["adjustment", "until", "agents", "interactions", "supervisor"];
    fn cells(&self) -> Vec<String> {
        vec![
            id(&self.name),
            time(&self.until_time),
            self.agents.len().to_string(),
            self.interactions.len().to_string(),
            self.intervention.as_ref().map(said).unwrap_or_default(),
        ]
    }
}

/// A request of one thing, or of agents, and no more.
macro_rules! ask {
    ($context:ident, $call:ident, $request:ident, $one:ident in $collection:literal) => {{
        let One { name, mandate: Mandate { by: supervisor, reason } } = $one;
        let name = $context.name($collection, &name);
        $context.client.$call(v1::$request { name, supervisor, reason, ..Default::default() }).await?
    }};
    ($context:ident, $call:ident, $request:ident, $agents:ident) => {{
        let (parent, names) = ($context.parent(), names($context, &$agents));
        let Mandate { by: supervisor, reason } = $agents.mandate;
        $context.client.$call(v1::$request { parent, names, supervisor, reason, ..Default::default() }).await?
    }};
}

pub async fn run(context: &Context, command: Command) -> anyhow::Result<()> {
    match command {
        Command::Reprioritise { .. } | Command::Move { .. } | Command::PullBack(_) | Command::Reassign { .. } => {
            context.out.one(&of_interaction(context, command).await?)
        }
        Command::Force { .. } | Command::Lift(_) | Command::DrainAgents(_) | Command::UndrainAgents(_) => {
            context.out.list(&of_agents(context, command).await?)
        }
        Command::Adjust { .. } | Command::EndAdjustment(_) => context.out.one(&adjusted(context, command).await?),
        Command::Adjustment { name } => {
            let name = context.name("adjustments", &name);
            let request = v1::GetAdjustmentRequest { name, ..Default::default() };
            let adjustment = context.client.get_adjustment(request).await?.adjustment;
            context.out.whole("Adjustment", &adjustment.ok_or_else(|| missing("adjustment"))?)
        }
        Command::Adjustments { limit } => {
            let page = |page_size, page_token| {
                let parent = context.parent();
                let request = v1::ListAdjustmentsRequest { parent, page_size, page_token, ..Default::default() };
                async { context.client.list_adjustments(request).await.map(|r| (r.adjustments, r.next_page_token)) }
            };
            context.out.list(&pages(limit, page).await?)
        }
        command => context.out.one(&of_queue(context, command).await?),
    }
}

async fn adjusted(context: &Context, command: Command) -> anyhow::Result<v1::Adjustment> {
    let adjustment = match command {
        Command::Adjust { id, agents, profile, skill, interactions, priority, queue, for_s, mandate } => {
            let all = |collection: &str, ids: &[String]| ids.iter().map(|id| context.name(collection, id)).collect();
            let adjustment = v1::Adjustment {
                agents: all("agents", &agents),
                routing_profile: context.optional_name("routingProfiles", &profile),
                skills: skill.into_iter().collect(),
                interactions: all("interactions", &interactions),
                priority,
                queue: context.optional_name("queues", &queue),
                ..Default::default()
            };
            let request = v1::StartAdjustmentRequest {
                parent: context.parent(),
                adjustment: Some(adjustment),
                adjustment_id: id,
                expire_after: Some(Duration { seconds: for_s, nanos: 0 }),
                supervisor: mandate.by,
                reason: mandate.reason,
                ..Default::default()
            };
            context.client.start_adjustment(request).await?.adjustment
        }
        Command::EndAdjustment(one) => {
            ask!(context, end_adjustment, EndAdjustmentRequest, one in "adjustments").adjustment
        }
        _ => None,
    };
    Ok(adjustment.ok_or_else(|| missing("adjustment"))?)
}

async fn of_interaction(context: &Context, command: Command) -> anyhow::Result<v1::Interaction> {
    let client = &context.client;
    let name = |id: &str| context.name("interactions", id);
    let interaction = match command {
        Command::Reprioritise { interaction, priority, mandate: Mandate { by: supervisor, reason } } => {
            let name = name(&interaction);
            let request =
                v1::ReprioritiseInteractionRequest { name, priority, supervisor, reason, ..Default::default() };
            client.reprioritise_interaction(request).await?.interaction
        }
        Command::Move { interaction, queue, mandate: Mandate { by: supervisor, reason } } => {
            let (name, queue) = (name(&interaction), context.name("queues", &queue));
            let request = v1::MoveInteractionRequest { name, queue, supervisor, reason, ..Default::default() };
            client.move_interaction(request).await?.interaction
        }
        Command::Reassign { interaction, agent, connect_within_s, mandate: Mandate { by: supervisor, reason } } => {
            let (name, agent) = (name(&interaction), context.name("agents", &agent));
            let connect_by = connect_within_s.map(from_now).transpose()?;
            let request =
                v1::ReassignInteractionRequest { name, agent, connect_by, supervisor, reason, ..Default::default() };
            client.reassign_interaction(request).await?.interaction
        }
        Command::PullBack(one) => {
            ask!(context, pull_back_interaction, PullBackInteractionRequest, one in "interactions").interaction
        }
        _ => None,
    };
    Ok(interaction.ok_or_else(|| missing("interaction"))?)
}

fn from_now(within_s: u64) -> anyhow::Result<Timestamp> {
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed()?;
    Ok(Timestamp { seconds: (now.as_secs() + within_s) as i64, nanos: now.subsec_nanos() as i32 })
}

fn names(context: &Context, agents: &Agents) -> Vec<String> {
    agents.agents.iter().map(|agent| context.name("agents", agent)).collect()
}

async fn of_agents(context: &Context, command: Command) -> anyhow::Result<Vec<v1::Agent>> {
    Ok(match command {
        Command::Force { word, for_s, agents } => {
            let request = v1::ForcePresenceRequest {
                parent: context.parent(),
                names: names(context, &agents),
                status: word.status() as i32,
                expire_after: for_s.map(|seconds| Duration { seconds, nanos: 0 }),
                supervisor: agents.mandate.by,
                reason: agents.mandate.reason,
                ..Default::default()
            };
            context.client.force_presence(request).await?.agents
        }
        Command::Lift(agents) => ask!(context, lift_presence, LiftPresenceRequest, agents).agents,
        Command::DrainAgents(agents) => ask!(context, drain_agents, DrainAgentsRequest, agents).agents,
        Command::UndrainAgents(agents) => ask!(context, undrain_agents, UndrainAgentsRequest, agents).agents,
        _ => Vec::new(),
    })
}

async fn of_queue(context: &Context, command: Command) -> anyhow::Result<v1::Queue> {
    let queue = match command {
        Command::Pause(one) => ask!(context, pause_queue, PauseQueueRequest, one in "queues").queue,
        Command::Resume(one) => ask!(context, resume_queue, ResumeQueueRequest, one in "queues").queue,
        Command::UndrainQueue(one) => ask!(context, undrain_queue, UndrainQueueRequest, one in "queues").queue,
        Command::DrainQueue { queue: One { name, mandate }, overflow } => {
            let request = v1::DrainQueueRequest {
                name: context.name("queues", &name),
                overflow_queue: context.optional_name("queues", &overflow),
                supervisor: mandate.by,
                reason: mandate.reason,
                ..Default::default()
            };
            context.client.drain_queue(request).await?.queue
        }
        _ => None,
    };
    Ok(queue.ok_or_else(|| missing("queue"))?)
}
