//! `kindred-node`: runs a node, or reads what one left behind.
use anyhow::Context as _;
use clap::{Parser, Subcommand};
use kindred_node::{
    assembly,
    ops::{config::Config, shutdown, tracing as logs},
};
use std::{io::Write as _, path::PathBuf, sync::Arc};

#[derive(Parser)]
#[command(name = "kindred-node", version, about = "A node of a Kindred cluster")]
struct Arguments {
    #[command(subcommand)]
    command: Do,
}

#[derive(Subcommand)]
enum Do {
    /// Runs the node until SIGTERM.
    Serve {
        /// TOML file; see docs/configuration.md.
        #[arg(long)]
        config: Option<PathBuf>,
        /// A single node with nothing to configure: tenant `dev`, token `dev`, on loopback, with a queue `support`.
        #[arg(long, conflicts_with = "config")]
        dev: bool,
        /// Instead of `node.data_dir`.
        #[arg(long)]
        data_dir: Option<PathBuf>,
        /// Instead of `node.log_archive`.
        #[arg(long)]
        log_archive: Option<PathBuf>,
        /// Vouches for this node's log although its side file is lost: for a cluster in which too many are lost for a
        /// leader. What was acknowledged may be missing from it.
        #[arg(long)]
        trust_log: bool,
    },
    /// Prints every applied command of a stopped node, in order, as JSON lines.
    DumpLog(kindred_node::dump::Options),
    /// Applies recorded entries again and compares every state hash that was written down; prints the first that differs.
    VerifyLog(kindred_node::dump::verify::Options),
}

/// Public for the program in `chaos/`.
pub fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Do::Serve { config, dev, data_dir, log_archive, trust_log } => {
            let mut settings = match (dev, &config) {
                (true, _) => Config::dev(std::env::temp_dir().join("kindred-dev")),
                (false, file) => Config::load(file.as_deref())?,
            };
            settings.node.data_dir = data_dir.unwrap_or(settings.node.data_dir);
            settings.node.log_archive = log_archive.or(settings.node.log_archive);
            settings.node.trust_log = trust_log;
            serve(settings, dev)
        }
        Do::DumpLog(options) => kindred_node::dump::dump(&options),
        Do::VerifyLog(options) => match kindred_node::dump::verify::run(&options)? {
            true => Ok(()),
            false => std::process::exit(DIFFERS),
        },
    }
}

/// Exit code of a log that gives another state than it gave then, or cannot be followed.
const DIFFERS: i32 = 1;
/// Exit code of a node that had to stop: its disk or state cannot be trusted.
const FAULT: i32 = 70;

fn serve(config: Config, dev: bool) -> anyhow::Result<()> {
    logs::start(config.node.log_format);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let on_fault = Arc::new(|why: &str| {
            tracing::error!(why, "this node must stop");
            std::process::exit(FAULT);
        });
        let node = assembly::start(config, on_fault).await.context("the node did not start")?;
        if dev {
            assembly::seed(&node.gateway).await.context("the queue `support` could not be made")?;
        }
        println!("ready client={} peer={} ops={}", node.client, node.peer, node.ops);
        // Whoever started the node may wait for that line.
        std::io::stdout().flush()?;
        let signal = shutdown::requested().await?;
        tracing::info!(signal, "stopping");
        node.shut_down().await;
        Ok(())
    })
}
