//! Commands by chance: mostly about things that are there, often lawful, never checked before.
use super::{
    Chance,
    config::{hours, spec},
    opening::{agent, capacity},
    supervision,
};
use kindred_domain::{Body, Command, State, command::*, ids::*, lawful, record::*};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

pub fn to_shard(body: impl Into<Body>) -> Command {
    Command { tenant: None, request: None, body: body.into() }
}

pub fn cancel(id: &InteractionId) -> Command {
    to_tenant(CancelInteraction { id: id.clone(), reason: CloseReason::Cancelled, note: String::new() })
}

pub fn to_tenant(body: impl Into<Body>) -> Command {
    Command { tenant: Some("t".into()), request: None, body: body.into() }
}

/// Something somebody might ask now.
pub fn any(chance: &mut Chance, state: &State, now_ms: u64) -> Body {
    match chance.below(100) {
        0..12 => submit(chance).into(),
        12..30 => offers(chance, state, now_ms).into(),
        30..75 => of_interaction(chance, state),
        75..94 => of_agent(chance, state),
        _ => of_others(chance, state),
    }
}

fn submit(chance: &mut Chance) -> CreateInteraction {
    let n = chance.below(60);
    CreateInteraction {
        id: format!("i{n}").into(),
        conversation: chance.one_in(2).then(|| format!("k{}", n % 8).into()),
        channel: (*chance.of(&["voice", "chat", "chat", "email"])).into(),
        direction: Direction::Inbound,
        customer: None,
        identity: None,
        external_thread_id: None,
        connector: chance.one_in(3).then(|| (*chance.of(&["c0", "c1"])).into()),
        queue: (*chance.of(&["q0", "q1"])).into(),
        labels: BTreeMap::new(),
        required: None,
        preferred: None,
        priority: chance.below(5) as i32,
        human_requested_at_ms: None,
        connect_by_ms: None,
        context: chance.one_in(4).then(Sealed::default),
    }
}

/// A few pairs, lawful one by one as far as can be seen now.
fn offers(chance: &mut Chance, state: &State, now_ms: u64) -> MakeOffers {
    let mut offers = Vec::new();
    let mut deferrals = Vec::new();
    let Some(tenant) = state.tenant("t") else {
        return MakeOffers { offers, deferrals };
    };
    for interaction in tenant.interactions() {
        if chance.one_in(12) {
            deferrals.push(DeferPlan {
                interaction: interaction.id.clone(),
                until_ms: now_ms + chance.below(20_000),
                reason: DeferReason::BetterMatch,
            });
        }
        for agent in tenant.agents() {
            let lawful = lawful::lawful(tenant, interaction, agent, now_ms).is_ok();
            if (lawful && chance.one_in(2)) || chance.one_in(50) {
                offers.push(OfferPlan {
                    offer: Uid((u128::from(chance.below(u64::MAX)) << 32) | 1),
                    interaction: interaction.id.clone(),
                    agent: agent.id.clone(),
                    score_micros: 0,
                    policy_revision: 1 + chance.below(3),
                    draw: None,
                    free_groups: chance.one_in(2).then(|| chance.below(4) as u32),
                });
            }
        }
    }
    MakeOffers { offers, deferrals }
}

