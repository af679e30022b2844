//! A cluster: who owns which slot, and whom to ask.
//!
//! Requests go to primaries only. Each node has connections of its own, so one that hangs holds up nobody else. The map
//! of slots is read by the first request, and again when a node does not answer as its owner should: by one request at
//! a time, from whichever of three nodes is first to tell, and no more often than every [`PAUSE`].

mod slots;
mod topology;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use futures::FutureExt;
use futures::future::select_ok;
use redis::Value;
use tokio::time::{Instant, timeout};

use crate::config::Address;
use crate::connection::Connector;
use crate::failure::Failure;
use crate::node::Node;
use crate::request::Request;

pub(crate) use slots::slot_of;
use topology::{Range, SLOTS};

/// How long the map counts as new.
const PAUSE: Duration = Duration::from_millis(50);
/// How many nodes are asked for the map at once.
const ASKED_AT_ONCE: usize = 3;

/// A cluster.
pub(crate) struct Cluster {
    connector: Arc<Connector>,
    seeds: Vec<Address>,
    map: RwLock<Map>,
    last_reading: tokio::sync::Mutex<Option<Instant>>,
}

#[derive(Default)]
struct Map {
    nodes: HashMap<Address, Arc<Node>>,
    owners: Vec<Option<Arc<Node>>>,
    readings: u64,
}

impl Cluster {
    pub(crate) fn new(connector: Arc<Connector>, seeds: Vec<Address>) -> Self {
        Cluster { connector, seeds, map: RwLock::default(), last_reading: tokio::sync::Mutex::default() }
    }

    /// Sends a request to the owner of its slot, and once more where another node may do better.
    pub(crate) async fn request(self: &Arc<Self>, request: &Request<'_>) -> Result<Value, Failure> {
        let slot = slot_of(request.key);
        let (mut owner, mut reading) = self.owner(slot).await?;
        if owner.is_silent() && self.read_map(reading, &owner.address).await.is_ok() {
            (owner, reading) = self.owner(slot).await?;
        }
        let failure = match owner.attempt(request, false).await {
            Err(failure) => failure,
            answer => return answer,
        };
        match &failure {
            Failure::Moved(to) => {
                let Some(to) = topology::redirection(to, &owner.address) else { return Err(failure) };
                let new_owner = self.learn(slot, to);
                self.read_map_soon(reading, owner.address.clone());
                new_owner.attempt(&request.again(), false).await
            }
            Failure::Ask(to) => {
                let Some(to) = topology::redirection(to, &owner.address) else { return Err(failure) };
                self.node(to).attempt(&request.again(), true).await
            }
            blame if blame.node_is_to_blame() => {
                // Without a new map the old owner may still be the right one: its connection was the trouble.
                let _unchanged = self.read_map(reading, &owner.address).await;
                self.owner(slot).await?.0.attempt(&request.again(), false).await
            }
            _ => Err(failure),
        }
    }

    /// Who owns a slot, and by which reading of the map.
    async fn owner(&self, slot: u16) -> Result<(Arc<Node>, u64), Failure> {
        let known = |map: &Map| Some((map.owners.get(usize::from(slot))?.clone()?, map.readings));
        let read = |map: &RwLock<Map>| known(&map.read().unwrap_or_else(PoisonError::into_inner));
        if let Some(owner) = read(&self.map) {
            return Ok(owner);
        }
        let reading = self.map.read().unwrap_or_else(PoisonError::into_inner).readings;
        self.read_map_from(reading, None).await?;
        read(&self.map).ok_or_else(|| Failure::NotReady(format!("nobody owns slot {slot}")))
    }

    /// The node at an address, known or new.
    fn node(&self, address: Address) -> Arc<Node> {
        let mut map = self.map.write().unwrap_or_else(PoisonError::into_inner);
        map.node(&self.connector, address)
    }

    /// Remembers who owns one slot.
    fn learn(&self, slot: u16, address: Address) -> Arc<Node> {
        let mut map = self.map.write().unwrap_or_else(PoisonError::into_inner);
        let node = map.node(&self.connector, address);
        if let Some(owner) = map.owners.get_mut(usize::from(slot)) {
            *owner = Some(node.clone());
        }
        node
    }

    /// Where one slot has moved, others may have: the next requests should not each find out for themselves.
    fn read_map_soon(self: &Arc<Self>, reading: u64, doubtful: Address) {
        let cluster = self.clone();
        tokio::spawn(async move {
            let _next_time = cluster.read_map(reading, &doubtful).await;
        });
    }

    async fn read_map(&self, reading: u64, doubtful: &Address) -> Result<(), Failure> {
        self.read_map_from(reading, Some(doubtful)).await
    }

    /// Reads the map, unless somebody has since the given reading. The doubtful node is asked last.
    async fn read_map_from(&self, reading: u64, doubtful: Option<&Address>) -> Result<(), Failure> {
        let mut last = self.last_reading.lock().await;
        let known: Vec<Address> = {
            let map = self.map.read().unwrap_or_else(PoisonError::into_inner);
            if map.readings != reading || last.is_some_and(|last| last.elapsed() < PAUSE) {
                return Ok(());
            }
            map.nodes.keys().cloned().collect()
        };
        let mut asked: Vec<Address> = known;
        asked.extend(self.seeds.iter().filter(|seed| !asked.contains(seed)).cloned().collect::<Vec<_>>());
        asked.sort_by_key(|address| doubtful == Some(address));
        let mut failure = Failure::NotReady("no node of the cluster is known".to_owned());
        for some in asked.chunks(ASKED_AT_ONCE) {
            match select_ok(some.iter().map(|address| self.ranges_from(address).boxed())).await {
                Ok((ranges, _)) => {
                    self.install(ranges);
                    *last = Some(Instant::now());
                    return Ok(());
                }
                Err(error) => failure = error,
            }
        }
        *last = Some(Instant::now());
        Err(failure)
    }

    async fn ranges_from(&self, address: &Address) -> Result<Vec<Range>, Failure> {
        let node = self.node(address.clone());
        let mut commands = redis::pipe();
        commands.cmd("CLUSTER").arg("SLOTS");
        let asked = timeout(self.connector.response_timeout, node.prompt().send(&commands));
        let (mut answers, _) = asked.await.unwrap_or(Err(Failure::TimedOut))?;
        let answer = answers.pop().unwrap_or(Value::Nil).extract_error()?;
        // A node that was reset or has left its cluster knows nobody: its map must not replace a good one.
        let ranges = topology::ranges(answer, address)?;
        if ranges.is_empty() {
            return Err(Failure::NotReady(format!("{address} knows of no slots")));
        }
        Ok(ranges)
    }

    fn install(&self, ranges: Vec<Range>) {
        let mut map = self.map.write().unwrap_or_else(PoisonError::into_inner);
        let mut new = Map { owners: vec![None; SLOTS], readings: map.readings + 1, ..Map::default() };
        for range in ranges {
            // A node that stays keeps its connections.
            let node = map.node(&self.connector, range.primary.clone());
            new.nodes.insert(range.primary, node.clone());
            if let Some(owners) = new.owners.get_mut(usize::from(range.first)..=usize::from(range.last)) {
                owners.fill(Some(node));
            }
            for replica in range.replicas {
                let node = map.node(&self.connector, replica.clone());
                new.nodes.insert(replica, node);
            }
        }
        *map = new;
    }
}

impl Map {
    fn node(&mut self, connector: &Arc<Connector>, address: Address) -> Arc<Node> {
        let new = || Arc::new(Node::new(connector, address.clone()));
        self.nodes.entry(address.clone()).or_insert_with(new).clone()
    }
}
