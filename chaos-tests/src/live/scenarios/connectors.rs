//! A platform's connector dies and comes back.
use crate::{
    live::{
        Options, TENANT,
        cluster::{LOOK, Shape},
        name,
        story::{READY, Story},
        workload::{
            Demand,
            calls::{CALL, Caller, wanting},
            center::{self, Timeouts},
        },
    },
    outcome::Outcome,
};
use anyhow::ensure;
use futures::{StreamExt as _, stream};
use kindred_client::{Client, v1};
use std::time::Duration;
use tokio::time::{Instant, sleep};
use v1::interaction::{CloseReason, State};

const LEASE_S: i64 = 5;
const AT_ONCE: usize = 32;

/// 46: a connector with 500 calls is silent until its lease lapses; the leader dies meanwhile; half of the calls are
/// still there when it returns, and the agents of the other half are freed.
pub async fn a_connector_dies_with_its_calls(options: &Options) -> anyhow::Result<Outcome> {
    let calls = options.turns(500, 60);
    let timeouts = Timeouts { offer_s: 60, connect_s: 60, wrap_up_s: 0 };
    let demand = Demand { per_second: 0.0, agents: 0, timeouts, ..options.demand() };
    let mut story = Story::begin_with(options, Shape::default(), demand).await?;
    let (caller, client) = (story.caller(), story.cluster.client(0, CALL)?);
    center::hire(&client, "c", calls).await?;
    center::seat(&client, "c", calls).await?;
    let mut phone = Phone { caller, client, alive: Vec::new(), dead: Vec::new() };
    phone.register().await?;
    phone.talk(calls).await?;
    story.fault();
    let until = Instant::now() + READY;
    let all: Vec<String> = phone.alive.iter().chain(&phone.dead).cloned().collect();
    let unconfirmed = loop {
        let unconfirmed = phone.count(&all, State::Unconfirmed).await?;
        if unconfirmed == all.len() {
            break unconfirmed;
        }
        ensure!(Instant::now() < until, "the lease does not lapse: {unconfirmed} of {calls} are unconfirmed");
        sleep(LOOK).await;
    };
    story.witness("calls unconfirmed, their connector dead", unconfirmed as u64);
    let leader = story.cluster.leader().await?;
    story.kill_leader_quietly(leader).await?;
    let lost = phone.return_and_reconcile().await?;
    story.holds('U', lost == phone.dead.len(), format!("{lost} of {} dead calls were closed", phone.dead.len()));
    let confirmed = phone.count(&phone.alive, State::Assigned).await?;
    story.holds('U', confirmed == phone.alive.len(), format!("{confirmed} of {} went on", phone.alive.len()));
    phone.finish().await?;
    let freed = phone.busy_agents(calls).await?;
    story.holds('U', freed == 0, format!("{freed} agents are still busy with calls that are over"));
    story.return_of(leader).await?;
    story.end().await
}

/// The connector, and its calls by what became of them while it was silent.
struct Phone {
    caller: Caller,
    client: Client,
    alive: Vec<String>,
    dead: Vec<String>,
}

impl Phone {
    async fn register(&self) -> anyhow::Result<()> {
        let lease = Some(prost_types::Duration { seconds: LEASE_S, nanos: 0 });
        let request = v1::RegisterConnectorRequest {
            parent: format!("tenants/{TENANT}"),
            connector: Some(v1::Connector { lease, ..Default::default() }),
            connector_id: "phone".into(),
            ..Default::default()
        };
        self.client.register_connector(request).await?;
        Ok(())
    }

    async fn heartbeat(&self) -> anyhow::Result<()> {
        let request = v1::HeartbeatConnectorRequest { name: name("connectors", "phone"), ..Default::default() };
        self.client.heartbeat_connector(request).await?;
        Ok(())
    }

    /// So many calls come in, and each is taken by an agent. The connector lives while they do.
    async fn talk(&mut self, calls: usize) -> anyhow::Result<()> {
        let mut beat = Instant::now();
        for part in (0..calls).collect::<Vec<_>>().chunks(AT_ONCE) {
            let talking = stream::iter(part.iter().copied()).map(|number| self.one(number)).buffer_unordered(AT_ONCE);
            let names: Vec<anyhow::Result<String>> = talking.collect().await;
            for (number, name) in names.into_iter().enumerate() {
                let half = if number % 2 == 0 { &mut self.alive } else { &mut self.dead };
                half.push(name?);
            }
            if beat.elapsed() > Duration::from_secs(1) {
                self.heartbeat().await?;
                beat = Instant::now();
            }
        }
        Ok(())
    }

    /// One call from its arrival to a conversation.
    async fn one(&self, number: usize) -> anyhow::Result<String> {
        let call = v1::Interaction { connector: name("connectors", "phone"), ..wanting("voice") };
        let made = self.caller.submit(&self.client, &format!("p-{number}"), call).await?;
        let until = Instant::now() + READY;
        let offer_id = loop {
            let seen = self.caller.read(&self.client, &made.name).await?;
            if let Some(offer) = seen.offers.last().filter(|offer| offer.revoke_time.is_none()) {
                break offer.id.clone();
            }
            ensure!(Instant::now() < until, "{} is not offered: {:?}", made.name, seen.state());
            sleep(LOOK).await;
        };
        let taken = self.caller.accept(&self.client, &made.name, &offer_id).await?;
        let assignment = taken.assignments.last().map(|part| part.name.clone()).unwrap_or_default();
        self.caller.connected(&self.client, &assignment).await?;
        Ok(made.name)
    }

    /// How many of these are in a state.
    async fn count(&self, of: &[String], state: State) -> anyhow::Result<usize> {
        let reads = stream::iter(of).map(|name| self.caller.read(&self.client, name)).buffer_unordered(AT_ONCE);
        let seen: Vec<_> = reads.collect().await;
        let mut count = 0;
        for interaction in seen {
            count += usize::from(interaction?.state() == state);
        }
        Ok(count)
    }

    /// It lives again, and says which calls do; how many of the dead ones were closed as such.
    async fn return_and_reconcile(&self) -> anyhow::Result<usize> {
        self.heartbeat().await?;
        let request = v1::ReconcileConnectorRequest {
            name: name("connectors", "phone"),
            alive_interactions: self.alive.clone(),
            ..Default::default()
        };
        self.client.reconcile_connector(request).await?;
        let reads = stream::iter(&self.dead).map(|name| self.caller.read(&self.client, name)).buffer_unordered(AT_ONCE);
        let seen: Vec<_> = reads.collect().await;
        let lost = |i: &v1::Interaction| i.close_reason() == CloseReason::LostMedia;
        Ok(seen.iter().flatten().filter(|interaction| lost(interaction)).count())
    }

    /// What is left of the conversations comes to its end.
    async fn finish(&self) -> anyhow::Result<()> {
        for name in &self.alive {
            self.heartbeat().await?;
            let seen = self.caller.read(&self.client, name).await?;
            let assignment = seen.assignments.last().map(|part| part.name.clone()).unwrap_or_default();
            self.caller.complete(&self.client, name, &assignment).await?;
        }
        Ok(())
    }

    /// Agents who still have work.
    async fn busy_agents(&self, agents: usize) -> anyhow::Result<usize> {
        let request = v1::ListAgentsRequest {
            parent: format!("tenants/{TENANT}"),
            page_size: i32::try_from(agents)?,
            ..Default::default()
        };
        let agents = self.client.list_agents(request).await?.agents;
        Ok(agents.iter().filter(|agent| !agent.work.is_empty()).count())
    }
}
