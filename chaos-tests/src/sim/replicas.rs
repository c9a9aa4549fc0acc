//! What replicas hold on their disks once all is quiet: row by row the same. The hash they compare while they live says
//! how each got there; a snapshot, a restart or a power cut that lost a row would leave it as it is.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use kindred_node::consensus::core::RaftId;
use kindred_node::storage::{Page, Table, View};

use super::world::{Verdict, World};

/// Rows compared at a time.
const ROWS: usize = 512;
/// After everything has healed, replicas meet at one index within this: entries still come, four in a second.
const MEET_MS: u64 = 5_000;

impl World {
    /// Every member's disk holds what its leader's holds, at one index.
    pub(super) fn compare_disks(&mut self) -> Verdict {
        for shard in 0..self.plan.shards {
            if !self.until(MEET_MS, |world| world.stand_together(shard))? {
                return Err(format!("V shard {shard}: its replicas do not meet at one index"));
            }
            self.compare_rows(shard)?;
        }
        Ok(())
    }

    /// Everybody who is a member of the shard, its leader first; empty without one.
    pub(super) fn members_of(&self, shard: u32) -> Vec<RaftId> {
        let Some(leader) = self.leader(shard) else { return Vec::new() };
        let door = self.nodes.get(&leader).and_then(|node| node.up.as_ref()?.shared.door(shard));
        let known = door.map(|door| door.membership()).unwrap_or_default();
        let others = known.voters.iter().chain(&known.learners).copied().filter(|id| *id != leader);
        std::iter::once(leader).chain(others).collect()
    }

    /// Have all members applied the same, and is that what their disks say.
    fn stand_together(&self, shard: u32) -> bool {
        let applied = |id: &RaftId| {
            let up = self.nodes.get(id)?.up.as_ref()?;
            let applied = up.shared.door(shard)?.progress.applied.load(Ordering::Acquire);
            let written = up.store.view(shard).ok()?.applied().index;
            (written == applied).then_some(applied)
        };
        let members = self.members_of(shard);
        let places: BTreeSet<Option<u64>> = members.iter().map(applied).collect();
        places.len() == 1 && !places.contains(&None)
    }

    fn compare_rows(&self, shard: u32) -> Verdict {
        let view = |id: &RaftId| {
            let up = self.nodes.get(id).and_then(|node| node.up.as_ref());
            let up = up.ok_or_else(|| format!("V n{id} is down"))?;
            Ok((*id, up.store.view(shard).map_err(|error| error.to_string())?))
        };
        let views = self.members_of(shard).iter().map(view).collect::<Result<Vec<_>, String>>()?;
        let Some(((leader, ours), others)) = views.split_first() else { return Ok(()) };
        for (id, theirs) in others {
            for table in Table::ALL {
                if let Some(key) = first_difference(ours, theirs, *table)? {
                    let key = key.escape_ascii();
                    return Err(format!(
                        "A shard {shard}: the disks of n{leader} and n{id} differ in {} at {key}",
                        table.name()
                    ));
                }
            }
        }
        Ok(())
    }
}

/// The key of the first row that two replicas do not hold alike.
fn first_difference(ours: &View<'_>, theirs: &View<'_>, table: Table) -> Result<Option<bytes::Bytes>, String> {
    let page = |view: &View<'_>, after: Option<&[u8]>| -> Result<Page, String> {
        view.page(table, &[], after, ROWS).map_err(|error| error.to_string())
    };
    let mut after: Option<bytes::Bytes> = None;
    loop {
        let (left, right) = (page(ours, after.as_deref())?, page(theirs, after.as_deref())?);
        let longest = left.rows.len().max(right.rows.len());
        let differs = (0..longest).find(|at| left.rows.get(*at) != right.rows.get(*at));
        if let Some(at) = differs {
            return Ok(left.rows.get(at).or(right.rows.get(at)).map(|(key, _)| key.clone()));
        }
        match left.rows.last() {
            Some((key, _)) if left.more || right.more => after = Some(key.clone()),
            _ => return Ok(None),
        }
    }
}
