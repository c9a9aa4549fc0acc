//! Replicas in one process, with a network that delivers at once and disks that sync when told.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use bytes::Bytes;

use super::super::*;

/// What one replica has on disk.
#[derive(Default)]
pub struct Disk {
    pub boot: Boot,
    pub log: BTreeMap<u64, (u64, Bytes)>,
    pub reads: usize,
}

#[derive(Clone)]
pub struct SharedDisk(pub Rc<RefCell<Disk>>);

impl Disk {
    pub fn shared(self) -> SharedDisk {
        SharedDisk(Rc::new(RefCell::new(self)))
    }
}

impl SharedDisk {
    pub fn borrow(&self) -> std::cell::Ref<'_, Disk> {
        self.0.borrow()
    }
}

impl LogReader for SharedDisk {
    fn entries(&self, low: u64, high: u64, max_bytes: u64) -> Result<Vec<Bytes>, LogReadError> {
        let mut disk = self.0.borrow_mut();
        disk.reads += 1;
        let mut total = 0;
        let mut found = Vec::new();
        for (_, (_, bytes)) in disk.log.range(low..high) {
            total += bytes.len() as u64;
            if total > max_bytes && !found.is_empty() {
                break;
            }
            found.push(bytes.clone());
        }
        Ok(found)
    }

    fn term(&self, index: u64) -> Result<u64, LogReadError> {
        let disk = self.0.borrow();
        disk.log.get(&index).map(|(term, _)| *term).ok_or(LogReadError::Missing { index })
    }
}

pub fn config(raft_id: RaftId) -> Config {
    Config { raft_id, shard: 0, seed: raft_id, recent_log_bytes: 4_096 }
}

pub struct Node {
    pub core: Core<SharedDisk>,
    pub disk: SharedDisk,
    /// Writes not yet synced.
    pub unsynced: Vec<Persist>,
    pub disk_stalls: bool,
    pub apply_stalls: bool,
    pub applied_commands: Vec<(u64, Vec<u8>)>,
    pub memberships: Vec<Membership>,
    pub reads: Vec<ReadDone>,
    pub wanted: Vec<SnapshotWanted>,
    /// Sent and not yet delivered.
    pub outbox: Vec<Outgoing>,
}

impl Node {
    fn new(raft_id: RaftId, boot: Boot) -> Self {
        let disk = Disk { boot: boot.clone(), ..Disk::default() }.shared();
        let core = Core::new(config(raft_id), boot, disk.clone()).unwrap();
        Self {
            core,
            disk,
            unsynced: Vec::new(),
            disk_stalls: false,
            apply_stalls: false,
            applied_commands: Vec::new(),
            memberships: Vec::new(),
            reads: Vec::new(),
            wanted: Vec::new(),
            outbox: Vec::new(),
        }
    }

    /// One turn of the loop; whether anything happened.
    pub fn turn(&mut self) -> bool {
        let out = self.core.turn();
        let busy = out != Output::default();
        self.outbox.extend(out.messages);
        self.reads.extend(out.reads);
        self.wanted.extend(out.snapshots_wanted);
        for entry in out.committed {
            match entry.content {
                Content::Commands(data) => self.applied_commands.push((entry.index, data.to_vec())),
                Content::Membership(members) => {
                    self.disk.0.borrow_mut().boot.membership = members.clone();
                    self.memberships.push(members);
                }
                Content::Empty => {}
            }
            self.disk.0.borrow_mut().boot.applied = entry.index;
            if !self.apply_stalls {
                self.core.applied(entry.index);
            }
        }
        self.unsynced.extend(out.persist);
        if !self.disk_stalls {
            self.sync();
        }
        busy
    }

    pub fn sync(&mut self) {
        for persist in std::mem::take(&mut self.unsynced) {
            let number = persist.number;
            let switched = persist.snapshot.as_ref().map(|meta| meta.index);
            self.write(persist);
            self.core.persisted(number);
            if let Some(index) = switched {
                self.core.applied(index);
            }
        }
    }

    fn write(&self, persist: Persist) {
        let mut disk = self.disk.0.borrow_mut();
        if let Some(meta) = persist.snapshot {
            disk.log.clear();
            disk.boot.truncated = Position { term: meta.term, index: meta.index };
            disk.boot.last_index = meta.index;
            disk.boot.applied = meta.index;
            disk.boot.membership = meta.membership;
        }
        if let Some(first) = persist.entries.first() {
            disk.log.split_off(&first.index);
        }
        for entry in persist.entries {
            disk.boot.last_index = entry.index;
            disk.log.insert(entry.index, (entry.term, entry.bytes));
        }
        disk.boot.hard_state = persist.hard_state;
    }
}

pub struct Group {
    pub nodes: Vec<Node>,
    /// Replicas that nothing reaches and that reach nobody.
    pub cut_off: Vec<RaftId>,
}

impl Group {
    pub fn founding(voters: &[RaftId]) -> Self {
        let node = |id: &RaftId| Node::new(*id, Boot::founding(voters));
        Self { nodes: voters.iter().map(node).collect(), cut_off: Vec::new() }
    }

    pub fn join(&mut self, id: RaftId) {
        self.nodes.push(Node::new(id, Boot::joining()));
    }

    pub fn node(&mut self, id: RaftId) -> &mut Node {
        self.nodes.iter_mut().find(|node| node.core.raft_id() == id).unwrap()
    }

    pub fn restart(&mut self, id: RaftId) {
        let node = self.node(id);
        let boot = node.disk.borrow().boot.clone();
        node.core = Core::new(config(id), boot, node.disk.clone()).unwrap();
        node.unsynced.clear();
        node.outbox.clear();
    }

    pub fn leader(&self) -> Option<RaftId> {
        let reachable = |node: &&Node| !self.cut_off.contains(&node.core.raft_id());
        let leader = |node: &&Node| node.core.is_leader();
        self.nodes.iter().filter(reachable).find(leader).map(|node| node.core.raft_id())
    }

    pub fn other_than(&self, id: RaftId) -> RaftId {
        let mut ids = self.nodes.iter().map(|node| node.core.raft_id());
        ids.find(|other| *other != id).unwrap()
    }

    /// Delivers everything until nothing moves.
    pub fn settle(&mut self) {
        for _ in 0..1_000 {
            let mut busy = false;
            for node in &mut self.nodes {
                busy |= node.turn();
            }
            busy |= self.deliver();
            if !busy {
                return;
            }
        }
        panic!("the group does not come to rest");
    }

    fn deliver(&mut self) -> bool {
        let mut sent = Vec::new();
        for node in &mut self.nodes {
            let from = node.core.raft_id();
            sent.extend(node.outbox.drain(..).map(|message| (from, message)));
        }
        let busy = !sent.is_empty();
        for (from, message) in sent {
            if self.cut_off.contains(&from) || self.cut_off.contains(&message.to) {
                continue;
            }
            if let Some(node) = self.nodes.iter_mut().find(|node| node.core.raft_id() == message.to) {
                node.core.receive(&message.bytes).unwrap();
            }
        }
        busy
    }

    pub fn run_ticks(&mut self, ticks: usize) {
        for _ in 0..ticks {
            for node in &mut self.nodes {
                node.core.tick();
            }
            self.settle();
        }
    }

    /// Runs until there is a leader.
    pub fn elect(&mut self) -> RaftId {
        for _ in 0..100 {
            if let Some(leader) = self.leader() {
                return leader;
            }
            self.run_ticks(1);
        }
        panic!("no leader after 100 ticks");
    }
}
