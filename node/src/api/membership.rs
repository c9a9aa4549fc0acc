//! Nodes and leadership as operators change them. Shard 0 says what shall be; every shard's leader makes it so.
use super::{
    desk::{Call, read_mode},
    failure::Failure,
    status_of_cluster,
};
use crate::{
    consensus::{
        core::Role,
        gateway::{At, ReadMode, Unavailable},
        lanes::Lane,
        ports::ShardId,
        shared::Control,
    },
    wire::api::{Form, name::read_node_name, tells},
};
use kindred_domain::{
    Command, Rejection, Reply, State,
    command::UpdateNode,
    ids::NodeId,
    record::{Node, NodeRole},
    rejection::Kind,
};
use kindred_proto::v1;
use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

/// Between two looks for something that is about to happen.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Nodes in the order of their names, then of their raft ids.
async fn nodes(call: &Call, mode: ReadMode) -> Result<(At, Vec<Arc<Node>>), Failure> {
    let look = |state: &State| state.nodes().cloned().collect::<Vec<_>>();
    let (at, mut nodes) = call.read(mode, look).await?;
    nodes.sort_by(|one, other| (&one.id, one.raft_id).cmp(&(&other.id, other.raft_id)));
    Ok((at, nodes))
}

/// The node a request names: under the disk with this raft id, or under its newest if that is 0.
async fn named(call: &Call, name: &str, raft_id: u64) -> Result<(At, Arc<Node>), Failure> {
    let id = call.read_form(|form| {
        let id = read_node_name(name);
        if id.is_none() {
            form.fail(&"name", "is not of the form nodes/{node}");
        }
        id.unwrap_or_else(|| NodeId::from(""))
    })?;
    let (at, nodes) = nodes(call, ReadMode::Linearizable).await?;
    let disks = nodes.into_iter().filter(|node| node.id == id && (raft_id == 0 || node.raft_id == raft_id));
    let newest = disks.max_by_key(|node| node.raft_id);
    let missing = || Rejection::NotFound { kind: Kind::Node, id: id.to_string(), field: String::new() };
    Ok((at, newest.ok_or_else(missing)?))
}

fn request_id(form: &mut Form<'_>, id: &str) {
    if !id.is_empty() {
        form.uid(&"request_id", id);
    }
}

/// All nodes, the removed ones too.
pub async fn list(call: Call, asked: v1::ListNodesRequest) -> Result<v1::ListNodesResponse, Failure> {
    let (paging, mode) = call.read_form(|form| {
        (form.paging(asked.page_size, &asked.page_token, "nodes"), read_mode(form, asked.read_mode))
    })?;
    let (at, nodes) = nodes(&call, mode).await?;
    let key = |node: &Node| format!("{} {:020}", node.id, node.raft_id);
    let mut rest = nodes.into_iter().filter(|node| paging.after.as_ref().is_none_or(|after| key(node) > *after));
    let page: Vec<_> = rest.by_ref().take(paging.size).collect();
    let last = page.last().filter(|_| rest.next().is_some()).map(|last| key(last));
    Ok(v1::ListNodesResponse {
        header: call.header(at, false),
        nodes: page.iter().map(|node| tells::node(node)).collect(),
        next_page_token: last.map(|last| paging.next(&call.tenant, &last)).unwrap_or_default(),
    })
}

