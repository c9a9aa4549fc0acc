//! What the Matchmaker knows of each agent: the record, what is planned for it in the batch in flight, for which
//! classes it qualifies, and its grades.
use crate::{
    classes::Classes,
    lanes::Lanes,
    mode::{ORDERS, Order, Rank, best_match::Wanted, ranks},
    slots::{Bits, Slot, Slots},
};
use kindred_domain::{capacity, ids::*, lawful, limits::WORK_PER_AGENT_MAX, record::*, selector, split};
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

/// Classes with a number below this have their answers kept per agent (two bits each); others are asked each time.
const CLASSES_KEPT: Slot = 16_384;
/// Kinds of grade kept per agent; when there are more, all are forgotten and learned anew.
const GRADES_KEPT: usize = 512;
/// Stands for a grade not worked out yet; grades are 0 to 1 000 000.
const NO_GRADE: i32 = -1;

/// A kind of grade: agents keep their grade of each. Never means two things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Kind {
    at: usize,
    forgotten: usize,
}

/// An offer planned for an agent.
#[derive(Debug)]
struct Planned {
    number: u64,
    work: Vec<Work>,
}

/// An agent.
#[derive(Debug)]
pub(crate) struct Member {
    pub record: Arc<Agent>,
    /// The record with what is planned for it.
    pub seen: Arc<Agent>,
    pub profile: Slot,
    planned: Vec<Planned>,
    /// Spreads agents that are equal in everything else; by name, so every leader spreads alike.
    pub tie: u64,
    /// Channels on which it can be offered something, and its place in each order.
    pub stands: Vec<(Channel, [Rank; ORDERS])>,
    /// The record changed since something was planned for it.
    pub touched: bool,
    /// Nothing is planned for it before this: apply said it is not as it looks.
    pub held_until_ms: u64,
    pub timer_ms: Option<u64>,
    qualified: Bits,
    barred: Bits,
    grades: Vec<i32>,
    /// Its group under a revision, and which. Kept with the very revision it was found in: its name and number may mean
    /// another one tomorrow, when the policy was deleted and made anew.
    group: Option<(Arc<PolicyRevision>, Option<usize>)>,
}

impl Member {
    pub fn new(record: Arc<Agent>, profile: Slot) -> Self {
        Self {
            tie: spread(&record.id),
            seen: record.clone(),
            record,
            profile,
            planned: Vec::new(),
            stands: Vec::new(),
            touched: true,
            held_until_ms: 0,
            timer_ms: None,
            qualified: Bits::default(),
            barred: Bits::default(),
            grades: Vec::new(),
            group: None,
        }
    }

    /// Takes the record as it is now. True if it may serve more than before: anything but more work.
    pub fn update(&mut self, record: Arc<Agent>) -> bool {
        let old = std::mem::replace(&mut self.record, record);
        let new = &self.record;
        let described = old.skills == new.skills && old.labels == new.labels;
        if !described {
            self.qualified.clear();
            self.barred.clear();
        }
        if !described || old.team != new.team {
            self.group = None;
        }
        let graded = described && old.channel_proficiency == new.channel_proficiency;
        if !graded {
            self.grades.clear();
        }
        self.held_until_ms = 0;
        self.touched = true;
        let configured = old.profile == new.profile && old.capacity == new.capacity;
        let more = !graded || !configured || old.work.iter().any(|work| !new.work.contains(work));
        self.look();
        more
    }

    /// Reserves room for an offer of a batch.
    pub fn plan(&mut self, number: u64, interaction: &Interaction, capacity: &Capacity) {
        let channels = std::iter::once(&interaction.channel).chain(&interaction.added_channels);
        let work = channels.map(|channel| Work {
            interaction: interaction.id.clone(),
            id: AssignmentId::default(),
            channel: channel.clone(),
            units: capacity::cost(capacity, channel).unwrap_or(0),
            offered: true,
            wrap_up: false,
            dormant: false,
        });
        self.planned.push(Planned { number, work: work.collect() });
        self.touched = false;
        self.look();
    }

    /// The batch is over: what came of it is in the record. True if something planned was not made.
    pub fn unplan(&mut self) -> bool {
        self.planned.clear();
        let unmade = self.seen.work.len() > self.record.work.len();
        self.look();
        unmade
    }

    /// An offer that apply has made is in the record: it does not count twice.
    fn look(&mut self) {
        self.seen = self.record.clone();
        let made = |work: &Work| self.record.work.iter().any(|w| w.interaction == work.interaction);
        let planned = self.planned.iter().flat_map(|planned| &planned.work);
        let planned: Vec<Work> = planned.filter(|work| !made(work)).cloned().collect();
        if !planned.is_empty() {
            Arc::make_mut(&mut self.seen).work.extend(planned);
        }
    }

    /// Where it stands now: on each channel it may be offered something and has room for.
    pub fn standing(&self, capacity: &Capacity, now_ms: u64) -> Vec<(Channel, [Rank; ORDERS])> {
        let agent = &self.seen;
        if self.held_until_ms > now_ms || agent.work.len() >= WORK_PER_AGENT_MAX {
            return Vec::new();
        }
        let free = |channel: &&Channel| {
            lawful::available(agent, channel, now_ms).is_ok() && capacity::room(capacity, agent, channel)
        };
        let ranks = ranks(agent, self.planned.last().map(|planned| planned.number));
        capacity.channels.keys().filter(free).map(|channel| (channel.clone(), ranks)).collect()
    }

