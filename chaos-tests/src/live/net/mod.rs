//! The network between nodes: each in a network namespace of its own where the machine allows it, otherwise ports of
//! loopback with a proxy in front of each node. Either way what one node sends another can be cut or made late.
mod links;
mod loopback;
mod namespaces;

use anyhow::Context as _;
pub use links::Lag;
use links::Links;
use loopback::Loopback;
use namespaces::Namespaces;
use std::{net::SocketAddr, path::Path};
use tokio::process::Command;

/// Removes what an earlier run that was killed left behind; what that was.
pub fn clear_leftovers() -> Vec<String> {
    namespaces::clear_leftovers()
}

/// Where one node listens, and what it tells other nodes.
#[derive(Clone, Copy, Debug)]
pub struct Spot {
    pub client: SocketAddr,
    pub peer: SocketAddr,
    pub ops: SocketAddr,
    /// Other nodes reach it here: a proxy on loopback, itself in a namespace.
    pub told: SocketAddr,
}

enum Ground {
    Namespaces(Namespaces),
    Loopback(Loopback),
}

/// A network of so many spots.
pub struct Network {
    ground: Ground,
    spots: Vec<Spot>,
    /// Proxies of every link, if the links go through any.
    links: Option<Links>,
}

impl Network {
    /// Lays it. `proxied` says that links must be able to be late, which takes a proxy in each;
    /// `loopback` that namespaces are not wanted.
    pub async fn lay(spots: usize, proxied: bool, loopback: bool) -> anyhow::Result<Network> {
        let laid = if loopback { Err(anyhow::anyhow!("not wanted")) } else { Namespaces::lay(spots) };
        match laid {
            Ok(namespaces) => {
                let own = namespaces.spots();
                let links = match proxied {
                    true => Some(Links::through_bridge(&namespaces, &own).await?),
                    false => None,
                };
                Ok(Network { ground: Ground::Namespaces(namespaces), spots: own, links })
            }
            Err(error) => {
                if !loopback {
                    eprintln!("no network namespaces here ({error:#}): loopback ports");
                }
                let (loopback, listeners) = Loopback::lay(spots).await?;
                let own = loopback.spots();
                let links = Links::in_front(&own, listeners, loopback.owners());
                Ok(Network { ground: Ground::Loopback(loopback), spots: own, links: Some(links) })
            }
        }
    }

    /// Which of two ways it is.
    pub fn name(&self) -> &'static str {
        match self.ground {
            Ground::Namespaces(_) => "network namespaces",
            Ground::Loopback(_) => "loopback ports",
        }
    }

    pub fn spots(&self) -> &[Spot] {
        &self.spots
    }

    /// The start of a command that runs on a spot.
    pub fn command(&self, spot: usize, program: &Path) -> Command {
        match &self.ground {
            Ground::Namespaces(namespaces) => namespaces.command(spot, program),
            Ground::Loopback(_) => Command::new(program),
        }
    }

    /// Says which process runs on a spot: on loopback that is how a proxy knows who calls.
    pub fn occupied(&self, spot: usize, pid: u32) {
        if let Ground::Loopback(loopback) = &self.ground {
            loopback.occupied(spot, pid);
        }
    }

    /// Nothing that `from` sends reaches `to` any more.
    pub fn cut(&self, from: usize, to: usize) -> anyhow::Result<()> {
        match (&self.ground, &self.links) {
            (_, Some(links)) => links.set_cut(from, to, true),
            (Ground::Namespaces(namespaces), None) => namespaces.drop_from(to, from)?,
            (Ground::Loopback(_), None) => {}
        }
        Ok(())
    }

    /// Neither hears the other.
    pub fn part(&self, one: usize, other: usize) -> anyhow::Result<()> {
        self.cut(one, other)?;
        self.cut(other, one)
    }

    /// Nobody hears it, and it hears nobody. Clients still reach it.
    pub fn isolate(&self, spot: usize) -> anyhow::Result<()> {
        (0..self.spots.len()).filter(|other| *other != spot).try_for_each(|other| self.part(spot, other))
    }

    /// Connections between this spot and all others end, and what was held is lost, as after a restart of the machines
    /// between them.
    pub fn forget(&self, spot: usize) -> anyhow::Result<()> {
        let links = self.links.as_ref().context("links without proxies hold nothing")?;
        for other in (0..self.spots.len()).filter(|other| *other != spot) {
            links.end(spot, other);
            links.end(other, spot);
        }
        Ok(())
    }

    /// All cuts and lags are over.
    pub fn heal(&self) -> anyhow::Result<()> {
        if let Some(links) = &self.links {
            links.heal();
        }
        match &self.ground {
            Ground::Namespaces(namespaces) => namespaces.heal(),
            Ground::Loopback(_) => Ok(()),
        }
    }

    /// What `from` sends reaches `to` later.
    pub fn delay(&self, from: usize, to: usize, lag: Lag) -> anyhow::Result<()> {
        self.links.as_ref().context("links without proxies cannot be late")?.set_lag(from, to, lag);
        Ok(())
    }

    /// Packets dropped by cuts, or pieces of streams that were held by them.
    pub fn dropped(&self) -> anyhow::Result<u64> {
        let held = self.links.as_ref().map_or(0, Links::held);
        match &self.ground {
            Ground::Namespaces(namespaces) => Ok(held + namespaces.dropped()?),
            Ground::Loopback(_) => Ok(held),
        }
    }

    /// Pieces of streams that came late.
    pub fn late(&self) -> u64 {
        self.links.as_ref().map_or(0, Links::late)
    }
}
