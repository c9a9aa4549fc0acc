//! Writing the archive: append, sync, begin the next segment.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::super::error::Error;
use super::super::faults::{DiskOp, Hook};
use super::super::limits::ARCHIVE_SEGMENT_BYTES;
use super::super::types::Entry;
use super::reader::{Found, Segment, bytes_in};
use super::{RECORD_HEAD, RECORD_PLACE};

/// The archive of all shards of one node.
pub(crate) struct Archive {
    dir: PathBuf,
    cluster_id: String,
    shards: BTreeMap<u32, Tail>,
    hook: Hook,
}

/// The end of one shard's part.
struct Tail {
    /// The index that comes next.
    next: u64,
    /// The open segment, if it is not full.
    file: Option<File>,
    bytes: u64,
    path: PathBuf,
    scratch: Vec<u8>,
    hook: Hook,
}

impl Archive {
    pub fn open(dir: &Path, cluster_id: &str, hook: &Hook) -> Result<Self, Error> {
        fs::create_dir_all(dir).map_err(|error| Error::archive(dir, error))?;
        Ok(Self { dir: dir.to_owned(), cluster_id: cluster_id.to_owned(), shards: BTreeMap::new(), hook: hook.clone() })
    }

    /// The index to archive next, given the one before the first in the log. If entries between were never
    /// seen here (a snapshot), a new segment begins after the gap.
    pub fn begin(&mut self, shard: u32, truncated: u64) -> Result<u64, Error> {
        if !self.shards.contains_key(&shard) {
            let tail = self.find_end(shard, truncated)?;
            self.shards.insert(shard, tail);
        }
        let tail = self.tail(shard)?;
        if tail.next <= truncated {
            tail.next = truncated + 1;
            tail.file = None;
        }
        Ok(tail.next)
    }

    /// Appends entries that follow each other, the first being the one to archive next. Answers the bytes
    /// written; they are not synced.
    pub fn append(&mut self, shard: u32, entries: &[Entry]) -> Result<u64, Error> {
        let (dir, cluster_id) = (super::shard_dir(&self.dir, shard), self.cluster_id.clone());
        let tail = self.tail(shard)?;
        if tail.bytes >= ARCHIVE_SEGMENT_BYTES {
            tail.sync()?;
            tail.file = None;
        }
        if tail.file.is_none() {
            tail.begin_segment(&dir, shard, &cluster_id)?;
        }
        tail.append(entries)
    }

    /// Returns once everything appended for the shard is on disk.
    pub fn sync(&mut self, shard: u32) -> Result<(), Error> {
        self.tail(shard)?.sync()
    }

    fn tail(&mut self, shard: u32) -> Result<&mut Tail, Error> {
        self.shards.get_mut(&shard).ok_or_else(|| Error::archive(&self.dir, "begin comes first"))
    }

    /// Finds the end of the last segment and cuts what a crash has torn.
    fn find_end(&self, shard: u32, truncated: u64) -> Result<Tail, Error> {
        let dir = super::shard_dir(&self.dir, shard);
        let mut firsts = super::segments(&self.dir, shard).map_err(|error| Error::archive(&dir, error))?;
        while let Some(first) = firsts.pop() {
            let path = dir.join(super::segment_name(first));
            let at = |error: std::io::Error| Error::archive(&path, error);
            let mut segment = match Segment::open(&path) {
                Ok(segment) => segment,
                // Torn while it was begun: the head is synced before anything follows it.
                Err(_) if bytes_in(&path).map_err(at)? <= super::head(shard, first, &self.cluster_id).len() as u64 => {
                    fs::remove_file(&path).map_err(at)?;
                    continue;
                }
                Err(error) => return Err(error),
            };
            if segment.cluster_id != self.cluster_id {
                return Err(Error::archive(&path, format!("belongs to cluster {:?}", segment.cluster_id)));
            }
            let mut next = first;
            let torn = loop {
                match segment.next()? {
                    Found::Entry(entry) => next = entry.index.saturating_add(1),
                    Found::End => break None,
                    Found::Torn(what) => break Some(what),
                }
            };
            // Only what was not synced may be torn, and that is still in the log.
            if let Some(what) = torn
                && next <= truncated
            {
                return Err(Error::archive(&path, format!("entry {next} is damaged: {what}")));
            }
            let mut file = OpenOptions::new().write(true).open(&path).map_err(at)?;
            file.set_len(segment.good).map_err(at)?;
            file.seek(SeekFrom::End(0)).map_err(at)?;
            let bytes = segment.good;
            return Ok(Tail { next, file: Some(file), bytes, path, scratch: Vec::new(), hook: self.hook.clone() });
        }
        let (next, hook) = (truncated + 1, self.hook.clone());
        Ok(Tail { next, file: None, bytes: 0, path: dir, scratch: Vec::new(), hook })
    }
}

impl Tail {
    fn begin_segment(&mut self, dir: &Path, shard: u32, cluster_id: &str) -> Result<(), Error> {
        fs::create_dir_all(dir).map_err(|error| Error::archive(dir, error))?;
        self.path = dir.join(super::segment_name(self.next));
        let at = |error: std::io::Error| Error::archive(&self.path, error);
        let head = super::head(shard, self.next, cluster_id);
        let begun = self.hook.around(DiskOp::ArchiveBegin, || {
            let mut file = OpenOptions::new().write(true).create_new(true).open(&self.path)?;
            file.write_all(&head)?;
            file.sync_all()?;
            for folder in [Some(dir), dir.parent()].into_iter().flatten() {
                File::open(folder)?.sync_all()?;
            }
            Ok(file)
        });
        self.file = Some(begun.map_err(at)?);
        self.bytes = head.len() as u64;
        Ok(())
    }

    fn append(&mut self, entries: &[Entry]) -> Result<u64, Error> {
        self.scratch.clear();
        for entry in entries {
            if entry.index != self.next {
                return Err(Error::archive(&self.path, format!("entry {} where {} is due", entry.index, self.next)));
            }
            self.next += 1;
            let start = self.scratch.len();
            let length = (RECORD_PLACE + entry.data.len()) as u32;
            self.scratch.extend_from_slice(&length.to_le_bytes());
            self.scratch.extend_from_slice(&[0; 4]);
            self.scratch.extend_from_slice(&entry.index.to_le_bytes());
            self.scratch.extend_from_slice(&entry.term.to_le_bytes());
            self.scratch.extend_from_slice(&entry.data);
            let crc = crc32c::crc32c(&self.scratch[start + RECORD_HEAD..]);
            self.scratch[start + 4..start + RECORD_HEAD].copy_from_slice(&crc.to_le_bytes());
        }
        let Some(file) = &mut self.file else { return Err(Error::archive(&self.path, "no open segment")) };
        let written = self.hook.around(DiskOp::ArchiveWrite, || file.write_all(&self.scratch));
        written.map_err(|error| Error::archive(&self.path, error))?;
        self.bytes += self.scratch.len() as u64;
        Ok(self.scratch.len() as u64)
    }

    fn sync(&mut self) -> Result<(), Error> {
        match &self.file {
            Some(file) => {
                let synced = self.hook.around(DiskOp::ArchiveSync, || file.sync_data());
                synced.map_err(|error| Error::archive(&self.path, error))
            }
            None => Ok(()),
        }
    }
}
