//! Everything that was acknowledged, on file before anybody goes on: what the final log must contain.
use kindred_client::v1;
use serde::{Deserialize, Serialize};
use std::{
    fs::File,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

/// One acknowledged write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ack {
    /// What was asked, for instance `CreateInteraction`.
    pub call: String,
    /// About which resource.
    pub name: String,
    /// Under which id.
    pub request_id: String,
    /// Shard of the entry.
    pub shard: u32,
    /// Term of the node that answered.
    pub term: u64,
    /// Index of the entry.
    pub index: u64,
    /// Position of the command in it.
    pub position: u32,
}

/// The file of acknowledgements.
pub struct Acks {
    path: PathBuf,
    file: Mutex<File>,
}

impl Acks {
    /// A new, empty file.
    pub fn create(path: PathBuf) -> std::io::Result<Acks> {
        let file = Mutex::new(File::create(&path)?);
        Ok(Acks { path, file })
    }

    /// Appends one; it is with the operating system when this returns.
    pub fn note(
        &self,
        call: &str,
        name: &str,
        request_id: &str,
        header: Option<&v1::ResponseHeader>,
    ) -> anyhow::Result<()> {
        let header = header.ok_or_else(|| anyhow::anyhow!("{call} {name}: acknowledged without a header"))?;
        let ack = Ack {
            call: call.into(),
            name: name.into(),
            request_id: request_id.into(),
            shard: header.shard,
            term: header.term,
            index: header.index,
            position: header.position,
        };
        let line = serde_json::to_string(&ack)? + "\n";
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(file.write_all(line.as_bytes())?)
    }

    /// Where they are.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Reads a file of acknowledgements.
pub fn read(path: &Path) -> anyhow::Result<Vec<Ack>> {
    let lines = BufReader::new(File::open(path)?).lines();
    lines.map(|line| Ok(serde_json::from_str(&line?)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_noted_is_read_again() {
        let path = std::env::temp_dir().join(format!("kindred-acks-{}", kindred_client::new_request_id()));
        let acks = Acks::create(path.clone()).expect("writable");
        let header = v1::ResponseHeader { shard: 1, term: 2, index: 3, position: 4, ..Default::default() };
        acks.note("AcceptOffer", "i1", "r1", Some(&header)).expect("written");
        assert!(acks.note("AcceptOffer", "i1", "r1", None).is_err());
        let read = read(&path).expect("readable");
        std::fs::remove_file(&path).expect("there");
        assert_eq!(read.len(), 1);
        assert_eq!((read[0].index, read[0].position, read[0].call.as_str()), (3, 4, "AcceptOffer"));
    }
}
