//! A platform written with Python's official gRPC packages talks to a node process.
mod cluster;

use cluster::{Cluster, TENANT, TOKEN};
use std::{path::Path, process::Command};

#[test]
fn a_platform_in_python_lives_its_story() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let python = root.join("target/python/bin/python");
    assert!(python.exists(), "{} is missing: `make python` (or `make test`) installs it", python.display());
    let nodes = Cluster::start(1, 1, "");
    let output = Command::new(python)
        .arg(root.join("client/python/platform_story.py"))
        .args([&nodes.nodes[0].client.to_string(), TOKEN, TENANT])
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}{err}");
    assert!(out.contains("checks passed"), "{out}");
}
