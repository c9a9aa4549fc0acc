//! `kindred schedules`: hours of operation.
mod words;

use super::{Context, LISTED, missing, output::*, pages};
use anyhow::Context as _;
use kindred_client::v1::{self, preview_schedule_request::Hours};
use prost_types::{FieldMask, Timestamp};

#[derive(clap::Subcommand)]
pub enum Command {
    /// Lists schedules.
    List {
        /// At most so many.
        #[arg(long, default_value_t = LISTED)]
        limit: usize,
    },
    /// Prints one schedule whole.
    Get {
        /// Id or name.
        schedule: String,
    },
    /// Adds a schedule.
    Create {
        /// Its id.
        schedule: String,
        #[command(flatten)]
        hours: Written,
        /// Check everything, change nothing.
        #[arg(long)]
        validate_only: bool,
    },
    /// Changes what is given; each list is replaced as a whole.
    Update {
        /// Id or name.
        schedule: String,
        #[command(flatten)]
        hours: Written,
        /// Refuse if this is not the current version.
        #[arg(long, default_value = "")]
        etag: String,
        /// Check everything, change nothing.
        #[arg(long)]
        validate_only: bool,
    },
    /// Removes a schedule no queue follows.
    Delete {
        /// Id or name.
        schedule: String,
        /// Check everything, change nothing.
        #[arg(long)]
        validate_only: bool,
    },
    /// Shows when a schedule is open, and when its clocks change; with hours given, one that is only thought of.
    Preview {
        /// Id or name of a kept one.
        schedule: Option<String>,
        #[command(flatten)]
        hours: Written,
        /// From when, RFC 3339; now if left out.
        #[arg(long)]
        from: Option<jiff::Timestamp>,
        /// How many days.
        #[arg(long, default_value_t = 14)]
        days: i64,
    },
}

/// Hours as they are written on the command line.
#[derive(clap::Args)]
pub struct Written {
    /// For people to read.
    #[arg(long)]
    display_name: Option<String>,
    /// IANA time zone, as Europe/Madrid.
    #[arg(long)]
    zone: Option<String>,
    /// Hours of weekdays, as `mon-fri=09:00-14:00,15:00-18:00`, `daily=00:00-24:00`, `sat=closed`; may come several times.
    #[arg(long)]
    hours: Vec<String>,
    /// A date without hours, as `12-25` of every year or `2026-01-06=Epiphany`; may come several times.
    #[arg(long)]
    holiday: Vec<String>,
    /// A date with hours of its own, as `2026-12-24=09:00-13:00` or `12-31=closed`; may come several times.
    #[arg(long)]
    special: Vec<String>,
}

impl Written {
    /// As a schedule, and which of its fields were given.
    fn read(&self) -> anyhow::Result<(v1::Schedule, Vec<&'static str>)> {
        let schedule = v1::Schedule {
            display_name: self.display_name.clone().unwrap_or_default(),
            time_zone: self.zone.clone().unwrap_or_default(),
            weekly: words::weekly(&self.hours)?,
            holidays: words::holidays(&self.holiday)?,
            special_days: words::special_days(&self.special)?,
            ..Default::default()
        };
        let given = [
            ("display_name", self.display_name.is_some()),
            ("time_zone", self.zone.is_some()),
            ("weekly", !self.hours.is_empty()),
            ("holidays", !self.holiday.is_empty()),
            ("special_days", !self.special.is_empty()),
        ];
        Ok((schedule, given.into_iter().filter(|(_, given)| *given).map(|(field, _)| field).collect()))
    }
}

impl Row for v1::Schedule {
    const MESSAGE: &'static str = "Schedule";
    const TITLES: &'static [&'static str] =
        &["schedule", "zone", "hours", "holidays", "special days", "zone data", "known until"];
    fn cells(&self) -> Vec<String> {
        vec![
            id(&self.name),
            self.time_zone.clone(),
            words::told(&self.weekly),
            self.holidays.len().to_string(),
            self.special_days.len().to_string(),
            self.zone_data_version.clone(),
            time(&self.known_until_time),
        ]
    }
}

