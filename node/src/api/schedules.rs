//! ScheduleService: hours of operation. What is written is worked out to universal time here, before it is proposed.
use super::{
    Answer,
    desk::{Call, Desk, read_mode},
    failure::Failure,
    listing::{List, examine},
    written::Written,
};
use crate::{
    consensus::{gateway::ReadMode, lanes::Lane},
    wire::api::{Ask, Form, ask, asks, tells, value::time},
};
use kindred_domain::{
    Body, Rejection,
    ids::ScheduleId,
    limits::HOURS_HORIZON_MS,
    record::{HoursRules, Schedule},
    rejection::Kind,
    state::Tenant,
};
use kindred_hours::{Zones, fill};
use kindred_proto::v1::{self, preview_schedule_request::Hours, schedule_service_server::ScheduleService};
use std::sync::Arc;
use tonic::{Request, Status};

/// What is looked at where a caller says nothing.
const PREVIEW_MS: u64 = 14 * 24 * 3600 * 1000;

/// See [`ScheduleService`].
pub struct Schedules {
    /// Where calls come in.
    pub desk: Desk,
}

impl Call {
    /// A write about hours: they are worked out as of the last log time, a change over the schedule as it stands.
    async fn write_hours<A: Ask>(self, request: A) -> Result<Written, Status> {
        let asked = ask(&self.tenant, self.desk().key(), request);
        let mut command = asked.map_err(|refused| self.fail(refused))?;
        // A new schedule needs the time alone; one that is not there any more may be a retry's.
        let (id, mode) = match &command.body {
            Body::UpdateSchedule(update) => (update.id.clone(), ReadMode::Linearizable),
            _ => (ScheduleId::from(""), ReadMode::Stale),
        };
        let look = move |tenant: &Tenant, now_ms: u64| (now_ms, tenant.schedule(&id).cloned());
        let (_, (now_ms, current)) = self.look(mode, look).await.map_err(|failure| self.fail(failure))?;
        let filled = fill(Zones::bundled(), &mut command.body, current.as_deref(), now_ms);
        filled.map_err(|fault| self.fail(Failure::Internal { what: fault.to_string() }))?;
        self.submit(Lane::Submit, &command).await
    }
}

#[tonic::async_trait]
impl ScheduleService for Schedules {
    async fn create_schedule(&self, request: Request<v1::CreateScheduleRequest>) -> Answer<v1::CreateScheduleResponse> {
        let written = self.desk.call(&request)?.write_hours(request.into_inner()).await?;
        written.schedule(|header, schedule| v1::CreateScheduleResponse { header, schedule })
    }

    async fn get_schedule(&self, request: Request<v1::GetScheduleRequest>) -> Answer<v1::GetScheduleResponse> {
        let call = self.desk.call(&request)?;
        let asked = request.into_inner();
        let (at, found) = call.get(&asked.name, asked.read_mode, |t, id: &ScheduleId| t.schedule(id).cloned()).await?;
        let header = call.read_header(at);
        Ok(call.respond(v1::GetScheduleResponse { header, schedule: Some(tells::schedule(&found)) }))
    }

    async fn list_schedules(&self, request: Request<v1::ListSchedulesRequest>) -> Answer<v1::ListSchedulesResponse> {
        let call = self.desk.call(&request)?;
        let v1::ListSchedulesRequest { parent, page_size, page_token, read_mode } = request.into_inner();
        let list = List { parent: &parent, page_size, page_token: &page_token, read_mode, conditions: "schedules" };
        let page = |t: &Tenant, after: Option<&str>, size| examine(t.schedules_after(after), size, |_| true);
        let listed = call.list(list, |schedule| &schedule.id, page).await?;
        let at = listed.at;
        let (schedules, next_page_token) = listed.tell(tells::schedule);
        Ok(call.respond(v1::ListSchedulesResponse { header: call.read_header(at), schedules, next_page_token }))
    }

    async fn update_schedule(&self, request: Request<v1::UpdateScheduleRequest>) -> Answer<v1::UpdateScheduleResponse> {
        let written = self.desk.call(&request)?.write_hours(request.into_inner()).await?;
        written.schedule(|header, schedule| v1::UpdateScheduleResponse { header, schedule })
    }