    /// Can it be offered something on the channel.
    pub fn stands_on(&self, channel: &Channel) -> bool {
        self.stands.iter().any(|(on, _)| on == channel)
    }

    /// Its place among the idle on a channel, if it can be offered something on it.
    pub fn rank_on(&self, channel: &Channel) -> Option<Rank> {
        let stand = self.stands.iter().find(|(on, _)| on == channel);
        stand.map(|(_, ranks)| ranks[Order::Idle as usize])
    }

    /// May it be offered the interaction, with what is planned for it already.
    pub fn may_take(&self, interaction: &Interaction, profile: &Profile, now_ms: u64) -> bool {
        let capacity = capacity::effective(&self.record, profile);
        lawful::pair(interaction, &self.seen, profile, capacity, now_ms).is_ok()
    }

    /// When something that keeps it from work ends by itself.
    pub fn next_change_ms(&self, now_ms: u64) -> Option<u64> {
        let ends = [self.record.backoff_until_ms, self.record.not_responding_until_ms];
        let ends = ends.into_iter().flatten().chain([self.held_until_ms]);
        ends.filter(|at_ms| *at_ms > now_ms).min()
    }

    /// Does it qualify for the class.
    pub fn qualifies(&mut self, class: Slot, classes: &Classes) -> bool {
        if self.qualified.get(class) || self.barred.get(class) {
            return self.qualified.get(class);
        }
        let qualifies = qualifies(&self.record, class, classes);
        self.learn(class, qualifies);
        qualifies
    }

    /// Classes of a set that it is not known to be barred from.
    pub fn candidates<'a>(&'a self, classes: &'a Bits) -> impl Iterator<Item = Slot> + 'a {
        classes.iter_without(&self.barred, &self.barred)
    }

    /// Wakes the lanes it serves, from a phase on.
    pub fn wake(&mut self, lanes: &mut Lanes, from: u32, classes: &Classes) {
        let mut learned: Vec<(Slot, bool)> = Vec::new();
        lanes.wake(&self.qualified, &self.barred, from, |class| {
            let qualifies = qualifies(&self.record, class, classes);
            learned.push((class, qualifies));
            qualifies
        });
        learned.into_iter().for_each(|(class, qualifies)| self.learn(class, qualifies));
    }

    fn learn(&mut self, class: Slot, qualifies: bool) {
        if class < CLASSES_KEPT {
            self.qualified.set(class, qualifies);
            self.barred.set(class, !qualifies);
        }
    }

    /// The numbers of these classes will mean something else.
    pub fn forget_classes(&mut self, classes: &[Slot]) {
        for class in classes {
            self.qualified.set(*class, false);
            self.barred.set(*class, false);
        }
    }

    /// Its group under the revision of a policy that splits.
    pub fn group(&mut self, revision: &Arc<PolicyRevision>) -> Option<usize> {
        if let Some((of, group)) = &self.group
            && Arc::ptr_eq(of, revision)
        {
            return *group;
        }
        let group = split::group_of(&revision.groups, &self.record);
        self.group = Some((revision.clone(), group));
        group
    }

    /// Its grade, millionths.
    pub fn grade(&mut self, kind: Kind, wanted: &Wanted) -> i32 {
        let kind = kind.at;
        if kind >= self.grades.len() {
            self.grades.resize(kind + 1, NO_GRADE);
        }
        if self.grades[kind] == NO_GRADE {
            self.grades[kind] = wanted.grade(&self.record).micros().clamp(0, 1_000_000) as i32;
        }
        self.grades[kind]
    }
}

/// The agents of one tenant.
#[derive(Debug, Default)]
pub(crate) struct Agents {
    pub by_id: HashMap<AgentId, Slot>,
    pub slots: Slots<Member>,
    /// Those who may serve more than when they were last looked at, in the order of `tie`.
    pub changed: BTreeSet<(u64, Slot)>,
    /// Those with something planned in the batch in flight.
    pub planned: BTreeSet<Slot>,
    kinds: HashMap<Wanted, usize>,
    /// How often kinds were forgotten.
    kinds_forgotten: usize,
}

impl Agents {
    pub fn get(&self, id: &AgentId) -> Option<&Member> {
        self.by_id.get(id).map(|slot| &self.slots[*slot])
    }

    /// The kind of grade that is.
    pub fn kind(&mut self, wanted: &Wanted) -> Kind {
        if !self.kinds.contains_key(wanted) && self.kinds.len() >= GRADES_KEPT {
            self.kinds.clear();
            self.kinds_forgotten += 1;
            self.slots.values_mut().for_each(|member| member.grades.clear());
        }
        let next = self.kinds.len();
        let at = match self.kinds.get(wanted) {
            Some(at) => *at,
            None => *self.kinds.entry(wanted.clone()).or_insert(next),
        };
        Kind { at, forgotten: self.kinds_forgotten }
    }
}

fn qualifies(agent: &Agent, class: Slot, classes: &Classes) -> bool {
    classes.required(class).is_none_or(|required| selector::matches(required, agent))
}

/// FNV-1a of a name, then mixed: neighbours in name are far apart.
fn spread(id: &AgentId) -> u64 {
    let hash = id
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    (hash ^ (hash >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}
