//! `kindred queues`: where interactions wait.
use super::{Context, LISTED, agents::said, missing, output::*, pages};
use kindred_client::v1;
use prost_types::FieldMask;

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
    /// Says which hours a queue follows, and whether it refuses submits while it is closed.
    Hours {
        /// Id or name.
        queue: String,
        /// Id or name of the schedule it follows from now on; `none`: it is always open.
        #[arg(long, required_unless_present = "refuse_when_closed")]
        schedule: Option<String>,
        /// Refuse submits while it is closed, or take them and let them wait.
        #[arg(long)]
        refuse_when_closed: Option<bool>,
    },
}

impl Row for v1::Queue {
    const MESSAGE: &'static str = "Queue";
    const TITLES: &'static [&'static str] =
        &["queue", "policy", "priority", "per second", "service level", "max wait", "channels", "hours", "supervisor"];
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
            hours(self),
            ruled(self),
        ]
    }
}

/// `paused by sue: drill`, `draining by tom: closing down, overflows to other`.
fn ruled(queue: &v1::Queue) -> String {
    let paused = queue.paused.as_ref().map(|word| format!("paused {}", said(word)));
    let draining = queue.draining.as_ref().map(|drain| {
        let word = drain.intervention.as_ref().map(said).unwrap_or_default();
        let overflow = id(&drain.overflow_queue);
        if overflow.is_empty() {
            format!("draining {word}")
        } else {
            format!("draining {word}, overflows to {overflow}")
        }
    });
    paused.into_iter().chain(draining).collect::<Vec<_>>().join("\n")
}

/// `office: closed until 2026-01-07T08:00:00.000Z`; nothing without hours.
fn hours(queue: &v1::Queue) -> String {
    let Some(hours) = &queue.hours else { return String::new() };
    let state = if hours.open { "open" } else { "closed" };
    let until = hours.next_change_time.as_ref().map_or_else(String::new, |at| format!(" until {}", time(&Some(*at))));
    format!("{}: {state}{until}", id(&queue.schedule))
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
        Command::Hours { queue, schedule, refuse_when_closed } => {
            let given = [("schedule", schedule.is_some()), ("refuse_when_closed", refuse_when_closed.is_some())];
            let paths = given.into_iter().filter(|(_, given)| *given).map(|(field, _)| field.to_owned()).collect();
            let schedule = schedule.filter(|id| id != "none").map(|id| context.name("schedules", &id));
            let queue = v1::Queue {
                name: context.name("queues", &queue),
                schedule: schedule.unwrap_or_default(),
                refuse_when_closed: refuse_when_closed.unwrap_or_default(),
                ..Default::default()
            };
            let update_mask = Some(FieldMask { paths });
            let request = v1::UpdateQueueRequest { queue: Some(queue), update_mask, ..Default::default() };
            let queue = context.client.update_queue(request).await?.queue.ok_or_else(|| missing("queue"))?;
            context.out.one(&queue)
        }
    }
}
