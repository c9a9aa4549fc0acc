//! Which interactions ask for the same: identical required selectors form a class, so that one answer ("this agent
//! does not qualify") serves all that wait in it.
use crate::slots::{Slot, Slots};
use kindred_domain::selector::Selector;
use std::{collections::HashMap, sync::Arc};

/// Classes nobody waits in are kept up to this many (or as many as are in use): a common class comes and goes.
const UNUSED_MAX: usize = 1_024;

#[derive(Debug)]
struct Class {
    required: Arc<Option<Selector>>,
    waiting: u32,
}

/// The classes of one tenant.
#[derive(Debug, Default)]
pub(crate) struct Classes {
    by_selector: HashMap<Arc<Option<Selector>>, Slot>,
    slots: Slots<Class>,
    unused: usize,
}

impl Classes {
    /// The class of a required selector; one more waits in it.
    pub fn enter(&mut self, required: &Option<Selector>) -> Slot {
        if let Some(&slot) = self.by_selector.get(required) {
            let class = &mut self.slots[slot];
            self.unused -= usize::from(class.waiting == 0);
            class.waiting += 1;
            return slot;
        }
        let required = Arc::new(required.clone());
        let slot = self.slots.insert(Class { required: required.clone(), waiting: 1 });
        self.by_selector.insert(required, slot);
        slot
    }

    /// One less waits in the class.
    pub fn leave(&mut self, slot: Slot) {
        let class = &mut self.slots[slot];
        class.waiting -= 1;
        self.unused += usize::from(class.waiting == 0);
    }

    /// What the class asks for.
    pub fn required(&self, slot: Slot) -> Option<&Selector> {
        self.slots[slot].required.as_ref().as_ref()
    }

    /// Forgets unused classes if there are too many. Their numbers will be used again: the caller forgets what it
    /// knows about them.
    pub fn sweep(&mut self) -> Vec<Slot> {
        if self.unused <= UNUSED_MAX.max(self.slots.len() / 2) {
            return Vec::new();
        }
        let unused = self.slots.iter().filter(|(_, class)| class.waiting == 0);
        let unused: Vec<Slot> = unused.map(|(slot, _)| slot).collect();
        for &slot in &unused {
            if let Some(class) = self.slots.remove(slot) {
                self.by_selector.remove(&class.required);
            }
        }
        self.unused = 0;
        unused
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kindred_domain::selector::{Comparison, Operand, Value};

    fn asks(n: i64) -> Option<Selector> {
        Some(Selector::Compare {
            operand: Operand::Skill("x".into()),
            comparison: Comparison::Ge,
            value: Value::Micros(n),
        })
    }

    #[test]
    fn equal_selectors_share_a_class() {
        let mut classes = Classes::default();
        let a = classes.enter(&asks(1));
        assert_eq!(classes.enter(&asks(1)), a);
        assert_ne!(classes.enter(&asks(2)), a);
        assert_eq!(classes.required(a), asks(1).as_ref());
    }

    #[test]
    fn unused_classes_are_forgotten_once_they_are_many() {
        let mut classes = Classes::default();
        let kept = classes.enter(&asks(-1));
        let count = 2 * UNUSED_MAX as i64 + 8;
        for n in 0..count {
            let slot = classes.enter(&asks(n));
            classes.leave(slot);
        }
        assert_eq!(classes.sweep().len(), count as usize);
        assert_eq!(classes.slots.len(), 1);
        assert!(classes.sweep().is_empty());
        assert_eq!(classes.enter(&asks(-1)), kept);
    }
}
