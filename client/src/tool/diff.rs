//! `kindred diff -f FILE`: what `apply` would change. Ends with 0 if nothing, 1 if something, 2 if it cannot be said.
use super::{
    Context,
    configuration::{Configuration, Wish, say},
    output::line,
};
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    wish: Wish,
}

/// Something differs.
const DIFFERENT: u8 = 1;
/// Nobody can say.
const TROUBLE: u8 = 2;

pub async fn run(context: &Context, args: Args) -> anyhow::Result<ExitCode> {
    match differs(context, &args).await {
        Ok(false) => Ok(ExitCode::SUCCESS),
        Ok(true) => Ok(ExitCode::from(DIFFERENT)),
        Err(error) => {
            eprintln!("kindred: {error:#}");
            Ok(ExitCode::from(TROUBLE))
        }
    }
}

async fn differs(context: &Context, args: &Args) -> anyhow::Result<bool> {
    let configuration = Configuration::new()?;
    let plan = configuration.plan(context, &args.wish).await?;
    let kinds = &configuration.kinds;
    if context.out.is_json() {
        line(serde_json::to_string_pretty(&say::object(kinds, &plan))?)?;
    } else {
        line(say::words(kinds, &plan).trim_end())?;
    }
    Ok(!plan.changes.is_empty())
}
