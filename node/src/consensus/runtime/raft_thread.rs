//! The raft thread: owns every replica of the node, feeds inputs, hands outputs on.
use super::{apply_thread::ApplyJob, encoder::EntryEncoder, gauges::Gauges, log_reader::ShardLog};
use crate::{
    consensus::{
        clock::{Clocks, Now},
        core::{Persist, ProposeError, Role, SnapshotWanted, Standing, Ticker},
        gateway::{Outcome, ReadMode, Unavailable},
        lanes::Lane,
        ports::{PeerSender, ShardId},
        replica::{Replica, Turn},
        shared::{Control, ControlAnswer, ControlError, Door, Job, Shared},
        submission::{Submission, Waiter},
    },
    storage::{SideCheck, Staged, Store},
    wire,
};
use crossbeam_channel::Sender;
use kindred_domain::{Command, command::Advance};
use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tokio::sync::oneshot;

/// One write for the log writer.
pub struct WriteJob {
    pub shard: ShardId,
    pub what: Write,
}

/// What is written.
pub enum Write {
    /// See [`Persist`]; what its snapshot switches to, if it has one.
    Persist(Box<Persist>, Option<Staged>),
    /// The log is whole again though its witness was lost: that is noted.
    Trust,
}

/// One replica and what the thread keeps beside it.
struct Seat {
    shard: ShardId,
    replica: Replica<Submission, ShardLog>,
    /// The log holds everything it once held.
    trusted: bool,
    tickets: BTreeMap<u64, Job>,
    next_ticket: u64,
    staged: Option<Staged>,
    reported: u64,
    applied: u64,
    standing: Standing,
    /// An `Advance` under way, so that there is one at a time.
    advancing: Option<oneshot::Receiver<Result<Outcome, Unavailable>>>,
    gauges: Gauges,
    /// Log time of the applied state, and when it was seen, microseconds: what the log time is about now.
    seen_log: (u64, u64),
}

/// See the module.
pub struct RaftThread {
    shared: Arc<Shared>,
    store: Arc<Store>,
    seats: Vec<Seat>,
    to_writer: Sender<WriteJob>,
    to_apply: Sender<ApplyJob>,
    peers: Arc<dyn PeerSender>,
    encoder: EntryEncoder,
    clocks: Arc<dyn Clocks>,
    began_us: u64,
    ticker: Ticker,
    ticks: u64,
}

/// Turns of one replica before the others get theirs.
const TURNS_PER_LOOP: usize = 8;
/// Ticks between looks at what is slow: progress of peers, trust in the log.
const SLOW_TICKS: u64 = 10;

impl RaftThread {
    pub fn new(
        shared: Arc<Shared>,
        replicas: Vec<(Replica<Submission, ShardLog>, bool)>,
        store: Arc<Store>,
        to_writer: Sender<WriteJob>,
        to_apply: Sender<ApplyJob>,
        peers: Arc<dyn PeerSender>,
        clocks: Arc<dyn Clocks>,
    ) -> Self {
        let began_us = clocks.now().monotonic_us;
        let seat = |(shard, (replica, trusted)): (usize, (Replica<Submission, ShardLog>, bool))| {
            let (applied, log_ms) = replica.applied_so_far();
            Seat {
                shard: shard as u32,
                standing: replica.core().standing(),
                trusted,
                tickets: BTreeMap::new(),
                next_ticket: 1,
                staged: None,
                reported: 0,
                applied,
                advancing: None,
                seen_log: (log_ms, began_us),
                gauges: Gauges::new(shard as u32),
                replica,
            }
        };
        let raft_id = shared.raft_id;
        Self {
            seats: replicas.into_iter().enumerate().map(seat).collect(),
            shared,
            store,
            to_writer,
            to_apply,
            peers,
            encoder: EntryEncoder { raft_id },
            clocks,
            began_us,
            ticker: Ticker::new(0),
            ticks: 0,
        }
    }

    fn elapsed_ms(&self) -> u64 {
        self.clocks.now().monotonic_us.saturating_sub(self.began_us) / 1_000
    }

