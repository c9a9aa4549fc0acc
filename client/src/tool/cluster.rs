//! `kindred cluster`: nodes and leadership, for operators.
use super::{Context, LISTED, missing, pages, status, tenants};
use kindred_client::v1;

#[derive(clap::Subcommand)]
pub enum Command {
    /// Nodes, shards and leaders as one node sees them.
    Status(status::Args),
    /// Lists nodes, the removed ones too.
    Nodes,
    /// Adds a machine as a learner.
    Add {
        /// What the machine calls itself.
        node: String,
        /// Where peers reach it, `host:port`.
        peer_address: String,
        /// Check everything, change nothing.
        #[arg(long)]
        validate_only: bool,
    },
    /// Makes a learner that has caught up a voter.
    Promote {
        /// The node.
        node: String,
        /// Check everything, change nothing.
        #[arg(long)]
        validate_only: bool,
    },
    /// Removes a node from every shard.
    Remove {
        /// The node.
        node: String,
        /// Check everything, change nothing.
        #[arg(long)]
        validate_only: bool,
    },
    /// Hands leadership to a voter.
    TransferLeader {
        /// The node.
        node: String,
        /// Of these shards; of all if absent.
        #[arg(long, value_delimiter = ',')]
        shards: Vec<u32>,
    },
    /// Hands all leadership of a node away, until undone; over restarts, too.
    Drain {
        /// The node.
        node: String,
        /// Take leadership again.
        #[arg(long)]
        undo: bool,
    },
    /// Tenants: list, get, create, delete.
    #[command(subcommand)]
    Tenants(tenants::Command),
}

fn node_name(node: &str) -> String {
    if node.contains('/') { node.to_string() } else { format!("nodes/{node}") }
}

pub async fn run(context: &Context, command: Command) -> anyhow::Result<()> {
    let client = &context.operator;
    let print = |node: Option<v1::Node>| context.out.one(&node.ok_or_else(|| missing("node"))?);
    match command {
        Command::Status(args) => status::run(context, args).await,
        Command::Nodes => {
            let page = |page_size, page_token| {
                let request = v1::ListNodesRequest { page_size, page_token, ..Default::default() };
                async { client.list_nodes(request).await.map(|r| (r.nodes, r.next_page_token)) }
            };
            context.out.list(&pages(LISTED, page).await?)
        }
        Command::Add { node, peer_address, validate_only } => {
            let request = v1::AddNodeRequest { node_id: node, peer_address, validate_only, ..Default::default() };
            print(client.add_node(request).await?.node)
        }
        Command::Promote { node, validate_only } => {
            let request = v1::PromoteNodeRequest { name: node_name(&node), validate_only, ..Default::default() };
            print(client.promote_node(request).await?.node)
        }
        Command::Remove { node, validate_only } => {
            let request = v1::RemoveNodeRequest { name: node_name(&node), validate_only, ..Default::default() };
            print(client.remove_node(request).await?.node)
        }
        Command::TransferLeader { node, shards } => {
            let request = v1::TransferLeadershipRequest { name: node_name(&node), shards, ..Default::default() };
            context.out.list(&client.transfer_leadership(request).await?.shards)
        }
        Command::Drain { node, undo } => {
            let request = v1::DrainNodeRequest { name: node_name(&node), undo, ..Default::default() };
            print(client.drain_node(request).await?.node)
        }
        Command::Tenants(command) => tenants::run(context, command).await,
    }
}