impl Row for v1::OpenInterval {
    const MESSAGE: &'static str = "OpenInterval";
    const TITLES: &'static [&'static str] = &["opens", "closes", "opens (UTC)", "closes (UTC)"];
    fn cells(&self) -> Vec<String> {
        vec![self.local_start.clone(), self.local_end.clone(), time(&self.start_time), time(&self.end_time)]
    }
}

pub async fn run(context: &Context, command: Command) -> anyhow::Result<()> {
    let (client, name) = (&context.client, |id: &str| context.name("schedules", id));
    let whole = || missing("schedule");
    match command {
        Command::List { limit } => {
            let page = |page_size, page_token| {
                let parent = context.parent();
                let request = v1::ListSchedulesRequest { parent, page_size, page_token, ..Default::default() };
                async { client.list_schedules(request).await.map(|r| (r.schedules, r.next_page_token)) }
            };
            context.out.list(&pages(limit, page).await?)
        }
        Command::Get { schedule } => {
            let request = v1::GetScheduleRequest { name: name(&schedule), ..Default::default() };
            context.out.whole("Schedule", &client.get_schedule(request).await?.schedule.ok_or_else(whole)?)
        }
        Command::Create { schedule: schedule_id, hours, validate_only } => {
            let (parent, schedule) = (context.parent(), Some(hours.read()?.0));
            let request =
                v1::CreateScheduleRequest { parent, schedule, schedule_id, validate_only, ..Default::default() };
            context.out.one(&client.create_schedule(request).await?.schedule.ok_or_else(whole)?)
        }
        Command::Update { schedule, hours, etag, validate_only } => {
            let (written, given) = hours.read()?;
            let schedule = Some(v1::Schedule { name: name(&schedule), etag, ..written });
            let update_mask = Some(FieldMask { paths: given.into_iter().map(str::to_owned).collect() });
            let request = v1::UpdateScheduleRequest { schedule, update_mask, validate_only, ..Default::default() };
            context.out.one(&client.update_schedule(request).await?.schedule.ok_or_else(whole)?)
        }
        Command::Delete { schedule, validate_only } => {
            let request = v1::DeleteScheduleRequest { name: name(&schedule), validate_only, ..Default::default() };
            client.delete_schedule(request).await?;
            context.out.say(if validate_only { "it could be deleted" } else { "deleted" });
            Ok(())
        }
        Command::Preview { schedule, hours, from, days } => preview(context, schedule, &hours, from, days).await,
    }
}

async fn preview(
    context: &Context,
    schedule: Option<String>,
    hours: &Written,
    from: Option<jiff::Timestamp>,
    days: i64,
) -> anyhow::Result<()> {
    let (draft, given) = hours.read()?;
    let asked = match schedule {
        Some(schedule) if given.is_empty() => Hours::Schedule(context.name("schedules", &schedule)),
        Some(_) => anyhow::bail!("either a kept schedule or hours that are only thought of, not both"),
        None => Hours::Draft(draft),
    };
    let stamp = |at: jiff::Timestamp| Timestamp { seconds: at.as_second(), nanos: at.subsec_nanosecond() };
    let from = from.unwrap_or_else(jiff::Timestamp::now);
    let until = from.checked_add(jiff::SignedDuration::from_hours(days.saturating_mul(24))).context("too many days")?;
    let request = v1::PreviewScheduleRequest {
        parent: context.parent(),
        hours: Some(asked),
        start_time: Some(stamp(from)),
        end_time: Some(stamp(until)),
        ..Default::default()
    };
    let shown = context.client.preview_schedule(request).await?;
    if context.out.is_json() {
        return context.out.whole("PreviewScheduleResponse", &shown);
    }
    context.out.list(&shown.intervals)?;
    for change in &shown.clock_changes {
        let hours = f64::from(change.offset_after_s - change.offset_before_s) / 3600.0;
        context.out.say(&format!("clocks change by {hours:+} h at {}", change.local_time));
    }
    context.out.say(&format!("time zone data {}", shown.zone_data_version));
    Ok(())
}
