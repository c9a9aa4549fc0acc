//! Network namespaces joined by a bridge: one for each node, and the harness on the bridge itself. Cuts are rules of the
//! receiver's firewall. Names say whose they are, so that two runs do not meet and leftovers are known.
use super::{super::mark, Spot};
use anyhow::{Context as _, bail, ensure};
use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process::Command,
    sync::atomic::{AtomicU32, AtomicU64, Ordering},
};

const PREFIX: &str = "kc";
/// Networks laid by this process: a test binary may lay several.
static LAID: AtomicU32 = AtomicU32::new(0);
/// The harness's own address in each network; nodes begin after it.
const BRIDGE: u8 = 1;
const FIRST: u8 = 10;
const CLIENT: u16 = 7401;
const PEER: u16 = 7501;
const OPS: u16 = 7601;
/// Networks tried before giving up: others may be in use.
const TRIES: u32 = 64;

pub(super) struct Namespaces {
    name: String,
    net: [u8; 3],
    spots: usize,
    /// Dropped packets of rules that are gone.
    dropped: AtomicU64,
}

fn ip(arguments: &str) -> anyhow::Result<String> {
    run("ip", arguments)
}

/// Arguments hold no spaces.
fn run(program: &str, arguments: &str) -> anyhow::Result<String> {
    let output = Command::new(program).args(arguments.split(' ')).output().with_context(|| program.to_owned())?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{program} {arguments}: {}", said.trim());
    Ok(String::from_utf8(output.stdout)?)
}

impl Namespaces {
    pub fn lay(spots: usize) -> anyhow::Result<Namespaces> {
        let pid = std::process::id();
        let name = format!("{PREFIX}{}x{}", mark::mine(), LAID.fetch_add(1, Ordering::Relaxed));
        run("iptables", "--version").context("cuts need iptables (`tools/setup iptables`)")?;
        ip(&format!("link add {name}b type bridge"))?;
        // From here on `Drop` takes away what is there.
        let mut laid = Namespaces { name, net: [10, 0, 0], spots, dropped: AtomicU64::new(0) };
        laid.net = laid.claim_net(pid)?;
        ip(&format!("link set {}b up", laid.name))?;
        for spot in 0..spots {
            laid.lay_spot(spot)?;
        }
        Ok(laid)
    }

    /// Gives the bridge an address in a network nobody uses.
    fn claim_net(&self, pid: u32) -> anyhow::Result<[u8; 3]> {
        let used = ip("-o -4 addr show")?;
        for attempt in 0..TRIES {
            let number = pid.wrapping_mul(31).wrapping_add(attempt * 7 + LAID.load(Ordering::Relaxed));
            let net = [10, 128 + (number >> 8) as u8 % 64, number as u8];
            let text = format!("{}.{}.{}.", net[0], net[1], net[2]);
            if !used.contains(&format!("inet {text}")) {
                ip(&format!("addr add {text}{BRIDGE}/24 dev {}b", self.name))?;
                return Ok(net);
            }
        }
        bail!("no free network")
    }

    fn lay_spot(&self, spot: usize) -> anyhow::Result<()> {
        let (name, ns) = (&self.name, self.ns(spot));
        ip(&format!("netns add {ns}"))?;
        ip(&format!("link add {name}n{spot} type veth peer name eth0 netns {ns}"))?;
        ip(&format!("link set {name}n{spot} master {name}b up"))?;
        ip(&format!("-n {ns} addr add {}/24 dev eth0", self.address(spot)))?;
        ip(&format!("-n {ns} link set eth0 up"))?;
        ip(&format!("-n {ns} link set lo up"))?;
        self.iptables(spot, "-S").map(drop)
    }

    fn ns(&self, spot: usize) -> String {
        format!("{}n{spot}", self.name)
    }

    fn address(&self, spot: usize) -> Ipv4Addr {
        let [a, b, c] = self.net;
        Ipv4Addr::new(a, b, c, FIRST + spot as u8)
    }

    /// Where the harness listens in this network.
    pub fn bridge(&self) -> Ipv4Addr {
        let [a, b, c] = self.net;
        Ipv4Addr::new(a, b, c, BRIDGE)
    }

