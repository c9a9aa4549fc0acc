//! The board as rows of cells: what is shown, sorted and filtered.
use super::{
    board::{Board, Stage},
    staff::{Doing, Heads, State},
    tally::{Key, Tally},
};
use kindred_client::v1::presence::Status;
use std::{cmp::Ordering, collections::BTreeMap, sync::Arc};

/// What a column holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    Text(Arc<str>),
    Count(u64),
    /// A length of time; late ones stand out.
    Wait {
        ms: Option<u64>,
        is_late: bool,
    },
    Percent(Option<u64>),
}

impl Cell {
    pub fn text(&self) -> String {
        match self {
            Cell::Text(text) => text.to_string(),
            Cell::Count(0) | Cell::Wait { ms: None, .. } | Cell::Percent(None) => "–".into(),
            Cell::Count(count) => count.to_string(),
            Cell::Wait { ms: Some(ms), .. } => clock(*ms),
            Cell::Percent(Some(percent)) => format!("{percent} %"),
        }
    }

    /// Texts from a on, numbers from the largest on, what is unknown last.
    fn order(&self, other: &Cell) -> Ordering {
        let number = |cell: &Cell| match cell {
            Cell::Text(_) => None,
            Cell::Count(count) => Some(*count),
            Cell::Wait { ms, .. } => *ms,
            Cell::Percent(percent) => *percent,
        };
        match (self, other) {
            (Cell::Text(one), Cell::Text(other)) => one.cmp(other),
            _ => number(other).cmp(&number(self)),
        }
    }
}

