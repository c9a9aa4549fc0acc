//! Applying entries: dedup, dispatch, expiry, sweeping. One file per command; all checks before all changes.
mod agent;
mod checks;
mod config;
mod connector;
mod ctx;
mod customer;
mod expire;
mod hours;
mod interaction;
mod remember;
mod shard;
mod stretch;
mod supervision;
mod sweep;

use crate::{
    command::{Body, Command},
    entry::{Applied, Entry},
    planted,
    record::*,
    rejection::Rejection,
    reply::{Answer, Reply},
    state::State,
};
use alloc::{string::ToString, sync::Arc};
use ctx::{Ctx, Out};

impl State {
    /// Applies a committed entry. Infallible: whatever is wrong with a command is its answer.
    ///
    /// Order: a new leader's extension of deadlines, what is due, the commands, the sweeping.
    pub fn apply(&mut self, entry: &Entry) -> Applied {
        debug_assert!(entry.index > self.index, "entries are applied once, in order");
        let mut out = Out::default();
        let before_ms = self.now_ms;
        self.now_ms = entry.time_ms.max(self.now_ms);
        self.index = entry.index;
        if entry.commands.iter().any(|c| matches!(c.body, Body::LeaderStarted(_))) {
            expire::extend(self, &mut out, self.now_ms - before_ms);
            if planted!(ReservationForgotten) {
                let agents = self.tenants.values_mut().flat_map(|tenant| tenant.agents.values_mut());
                agents.for_each(|agent| Arc::make_mut(agent).work.retain(|work| !work.offered));
            }
            if planted!(HoldForgotten) {
                let open = self.tenants.values_mut().flat_map(|tenant| tenant.interactions.values_mut());
                let parts = open.flat_map(|interaction| &mut Arc::make_mut(interaction).assignments);
                parts.filter(|a| a.state == AssignmentState::Held).for_each(|a| a.state = AssignmentState::Active);
            }
        }
        expire::expire(self, &mut out);
        for (position, command) in entry.commands.iter().enumerate() {
            let answer = self.answer(&mut out, command, position as u32);
            out.applied.answers.push(answer);
        }
        sweep::sweep(self, &mut out);
        self.finish(out)
    }

    fn answer(&mut self, out: &mut Out, command: &Command, position: u32) -> Answer {
        let Some(tenant) = &command.tenant else {
            return Answer::Fresh(shard::apply(self, out, &command.body));
        };
        if let Body::AdoptTenant(adopt) = &command.body {
            return Answer::Fresh(shard::adopt_tenant::apply(self, out, adopt));
        }
        let (now_ms, index) = (self.now_ms, self.index);
        let Some(state) = self.tenants.get_mut(tenant).filter(|t| !t.record.deleted) else {
            if let Body::DeleteTenant(_) = &command.body {
                return Answer::Fresh(shard::forget_tenant::apply(self, out, tenant));
            }
            return Answer::Fresh(Err(Rejection::WrongShard { tenant: tenant.to_string() }));
        };
        let mut ctx = Ctx {
            now_ms,
            index,
            // The record's own: all keys and records then share one name.
            id: state.record.id.clone(),
            tenant: state,
            due: &mut self.due,
            out,
        };
        if let Some(request) = &command.request {
            match remember::look_up(&ctx, request, &command.body) {
                Ok(None) => {}
                Ok(Some(repeat)) => return repeat,
                Err(rejection) => return Answer::Fresh(Err(rejection)),
            }
        }
        let result = dispatch(&mut ctx, &command.body);
        if let Some(request) = &command.request {
            remember::remember(&mut ctx, request, position);
        }
        Answer::Fresh(result)
    }

    /// Turns what was touched into what is to be written.
    fn finish(&mut self, out: Out) -> Applied {
        let Out { mut applied, dirty, closed, .. } = out;
        for key in dirty {
            match self.record(&key) {
                Some(record) => applied.puts.push(record),
                None => applied.removed.push(key),
            }
        }
        applied.puts.extend(closed.into_values().map(Record::Closed));
        applied
    }
}

