//! A disk that refuses to write.

use std::io::Write as _;
use std::process::{Command, Stdio};

use super::*;

const CHILD: &str = "KINDRED_STORAGE_FAULT_CHILD";
/// In the units of `ulimit -f`, 512 bytes.
const FILE_BLOCKS_MAX: u32 = 1_024;

/// The parent runs this test again in a child whose files may not grow beyond 512 KiB: writes fail there as
/// on a full disk. Whatever the child was told is durable must be there.
#[test]
fn a_failed_write_stops_everything_and_loses_nothing() -> anyhow::Result<()> {
    if let Some(dir) = std::env::var_os(CHILD) {
        return write_until_it_fails(Path::new(&dir));
    }
    let dir = tempfile::tempdir()?;
    drop(open_with_shard(dir.path(), 1)?);
    let script = format!("trap '' XFSZ; ulimit -f {FILE_BLOCKS_MAX}; exec \"$0\" \"$@\"");
    let name = "storage::tests::faults::a_failed_write_stops_everything_and_loses_nothing";
    let child = Command::new("/bin/sh")
        .args(["-c", &script])
        .arg(std::env::current_exe()?)
        .args(["--exact", name, "--nocapture"])
        .env(CHILD, dir.path())
        .stdin(Stdio::null())
        .output()?;
    let output = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success(), "{output}{}", String::from_utf8_lossy(&child.stderr));
    let durable: u64 = output
        .lines()
        .find_map(|line| line.strip_prefix("durable "))
        .ok_or_else(|| anyhow::anyhow!("the child told nothing: {output}"))?
        .parse()?;
    assert!(durable > 10, "the child wrote something before the disk was full");
    let (store, mut writer) = open_with_shard(dir.path(), 1)?;
    let last = store.load(1)?.expect("the shard").last.index;
    assert!(last >= durable, "{last} is there, {durable} was promised");
    assert_eq!(store.side_check(1)?, SideCheck::Ok);
    writer.write(vec![append(1, 1, last + 1, last + 1)])?;
    Ok(())
}

fn write_until_it_fails(dir: &Path) -> anyhow::Result<()> {
    let (store, mut writer) = open_with_shard(dir, 1)?;
    let data = Bytes::from(vec![1; 20_000]);
    let mut index = 1;
    let error = loop {
        let entries = vec![Entry { index: index + 1, term: 1, data: data.clone() }];
        match writer.write(vec![ShardWrite { shard: 1, install: None, entries, hard_state: None }]) {
            Ok(()) => index += 1,
            Err(error) => break error,
        }
        anyhow::ensure!(index < 10_000, "the limit on file sizes has no effect");
    };
    assert!(matches!(error, Error::Fault { .. }) && error.is_fatal(), "{error}");
    assert!(writer.write(vec![append(1, 1, index + 1, index + 1)]).is_err(), "nothing is tried again");
    assert!(store.commit(&mut store.batch(1)?, &applied(index), None).is_err());
    assert!(store.create_shard(2, &founding()).is_err());
    writeln!(std::io::stdout(), "\ndurable {index}")?;
    Ok(())
}
