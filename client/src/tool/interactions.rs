//! `kindred interactions`: what waits, who has it, what became of it; and one to try things out.
use super::{Context, LISTED, missing, output::*, pages};
use kindred_client::v1::{self, interaction::State};

#[derive(clap::Subcommand)]
pub enum Command {
    /// Lists interactions, the open ones unless told otherwise.
    List {
        /// In one of these states (`queued`, `offered`, `assigned`, `dormant`, `resuming`, `unconfirmed`, `closed`).
        #[arg(long, value_delimiter = ',', value_parser = state)]
        state: Vec<State>,
        /// In this queue.
        #[arg(long)]
        queue: Option<String>,
        /// Offered or assigned to this agent.
        #[arg(long)]
        agent: Option<String>,
        /// In this conversation.
        #[arg(long)]
        conversation: Option<String>,
        /// Of this customer.
        #[arg(long)]
        customer: Option<String>,
        /// At most so many.
        #[arg(long, default_value_t = LISTED)]
        limit: usize,
    },
    /// Prints one interaction whole.
    Get {
        /// Id or name.
        interaction: String,
    },
    /// Submits one.
    Submit {
        /// Queue, id or name.
        #[arg(long)]
        queue: String,
        /// Channel.
        #[arg(long, default_value = "voice")]
        channel: String,
        /// Your own key for it.
        #[arg(long, default_value = "")]
        id: String,
        /// Who contacts, id or name.
        #[arg(long)]
        customer: Option<String>,
        /// Higher goes first.
        #[arg(long, default_value_t = 0, allow_negative_numbers = true)]
        priority: i32,
    },
    /// Follows one until it is closed.
    Track {
        /// Id or name.
        interaction: String,
    },
    /// Withdraws one.
    Cancel {
        /// Id or name.
        interaction: String,
        /// For people.
        #[arg(long, default_value = "")]
        note: String,
    },
    /// The customer left.
    Abandon {
        /// Id or name.
        interaction: String,
    },
}

/// A state by its word.
fn state(text: &str) -> Result<State, String> {
    State::from_str_name(&format!("STATE_{}", text.to_uppercase())).ok_or_else(|| format!("`{text}` is no state"))
}

impl Row for v1::Interaction {
    const MESSAGE: &'static str = "Interaction";
    const TITLES: &'static [&'static str] =
        &["interaction", "state", "channel", "queue", "agent", "customer", "prio", "age", "offers"];
    fn cells(&self) -> Vec<String> {
        let offered = self.offers.iter().map(|offer| id(&offer.agent));
        let ended = v1::assignment::State::Ended;
        let assigned = self.assignments.iter().filter(|a| a.state() != ended).map(|a| id(&a.agent));
        let state = match self.state() {
            State::Closed => word(self.close_reason().as_str_name(), "CLOSE_REASON_"),
            state => word(state.as_str_name(), "STATE_"),
        };
        vec![
            id(&self.name),
            state,
            self.channel.clone(),
            id(&self.queue),
            offered.chain(assigned).collect::<Vec<_>>().join(", "),
            id(&self.customer),
            self.priority.to_string(),
            ago(&self.create_time),
            self.attempts.to_string(),
        ]
    }
}

pub async fn run(context: &Context, command: Command) -> anyhow::Result<()> {
    let client = &context.client;
    let name = |id: &str| context.name("interactions", id);
    let found = |interaction: Option<v1::Interaction>| interaction.ok_or_else(|| missing("interaction"));
    match command {
        Command::List { state, queue, agent, conversation, customer, limit } => {
            let request = v1::ListInteractionsRequest {
                parent: context.parent(),
                states: state.into_iter().map(|state| state as i32).collect(),
                queue: context.optional_name("queues", &queue),
                agent: context.optional_name("agents", &agent),
                conversation: context.optional_name("conversations", &conversation),
                customer: context.optional_name("customers", &customer),
                ..Default::default()
            };
            let page = |page_size, page_token| {
                let request = v1::ListInteractionsRequest { page_size, page_token, ..request.clone() };
                async { client.list_interactions(request).await.map(|r| (r.interactions, r.next_page_token)) }
            };
            context.out.list(&pages(limit, page).await?)
        }
        Command::Get { interaction } => {
            let request = v1::GetInteractionRequest { name: name(&interaction), ..Default::default() };
            context.out.whole("Interaction", &found(client.get_interaction(request).await?.interaction)?)
        }
        Command::Submit { queue, channel, id, customer, priority } => {
            let interaction = v1::Interaction {
                queue: context.name("queues", &queue),
                customer: context.optional_name("customers", &customer),
                channel,
                priority,
                ..Default::default()
            };
            let request = v1::CreateInteractionRequest {
                parent: context.parent(),
                interaction: Some(interaction),
                interaction_id: id,
                ..Default::default()
            };
            context.out.one(&found(client.create_interaction(request).await?.interaction)?)
        }
        Command::Track { interaction } => track(context, name(&interaction)).await,
        Command::Cancel { interaction, note } => {
            let request = v1::CancelInteractionRequest { name: name(&interaction), note, ..Default::default() };
            context.out.one(&found(client.cancel_interaction(request).await?.interaction)?)
        }
        Command::Abandon { interaction } => {
            let request = v1::AbandonInteractionRequest { name: name(&interaction), ..Default::default() };
            context.out.one(&found(client.abandon_interaction(request).await?.interaction)?)
        }
    }
}

async fn track(context: &Context, name: String) -> anyhow::Result<()> {
    let mut life = context.client.track(name);
    while let Some(interaction) = life.next().await? {
        if context.out.is_json() {
            println!("{}", context.out.json("Interaction", &interaction)?);
        } else {
            let cells = interaction.cells();
            println!("{}  {:<12} {}", time(&interaction.state_time), cells[1], cells[4]);
        }
    }
    Ok(())
}
