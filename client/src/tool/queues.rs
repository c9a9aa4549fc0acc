//! `kindred queues`: where interactions wait.
use super::{Context, LISTED, missing, output::*, pages};
use kindred_client::v1;

#[derive(clap::Subcommand)]
pub enum Command {
    /// Lists queues.
    List {
        /// At most so many.
        #[arg(long, default_value_t = LISTED)]
        limit: usize,
    },
    /// Prints one queue whole.
    Get {
        /// Id or name.
        queue: String,
    },
}

impl Row for v1::Queue {
    const MESSAGE: &'static str = "Queue";
    const TITLES: &'static [&'static str] =
        &["queue", "policy", "priority", "per second", "service level", "max wait", "channels"];
    fn cells(&self) -> Vec<String> {
        let rules = |(channel, rules): (&String, &v1::ChannelRules)| {
            format!("{channel} {}", word(rules.answer_mode().as_str_name(), "ANSWER_MODE_")).trim_end().to_string()
        };
        vec![
            id(&self.name),
            id(&self.policy),
            self.priority.to_string(),
            self.age_weight_per_second.to_string(),
            seconds(&self.service_level),
            seconds(&self.max_wait),
            self.channels.iter().map(rules).collect::<Vec<_>>().join(", "),
        ]
    }
}

pub async fn run(context: &Context, command: Command) -> anyhow::Result<()> {
    match command {
        Command::List { limit } => {
            let page = |page_size, page_token| {
                let parent = context.parent();
                let request = v1::ListQueuesRequest { parent, page_size, page_token, ..Default::default() };
                async { context.client.list_queues(request).await.map(|r| (r.queues, r.next_page_token)) }
            };
            context.out.list(&pages(limit, page).await?)
        }
        Command::Get { queue } => {
            let request = v1::GetQueueRequest { name: context.name("queues", &queue), ..Default::default() };
            let queue = context.client.get_queue(request).await?.queue.ok_or_else(|| missing("queue"))?;
            context.out.whole("Queue", &queue)
        }
    }
}