    /// Runs for ever; an error stops the process.
    pub fn run(mut self) -> anyhow::Result<()> {
        self.shared.waker.set_thread(std::thread::current());
        loop {
            let wait = self.round()?;
            if !wait.is_zero() && !self.shared.waker.looked() {
                std::thread::park_timeout(wait);
                self.shared.waker.looked();
            }
        }
    }

    /// Serves every replica once; how long there is nothing to do unless somebody wakes the thread.
    pub fn round(&mut self) -> anyhow::Result<Duration> {
        let ticks = self.ticker.due(self.elapsed_ms());
        self.ticks += ticks;
        let mut more = false;
        let mut seats = std::mem::take(&mut self.seats);
        for seat in &mut seats {
            more |= self.serve(seat, ticks)?;
        }
        self.seats = seats;
        if more {
            return Ok(Duration::ZERO);
        }
        let wait_ms = self.ticker.next_ms().saturating_sub(self.elapsed_ms());
        Ok(Duration::from_millis(wait_ms.clamp(1, 50)).min(self.until_due()))
    }

    /// How long until the nearest deadline of a shard led here.
    fn until_due(&self) -> Duration {
        let now_us = self.clocks.now().monotonic_us;
        let due = self.seats.iter().filter(|seat| seat.standing.role == Role::Leader).filter_map(|seat| {
            let due_ms = self.shared.doors[seat.shard as usize].progress.next_due_ms.load(Ordering::Acquire);
            (due_ms > 0 && seat.advancing.is_none()).then(|| due_ms.saturating_sub(seat.log_ms(now_us)))
        });
        Duration::from_millis(due.min().unwrap_or(u64::MAX).max(1))
    }

    fn serve(&mut self, seat: &mut Seat, ticks: u64) -> anyhow::Result<bool> {
        let shared = self.shared.clone();
        let door = &shared.doors[seat.shard as usize];
        self.take_progress(seat, door);
        (0..ticks).for_each(|_| seat.replica.tick());
        if ticks > 0 && !seat.trusted && self.ticks.is_multiple_of(SLOW_TICKS) {
            self.look_for_trust(seat)?;
        }
        // A replica whose log lost entries, or whose state deviates, votes for nobody; it may follow.
        let quarantined = door.is_quarantined();
        seat.replica.set_may_vote(seat.trusted && !quarantined);
        if quarantined && ticks > 0 {
            seat.replica.resign();
        }
        self.take_controls(seat, door);
        self.take_peer_messages(seat, door);
        take_reads(seat, door, &self.to_apply)?;
        if !quarantined {
            self.advance_if_due(seat, door);
        }
        let mut more = false;
        for _ in 0..TURNS_PER_LOOP {
            if !quarantined && (seat.replica.takes_commands() || seat.standing.role == Role::Leader) {
                let now: Now = self.clocks.now();
                seat.replica.take_from(&mut &*door, now, &mut self.encoder);
            }
            let turn = seat.replica.turn();
            more = turn.more;
            self.dispatch(seat, door, turn)?;
            // What was committed has made room; nobody wakes this thread for commands that wait already.
            more |= !quarantined && seat.replica.would_take(&door);
            if !more {
                break;
            }
        }
        if seat.standing.role != Role::Leader || quarantined {
            // Whoever looked at the standing before it changed may have queued a command after the lanes were emptied.
            door.turn_away();
        }
        if ticks > 0 {
            publish(seat, door);
        }
        Ok(more)
    }

    /// A log that was behind catches up by being written; one whose witness is lost has to earn it.
    fn look_for_trust(&self, seat: &mut Seat) -> anyhow::Result<()> {
        match self.store.side_check(seat.shard)? {
            SideCheck::Ok => {
                seat.trusted = true;
                tracing::info!(shard = seat.shard, "the log is trusted again: this replica votes");
            }
            // Asked again until the writer has noted it: once more does no harm.
            SideCheck::Unknown if seat.replica.core().has_earned_trust() => {
                hand(&self.to_writer, WriteJob { shard: seat.shard, what: Write::Trust })?;
            }
            SideCheck::Unknown | SideCheck::Behind { .. } => {}
        }
        Ok(())
    }

