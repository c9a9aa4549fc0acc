//! The demo, small: three processes, the leader killed, the proof and the sums; and what its last line promises.
use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// The tool stands beside the node: `cargo build --workspace` or `make test` has put it there.
fn tool() -> PathBuf {
    Path::new(env!("CARGO_BIN_EXE_kindred-node")).with_file_name("kindred")
}

#[test]
fn a_small_hour_adds_up_with_the_leader_killed() {
    assert!(tool().exists(), "{} is missing: cargo build --workspace", tool().display());
    let dir = tempfile::tempdir().unwrap();
    let output = Command::new(tool())
        .args(["demo", "--minutes", "4", "--agents", "10", "--compress", "120", "--node-binary"])
        .arg(env!("CARGO_BIN_EXE_kindred-node"))
        .arg("--dir")
        .arg(dir.path())
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}{err}");
    let last: serde_json::Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
    let number = |key: &str| last[key].as_f64().unwrap_or_else(|| panic!("{key} in {last}"));
    let ended = ["handled", "abandoned", "other_closed", "open_at_end"].map(number).iter().sum::<f64>();
    assert!(number("offered") > 0.0);
    assert_eq!(number("offered"), ended, "{last}");
    assert_eq!(["lost", "double_assigned", "capacity_violations"].map(number), [0.0; 3], "{last}");
    assert!(number("failover_ms") > 0.0 && number("offer_p99_ms") > 0.0, "{last}");
    assert_eq!(last.as_object().unwrap().len(), 10, "{last}");
}
