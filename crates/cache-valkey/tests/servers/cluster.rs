//! A cluster of three primaries with a replica each.

use futures::future::join_all;

use super::{Server, free_port, until};

/// How many primaries there are.
pub const SHARDS: usize = 3;
const SLOTS: usize = 16_384;

/// Three primaries (0, 1, 2), and their replicas (3, 4, 5).
pub struct TestCluster {
    pub nodes: Vec<Server>,
    pub ids: Vec<String>,
}

impl TestCluster {
    pub async fn start() -> TestCluster {
        TestCluster::with(|_| Vec::new()).await
    }

    pub async fn with(settings: impl Fn(&tempfile::TempDir) -> Vec<String>) -> TestCluster {
        let node = || {
            Server::with(|directory| {
                let mut all: Vec<String> =
                    ["--cluster-enabled yes --cluster-node-timeout 500 --cluster-require-full-coverage no"]
                        .iter()
                        .flat_map(|words| words.split(' ').map(str::to_owned))
                        .collect();
                all.extend(["--cluster-port".to_owned(), free_port().to_string()]);
                all.extend(settings(directory));
                all
            })
        };
        let nodes = join_all((0..2 * SHARDS).map(|_| node())).await;
        let mut ids = Vec::new();
        for (place, node) in nodes.iter().enumerate() {
            ids.push(node.ask::<String>("CLUSTER MYID").await);
            let _ok: String = node.ask(&format!("CLUSTER SET-CONFIG-EPOCH {}", place + 1)).await;
            if place < SHARDS {
                let (first, end) = (place * SLOTS / SHARDS, (place + 1) * SLOTS / SHARDS);
                let _ok: String = node.ask(&format!("CLUSTER ADDSLOTSRANGE {first} {}", end - 1)).await;
            }
        }
        let cluster = TestCluster { nodes, ids };
        for node in &cluster.nodes[1..] {
            let bus: Vec<String> = node.ask("CONFIG GET cluster-port").await;
            let over_tls: Vec<String> = node.ask("CONFIG GET tls-port").await;
            let port = if over_tls[1] == "0" { node.port.to_string() } else { over_tls[1].clone() };
            let meet = format!("CLUSTER MEET 127.0.0.1 {port} {}", bus[1]);
            let _ok: String = cluster.nodes[0].ask(&meet).await;
        }
        cluster.until_all("the nodes know each other", "cluster_known_nodes:6").await;
        for (replica, primary) in (SHARDS..2 * SHARDS).zip(&cluster.ids) {
            let _ok: String = cluster.nodes[replica].ask(&format!("CLUSTER REPLICATE {primary}")).await;
        }
        cluster.until_all("the cluster is up", "cluster_state:ok").await;
        for replica in &cluster.nodes[SHARDS..] {
            until("the replicas are up", async || {
                replica.info("replication").await.contains("master_link_status:up")
            })
            .await;
        }
        // Who asks any node is told of every replica: as long as one is missing, a failover would not be seen.
        until("every node knows the replicas", async || {
            let mut known = Vec::new();
            for node in &cluster.nodes {
                let nodes: String = node.ask("CLUSTER NODES").await;
                known.push(nodes.lines().filter(|line| line.contains("slave")).count() == SHARDS);
            }
            known.into_iter().all(|all| all)
        })
        .await;
        cluster
    }

    /// URLs of two nodes: enough to find the others.
    pub fn url(&self) -> String {
        format!("{},{}", self.nodes[0].url(), self.nodes[4].url())
    }

    pub async fn slot_of(&self, key: &cache::Key) -> u16 {
        self.nodes[0].ask(&format!("CLUSTER KEYSLOT {key}")).await
    }

    /// Which primary of the start owns a slot.
    pub fn home(slot: u16) -> usize {
        (0..SHARDS).rev().find(|place| usize::from(slot) >= place * SLOTS / SHARDS).unwrap()
    }

    /// The node that answers a command on a key.
    pub async fn on_owner<T: redis::FromRedisValue>(&self, command: &redis::Cmd) -> T {
        let mut last = None;
        for node in &self.nodes {
            match node.try_ask(command).await {
                Ok(answer) => return answer,
                Err(error) => last = Some(error),
            }
        }
        panic!("no node answers: {last:?}");
    }

    async fn until_all(&self, what: &str, said: &str) {
        for node in &self.nodes {
            until(what, async || node.ask::<String>("CLUSTER INFO").await.contains(said)).await;
        }
    }
}