    pub fn spots(&self) -> Vec<Spot> {
        let at = |spot, port| SocketAddr::from((self.address(spot), port));
        let spot = |n| Spot { client: at(n, CLIENT), peer: at(n, PEER), ops: at(n, OPS), told: at(n, PEER) };
        (0..self.spots).map(spot).collect()
    }

    pub fn command(&self, spot: usize, program: &Path) -> tokio::process::Command {
        // It becomes the program: the pid is the node's.
        let mut command = tokio::process::Command::new("ip");
        command.args(["netns", "exec", &self.ns(spot)]).arg(program);
        command
    }

    fn iptables(&self, spot: usize, rule: &str) -> anyhow::Result<String> {
        ip(&format!("netns exec {} iptables -w {rule}", self.ns(spot)))
    }

    /// What comes from one spot is dropped where it arrives.
    pub fn drop_from(&self, at: usize, from: usize) -> anyhow::Result<()> {
        self.iptables(at, &format!("-I INPUT -s {} -j DROP", self.address(from))).map(drop)
    }

    /// What a spot sends to the peer port of another goes to a proxy instead.
    pub fn redirect(&self, from: usize, to: usize, proxy: SocketAddr) -> anyhow::Result<()> {
        let to = self.address(to);
        let rule = format!("-t nat -A OUTPUT -d {to} -p tcp --dport {PEER} -j DNAT --to-destination {proxy}");
        self.iptables(from, &rule).map(drop)
    }

    /// Packets that the rules of a spot have dropped.
    fn dropped_at(&self, spot: usize) -> anyhow::Result<u64> {
        let listing = self.iptables(spot, "-L INPUT -v -x -n")?;
        let rules = listing.lines().filter(|line| line.contains("DROP"));
        Ok(rules.filter_map(|line| line.split_whitespace().next()?.parse::<u64>().ok()).sum())
    }

    pub fn dropped(&self) -> anyhow::Result<u64> {
        let now: u64 = (0..self.spots).map(|spot| self.dropped_at(spot)).sum::<anyhow::Result<u64>>()?;
        Ok(now + self.dropped.load(Ordering::Relaxed))
    }

    pub fn heal(&self) -> anyhow::Result<()> {
        for spot in 0..self.spots {
            self.dropped.fetch_add(self.dropped_at(spot)?, Ordering::Relaxed);
            self.iptables(spot, "-F INPUT")?;
        }
        Ok(())
    }
}

impl Drop for Namespaces {
    fn drop(&mut self) {
        // What cannot be taken away now is taken away as a leftover by the next run.
        for spot in 0..self.spots {
            let _ = ip(&format!("netns del {}", self.ns(spot)));
            let _ = ip(&format!("link del {}n{spot}", self.name));
        }
        let _ = ip(&format!("link del {}b", self.name));
    }
}

fn is_abandoned(name: &&str) -> bool {
    mark::after(PREFIX, name).is_some_and(mark::is_gone)
}

/// Takes away namespaces, with their firewalls, and bridges of runs that are no more; which. Their nodes end with
/// `super::super::home`.
pub(super) fn clear_leftovers() -> Vec<String> {
    let mut cleared = Vec::new();
    let listed = ip("netns list").unwrap_or_default();
    for name in listed.lines().filter_map(|line| line.split(' ').next()).filter(is_abandoned) {
        let _ = ip(&format!("netns del {name}"));
        cleared.push(format!("namespace {name}"));
    }
    let listed = ip("-o link show").unwrap_or_default();
    let names = listed.lines().filter_map(|line| line.split(": ").nth(1)?.split('@').next());
    for name in names.filter(is_abandoned) {
        let _ = ip(&format!("link del {name}"));
        cleared.push(format!("link {name}"));
    }
    cleared
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_whose_they_are() {
        let mine = format!("{PREFIX}{}x0b", mark::mine());
        assert!(!is_abandoned(&mine.as_str()) && is_abandoned(&"kczzzzz000x0n1"));
        assert!(!is_abandoned(&"docker0") && !is_abandoned(&"kube-bridge"));
        let longest = format!("{PREFIX}{}x99n9", mark::mine());
        assert!(longest.len() <= 15, "the kernel takes 15 characters");
    }
}
