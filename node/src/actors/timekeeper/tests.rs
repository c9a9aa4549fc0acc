//! The leader works out what is due, one at a time, and not what it has just said.
use super::*;
use kindred_domain::{
    Answer, Body, Entry, State,
    command::{AdoptTenant, CreateSchedule, UpdateSchedule},
    limits::HOURS_EXTEND_AFTER_MS,
    record::{HoursRules, WeekdayHours},
};

const NOW_MS: u64 = 1_767_225_600_000;

fn rules() -> HoursRules {
    let intervals = vec![kindred_domain::record::DayInterval { opens_min: 540, closes_min: 1_020 }];
    HoursRules {
        time_zone: "Europe/Madrid".into(),
        weekly: vec![WeekdayHours { weekday: 1, intervals }],
        ..HoursRules::default()
    }
}

/// The state machine, and the timekeeper that hears of every entry.
struct World {
    state: State,
    keeper: Timekeeper,
    now_ms: u64,
}

impl World {
    fn new() -> Self {
        let mut world = Self { state: State::new(), keeper: Timekeeper::new(Zones::bundled()), now_ms: NOW_MS };
        world.apply(AdoptTenant { id: "t".into(), display_name: String::new() }.into());
        world
    }

    fn apply(&mut self, body: Body) {
        let index = self.state.index() + 1;
        let command = Command { tenant: Some("t".into()), request: None, body };
        let applied = self.state.apply(&Entry { index, time_ms: self.now_ms, commands: vec![command] });
        assert!(applied.answers.iter().all(|answer| matches!(answer, Answer::Fresh(Ok(_)))), "{:?}", applied.answers);
        applied.puts.iter().for_each(|record| self.keeper.take(record));
        applied.removed.iter().for_each(|key| self.keeper.forget(key));
    }

    fn create(&mut self) {
        let mut body = CreateSchedule {
            id: "office".into(),
            display_name: String::new(),
            rules: rules(),
            expansion: Default::default(),
            validate_only: false,
        }
        .into();
        kindred_hours::fill(Zones::bundled(), &mut body, None, self.now_ms).expect("a known zone");
        self.apply(body);
    }

    /// Proposes whatever is due; how many.
    fn turn(&mut self) -> usize {
        let mut proposed = 0;
        while let Some(command) = self.keeper.next(self.now_ms) {
            assert!(self.keeper.next(self.now_ms).is_none(), "one at a time");
            self.apply(command.body);
            self.keeper.done();
            proposed += 1;
            assert!(proposed < 10, "again and again");
        }
        proposed
    }

    fn expansion(&self) -> kindred_domain::record::Expansion {
        let schedule = self.state.tenant("t").and_then(|t| t.schedule(&"office".into()));
        schedule.expect("there").expansion.clone()
    }
}

#[test]
fn the_horizon_moves_on_with_time() {
    let mut world = World::new();
    world.create();
    assert_eq!(world.turn(), 0);
    assert_eq!(world.keeper.next_wake_ms(), Some(NOW_MS + HOURS_EXTEND_AFTER_MS));
    let before = world.expansion();
    world.now_ms += HOURS_EXTEND_AFTER_MS;
    assert_eq!(world.turn(), 1);
    assert_eq!(world.expansion().until_ms, before.until_ms + HOURS_EXTEND_AFTER_MS);
    assert_eq!(world.turn(), 0);
}

#[test]
fn newer_zone_data_works_everything_out_again_and_older_nothing() {
    let mut world = World::new();
    world.create();
    let newer: &'static Zones = Box::leak(Box::new(Zones::under_version("9999a")));
    let records: Vec<Record> =
        world.state.tenants().flat_map(|t| t.schedules()).cloned().map(Record::Schedule).collect();
    world.keeper = Timekeeper::new(newer);
    records.iter().for_each(|record| world.keeper.take(record));
    assert_eq!(world.turn(), 1);
    assert_eq!(world.expansion().zone_version, "9999a");
    // A leader of an older build takes over.
    world.keeper = Timekeeper::new(Zones::bundled());
    let records: Vec<Record> =
        world.state.tenants().flat_map(|t| t.schedules()).cloned().map(Record::Schedule).collect();
    records.iter().for_each(|record| world.keeper.take(record));
    assert_eq!(world.turn(), 0);
}

#[test]
fn a_change_that_was_not_worked_out_is() {
    let mut world = World::new();
    world.create();
    let patch = kindred_domain::command::HoursPatch { weekly: Some(Vec::new()), ..Default::default() };
    let (id, etag, display_name, expansion, validate_only) = ("office".into(), None, None, None, false);
    world.apply(UpdateSchedule { id, etag, display_name, patch, expansion, validate_only }.into());
    assert_eq!(world.expansion().of_version, 1);
    assert_eq!(world.turn(), 1);
    assert_eq!((world.expansion().of_version, world.expansion().spans.len()), (2, 0));
}

#[test]
fn what_is_lost_is_tried_again_and_what_is_gone_is_not() {
    let mut world = World::new();
    world.create();
    world.now_ms += HOURS_EXTEND_AFTER_MS;
    assert!(world.keeper.next(world.now_ms).is_some());
    world.keeper.done();
    assert!(world.keeper.next(world.now_ms).is_none(), "not at once");
    world.now_ms += AGAIN_MS;
    assert_eq!(world.turn(), 1);
    assert_eq!(world.keeper.horizon_ms(world.now_ms), Some(kindred_domain::limits::HOURS_HORIZON_MS));
    world.keeper.forget(&RecordKey::Tenant("t".into()));
    assert_eq!((world.keeper.next_wake_ms(), world.keeper.horizon_ms(world.now_ms)), (None, None));
}