/// About one that is not merely waiting, if chance finds one.
fn of_interaction(chance: &mut Chance, state: &State) -> Body {
    let tenant = state.tenant("t").into_iter();
    let open: Vec<_> = tenant.flat_map(|t| t.interactions()).collect();
    let busy = |i: &&&Arc<Interaction>| i.state != InteractionState::Queued;
    let busy: Vec<_> = open.iter().filter(busy).copied().collect();
    let among = if busy.is_empty() || chance.one_in(10) { &open } else { &busy };
    if among.is_empty() {
        return submit(chance).into();
    }
    let i = *chance.of(among);
    if chance.one_in(16) {
        return supervision::of_one(chance, i);
    }
    let part = part(chance, i);
    let likely = i.assignments.iter().find(|a| a.id == part.1).map(|a| a.state);
    let out = i.offer(part.1).or(i.offers.first());
    match (likely, out) {
        _ if chance.one_in(5) => unlikely(chance, i, part.1, state),
        (_, Some(_)) if chance.one_in(6) => {
            DeclineOffer { interaction: part.0, offer: part.1, reason: String::new() }.into()
        }
        (_, Some(offer)) if offer.answer_mode == AnswerMode::RingIsOffer => {
            ReportConnected { interaction: part.0, assignment: part.1 }.into()
        }
        (_, Some(_)) => AcceptOffer { interaction: part.0, offer: part.1 }.into(),
        (Some(AssignmentState::Connecting), _) if chance.one_in(4) => connect_failed(chance, part.0, part.1).into(),
        (Some(AssignmentState::Connecting), _) => ReportConnected { interaction: part.0, assignment: part.1 }.into(),
        (Some(AssignmentState::Held), _) => RetrieveAssignment { interaction: part.0, assignment: part.1 }.into(),
        (Some(AssignmentState::WrapUp), _) => CompleteWrapUp { interaction: part.0, assignment: part.1 }.into(),
        (Some(AssignmentState::Dormant), _) => {
            RecordActivity { interaction: part.0, party: Party::Customer, now_dormant: false }.into()
        }
        _ => of_talk(chance, part.0, part.1),
    }
}

/// The interaction and the offer or assignment meant: mostly the last.
fn part(chance: &mut Chance, i: &Interaction) -> (InteractionId, Uid) {
    let parts: Vec<_> = i.assignments.iter().map(|a| a.id).collect();
    let offers: Vec<Uid> = i.offers.iter().map(|offer| offer.id).collect();
    let offer = (!offers.is_empty()).then(|| *chance.of(&offers));
    let last = offer.or(parts.last().copied()).unwrap_or(Uid(5));
    let part = match parts.is_empty() || !chance.one_in(5) {
        true => last,
        false => *chance.of(&parts),
    };
    (i.id.clone(), part)
}

fn of_talk(chance: &mut Chance, interaction: InteractionId, part: Uid) -> Body {
    match chance.below(12) {
        0..2 => HoldAssignment { interaction, assignment: part }.into(),
        2..4 => AddChannel { interaction, assignment: part, channel: (*chance.of(&["voice", "chat", "email"])).into() }
            .into(),
        4..6 => transfer(chance, interaction, part).into(),
        6 => EndAssignment { interaction, assignment: part }.into(),
        7..10 => RecordActivity { interaction, party: Party::Agent, now_dormant: chance.one_in(2) }.into(),
        _ => CompleteInteraction { id: interaction, assignment: None, note: String::new() }.into(),
    }
}

/// Whatever the state says.
fn unlikely(chance: &mut Chance, i: &Interaction, part: Uid, state: &State) -> Body {
    let id = i.id.clone();
    match chance.below(8) {
        0 => AbandonInteraction { id }.into(),
        1 => CancelInteraction { id, reason: CloseReason::Cancelled, note: String::new() }.into(),
        2 => connect_failed(chance, id, part).into(),
        3 => RecordActivity {
            interaction: id,
            party: *chance.of(&[Party::Customer, Party::Agent]),
            now_dormant: chance.one_in(3),
        }
        .into(),
        4 => ReportConnected { interaction: id, assignment: part }.into(),
        5 => UpdateInteraction {
            id,
            etag: None,
            patch: InteractionPatch {
                priority: Some(1),
                context: chance.one_in(2).then(|| chance.one_in(2).then(Sealed::default)),
                connect_by_ms: Some(Some(state.now_ms() + chance.below(60_000))),
                ..InteractionPatch::default()
            },
        }
        .into(),
        _ => of_talk(chance, id, part),
    }
}

fn connect_failed(chance: &mut Chance, interaction: InteractionId, part: Uid) -> ReportConnectFailed {
    let causes = [
        ConnectFailure::AgentNoAnswer,
        ConnectFailure::DeviceUnreachable,
        ConnectFailure::CustomerGone,
        ConnectFailure::MediaError,
    ];
    ReportConnectFailed { interaction, assignment: part, cause: *chance.of(&causes) }
}

fn transfer(chance: &mut Chance, interaction: InteractionId, part: Uid) -> TransferInteraction {
    let target = match chance.below(2) {
        0 => TransferTarget::Queue((*chance.of(&["q0", "q1"])).into()),
        _ => TransferTarget::Agent(any_agent(chance)),
    };
    TransferInteraction { interaction, assignment: part, target, connect_by_ms: None, reason: String::new() }
}

