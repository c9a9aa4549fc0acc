//! What is asked of hours of operation.
use super::Etag;
use crate::{ids::*, record::*};
use alloc::{string::String, vec::Vec};

/// See [`Body::CreateSchedule`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateSchedule {
    /// Its name.
    pub id: ScheduleId,
    /// For people to read.
    pub display_name: String,
    /// The hours.
    pub rules: HoursRules,
    /// What they come to, worked out by who proposes; version 1.
    pub expansion: Expansion,
    /// Check only.
    pub validate_only: bool,
}

/// What changes of the hours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HoursPatch {
    /// See [`HoursRules`].
    pub time_zone: Option<String>,
    /// See [`HoursRules`].
    pub weekly: Option<Vec<WeekdayHours>>,
    /// See [`HoursRules`].
    pub holidays: Option<Vec<Holiday>>,
    /// See [`HoursRules`].
    pub special_days: Option<Vec<SpecialDay>>,
}

impl HoursPatch {
    /// The rules with what changes of them.
    pub fn over(&self, mut rules: HoursRules) -> HoursRules {
        macro_rules! set {
            ($($field:ident),*) => {$(
                if let Some(value) = &self.$field {
                    rules.$field.clone_from(value);
                }
            )*};
        }
        set!(time_zone, weekly, holidays, special_days);
        rules
    }

    /// Nothing of the hours changes.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// See [`Body::UpdateSchedule`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateSchedule {
    /// Which.
    pub id: ScheduleId,
    /// Expected version.
    pub etag: Etag,
    /// For people to read.
    pub display_name: Option<String>,
    /// The hours.
    pub patch: HoursPatch,
    /// What the changed hours come to, worked out over the version before `of_version`. If the schedule has another version
    /// by now it is not used: the leader works out what is right ([`Body::ExpandSchedule`]).
    pub expansion: Option<Expansion>,
    /// Check only.
    pub validate_only: bool,
}

/// See [`Body::DeleteSchedule`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeleteSchedule {
    /// Which.
    pub id: ScheduleId,
    /// Expected version.
    pub etag: Etag,
    /// Check only.
    pub validate_only: bool,
}

/// See [`Body::ExpandSchedule`]; one that says nothing new changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpandSchedule {
    /// Which.
    pub id: ScheduleId,
    /// Of the version in it.
    pub expansion: Expansion,
}
