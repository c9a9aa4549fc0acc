//! `kindred watch`: events as they happen, one a line; survives the death of the node it watches through.
use super::{Context, output::*};
use kindred_client::{Watched, v1};

#[derive(clap::Args)]
pub struct Args {
    /// About one of these queues, ids or names.
    #[arg(long, value_delimiter = ',')]
    queue: Vec<String>,
    /// About one of these agents, ids or names.
    #[arg(long, value_delimiter = ',')]
    agent: Vec<String>,
    /// About this interaction, id or name.
    #[arg(long)]
    interaction: Option<String>,
    /// About this conversation, id or name.
    #[arg(long)]
    conversation: Option<String>,
    /// Of one of these kinds (`offer_made`, `interaction_closed`, …).
    #[arg(long, value_delimiter = ',', value_parser = kind)]
    kind: Vec<v1::event::Kind>,
    /// Begin after this token; now if absent.
    #[arg(long, default_value = "")]
    resume_token: String,
}

/// A kind by its word.
fn kind(text: &str) -> Result<v1::event::Kind, String> {
    let name = format!("KIND_{}", text.to_uppercase());
    v1::event::Kind::from_str_name(&name).ok_or_else(|| format!("`{text}` is no kind of event"))
}

pub async fn run(context: &Context, args: Args) -> anyhow::Result<()> {
    let names = |collection: &str, ids: &[String]| ids.iter().map(|id| context.name(collection, id)).collect();
    let filter = v1::EventFilter {
        queues: names("queues", &args.queue),
        agents: names("agents", &args.agent),
        conversation: context.optional_name("conversations", &args.conversation),
        interaction: context.optional_name("interactions", &args.interaction),
        kinds: args.kind.iter().map(|kind| *kind as i32).collect(),
    };
    let request = v1::WatchRequest {
        parent: context.parent(),
        filter: Some(filter),
        resume_token: args.resume_token,
        progress_interval: None,
    };
    let mut watch = context.client.watch(request);
    loop {
        tokio::select! {
            watched = watch.next() => {
                if let Watched::Event(_, event) = watched? {
                    print(context, &event)?;
                }
            }
            stop = tokio::signal::ctrl_c() => {
                stop?;
                context.out.say(&format!("resume with --resume-token {}", watch.token()));
                return Ok(());
            }
        }
    }
}

fn print(context: &Context, event: &v1::Event) -> anyhow::Result<()> {
    if context.out.is_json() {
        return Ok(line(context.out.json("Event", event)?)?);
    }
    let about = [&event.interaction, &event.queue, &event.agent, &event.conversation];
    let about: Vec<String> = about.iter().filter(|name| !name.is_empty()).map(|name| short(name)).collect();
    let kind = word(event.kind().as_str_name(), "KIND_");
    Ok(line(format!("{:>8}  {}  {kind:<24} {}", event.number, time(&event.time), about.join(" ")))?)
}

/// `queues/support` of `tenants/t/queues/support`.
fn short(name: &str) -> String {
    name.splitn(3, '/').nth(2).unwrap_or(name).to_string()
}