    async fn delete_schedule(&self, request: Request<v1::DeleteScheduleRequest>) -> Answer<v1::DeleteScheduleResponse> {
        let written = self.desk.write(request, Lane::Submit).await?;
        written.done(|header| v1::DeleteScheduleResponse { header })
    }

    async fn preview_schedule(
        &self,
        request: Request<v1::PreviewScheduleRequest>,
    ) -> Answer<v1::PreviewScheduleResponse> {
        let call = self.desk.call(&request)?;
        let asked = request.into_inner();
        let (preview, mode) = call.form(|form| (Preview::read(form, &asked), read_mode(form, asked.read_mode)))?;
        let id = preview.kept.clone();
        let look = move |tenant: &Tenant, now_ms: u64| (now_ms, id.and_then(|id| tenant.schedule(&id).cloned()));
        let (at, (now_ms, kept)) = call.look(mode, look).await.map_err(|failure| call.fail(failure))?;
        let shown = preview.rules(kept).and_then(|rules| preview.show(&rules, now_ms));
        let response = shown.map_err(|failure| call.fail(failure))?;
        let header = call.read_header(at);
        Ok(call.respond(v1::PreviewScheduleResponse { header, ..response }))
    }
}

/// What is looked at: of which hours, from when until when.
struct Preview {
    kept: Option<ScheduleId>,
    draft: Option<HoursRules>,
    start_ms: Option<u64>,
    end_ms: Option<u64>,
}

impl Preview {
    fn read(form: &mut Form<'_>, asked: &v1::PreviewScheduleRequest) -> Self {
        form.parent(&"parent", &asked.parent);
        let (mut kept, mut draft) = (None, None);
        match asked.hours.clone() {
            Some(Hours::Schedule(name)) => kept = Some(form.name(&"schedule", &name)),
            Some(Hours::Draft(asked)) => draft = Some(asks::draft(form, asked)),
            None => form.fail(&"hours", "is required: either `schedule` or `draft`"),
        }
        let start_ms = form.time(&"start_time", asked.start_time);
        let end_ms = form.time(&"end_time", asked.end_time);
        Self { kept, draft, start_ms, end_ms }
    }

    fn rules(&self, kept: Option<Arc<Schedule>>) -> Result<HoursRules, Failure> {
        if let Some(draft) = &self.draft {
            return Ok(draft.clone());
        }
        let id = self.kept.as_ref().map(ToString::to_string).unwrap_or_default();
        let missing = Rejection::NotFound { kind: Kind::Schedule, id, field: "schedule".into() };
        Ok(kept.ok_or(missing)?.rules.clone())
    }

    fn show(&self, rules: &HoursRules, now_ms: u64) -> Result<v1::PreviewScheduleResponse, Failure> {
        let start_ms = self.start_ms.unwrap_or(now_ms);
        let end_ms = self.end_ms.unwrap_or(start_ms.saturating_add(PREVIEW_MS));
        if end_ms <= start_ms || end_ms - start_ms > HOURS_HORIZON_MS {
            let problem = "is not after start_time by at most 400 days".to_string();
            return Err(Rejection::InvalidField { field: "end_time".into(), problem }.into());
        }
        let zones = Zones::bundled();
        let too_far = |_| Rejection::InvalidField { field: "end_time".into(), problem: "is too far ahead".into() };
        let spans = zones.spans(rules, start_ms, end_ms).map_err(too_far)?;
        let local = |at_ms: u64| zones.local_text(&rules.time_zone, at_ms).unwrap_or_default();
        let intervals = spans.iter().map(|span| v1::OpenInterval {
            start_time: Some(time(span.from_ms)),
            end_time: Some(time(span.until_ms)),
            local_start: local(span.from_ms),
            local_end: local(span.until_ms),
        });
        let changes = zones.clock_changes(&rules.time_zone, start_ms, end_ms).map_err(too_far)?;
        let clock_changes = changes.into_iter().map(|change| v1::ClockChange {
            time: Some(time(change.at_ms)),
            local_time: local(change.at_ms),
            offset_before_s: change.before_s,
            offset_after_s: change.after_s,
        });
        Ok(v1::PreviewScheduleResponse {
            header: None,
            zone_data_version: zones.version().to_owned(),
            intervals: intervals.collect(),
            clock_changes: clock_changes.collect(),
        })
    }
}
