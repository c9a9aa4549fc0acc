//! What people did in one run: how long they were there, how long they were busy, how many they answered.
use super::{estimate::Pair, tally::Frame};

/// One agent so far.
#[derive(Clone, Copy, Debug, Default)]
struct Sheet {
    there_since_ms: Option<u64>,
    there_ms: u64,
    busy_since_ms: u64,
    busy_ms: u64,
    work: u32,
    answered: u64,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Staff {
    sheets: Vec<Sheet>,
    /// Offers made, declined, missed.
    pub offers: (u64, u64, u64),
}

/// What is reported of people.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct StaffFigures {
    /// Busy of the time there, everybody together.
    pub occupancy: Pair,
    /// By group: answered of all answered.
    pub group_share: Vec<Pair>,
    /// By group: busy of the time there.
    pub group_occupancy: Vec<Pair>,
    /// By agent: answered of all answered.
    pub agent_share: Vec<Pair>,
    /// By agent: busy of the time there.
    pub agent_occupancy: Vec<Pair>,
    /// Declined of all offers.
    pub declined: Pair,
    /// Missed of all offers.
    pub missed: Pair,
}

impl Staff {
    pub fn new(people: usize) -> Self {
        Self { sheets: vec![Sheet::default(); people], offers: (0, 0, 0) }
    }

    pub fn answer(&mut self, person: usize) {
        self.sheets[person].answered += 1;
    }

    pub fn take(&mut self, _frame: &Frame, person: usize, at_ms: u64) {
        let sheet = &mut self.sheets[person];
        if sheet.work == 0 {
            sheet.busy_since_ms = at_ms;
        }
        sheet.work += 1;
    }

    pub fn free(&mut self, frame: &Frame, person: usize, at_ms: u64) {
        let sheet = &mut self.sheets[person];
        sheet.work = sheet.work.saturating_sub(1);
        if sheet.work == 0 {
            sheet.busy_ms += frame.overlap_ms(sheet.busy_since_ms, at_ms);
        }
    }

    pub fn on_duty(&mut self, person: usize, at_ms: u64) {
        self.sheets[person].there_since_ms = Some(at_ms);
    }

    pub fn off_duty(&mut self, frame: &Frame, person: usize, at_ms: u64) {
        let sheet = &mut self.sheets[person];
        if let Some(since_ms) = sheet.there_since_ms.take() {
            sheet.there_ms += frame.overlap_ms(since_ms, at_ms);
        }
    }

    pub fn finish(mut self, frame: &Frame) -> StaffFigures {
        for sheet in &mut self.sheets {
            if let Some(since_ms) = sheet.there_since_ms.take() {
                sheet.there_ms += frame.overlap_ms(since_ms, frame.window.1);
            }
        }
        let answered: u64 = self.sheets.iter().map(|sheet| sheet.answered).sum();
        let share = |of: u64| Pair::share(of as f64, answered as f64);
        let occupancy = |sheets: &[&Sheet]| {
            let sum = |of: fn(&Sheet) -> u64| sheets.iter().map(|sheet| of(sheet)).sum::<u64>() as f64;
            Pair::share(sum(|sheet| sheet.busy_ms), sum(|sheet| sheet.there_ms))
        };
        let all: Vec<&Sheet> = self.sheets.iter().collect();
        let groups: Vec<Vec<&Sheet>> = (0..frame.groups.len())
            .map(|group| {
                all.iter().zip(&frame.group_of).filter(|(_, of)| **of == group).map(|(sheet, _)| *sheet).collect()
            })
            .collect();
        let (offered, declined, missed) = self.offers;
        StaffFigures {
            occupancy: occupancy(&all),
            group_share: groups.iter().map(|group| share(group.iter().map(|sheet| sheet.answered).sum())).collect(),
            group_occupancy: groups.iter().map(|group| occupancy(group)).collect(),
            agent_share: all.iter().map(|sheet| share(sheet.answered)).collect(),
            agent_occupancy: all.iter().map(|sheet| occupancy(&[sheet])).collect(),
            declined: Pair::share(declined as f64, offered as f64),
            missed: Pair::share(missed as f64, offered as f64),
        }
    }
}
