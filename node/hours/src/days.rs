//! Which hours a date has: a special day's, none on a holiday, else the weekday's.
use jiff::civil;
use kindred_domain::record::{Date, DayInterval, HoursRules};
use std::collections::{BTreeMap, BTreeSet};

/// The rules, looked up by date.
pub struct Days<'a> {
    weekly: [&'a [DayInterval]; 7],
    holidays: BTreeSet<Date>,
    special: BTreeMap<Date, &'a [DayInterval]>,
}

impl<'a> Days<'a> {
    /// Of the rules.
    pub fn of(rules: &'a HoursRules) -> Self {
        let mut weekly: [&[DayInterval]; 7] = [&[]; 7];
        for hours in &rules.weekly {
            if let Some(day) = weekly.get_mut((hours.weekday as usize).wrapping_sub(1)) {
                *day = &hours.intervals;
            }
        }
        let holidays = rules.holidays.iter().map(|holiday| holiday.date).collect();
        let special = rules.special_days.iter().map(|day| (day.date, &*day.intervals)).collect();
        Self { weekly, holidays, special }
    }

    /// What opens on the date.
    pub fn intervals(&self, date: civil::Date) -> &'a [DayInterval] {
        let number = |number: i8| u32::try_from(number).unwrap_or(0);
        let year = u32::try_from(date.year()).unwrap_or(0);
        let this = Date { year, month: number(date.month()), day: number(date.day()) };
        let yearly = Date { year: 0, ..this };
        if let Some(intervals) = self.special.get(&this).or_else(|| self.special.get(&yearly)) {
            return intervals;
        }
        if self.holidays.contains(&this) || self.holidays.contains(&yearly) {
            return &[];
        }
        self.weekly[date.weekday().to_monday_zero_offset() as usize % 7]
    }
}
