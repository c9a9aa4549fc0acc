//! Ports of loopback, for machines without network namespaces. All nodes have one address then, so a proxy learns who
//! calls from the kernel's table of connections: which of our processes holds the other end.
use super::Spot;
use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
};
use tokio::net::TcpListener;

pub(super) struct Loopback {
    spots: Vec<Spot>,
    owners: Owners,
}

/// Which process runs on which spot.
#[derive(Clone, Default)]
pub(super) struct Owners(Arc<Mutex<BTreeMap<usize, u32>>>);

impl Loopback {
    /// Free ports, all different: none is given back before all are drawn. The proxies' stay taken.
    pub async fn lay(spots: usize) -> anyhow::Result<(Loopback, Vec<TcpListener>)> {
        let (mut held, mut proxies, mut laid) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..spots {
            let mut ports = Vec::new();
            for _ in 0..3 {
                let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
                ports.push(listener.local_addr()?);
                held.push(listener);
            }
            let proxy = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
            laid.push(Spot { client: ports[0], peer: ports[1], ops: ports[2], told: proxy.local_addr()? });
            proxies.push(proxy);
        }
        Ok((Loopback { spots: laid, owners: Owners::default() }, proxies))
    }

    pub fn spots(&self) -> Vec<Spot> {
        self.spots.clone()
    }

    pub fn owners(&self) -> Owners {
        self.owners.clone()
    }

    pub fn occupied(&self, spot: usize, pid: u32) {
        self.owners.0.lock().unwrap_or_else(PoisonError::into_inner).insert(spot, pid);
    }
}

impl Owners {
    /// The spot whose process holds the connection that comes from this address.
    pub fn of(&self, caller: SocketAddr) -> Option<usize> {
        let SocketAddr::V4(caller) = caller else { return None };
        let owners = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let table = std::fs::read_to_string("/proc/net/tcp").ok()?;
        let local = format!("{:08X}:{:04X}", u32::from_le_bytes(caller.ip().octets()), caller.port());
        let line = table.lines().find(|line| line.split_whitespace().nth(1) == Some(&local))?;
        let link = format!("socket:[{}]", line.split_whitespace().nth(9)?);
        let holds = |pid: u32| {
            let files = std::fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
            files.filter_map(|file| std::fs::read_link(file.path()).ok()).any(|to| to.as_os_str() == link.as_str())
        };
        owners.into_iter().find(|(_, pid)| holds(*pid)).map(|(spot, _)| spot)
    }
}
