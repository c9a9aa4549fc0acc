//! A shard's log as raft reads it: what is no longer in memory.
use crate::{
    consensus::core::{LogReadError, LogReader as CoreReader},
    storage::{self, LogReader},
};
use bytes::Bytes;

/// One shard's log on disk.
pub struct ShardLog {
    reader: LogReader,
    shard: u32,
}

impl ShardLog {
    pub fn new(reader: LogReader, shard: u32) -> Self {
        Self { reader, shard }
    }
}

fn failed(error: storage::Error) -> LogReadError {
    match error {
        storage::Error::Compacted { index, .. } | storage::Error::Unavailable { index, .. } => {
            LogReadError::Missing { index }
        }
        other => LogReadError::Broken(other.to_string()),
    }
}

impl CoreReader for ShardLog {
    fn entries(&self, low: u64, high: u64, max_bytes: u64) -> Result<Vec<Bytes>, LogReadError> {
        let entries = self.reader.entries(self.shard, low, high, max_bytes).map_err(failed)?;
        Ok(entries.into_iter().map(|entry| entry.data).collect())
    }

    fn term(&self, index: u64) -> Result<u64, LogReadError> {
        self.reader.term(self.shard, index).map_err(failed)
    }
}
