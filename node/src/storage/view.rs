//! Reading a shard's state at one consistent moment.

use std::ops::{Bound, ControlFlow};

use bytes::Bytes;
use rocksdb::{DBAccess, DBRawIteratorWithThreadMode, Snapshot};

use super::engine::range;
use super::error::Error;
use super::key::{self, HEAD_BYTES};
use super::limits::{PAGE_BYTES_MAX, PAGE_ROWS_MAX};
use super::shard::{MetaKey, Shared};
use super::store::Store;
use super::table::{Family, Table};
use super::types::{Applied, Page};

/// A shard's state at one moment, which later commits, cuts and switches do not change. It costs nothing
/// to make; while it lives, what it sees is kept on disk, so do not keep it longer than a request.
pub struct View<'a> {
    pub(super) shared: &'a Shared,
    pub(super) snapshot: Snapshot<'a>,
    pub(super) shard: u32,
    pub(super) generation: u32,
    applied: Applied,
    members: Bytes,
}

impl Store {
    /// The shard's state as it is now.
    pub fn view(&self, shard: u32) -> Result<View<'_>, Error> {
        self.shared.shard(shard)?;
        View::new(&self.shared, shard)
    }

    /// One record as it is now.
    pub fn get(&self, shard: u32, table: Table, key: &[u8]) -> Result<Option<Bytes>, Error> {
        let info = self.shared.shard(shard)?;
        let generation = info.generation.load(std::sync::atomic::Ordering::SeqCst);
        self.shared.engine.get(table.family(), &key::record(shard, generation, table, key))
    }
}

impl<'a> View<'a> {
    fn new(shared: &'a Shared, shard: u32) -> Result<Self, Error> {
        let snapshot = shared.engine.db().snapshot();
        let meta = |key: MetaKey| {
            let found = snapshot.get_pinned_cf(shared.engine.family(Family::Meta), key.of(shard));
            match found.map_err(|error| Error::fault("reading", error))? {
                Some(value) => Ok(Bytes::copy_from_slice(&value)),
                None => Err(Error::damaged(format!("shard {shard} has no key {:?}", char::from(key.tag())))),
            }
        };
        let generation = meta(MetaKey::Generation)?.as_ref().try_into().map(u32::from_le_bytes);
        let generation = generation.map_err(|_| Error::damaged(format!("shard {shard}: generation")))?;
        let applied = Applied::decode(&meta(MetaKey::Applied)?)?;
        let members = meta(MetaKey::Members)?;
        Ok(Self { shared, snapshot, shard, generation, applied, members })
    }

    /// How far the state had come.
    pub fn applied(&self) -> Applied {
        self.applied
    }

    /// The membership at that moment, opaque.
    pub fn members(&self) -> &Bytes {
        &self.members
    }

    /// One record.
    pub fn get(&self, table: Table, key: &[u8]) -> Result<Option<Bytes>, Error> {
        let key = key::record(self.shard, self.generation, table, key);
        let found = self.snapshot.get_pinned_cf(self.shared.engine.family(table.family()), key);
        Ok(found.map_err(|error| Error::fault("reading", error))?.map(|value| Bytes::copy_from_slice(&value)))
    }

    /// Shows every record whose key begins with `prefix`, in key order, until `each` breaks. Keys come
    /// without the table. Made for reading whole tables at start: it does not disturb the block cache.
    pub fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        mut each: impl FnMut(&[u8], &[u8]) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        let from = key::record(self.shard, self.generation, table, prefix);
        let mut rows = self.rows(table, &from, key::after_prefix(&from), false);
        visit(&mut rows, &from, |key, value| each(&key[HEAD_BYTES..], value))
    }

    /// Shows the records from one key to another, in key order, until `each` breaks.
    pub fn scan_range(
        &self,
        table: Table,
        from: &[u8],
        to: Bound<&[u8]>,
        mut each: impl FnMut(&[u8], &[u8]) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        let whole = |key| key::record(self.shard, self.generation, table, key);
        let end = match to {
            Bound::Excluded(to) => Some(whole(to)),
            Bound::Included(to) => {
                let mut end = whole(to);
                end.push(0);
                Some(end)
            }
            Bound::Unbounded => key::after_prefix(&whole(&[])),
        };
        let from = whole(from);
        let mut rows = self.rows(table, &from, end, true);
        visit(&mut rows, &from, |key, value| each(&key[HEAD_BYTES..], value))
    }

    /// A page of the records whose key begins with `prefix`: those after the key `after` (all, if there is
    /// none), at most `limit` of them.
    pub fn page(&self, table: Table, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Page, Error> {
        let whole = key::record(self.shard, self.generation, table, prefix);
        let end = key::after_prefix(&whole);
        let mut from = whole;
        if let Some(after) = after {
            let mut next = key::record(self.shard, self.generation, table, after);
            next.push(0);
            from = from.max(next);
        }
        let limit = limit.min(PAGE_ROWS_MAX);
        let (mut page, mut bytes) = (Page::default(), 0);
        let mut rows = self.rows(table, &from, end, true);
        visit(&mut rows, &from, |key, value| {
            bytes += key.len() + value.len();
            if page.rows.len() >= limit || (bytes > PAGE_BYTES_MAX && !page.rows.is_empty()) {
                page.more = true;
                return ControlFlow::Break(());
            }
            page.rows.push((Bytes::copy_from_slice(&key[HEAD_BYTES..]), Bytes::copy_from_slice(value)));
            ControlFlow::Continue(())
        })?;
        Ok(page)
    }

    fn rows(
        &self,
        table: Table,
        from: &[u8],
        to: Option<Vec<u8>>,
        fill_cache: bool,
    ) -> DBRawIteratorWithThreadMode<'_, rocksdb::DB> {
        let mut options = range(from, to, fill_cache);
        if !fill_cache {
            options.set_readahead_size(2 * 1024 * 1024);
        }
        self.snapshot.raw_iterator_cf_opt(self.shared.engine.family(table.family()), options)
    }
}

/// Shows the rows from `from` on, until `each` breaks.
pub(super) fn visit<D: DBAccess>(
    rows: &mut DBRawIteratorWithThreadMode<'_, D>,
    from: &[u8],
    mut each: impl FnMut(&[u8], &[u8]) -> ControlFlow<()>,
) -> Result<(), Error> {
    rows.seek(from);
    while let Some((key, value)) = rows.item() {
        if each(key, value).is_break() {
            break;
        }
        rows.next();
    }
    rows.status().map_err(|error| Error::fault("reading", error))
}
