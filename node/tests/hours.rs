//! ScheduleService on a node in earnest: hours written, followed by a queue, looked at before they come.
#[path = "bad_input/world.rs"]
mod world;

use kindred_proto::v1::{self, preview_schedule_request::Hours, schedule::Weekday};
use tonic::Code;
use tonic_types::StatusExt as _;
use world::World;

const PARENT: &str = "tenants/acme";
const OFFICE: &str = "tenants/acme/schedules/office";
const QUEUE: &str = "tenants/acme/queues/support";

fn mask(path: &str) -> Option<prost_types::FieldMask> {
    Some(prost_types::FieldMask { paths: vec![path.to_owned()] })
}

fn every_day(opens: u32, closes: u32) -> Vec<v1::WeekdayHours> {
    let clock = |hours| Some(v1::TimeOfDay { hours, minutes: 0 });
    let intervals = vec![v1::HoursInterval { opens: clock(opens), closes: clock(closes) }];
    let days = (Weekday::Monday as i32)..=(Weekday::Sunday as i32);
    days.map(|weekday| v1::WeekdayHours { weekday, intervals: intervals.clone() }).collect()
}

/// What `GetQueue` says of the hours.
async fn hours(world: &World) -> Option<v1::QueueHours> {
    let request = v1::GetQueueRequest { name: QUEUE.into(), ..Default::default() };
    let answer = world.clients().queues.get_queue(request).await.expect("it is there").into_inner();
    answer.queue.expect("a queue").hours
}

/// Hours by weekday under the name `office`.
async fn create(world: &World, weekly: Vec<v1::WeekdayHours>) -> v1::Schedule {
    let schedule = Some(v1::Schedule { time_zone: "Europe/Madrid".into(), weekly, ..Default::default() });
    let (parent, schedule_id) = (PARENT.to_owned(), "office".to_owned());
    let request = v1::CreateScheduleRequest { parent, schedule, schedule_id, ..Default::default() };
    let created = world.clients().schedules.create_schedule(request).await.expect("created").into_inner();
    created.schedule.expect("it comes back")
}

/// Others, worked out before the answer comes.
async fn write(world: &World, weekly: Vec<v1::WeekdayHours>) {
    let schedule = Some(v1::Schedule { name: OFFICE.into(), weekly, ..Default::default() });
    let request = v1::UpdateScheduleRequest { schedule, update_mask: mask("weekly"), ..Default::default() };
    let updated = world.clients().schedules.update_schedule(request).await.expect("changed").into_inner();
    assert!(!updated.schedule.expect("it comes back").reconciling);
}

/// Changes one field of the queue.
async fn set(world: &World, path: &str, queue: v1::Queue) {
    let queue = Some(v1::Queue { name: QUEUE.into(), ..queue });
    let request = v1::UpdateQueueRequest { queue, update_mask: mask(path), ..Default::default() };
    world.clients().queues.update_queue(request).await.expect("changed");
}