fn any_agent(chance: &mut Chance) -> AgentId {
    format!("a{}", chance.below(5)).into()
}

fn some_agents(chance: &mut Chance) -> Vec<AgentId> {
    let all: BTreeSet<AgentId> = (0..=chance.below(3)).map(|_| any_agent(chance)).collect();
    all.into_iter().collect()
}

fn of_agent(chance: &mut Chance, state: &State) -> Body {
    let session = Uid(chance.below(3).into());
    match chance.below(24) {
        0..9 => {
            use PresenceStatus::*;
            let status = *chance.of(&[Available, Available, Available, Break, Away, Offline]);
            let after_contact = chance.one_in(5);
            SetPresence {
                agents: some_agents(chance),
                status,
                reason: String::new(),
                channels: (status == Available && !after_contact && chance.one_in(5))
                    .then(|| Channel::new("chat"))
                    .into_iter()
                    .collect(),
                after_contact,
                expires_after_ms: (!after_contact && chance.one_in(4)).then(|| chance.below(90_000)),
            }
            .into()
        }
        9..14 => AttachSession { session, node: "n".into(), agents: some_agents(chance) }.into(),
        14..16 => RenewSession { session }.into(),
        16..18 => DetachSession {
            session,
            agents: if chance.one_in(2) { some_agents(chance) } else { Vec::new() },
            lost: chance.one_in(2),
        }
        .into(),
        18 => DeleteAgent { id: any_agent(chance), etag: None }.into(),
        19..21 => agent(chance.below(5)).into(),
        _ => {
            let mut ids = some_agents(chance);
            ids.retain(|id| state.tenant("t").is_some_and(|t| t.agent(id).is_some()));
            let capacity = match chance.below(3) {
                0 => None,
                1 => Some(Capacity { total: 40, ..Capacity::default() }),
                _ => Some(capacity(true)),
            };
            let patch = AgentPatch {
                capacity: Some(capacity),
                profile: Some((*chance.of(&["all", "some"])).into()),
                ..AgentPatch::default()
            };
            let update = |id| UpdateAgent { id, etag: None, patch: patch.clone() };
            BatchUpdateAgents { updates: ids.into_iter().map(update).collect() }.into()
        }
    }
}

fn of_others(chance: &mut Chance, state: &State) -> Body {
    if chance.one_in(4) {
        return supervision::of_all(chance, state);
    }
    let id: ConnectorId = (*chance.of(&["c0", "c1"])).into();
    match chance.below(20) {
        0..3 => RegisterConnector { id, display_name: String::new(), lease_ms: *chance.of(&[10_000, 60_000, 300_000]) }
            .into(),
        3..5 => HeartbeatConnector { id }.into(),
        5..8 => {
            let open = state.tenant("t").into_iter().flat_map(|t| t.interactions());
            let alive: Vec<_> = open.map(|i| i.id.clone()).filter(|_| chance.one_in(2)).collect();
            ReconcileConnector {
                id,
                alive,
                observed_ms: chance.one_in(2).then(|| state.now_ms().saturating_sub(chance.below(60_000))),
                partial: chance.one_in(3),
            }
            .into()
        }
        8 => DeleteConnector { id, etag: None }.into(),
        9..11 => AppendConversation {
            id: format!("k{}", chance.below(8)).into(),
            customer: chance.one_in(2).then(|| "m".into()),
            items: Vec::new(),
        }
        .into(),
        11 => UpdateProfile {
            id: "all".into(),
            etag: None,
            display_name: None,
            entries: None,
            capacity: Some(Capacity { total: *chance.of(&[60, 100, 200]), ..capacity(true) }),
        }
        .into(),
        12 => RollbackPolicy {
            id: (*chance.of(&["p", "ring"])).into(),
            etag: None,
            revision: 1 + chance.below(4),
            validate_only: chance.one_in(3),
        }
        .into(),
        13 | 14 => UpdatePolicy {
            id: (*chance.of(&["p", "ring"])).into(),
            etag: None,
            display_name: None,
            spec: Some(spec(chance)),
            validate_only: chance.one_in(2),
        }
        .into(),
        _ => hours(chance, state),
    }
}
