//! `kindred`, the command-line tool: looks at and operates a cluster, lives a demo hour and a real day on one.

mod tool;

use clap::Parser;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_env("KINDRED_LOG"))
        .with_writer(std::io::stderr)
        .init();
    match tool::run(tool::Args::parse()).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("kindred: {error:#}");
            ExitCode::FAILURE
        }
    }
}