async fn follow(world: &World, schedule: &str) {
    set(world, "schedule", v1::Queue { schedule: schedule.into(), ..Default::default() }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_follows_hours_and_refuses_while_it_is_closed() {
    let world = World::start().await;
    // No day is listed: never open.
    let created = create(&world, Vec::new()).await;
    assert!(!created.reconciling && !created.zone_data_version.is_empty() && created.known_until_time.is_some());

    follow(&world, OFFICE).await;
    set(&world, "refuse_when_closed", v1::Queue { refuse_when_closed: true, ..Default::default() }).await;
    assert_eq!(hours(&world).await, Some(v1::QueueHours { open: false, next_change_time: None }));
    // What waited before shows why it is not offered.
    let name = world.interaction.clone();
    let request = v1::GetInteractionRequest { name: name.clone(), ..Default::default() };
    let waits = world.clients().interactions.get_interaction(request).await.expect("there").into_inner();
    assert_eq!(waits.interaction.and_then(|i| i.queue_hours).map(|hours| hours.open), Some(false));

    let refused = world.clients().interactions.create_interaction(world.interaction_request("late")).await;
    let refused = refused.expect_err("closed");
    let info = refused.get_details_error_info().expect("a reason");
    assert_eq!((refused.code(), info.reason.as_str()), (Code::FailedPrecondition, "CLOSED"));
    assert_eq!(info.metadata.get("field").map(String::as_str), Some("interaction.queue"));

    write(&world, every_day(0, 24)).await;
    assert!(hours(&world).await.is_some_and(|hours| hours.open && hours.next_change_time.is_some()));
    let taken = world.clients().interactions.create_interaction(world.interaction_request("late")).await;
    assert!(taken.is_ok(), "{taken:?}");
    let request = v1::DeleteScheduleRequest { name: OFFICE.into(), ..Default::default() };
    let in_use = world.clients().schedules.delete_schedule(request).await.expect_err("a queue follows it");
    assert_eq!(in_use.get_details_error_info().map(|info| info.reason), Some("IN_USE".into()));
    let filter = Some(v1::EventFilter {
        kinds: vec![v1::event::Kind::QueueOpened.into(), v1::event::Kind::QueueClosed.into()],
        ..Default::default()
    });
    let request = v1::ListEventsRequest { parent: PARENT.into(), filter, ..Default::default() };
    let events = world.clients().events.list_events(request).await.expect("a list").into_inner().events;
    let kinds: Vec<_> = events.iter().map(|event| (event.kind(), event.queue.as_str())).collect();
    assert_eq!(kinds, [(v1::event::Kind::QueueClosed, QUEUE), (v1::event::Kind::QueueOpened, QUEUE)]);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_tracks_an_interaction_is_told_when_its_queue_closes_and_opens() {
    let world = World::start().await;
    create(&world, Vec::new()).await;
    let request = v1::TrackInteractionRequest { name: world.interaction.clone() };
    let stream = world.clients().interactions.track_interaction(request).await.expect("a stream");
    let mut stream = stream.into_inner();
    let mut next = async || {
        let told = stream.message().await.expect("no end").expect("not closed");
        told.interaction.expect("how it stands").queue_hours.map(|hours| hours.open)
    };
    assert_eq!(next().await, None);
    follow(&world, OFFICE).await;
    assert_eq!(next().await, Some(false));
    write(&world, every_day(0, 24)).await;
    assert_eq!(next().await, Some(true));
    write(&world, Vec::new()).await;
    assert_eq!(next().await, Some(false));
    follow(&world, "").await;
    assert_eq!(next().await, None);
    world.stop().await;
}

/// What hours come to is worked out anew for a retry, over another version: the reply is the first one all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_retry_gets_the_first_reply() {
    let world = World::start().await;
    create(&world, Vec::new()).await;
    let schedule = Some(v1::Schedule { name: OFFICE.into(), weekly: every_day(9, 17), ..Default::default() });
    let request_id = uuid::Uuid::now_v7().to_string();
    let (update_mask, validate_only) = (mask("weekly"), false);
    let request = v1::UpdateScheduleRequest { schedule, update_mask, request_id, validate_only };
    let mut schedules = world.clients().schedules;
    let first = schedules.update_schedule(request.clone()).await.expect("changed").into_inner();
    let again = schedules.update_schedule(request).await.expect("the same").into_inner();
    assert_eq!(first.schedule, again.schedule);
    assert!(again.header.is_some_and(|header| header.repeated));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn schedules_are_read_listed_and_deleted() {
    let world = World::start().await;
    let created = create(&world, every_day(9, 17)).await;
    let etag = created.etag.clone();
    let mut schedules = world.clients().schedules;
    let request = v1::GetScheduleRequest { name: OFFICE.into(), ..Default::default() };
    let read = schedules.get_schedule(request.clone()).await.expect("there").into_inner();
    assert_eq!(read.schedule.as_ref(), Some(&created));
    let list = v1::ListSchedulesRequest { parent: PARENT.into(), ..Default::default() };
    let listed = schedules.list_schedules(list.clone()).await.expect("a list").into_inner();
    assert_eq!((listed.schedules, listed.next_page_token), (vec![created], String::new()));
    let delete = |etag: &str, validate_only| v1::DeleteScheduleRequest {
        name: OFFICE.into(),
        etag: etag.into(),
        validate_only,
        ..Default::default()
    };
    let stale = schedules.delete_schedule(delete("v7", false)).await.expect_err("another version");
    assert_eq!(stale.code(), Code::Aborted);
    schedules.delete_schedule(delete(&etag, true)).await.expect("it could be deleted");
    schedules.get_schedule(request.clone()).await.expect("still there");
    schedules.delete_schedule(delete(&etag, false)).await.expect("deleted");
    let gone = schedules.get_schedule(request).await.expect_err("gone");
    assert_eq!(gone.code(), Code::NotFound);
    let listed = schedules.list_schedules(list).await.expect("a list").into_inner();
    assert!(listed.schedules.is_empty());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_clocks_is_seen_before_it_comes() {
    let world = World::start().await;
    let draft = v1::Schedule { time_zone: "Europe/Madrid".into(), weekly: every_day(2, 4), ..Default::default() };
    let time = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
    let request = v1::PreviewScheduleRequest {
        parent: PARENT.into(),
        hours: Some(Hours::Draft(draft)),
        // 28 March 2026, 12:00 UTC, and two days on.
        start_time: time(1_774_699_200),
        end_time: time(1_774_872_000),
        ..Default::default()
    };
    let shown = world.clients().schedules.preview_schedule(request).await.expect("a preview").into_inner();
    let local: Vec<_> = shown.intervals.iter().map(|i| (i.local_start.as_str(), i.local_end.as_str())).collect();
    assert_eq!(
        local,
        [
            ("2026-03-29T03:00:00+02:00", "2026-03-29T04:00:00+02:00"),
            ("2026-03-30T02:00:00+02:00", "2026-03-30T04:00:00+02:00"),
        ]
    );
    let changes: Vec<_> = shown.clock_changes.iter().map(|c| (c.local_time.as_str(), c.offset_after_s)).collect();
    assert_eq!(changes, [("2026-03-29T03:00:00+02:00", 7_200)]);
    world.stop().await;
}
