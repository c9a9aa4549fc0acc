//! Calls by where they say they stand, and by request: what the walk meets in the log finds its callers here.

use std::collections::HashMap;

use crate::history::{Asked as What, Call, History, Place, Told};

/// Calls that share a tenant and a request id: mostly one.
#[derive(Debug, Default)]
pub struct Group {
    /// Numbers of calls in the history.
    pub calls: Vec<u32>,
    /// When the first of them began.
    pub began_us: u64,
    /// Where the request stands first in the log: shard, index, position.
    pub first: Option<(u32, u64, u32)>,
    /// How often it stands there.
    pub appearances: u32,
    /// It took effect: the model says that it was done there.
    pub done: bool,
    /// Somebody was refused, or sent away, without being told where: what the model says is noted then.
    pub is_noted: bool,
    /// What the model says of its appearances in the log.
    pub noted: Vec<Noted>,
}

/// What the model says of one appearance of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noted {
    Done,
    Refused(&'static str),
    Unknown,
}

/// Which group a call belongs to.
const NOBODY: u32 = u32::MAX;

pub struct Asked<'a> {
    pub groups: Vec<Group>,
    by_request: HashMap<(&'a str, u128), u32>,
    /// By call.
    group_of: Vec<u32>,
    /// Calls with a place, in its order.
    writes: Vec<(Place, u32)>,
    reads: Vec<(Place, u32)>,
}

/// How far the walk of one shard has come through what was told.
pub struct Cursor {
    write: usize,
    write_end: usize,
    read: usize,
    read_end: usize,
}

pub fn place(call: &Call) -> Option<Place> {
    match &call.told {
        Some(Told::Done { at, .. }) => Some(*at),
        Some(Told::Refused { at, .. }) => *at,
        _ => None,
    }
}

impl<'a> Asked<'a> {
    pub fn new(history: &'a History) -> Self {
        let mut asked = Self {
            groups: Vec::new(),
            by_request: HashMap::new(),
            group_of: vec![NOBODY; history.calls.len()],
            writes: Vec::new(),
            reads: Vec::new(),
        };
        for (call, number) in history.calls.iter().zip(0..) {
            let place = place(call);
            match &call.asked {
                What::Write { tenant, request } => {
                    asked.join((tenant, *request), call, number);
                    asked.writes.extend(place.map(|place| (place, number)));
                }
                What::Read { .. } => asked.reads.extend(place.map(|place| (place, number))),
            }
        }
        asked.writes.sort_unstable();
        asked.reads.sort_unstable();
        asked
    }

    fn join(&mut self, key: (&'a str, u128), call: &Call, number: u32) {
        let next = self.groups.len() as u32;
        let group = *self.by_request.entry(key).or_insert(next);
        if group == next {
            self.groups.push(Group { began_us: u64::MAX, ..Group::default() });
        }
        self.group_of[number as usize] = group;
        let group = &mut self.groups[group as usize];
        group.calls.push(number);
        group.began_us = group.began_us.min(call.began_us);
        group.is_noted |= matches!(&call.told, Some(Told::Refused { at: None, .. } | Told::NotDone { .. }));
    }

    /// The callers of a request that stands in the log.
    pub fn by_request(&mut self, tenant: &str, request: u128) -> Option<&mut Group> {
        let group = *self.by_request.get(&(tenant, request))?;
        self.groups.get_mut(group as usize)
    }

    pub fn group(&self, call: usize) -> Option<&Group> {
        self.groups.get(*self.group_of.get(call)? as usize)
    }

    pub fn cursor(&self, shard: u32) -> Cursor {
        let span = |list: &[(Place, u32)]| {
            let from = list.partition_point(|(place, _)| place.shard < shard);
            (from, list.partition_point(|(place, _)| place.shard <= shard))
        };
        let ((write, write_end), (read, read_end)) = (span(&self.writes), span(&self.reads));
        Cursor { write, write_end, read, read_end }
    }

    /// The next write that says it stands at this index or before.
    pub fn next_write(&self, cursor: &mut Cursor, index: u64) -> Option<(Place, u32)> {
        let (place, number) = *self.writes[..cursor.write_end].get(cursor.write).filter(|(p, _)| p.index <= index)?;
        cursor.write += 1;
        Some((place, number))
    }

    /// The next read that says it saw this index or one before.
    pub fn next_read(&self, cursor: &mut Cursor, index: u64) -> Option<(Place, u32)> {
        let (place, number) = *self.reads[..cursor.read_end].get(cursor.read).filter(|(p, _)| p.index <= index)?;
        cursor.read += 1;
        Some((place, number))
    }

    /// Everything that says where it stands.
    pub fn placed(&self) -> impl Iterator<Item = (Place, u32)> {
        self.writes.iter().chain(&self.reads).copied()
    }
}
