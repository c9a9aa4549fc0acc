//! Small numbers for records: a slab whose numbers are used inside the Matchmaker instead of names. They never decide
//! an order: what is chosen must not depend on the order in which records were fed.
use std::ops::{Index, IndexMut};

/// A place in a [`Slots`].
pub(crate) type Slot = u32;

/// Values under small reusable numbers. As many as there are records, so bounded by the domain's limits.
#[derive(Debug)]
pub(crate) struct Slots<T> {
    items: Vec<Option<T>>,
    free: Vec<Slot>,
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self { items: Vec::new(), free: Vec::new() }
    }
}

impl<T> Slots<T> {
    pub fn insert(&mut self, item: T) -> Slot {
        match self.free.pop() {
            Some(slot) => {
                self.items[slot as usize] = Some(item);
                slot
            }
            None => {
                self.items.push(Some(item));
                (self.items.len() - 1) as Slot
            }
        }
    }

    pub fn remove(&mut self, slot: Slot) -> Option<T> {
        let item = self.items.get_mut(slot as usize)?.take()?;
        self.free.push(slot);
        Some(item)
    }

    pub fn get(&self, slot: Slot) -> Option<&T> {
        self.items.get(slot as usize)?.as_ref()
    }

    pub fn get_mut(&mut self, slot: Slot) -> Option<&mut T> {
        self.items.get_mut(slot as usize)?.as_mut()
    }

    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.items.iter_mut().flatten()
    }

    pub fn iter(&self) -> impl Iterator<Item = (Slot, &T)> {
        let numbered = self.items.iter().enumerate();
        numbered.filter_map(|(slot, item)| item.as_ref().map(|item| (slot as Slot, item)))
    }

    pub fn len(&self) -> usize {
        self.items.len() - self.free.len()
    }
}

impl<T> Index<Slot> for Slots<T> {
    type Output = T;
    /// Panics if the slot is empty: whoever holds a number keeps its record.
    fn index(&self, slot: Slot) -> &T {
        self.items[slot as usize].as_ref().expect("an occupied slot")
    }
}

impl<T> IndexMut<Slot> for Slots<T> {
    fn index_mut(&mut self, slot: Slot) -> &mut T {
        self.items[slot as usize].as_mut().expect("an occupied slot")
    }
}

/// A set of small numbers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bits {
    words: Vec<u64>,
}

impl Bits {
    pub fn get(&self, bit: Slot) -> bool {
        let word = self.words.get((bit / 64) as usize).copied().unwrap_or(0);
        word >> (bit % 64) & 1 == 1
    }

    pub fn set(&mut self, bit: Slot, on: bool) {
        let word = (bit / 64) as usize;
        if word >= self.words.len() {
            if !on {
                return;
            }
            self.words.resize(word + 1, 0);
        }
        let mask = 1 << (bit % 64);
        if on {
            self.words[word] |= mask;
        } else {
            self.words[word] &= !mask;
        }
    }

    pub fn clear(&mut self) {
        self.words.clear();
    }

    /// How many are in the set.
    pub fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Adds those that are in both.
    pub fn add_both(&mut self, a: &Bits, b: &Bits) {
        let both = a.words.len().min(b.words.len());
        if self.words.len() < both {
            self.words.resize(both, 0);
        }
        for (word, (a, b)) in self.words.iter_mut().zip(a.words.iter().zip(&b.words)) {
            *word |= a & b;
        }
    }

    /// Those in the set, ascending.
    pub fn iter(&self) -> impl Iterator<Item = Slot> + '_ {
        static NONE: Bits = Bits { words: Vec::new() };
        self.iter_without(&NONE, &NONE)
    }

    /// Those in the set but in neither of the others, ascending.
    pub fn iter_without<'a>(&'a self, a: &'a Bits, b: &'a Bits) -> impl Iterator<Item = Slot> + 'a {
        let word = |bits: &Bits, at: usize| bits.words.get(at).copied().unwrap_or(0);
        self.words.iter().enumerate().flat_map(move |(at, own)| {
            let mut left = own & !word(a, at) & !word(b, at);
            std::iter::from_fn(move || {
                if left == 0 {
                    return None;
                }
                let bit = left.trailing_zeros();
                left &= left - 1;
                Some(at as Slot * 64 + bit)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_reused() {
        let mut slots = Slots::default();
        let (a, b) = (slots.insert("a"), slots.insert("b"));
        assert_eq!(slots.remove(a), Some("a"));
        assert_eq!(slots.insert("c"), a);
        assert_eq!((slots[b], slots.len()), ("b", 2));
    }

    #[test]
    fn bits_are_listed_without_others() {
        let (mut bits, mut but) = (Bits::default(), Bits::default());
        for bit in [0, 63, 64, 200] {
            bits.set(bit, true);
        }
        but.set(64, true);
        bits.set(5000, false);
        assert_eq!(bits.iter_without(&but, &but).collect::<Vec<_>>(), [0, 63, 200]);
        let mut both = Bits::default();
        both.add_both(&bits, &but);
        assert_eq!((both.iter().collect::<Vec<_>>(), bits.count()), (vec![64], 4));
        assert!(bits.get(200) && !bits.get(201) && !bits.get(9999));
    }
}