    fn take_progress(&mut self, seat: &mut Seat, door: &Door) {
        let applied = door.progress.applied.load(Ordering::Acquire);
        if applied > seat.applied {
            seat.applied = applied;
            let log_ms = door.progress.applied_log_ms.load(Ordering::Acquire);
            seat.seen_log = (log_ms, self.clocks.now().monotonic_us);
            seat.replica.applied(applied, log_ms);
        }
        let persisted = door.progress.persisted.load(Ordering::Acquire);
        if persisted > seat.reported {
            seat.reported = persisted;
            seat.replica.persisted(persisted);
        }
    }

    fn take_peer_messages(&mut self, seat: &mut Seat, door: &Door) {
        for bytes in door.take_messages() {
            if let Err(error) = seat.replica.receive(&bytes) {
                metrics::counter!("kindred_raft_messages_refused_total").increment(1);
                tracing::debug!(shard = seat.shard, %error, "peer message refused");
            }
        }
    }

    fn take_controls(&mut self, seat: &mut Seat, door: &Door) {
        for (control, answer) in door.take_controls() {
            let result = self.control(seat, control);
            tell(answer, result);
        }
    }

    fn control(&mut self, seat: &mut Seat, control: Control) -> Result<(), ControlError> {
        match control {
            Control::Change(changes) => seat.replica.change_membership(&changes).map(drop)?,
            Control::Transfer(to) => seat.replica.transfer_leader(to)?,
            Control::Install(meta, staged) => {
                seat.replica.offer_snapshot(meta)?;
                seat.staged = Some(staged);
            }
            Control::SnapshotSent(to, installed) => seat.replica.snapshot_sent(to, installed),
            Control::Unreachable(to) => seat.replica.unreachable(to),
            // The maintenance task may have stopped waiting: it asks again.
            Control::Compact(index, answer) => drop(answer.send(seat.replica.compact_to(index))),
        }
        Ok(())
    }

    /// While a deadline is due the leader writes `Advance`, one at a time.
    fn advance_if_due(&mut self, seat: &mut Seat, door: &Door) {
        if let Some(waiting) = &mut seat.advancing
            && matches!(waiting.try_recv(), Err(oneshot::error::TryRecvError::Empty))
        {
            return;
        }
        seat.advancing = None;
        let due_ms = door.progress.next_due_ms.load(Ordering::Acquire);
        if due_ms == 0 || !seat.replica.takes_commands() || seat.log_ms(self.clocks.now().monotonic_us) < due_ms {
            return;
        }
        let command = Command { tenant: None, request: None, body: Advance {}.into() };
        let bytes = wire::log::encode_command(&command);
        let (reply, waiting) = oneshot::channel();
        // A full lane holds the leader's own commands already: entries are coming, and time with them.
        if door.push(Lane::Internal, Submission { tenant: None, bytes, waiter: Waiter { reply } }).is_ok() {
            seat.advancing = Some(waiting);
        }
    }

    fn dispatch(&mut self, seat: &mut Seat, door: &Door, turn: Turn<Waiter>) -> anyhow::Result<()> {
        let shard = seat.shard;
        for message in turn.messages {
            self.peers.send(message.to, shard, message.urgency, message.bytes);
        }
        if !turn.apply.is_empty() {
            hand(&self.to_apply, ApplyJob::Entries { shard, entries: turn.apply })?;
        }
        if let Some(persist) = turn.persist {
            let staged = if persist.snapshot.is_some() { seat.staged.take() } else { None };
            hand(&self.to_writer, WriteJob { shard, what: Write::Persist(Box::new(persist), staged) })?;
        }
        for read in turn.reads {
            let Some(job) = seat.tickets.remove(&read.ticket) else { continue };
            match read.outcome {
                Ok(index) => decide(&self.to_apply, shard, door, index, [job])?,
                Err(_) => job(Err(Unavailable::NoLeader)),
            }
        }
        for waiter in turn.lost {
            waiter.answer(Err(Unavailable::ResultUnknown));
        }
        for (waiter, error) in turn.refused {
            waiter.answer(Err(refusal(error)));
        }
        if let Some(standing) = turn.standing {
            self.follow(seat, door, standing)?;
        }
        for wanted in turn.snapshots_wanted {
            self.send_snapshot(shard, wanted);
        }
        Ok(())
    }

