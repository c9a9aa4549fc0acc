//! `kindred apply -f FILE`: makes a tenant's configuration what files say. It shows its plan and asks first.
use super::{
    Context,
    configuration::{Configuration, Wish, carry_out::Target, say},
    output::line,
};
use anyhow::bail;
use std::io::{BufRead as _, IsTerminal as _, Write as _};

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    wish: Wish,
    /// Do not ask.
    #[arg(short, long)]
    yes: bool,
    /// Only show the plan.
    #[arg(long, conflicts_with_all = ["yes", "validate"])]
    dry_run: bool,
    /// Only let the server check the plan, where its calls can check without changing.
    #[arg(long, conflicts_with = "yes")]
    validate: bool,
}

pub async fn run(context: &Context, args: Args) -> anyhow::Result<()> {
    let configuration = Configuration::new()?;
    let plan = configuration.plan(context, &args.wish).await?;
    let kinds = &configuration.kinds;
    if context.out.is_json() {
        line(serde_json::to_string_pretty(&say::object(kinds, &plan))?)?;
    } else {
        line(say::words(kinds, &plan).trim_end())?;
    }
    if plan.changes.is_empty() || args.dry_run {
        return Ok(());
    }
    let target = Target { client: &context.client, parent: context.parent(), kinds };
    // Before anybody is asked, and before the first change.
    let found = target.validate(&plan).await?;
    if args.validate {
        context.out.say(&format!("{} would be accepted; {} can only be tried", found.good, found.unknown));
        return Ok(());
    }
    if !args.yes && !agreed(plan.changes.len())? {
        bail!("nothing was changed");
    }
    target.carry_out(&plan, |text| if context.out.is_json() { Ok(()) } else { line(text) }).await
}

fn agreed(changes: usize) -> anyhow::Result<bool> {
    let input = std::io::stdin();
    if !input.is_terminal() {
        bail!("nobody is there to ask; say --yes to make {changes} changes unasked");
    }
    eprint!("Make these {changes} changes? [y/N] ");
    std::io::stderr().flush()?;
    let mut answer = String::new();
    input.lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}
