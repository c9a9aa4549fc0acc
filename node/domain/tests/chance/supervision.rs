//! Supervisors by chance: mostly something that may be done, and often the end of what was done.
use super::Chance;
use kindred_domain::{Body, State, command::*, ids::*, record::*};
use std::collections::BTreeSet;

fn by(chance: &mut Chance) -> Mandate {
    let reason = if chance.one_in(20) { "" } else { "drill" };
    Mandate { supervisor: (*chance.of(&["sue", "tom"])).into(), reason: reason.into() }
}

fn an_agent(chance: &mut Chance) -> AgentId {
    format!("a{}", chance.below(5)).into()
}

/// Mostly of those for whom `wanted` holds.
fn some_agents(chance: &mut Chance, state: &State, wanted: impl Fn(&Agent) -> bool) -> Vec<AgentId> {
    let all = state.tenant("t").into_iter().flat_map(|t| t.agents());
    let fit: Vec<AgentId> = all.filter(|agent| wanted(agent)).map(|agent| agent.id.clone()).collect();
    if fit.is_empty() || chance.one_in(10) {
        return vec![an_agent(chance)];
    }
    let some: BTreeSet<AgentId> = (0..=chance.below(2)).map(|_| chance.of(&fit).clone()).collect();
    some.into_iter().collect()
}

/// What a supervisor does of a queue, or of agents.
pub fn of_all(chance: &mut Chance, state: &State) -> Body {
    let id: QueueId = (*chance.of(&["q0", "q1"])).into();
    let by = by(chance);
    match chance.below(16) {
        13 | 14 => adjust(chance, state, by).into(),
        15 => EndAdjustment { id: (*chance.of(&["x", "y"])).into(), by }.into(),
        0 => PauseQueue { id, by }.into(),
        1 | 2 => ResumeQueue { id, by }.into(),
        3 => {
            let overflow = chance.one_in(2).then(|| (*chance.of(&["q0", "q1", "q2"])).into());
            DrainQueue { id, overflow, by }.into()
        }
        4 | 5 => UndrainQueue { id, by }.into(),
        6 => DrainAgents { agents: some_agents(chance, state, |a| a.draining.is_none()), by }.into(),
        7 | 8 => UndrainAgents { agents: some_agents(chance, state, |a| a.draining.is_some()), by }.into(),
        9 | 10 => {
            use PresenceStatus::*;
            let status = *chance.of(&[Available, Break, Away, Offline]);
            let chat = status == Available && chance.one_in(3);
            ForcePresence {
                agents: some_agents(chance, state, |_| true),
                status,
                channels: chat.then(|| Channel::new("chat")).into_iter().collect(),
                expires_after_ms: chance.one_in(2).then(|| chance.below(60_000)),
                by,
            }
            .into()
        }
        _ => LiftPresence { agents: some_agents(chance, state, |a| a.presence.forced.is_some()), by }.into(),
    }
}

/// What a supervisor does of one interaction.
pub fn of_one(chance: &mut Chance, i: &Interaction) -> Body {
    let (id, by) = (i.id.clone(), by(chance));
    match chance.below(6) {
        0 => ReprioritiseInteraction { id, etag: None, priority: chance.below(9) as i32, by }.into(),
        1 | 2 => MoveInteraction { id, queue: (*chance.of(&["q0", "q1"])).into(), by }.into(),
        3 => PullBackInteraction { id, by }.into(),
        _ => ReassignInteraction { id, agent: an_agent(chance), connect_by_ms: None, by }.into(),
    }
}

/// Agents, interactions, or both; now and then of what is gone.
fn adjust(chance: &mut Chance, state: &State, by: Mandate) -> StartAdjustment {
    let mut agents = some_agents(chance, state, |a| a.adjustment.is_none());
    let open = state.tenant("t").into_iter().flat_map(|t| t.interactions());
    let mut interactions: Vec<InteractionId> = open.filter(|_| chance.one_in(4)).map(|i| i.id.clone()).collect();
    match chance.below(3) {
        0 => agents.clear(),
        1 => interactions.clear(),
        _ => {}
    }
    interactions.truncate(2);
    let of_agents = !agents.is_empty();
    let of_interactions = !interactions.is_empty();
    StartAdjustment {
        id: (*chance.of(&["x", "y"])).into(),
        agents,
        agent_change: AgentChange {
            profile: (of_agents && chance.one_in(2)).then(|| (*chance.of(&["all", "some"])).into()),
            skills: of_agents.then(|| ("x".into(), chance.below(101) as u8)).into_iter().collect(),
        },
        interactions,
        interaction_change: InteractionChange {
            priority: of_interactions.then(|| chance.below(9) as i32),
            queue: (of_interactions && chance.one_in(2)).then(|| (*chance.of(&["q0", "q1"])).into()),
        },
        lasts_ms: chance.below(40_000),
        by,
    }
}