    fn follow(&mut self, seat: &mut Seat, door: &Door, standing: Standing) -> anyhow::Result<()> {
        tracing::info!(shard = seat.shard, term = standing.term, role = ?standing.role, leader = ?standing.leader, "standing");
        metrics::counter!("kindred_raft_standing_changes_total").increment(1);
        seat.standing = standing;
        door.set_standing(standing);
        if standing.role != Role::Leader {
            seat.advancing = None;
        }
        let leads = standing.role == Role::Leader;
        hand(&self.to_apply, ApplyJob::Standing { shard: seat.shard, term: standing.term, leads })?;
        Ok(())
    }

    fn send_snapshot(&self, shard: ShardId, wanted: SnapshotWanted) {
        let (to, shared) = (wanted.to, self.shared.clone());
        let done: Box<dyn FnOnce(bool) + Send> = Box::new(move |installed| {
            if let Some(door) = shared.door(shard) {
                // Lost if too many wait: raft asks again.
                let _ = door.control(Control::SnapshotSent(to, installed), oneshot::channel().0);
                shared.waker.wake();
            }
        });
        tracing::info!(shard, to, "sending a snapshot");
        self.peers.send_snapshot(to, shard, wanted.min_index, done);
    }
}

impl Seat {
    /// About what log time is now.
    fn log_ms(&self, now_us: u64) -> u64 {
        self.seen_log.0 + now_us.saturating_sub(self.seen_log.1) / 1_000
    }
}

fn take_reads(seat: &mut Seat, door: &Door, to_apply: &Sender<ApplyJob>) -> anyhow::Result<()> {
    let mut stale = Vec::new();
    for request in door.take_reads() {
        if request.mode == ReadMode::Stale {
            stale.push(request.job);
            continue;
        }
        let ticket = seat.next_ticket;
        seat.next_ticket += 1;
        match seat.replica.read(ticket) {
            Ok(()) => drop(seat.tickets.insert(ticket, request.job)),
            Err(_) => (request.job)(Err(Unavailable::Overloaded { what: "reads", retry_after_ms: 100 })),
        }
    }
    decide(to_apply, seat.shard, door, 0, stale)
}

/// Hands reads to the apply thread: one job for all that gather until it looks.
fn decide(
    to_apply: &Sender<ApplyJob>,
    shard: ShardId,
    door: &Door,
    index: u64,
    jobs: impl IntoIterator<Item = Job>,
) -> anyhow::Result<()> {
    if door.decide(index, jobs) {
        hand(to_apply, ApplyJob::Reads { shard })?;
    }
    Ok(())
}

fn publish(seat: &Seat, door: &Door) {
    let core = seat.replica.core();
    door.progress.committed.store(core.commit_index(), Ordering::Release);
    door.progress.last_index.store(core.last_index(), Ordering::Release);
    door.progress.truncated.store(core.truncated().index, Ordering::Release);
    door.set_membership(core.membership());
    door.set_peers(core.peers());
    seat.gauges.publish(core.standing().term, core.is_leader(), core.commit_index(), &door.lanes());
}

fn refusal(error: ProposeError) -> Unavailable {
    match error {
        ProposeError::NotLeader { leader } => Unavailable::NotLeader { leader },
        ProposeError::Transferring => Unavailable::NoLeader,
        ProposeError::Full => Unavailable::Overloaded { what: "uncommitted entries", retry_after_ms: 100 },
        ProposeError::TooLarge { .. } | ProposeError::Empty => {
            Unavailable::Overloaded { what: "entry", retry_after_ms: 0 }
        }
    }
}

fn tell(answer: ControlAnswer, result: Result<(), ControlError>) {
    // Who asked may have stopped waiting.
    let _ = answer.send(result);
}

/// Hands a job to another thread; its end is this one's.
pub fn hand<T>(to: &Sender<T>, job: T) -> anyhow::Result<()> {
    to.send(job).map_err(|_| anyhow::anyhow!("a thread of consensus has ended"))
}