fn dispatch(ctx: &mut Ctx<'_>, body: &Body) -> Result<Reply, Rejection> {
    match body {
        Body::CreateInteraction(c) => interaction::create_interaction::apply(ctx, c),
        Body::UpdateInteraction(c) => interaction::update_interaction::apply(ctx, c),
        Body::CancelInteraction(c) => interaction::cancel_interaction::apply(ctx, c),
        Body::AbandonInteraction(c) => interaction::abandon_interaction::apply(ctx, c),
        Body::CompleteInteraction(c) => interaction::complete_interaction::apply(ctx, c),
        Body::AcceptOffer(c) => interaction::accept_offer::apply(ctx, c),
        Body::DeclineOffer(c) => interaction::decline_offer::apply(ctx, c),
        Body::ReportConnected(c) => interaction::report_connected::apply(ctx, c),
        Body::ReportConnectFailed(c) => interaction::report_connect_failed::apply(ctx, c),
        Body::HoldAssignment(c) => interaction::hold_assignment::apply(ctx, c),
        Body::RetrieveAssignment(c) => interaction::retrieve_assignment::apply(ctx, c),
        Body::AddChannel(c) => interaction::add_channel::apply(ctx, c),
        Body::TransferInteraction(c) => interaction::transfer_interaction::apply(ctx, c),
        Body::EndAssignment(c) => interaction::end_assignment::apply(ctx, c),
        Body::CompleteWrapUp(c) => interaction::complete_wrap_up::apply(ctx, c),
        Body::RecordActivity(c) => interaction::record_activity::apply(ctx, c),
        Body::MakeOffers(c) => interaction::make_offers::apply(ctx, c),
        Body::CreateAgent(c) => agent::create_agent::apply(ctx, c),
        Body::UpdateAgent(c) => agent::update_agent::apply(ctx, c),
        Body::DeleteAgent(c) => agent::delete_agent::apply(ctx, c),
        Body::SetPresence(c) => agent::set_presence::apply(ctx, c),
        Body::BatchUpdateAgents(c) => agent::batch_update_agents::apply(ctx, c),
        Body::AttachSession(c) => agent::attach_session::apply(ctx, c),
        Body::RenewSession(c) => agent::renew_session::apply(ctx, c),
        Body::DetachSession(c) => agent::detach_session::apply(ctx, c),
        Body::CreateTeam(c) => config::create_team::apply(ctx, c),
        Body::UpdateTeam(c) => config::update_team::apply(ctx, c),
        Body::DeleteTeam(c) => config::delete_team::apply(ctx, c),
        Body::CreateProfile(c) => config::create_profile::apply(ctx, c),
        Body::UpdateProfile(c) => config::update_profile::apply(ctx, c),
        Body::DeleteProfile(c) => config::delete_profile::apply(ctx, c),
        Body::CreateQueue(c) => config::create_queue::apply(ctx, c),
        Body::UpdateQueue(c) => config::update_queue::apply(ctx, c),
        Body::DeleteQueue(c) => config::delete_queue::apply(ctx, c),
        Body::CreatePolicy(c) => config::create_policy::apply(ctx, c),
        Body::UpdatePolicy(c) => config::update_policy::apply(ctx, c),
        Body::RollbackPolicy(c) => config::rollback_policy::apply(ctx, c),
        Body::DeletePolicy(c) => config::delete_policy::apply(ctx, c),
        Body::UpdateTenant(c) => config::update_tenant::apply(ctx, c),
        Body::DeleteTenant(c) => config::delete_tenant::apply(ctx, c),
        Body::RegisterConnector(c) => connector::register_connector::apply(ctx, c),
        Body::HeartbeatConnector(c) => connector::heartbeat_connector::apply(ctx, c),
        Body::ReconcileConnector(c) => connector::reconcile_connector::apply(ctx, c),
        Body::DeleteConnector(c) => connector::delete_connector::apply(ctx, c),
        Body::CreateCustomer(c) => customer::create_customer::apply(ctx, c),
        Body::UpdateCustomer(c) => customer::update_customer::apply(ctx, c),
        Body::DeleteCustomer(c) => customer::delete_customer::apply(ctx, c),
        Body::AppendConversation(c) => customer::append_conversation::apply(ctx, c),
        Body::CreateSchedule(c) => config::create_schedule::apply(ctx, c),
        Body::UpdateSchedule(c) => config::update_schedule::apply(ctx, c),
        Body::DeleteSchedule(c) => config::delete_schedule::apply(ctx, c),
        Body::ExpandSchedule(c) => config::expand_schedule::apply(ctx, c),
        Body::ReprioritiseInteraction(c) => supervision::reprioritise_interaction::apply(ctx, c),
        Body::MoveInteraction(c) => supervision::move_interaction::apply(ctx, c),
        Body::PullBackInteraction(c) => supervision::pull_back_interaction::apply(ctx, c),
        Body::ReassignInteraction(c) => supervision::reassign_interaction::apply(ctx, c),
        Body::ForcePresence(c) => supervision::force_presence::apply(ctx, c),
        Body::LiftPresence(c) => supervision::lift_presence::apply(ctx, c),
        Body::DrainAgents(c) => supervision::drain_agents::apply(ctx, c),
        Body::UndrainAgents(c) => supervision::undrain_agents::apply(ctx, c),
        Body::StartAdjustment(c) => supervision::start_adjustment::apply(ctx, c),
        Body::EndAdjustment(c) => supervision::end_adjustment::apply(ctx, c),
        Body::PauseQueue(c) => supervision::pause_queue::apply(ctx, c),
        Body::ResumeQueue(c) => supervision::resume_queue::apply(ctx, c),
        Body::DrainQueue(c) => supervision::drain_queue::apply(ctx, c),
        Body::UndrainQueue(c) => supervision::undrain_queue::apply(ctx, c),
        // Commands to the shard never name a tenant; the Matchmaker's and clock's are handled by `shard`.
        Body::CreateTenant(_)
        | Body::AdoptTenant(_)
        | Body::RegisterNode(_)
        | Body::UpdateNode(_)
        | Body::SetClusterVersion(_)
        | Body::LeaderStarted(_)
        | Body::Advance(_)
        | Body::CompareHash(_) => Err(Rejection::InvalidField {
            field: "tenant".to_string(),
            problem: "this command is for the shard itself".to_string(),
        }),
    }
}