/// Waits for a machine that was started to join: it announces itself, and is a learner from then on.
pub async fn add(call: Call, asked: v1::AddNodeRequest) -> Result<v1::AddNodeResponse, Failure> {
    let id: NodeId = call.read_form(|form| {
        request_id(form, &asked.request_id);
        if asked.peer_address.rsplit_once(':').is_none_or(|(_, port)| port.parse::<u16>().is_err()) {
            form.fail(&"peer_address", "is not of the form host:port");
        }
        form.id(&"node_id", &asked.node_id).unwrap_or_else(|| NodeId::from(""))
    })?;
    loop {
        let (at, nodes) = nodes(&call, ReadMode::Linearizable).await?;
        let found = nodes
            .iter()
            .find(|node| node.id == id && node.peer_address == asked.peer_address && node.role != NodeRole::Removed);
        if let Some(node) = found {
            return Ok(v1::AddNodeResponse { header: call.header(at, false), node: Some(tells::node(node)) });
        }
        if asked.validate_only || Instant::now() + 2 * LOOK_AGAIN > call.deadline {
            let why = format!("node {id} has not announced itself: start it with `cluster.join`, then ask again");
            return Err(Failure::Membership { why });
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// Changes a node in shard 0; every shard follows.
async fn declare(call: &Call, update: UpdateNode) -> Result<(At, v1::Node), Failure> {
    let command = Command { tenant: None, request: None, body: update.into() };
    let outcome = call.desk().gateway().submit(0, Lane::Submit, &command, call.deadline).await?;
    match outcome.result {
        Ok(Reply::Node(node)) => Ok((outcome.at, tells::node(&node))),
        // Shard 0 decides who may go: the last that votes or may lead may not, and who was removed does not come back.
        Err(Rejection::WrongState { id, state, .. }) => {
            Err(Failure::Membership { why: format!("node {id} is {state}") })
        }
        Err(rejection) => Err(rejection.into()),
        Ok(_) => Err(Failure::Internal { what: "a reply of another kind than a node".into() }),
    }
}

/// Lets a learner vote, once it has caught up.
pub async fn promote(call: Call, asked: v1::PromoteNodeRequest) -> Result<v1::PromoteNodeResponse, Failure> {
    call.read_form(|form| request_id(form, &asked.request_id))?;
    let (at, node) = named(&call, &asked.name, asked.raft_id).await?;
    if node.role == NodeRole::Removed {
        return Err(Failure::Membership { why: format!("node {} was removed", node.id) });
    }
    if asked.validate_only || node.role == NodeRole::Voter {
        return Ok(v1::PromoteNodeResponse { header: call.header(at, false), node: Some(tells::node(&node)) });
    }
    let (at, node) = declare(&call, UpdateNode { role: Some(NodeRole::Voter), ..UpdateNode::of(node.raft_id) }).await?;
    Ok(v1::PromoteNodeResponse { header: call.header(at, false), node: Some(node) })
}

/// Takes a node out of every shard, for ever.
pub async fn remove(call: Call, asked: v1::RemoveNodeRequest) -> Result<v1::RemoveNodeResponse, Failure> {
    call.read_form(|form| request_id(form, &asked.request_id))?;
    let (at, node) = named(&call, &asked.name, asked.raft_id).await?;
    if asked.validate_only {
        // Only a preview: shard 0 decides when it is meant.
        let (_, all) = nodes(&call, ReadMode::Linearizable).await?;
        if !all.iter().any(|other| other.role == NodeRole::Voter && other.raft_id != node.raft_id) {
            return Err(Failure::Membership { why: format!("node {} is the last that votes", node.id) });
        }
    }
    if asked.validate_only || node.role == NodeRole::Removed {
        return Ok(v1::RemoveNodeResponse { header: call.header(at, false), node: Some(tells::node(&node)) });
    }
    let update = UpdateNode { role: Some(NodeRole::Removed), ..UpdateNode::of(node.raft_id) };
    let (at, node) = declare(&call, update).await?;
    Ok(v1::RemoveNodeResponse { header: call.header(at, false), node: Some(node) })
}

/// Hands leadership of shards this node leads to a voter. A shard led elsewhere is refused with the hint, before any
/// other is handed over.
pub async fn transfer(
    call: Call,
    asked: v1::TransferLeadershipRequest,
) -> Result<v1::TransferLeadershipResponse, Failure> {
    let all = call.desk().gateway().shards();
    let shards = call.read_form(|form| {
        request_id(form, &asked.request_id);
        if form.count(&"shards", asked.shards.len(), all as usize) {
            for (at, shard) in asked.shards.iter().enumerate().filter(|(_, shard)| **shard >= all) {
                form.fail(&format_args!("shards[{at}]"), format!("is {shard}: there are {all} shards, from 0"));
            }
        }
        if asked.shards.is_empty() { (0..all).collect() } else { asked.shards.iter().copied().collect::<BTreeSet<_>>() }
    })?;
    let (at, node) = named(&call, &asked.name, 0).await?;
    let mut led_here = Vec::new();
    for shard in &shards {
        let standing = call.desk().gateway().standing(*shard).ok_or(Unavailable::NoLeader)?;
        match (standing.leader, standing.role) {
            (Some(leader), _) if leader == node.raft_id => {}
            (_, Role::Leader) => led_here.push(*shard),
            (leader, _) => return Err(Unavailable::NotLeader { leader }.into()),
        }
    }
    for shard in led_here {
        hand_over(&call, shard, node.raft_id).await?;
    }
    let mut afterwards = Vec::new();
    for shard in shards {
        afterwards.extend(status_of_cluster::shard(&call, shard).await?);
    }
    Ok(v1::TransferLeadershipResponse { header: call.header(at, false), shards: afterwards })
}

/// Asks for a transfer and waits until it has happened.
async fn hand_over(call: &Call, shard: ShardId, to: u64) -> Result<(), Failure> {
    let gateway = call.desk().gateway();
    let patience = call.deadline.saturating_duration_since(Instant::now());
    let asked = gateway.control(shard, Control::Transfer(to), patience).await;
    asked.map_err(|error| Failure::Membership { why: error.to_string() })?;
    while gateway.standing(shard).and_then(|standing| standing.leader) != Some(to) {
        if Instant::now() + LOOK_AGAIN > call.deadline {
            // It may still happen.
            return Err(Unavailable::ResultUnknown.into());
        }
        tokio::time::sleep(LOOK_AGAIN / 10).await;
    }
    Ok(())
}

/// Declares that a node shall lead nothing, or may again; it sees to that itself (`assembly::drain`). The answer comes
/// once it leads nothing, or in time before the caller gives up: the response says that it drains.
pub async fn drain(call: Call, asked: v1::DrainNodeRequest) -> Result<v1::DrainNodeResponse, Failure> {
    call.read_form(|form| request_id(form, &asked.request_id))?;
    let (_, node) = named(&call, &asked.name, 0).await?;
    let update = UpdateNode { draining: Some(!asked.undo), ..UpdateNode::of(node.raft_id) };
    let (at, told) = declare(&call, update).await?;
    while !asked.undo && may_lead(&call, node.raft_id) && Instant::now() + LOOK_AGAIN < call.deadline {
        tokio::time::sleep(LOOK_AGAIN / 10).await;
    }
    Ok(v1::DrainNodeResponse { header: call.header(at, false), node: Some(told) })
}

/// Whether a node leads a shard as far as this one knows, or may: where nobody is known to lead.
fn may_lead(call: &Call, raft_id: u64) -> bool {
    let gateway = call.desk().gateway();
    let leader = |shard| gateway.standing(shard).and_then(|standing| standing.leader);
    (0..gateway.shards()).any(|shard| leader(shard).is_none_or(|leader| leader == raft_id))
}
