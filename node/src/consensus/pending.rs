//! Who waits for which entry.
//!
//! A waiter is answered with a reply only by the committed entry at exactly the index and term of its
//! proposal; its place within the entry is its place in the list. If leadership is lost, or another entry
//! takes that index, nobody can say whether the command happened: the waiter is lost (`RESULT_UNKNOWN`),
//! and its client asks again under the same request id.

use std::collections::VecDeque;

use super::core::Position;

struct Proposed<W> {
    position: Position,
    waiters: Vec<W>,
}

/// Waiters of the entries proposed and not yet committed. Its length is bounded by its owner, who
/// proposes nothing while [`Pending::entries`] is at its limit.
pub struct Pending<W> {
    proposed: VecDeque<Proposed<W>>,
}

impl<W> Default for Pending<W> {
    fn default() -> Self {
        Self { proposed: VecDeque::new() }
    }
}

impl<W> Pending<W> {
    /// Entries under way.
    pub fn entries(&self) -> usize {
        self.proposed.len()
    }

    /// Remembers who waits for the entry at `position`, in the order of the commands in it. Positions
    /// must ascend.
    pub fn add(&mut self, position: Position, waiters: Vec<W>) {
        debug_assert!(self.proposed.back().is_none_or(|last| last.position.index < position.index));
        self.proposed.push_back(Proposed { position, waiters });
    }

    /// The entry at `position` is committed: who waits for it. Waiters of other entries at or below that
    /// index go to `lost`.
    pub fn committed(&mut self, position: Position, lost: &mut Vec<W>) -> Vec<W> {
        let mut answered = Vec::new();
        while self.proposed.front().is_some_and(|first| first.position.index <= position.index) {
            let Some(first) = self.proposed.pop_front() else {
                break;
            };
            if first.position == position {
                answered = first.waiters;
            } else {
                lost.extend(first.waiters);
            }
        }
        answered
    }

    /// Leadership is lost: everyone who waits.
    pub fn lose_all(&mut self, lost: &mut Vec<W>) {
        for proposed in self.proposed.drain(..) {
            lost.extend(proposed.waiters);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(term: u64, index: u64) -> Position {
        Position { term, index }
    }

    #[test]
    fn waiters_are_answered_by_their_own_entry_only() {
        let mut pending = Pending::default();
        let mut lost = Vec::new();
        pending.add(at(2, 5), vec!["a", "b"]);
        pending.add(at(2, 6), vec!["c"]);
        pending.add(at(2, 8), vec!["d"]);
        assert_eq!(pending.committed(at(2, 4), &mut lost), Vec::<&str>::new());
        assert_eq!(pending.committed(at(2, 5), &mut lost), ["a", "b"]);
        assert_eq!(pending.committed(at(3, 6), &mut lost), Vec::<&str>::new());
        assert_eq!(lost, ["c"]);
        pending.lose_all(&mut lost);
        assert_eq!(lost, ["c", "d"]);
        assert_eq!(pending.entries(), 0);
    }
}
