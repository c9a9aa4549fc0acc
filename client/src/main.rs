//! `kindred`, the command-line tool: looks at and operates a cluster, lives a demo hour and a real day on one.

// As in the library: an error is rare and read whole.
#![allow(clippy::result_large_err)]

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
        // Whoever read standard output has read enough.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("kindred: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let io = error.chain().find_map(|cause| cause.downcast_ref::<std::io::Error>());
    io.is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}
