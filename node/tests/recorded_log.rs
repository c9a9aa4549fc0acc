//! What nodes recorded gives the same state again, bit for bit; and what they recorded can be lived again under another
//! policy.
mod cluster;

use cluster::{Cluster, TENANT, TOKEN};
use kindred_client::{Client, Config, new_request_id, v1};
use serde_json::Value;
use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    time::{Duration, Instant},
};

/// The tool stands beside the node: `cargo build --workspace` or `make test` has put it there.
fn tool() -> PathBuf {
    let tool = Path::new(env!("CARGO_BIN_EXE_kindred-node")).with_file_name("kindred");
    assert!(tool.exists(), "{} is missing: cargo build --workspace", tool.display());
    tool
}

fn run<S: AsRef<OsStr>>(program: &Path, args: impl IntoIterator<Item = S>) -> Output {
    Command::new(program).args(args).output().unwrap()
}

fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    let error = String::from_utf8_lossy(&output.stderr);
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}\n{error}"))).collect()
}

/// `kindred-node verify-log`.
fn verify(args: &[&OsStr]) -> Output {
    let verify = [OsStr::new("verify-log")];
    run(Path::new(env!("CARGO_BIN_EXE_kindred-node")), verify.iter().chain(args))
}

/// More entries than leaders hash at once, by one command after the other.
async fn busy(cluster: &Cluster, commands: u32) {
    let mut config = Config::new(cluster.endpoints()).token(TOKEN);
    config.timeout = Duration::from_secs(30);
    let (client, until) = (Client::new(&config).unwrap(), Instant::now() + Duration::from_secs(60));
    let customer = |number: u32| v1::CreateCustomerRequest {
        parent: format!("tenants/{TENANT}"),
        customer_id: format!("c{number}"),
        customer: Some(v1::Customer::default()),
        request_id: new_request_id(),
    };
    // The tenant is placed soon after the start.
    while let Err(error) = client.create_customer(customer(0)).await {
        assert!(Instant::now() < until, "{error}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for number in 1..=commands {
        client.create_customer(customer(number)).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nodes_log_gives_the_hashes_its_leader_wrote_down() {
    let mut cluster = Cluster::start(1, 1, "");
    busy(&cluster, 1_100).await;
    let node = &mut cluster.nodes[0];
    node.stop();
    let (data, archive, id) = (node.data.clone(), node.archive.clone(), node.id.clone());
    let flag = OsStr::new;
    let whole = [flag("--archive"), archive.as_ref(), flag("--data"), data.as_ref(), flag("--node"), flag(&id)];
    let output = verify(&whole);
    let (told, error) = (lines(&output), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{told:?} {error}");
    // One by the leader at entry 1000, one by the disk at the end.
    assert!(told[0]["compared"].as_u64().unwrap() >= 2, "{told:?}");
    assert!(told[0]["last_index"].as_u64().unwrap() > 1_100, "{told:?}");
    assert_eq!((&told[0]["deviation"], &told[1]["summary"]["same"]), (&Value::Null, &Value::Bool(true)));

    // The archive alone gives the same again, as far as it goes.
    let alone = lines(&verify(&[flag("--archive"), archive.as_ref()]));
    assert_eq!(alone, lines(&verify(&[flag("--archive"), archive.as_ref(), flag("--archive"), archive.as_ref()])));
    assert!(alone[0]["compared"].as_u64().unwrap() >= 1, "{alone:?}");

    // One bit of a recorded entry, and it is no record.
    let shard = archive.join("shard-00000");
    let segment = fs::read_dir(&shard).unwrap().next().unwrap().unwrap().path();
    let mut bytes = fs::read(&segment).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&segment, bytes).unwrap();
    let damaged = verify(&[flag("--archive"), archive.as_ref()]);
    // A torn end is what a crash leaves: what is before it is verified, and less is there than before.
    let entries = lines(&damaged).first().and_then(|told| told["entries"].as_u64()).unwrap_or(0);
    assert!(!damaged.status.success() || entries < alone[0]["entries"].as_u64().unwrap(), "{entries}");
}

const OTHER: &str = "name = \"tenants/demo/policies/longest-idle\"\n[distribution]\nmode = \"MODE_ROUND_ROBIN\"\n";

/// A small demo hour with its leader killed: every node's log gives the state that its disk has; all together are lived again.
#[test]
fn a_demo_hour_is_the_same_again_and_another_under_another_policy() {
    let (tool, dir) = (tool(), tempfile::tempdir().unwrap());
    let lived = Command::new(&tool)
        .args(["demo", "--minutes", "20", "--agents", "30", "--compress", "120", "--node-binary"])
        .arg(env!("CARGO_BIN_EXE_kindred-node"))
        .arg("--dir")
        .arg(dir.path().join("demo"))
        .output()
        .unwrap();
    assert!(lived.status.success(), "{}", String::from_utf8_lossy(&lived.stderr));
    let flag = OsStr::new;
    let mut archives = Vec::new();
    for id in ["n1", "n2", "n3"] {
        let home = dir.path().join("demo").join(id);
        let (data, archive) = (home.join("data"), home.join("archive"));
        let args = [flag("--archive"), archive.as_ref(), flag("--data"), data.as_ref(), flag("--node"), flag(id)];
        let output = verify(&args);
        let (told, error) = (lines(&output), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{id}: {told:?} {error}");
        assert!(told.iter().any(|shard| shard["compared"].as_u64() > Some(0)), "{told:?}");
        archives.push(archive);
    }
    let policy = dir.path().join("other.toml");
    fs::write(&policy, OTHER).unwrap();
    let what_if = |policy: &Path, more: &[&str]| {
        let mut command = Command::new(&tool);
        command.args(["what-if", "--tenant", "demo", "--runs", "4", "--json", "--policy"]).arg(policy).args(more);
        for archive in &archives {
            command.arg("--from").arg(archive);
        }
        command.output().unwrap()
    };
    let output = what_if(&policy, &[]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(report["interactions"].as_u64().unwrap() > 50, "{error}");
    assert_eq!(report["queues_changed"][0]["other_mode"], "ROUND_ROBIN");
    assert!(report["all"].as_array().unwrap().iter().any(|figure| figure["difference"]["low"].is_number()));
    assert!(!report["agents"].as_array().unwrap().is_empty() && !report["assumptions"].as_array().unwrap().is_empty());

    let unknown = what_if(&policy, &["--queue", "nowhere"]);
    assert!(!unknown.status.success());
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("`nowhere` is no queue of the recording"));
}

/// A log that an earlier build recorded gives the state it gave then. A build that gives another hash applies differently:
/// before the first release that may be meant (decision 20), and `RECORD=write cargo test -p kindred-node --test
/// recorded_log` writes it down; the review sees it.
#[test]
fn a_log_of_an_earlier_build_gives_the_state_it_gave_then() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let (archive, known) = (tests.join("recorded"), tests.join("recorded_log.txt"));
    let output = verify(&[OsStr::new("--archive"), archive.as_ref()]);
    let (told, error) = (lines(&output), String::from_utf8_lossy(&output.stderr));
    assert!(!told.is_empty() && told.iter().all(|shard| shard["missing"].is_null()), "{told:?} {error}");
    let shards = told.iter().filter(|shard| shard["hash"].is_string());
    let line =
        |shard: &Value| format!("{} {} {}\n", shard["shard"], shard["last_index"], shard["hash"].as_str().unwrap());
    let now: String = shards.map(line).collect();
    if std::env::var("RECORD").is_ok_and(|mode| mode == "write") {
        fs::write(&known, &now).unwrap();
    }
    assert_eq!(fs::read_to_string(&known).unwrap(), now, "{error}");
}