/// `0:07`, `12:30`, `1:02:03`.
pub fn clock(ms: u64) -> String {
    let (seconds, minutes, hours) = (ms / 1_000 % 60, ms / 60_000 % 60, ms / 3_600_000);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// A column: what stands above it, how wide it is, and how early it goes where there is no room: the highest first.
pub struct Column {
    pub title: &'static str,
    pub width: u16,
    rank: usize,
}

const fn column(title: &'static str, width: u16, rank: usize) -> Column {
    Column { title, width, rank }
}

/// A table: columns and rows of as many cells.
pub struct Table {
    pub columns: &'static [Column],
    pub rows: Vec<Vec<Cell>>,
}

const QUEUES: &[Column] = &[
    column("queue", 20, 0),
    column("channel", 9, 1),
    column("hours", 6, 9),
    column("waiting", 7, 2),
    column("longest", 8, 3),
    column("offered", 7, 7),
    column("assigned", 8, 8),
    column("free", 5, 5),
    column("busy", 5, 6),
    column("wrap-up", 7, 12),
    column("silent", 6, 13),
    column("in time", 7, 4),
    column("answered", 8, 10),
    column("left", 5, 11),
    column("offers", 6, 14),
    column("missed", 6, 15),
];

const AGENTS: &[Column] = &[
    column("agent", 20, 0),
    column("says", 10, 2),
    column("state", 15, 1),
    column("profile", 16, 4),
    column("work", 30, 3),
    column("answered", 8, 5),
    column("offers", 6, 6),
    column("missed", 6, 7),
];

#[derive(Default)]
struct Line {
    waiting: u64,
    oldest_ms: Option<u64>,
    offered: u64,
    assigned: u64,
    heads: Heads,
    tally: Tally,
}

/// Every queue and channel that is served, waited for or counted. Before `now_ms` of log time.
pub fn queues(board: &Board, now_ms: u64) -> Table {
    let mut lines: BTreeMap<Key, Line> = BTreeMap::new();
    for (queue, known) in &board.queues {
        for channel in &known.channels {
            lines.entry((queue.clone(), channel.clone())).or_default();
        }
    }
    for (key, heads) in board.staff.heads() {
        lines.entry(key).or_default().heads = heads;
    }
    for (key, tally) in &board.tallies {
        lines.entry(key.clone()).or_default().tally = *tally;
    }
    for contact in board.contacts.values() {
        let line = lines.entry((contact.queue.clone(), contact.channel.clone())).or_default();
        match contact.stage {
            Stage::Waiting => {
                line.waiting += 1;
                let oldest = line.oldest_ms.unwrap_or(u64::MAX);
                line.oldest_ms = Some(oldest.min(contact.waiting_since_ms));
            }
            Stage::Offered => line.offered += 1,
            Stage::Assigned => line.assigned += 1,
        }
    }
    let rows = lines.into_iter().map(|((queue, channel), line)| {
        let known = board.queues.get(&queue);
        let promised_ms = known.and_then(|queue| queue.service_level_ms);
        let hours = match known.and_then(|queue| queue.is_open) {
            Some(true) => "open",
            Some(false) => "closed",
            None => "",
        };
        let longest_ms = line.oldest_ms.map(|oldest_ms| now_ms.saturating_sub(oldest_ms));
        let is_late = longest_ms.zip(promised_ms).is_some_and(|(longest_ms, promised_ms)| longest_ms > promised_ms);
        let (heads, tally) = (line.heads, line.tally);
        vec![
            Cell::Text(queue),
            Cell::Text(channel),
            Cell::Text(hours.into()),
            Cell::Count(line.waiting),
            Cell::Wait { ms: longest_ms, is_late },
            Cell::Count(line.offered),
            Cell::Count(line.assigned),
            Cell::Count(heads.available),
            Cell::Count(heads.busy),
            Cell::Count(heads.wrap_up),
            Cell::Count(heads.not_responding),
            Cell::Percent(promised_ms.and_then(|_| tally.service_level_percent())),
            Cell::Count(tally.answered),
            Cell::Count(tally.abandoned),
            Cell::Count(tally.offers),
            Cell::Count(tally.missed),
        ]
    });
    Table { columns: QUEUES, rows: rows.collect() }
}

/// Every agent.
pub fn agents(board: &Board) -> Table {
    let rows = board.staff.agents.iter().map(|(id, agent)| {
        let says = match agent.presence {
            Some(Status::Available) => "AVAILABLE",
            Some(Status::Break) => "BREAK",
            Some(Status::Away) => "AWAY",
            Some(Status::Offline) => "OFFLINE",
            Some(Status::Unspecified) | None => "",
        };
        let state = match agent.state() {
            State::Idle => "IDLE",
            State::Offered => "OFFERED",
            State::Busy => "BUSY",
            State::WrapUp => "WRAP_UP",
            State::NotResponding => "NOT_RESPONDING",
        };
        vec![
            Cell::Text(id.clone()),
            Cell::Text(says.into()),
            Cell::Text(state.into()),
            Cell::Text(agent.profile.clone()),
            Cell::Text(work(agent.work.values()).into()),
            Cell::Count(agent.answered),
            Cell::Count(agent.offers),
            Cell::Count(agent.missed),
        ]
    });
    Table { columns: AGENTS, rows: rows.collect() }
}

/// `2 chat, 1 voice (wrap-up)`.
fn work<'a>(pieces: impl Iterator<Item = &'a (Doing, Arc<str>)>) -> String {
    let mut counts: BTreeMap<(&Arc<str>, Doing), usize> = BTreeMap::new();
    pieces.for_each(|(doing, channel)| *counts.entry((channel, *doing)).or_default() += 1);
    let one = |((channel, doing), count): (&(&Arc<str>, Doing), &usize)| match doing {
        Doing::Offer => format!("{count} {channel} (offer)"),
        Doing::Contact => format!("{count} {channel}"),
        Doing::WrapUp => format!("{count} {channel} (wrap-up)"),
    };
    counts.iter().map(one).collect::<Vec<_>>().join(", ")
}

impl Table {
    /// The columns that fit beside each other, those that matter most; never none.
    pub fn fitting(&self, width: u16) -> Vec<usize> {
        let mut by_rank: Vec<usize> = (0..self.columns.len()).collect();
        by_rank.sort_by_key(|at| self.columns[*at].rank);
        let mut taken = 0;
        let mut fits = |at: &usize| {
            // One between each.
            taken += self.columns[*at].width + u16::from(taken > 0);
            taken <= width
        };
        let count = by_rank.iter().take_while(|at| fits(at)).count().max(1);
        by_rank.truncate(count);
        by_rank.sort_unstable();
        by_rank
    }

    /// Only rows in which some text has this in it.
    pub fn filter(&mut self, part: &str) {
        let part = part.to_lowercase();
        let has = |cell: &Cell| matches!(cell, Cell::Text(text) if text.to_lowercase().contains(&part));
        self.rows.retain(|row| part.is_empty() || row.iter().any(has));
    }

    /// By a column; rows that are alike there keep their order.
    pub fn sort(&mut self, column: usize) {
        self.rows.sort_by(|one, other| one[column].order(&other[column]));
    }
}
