//! A small cluster for a measurement: three primaries, no replicas.

use std::net::TcpListener;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use crate::clock::now;
use crate::instructions::works;
use crate::server::Server;

/// How many primaries there are.
const NODES: usize = 3;
/// How long they may take to agree.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running cluster; it ends when this is dropped.
pub struct Cluster {
    /// Its nodes.
    pub nodes: Vec<Server>,
    _folder: TempDir,
}

impl Cluster {
    /// Starts one as [`Server::start`] does; `None` if there is no `valkey-cli` or `redis-cli` to join it.
    pub async fn start() -> Result<Option<Cluster>, String> {
        let joins = ["valkey-cli", "redis-cli"].into_iter().find(|name| works(name, &["--version"]));
        let Some(joins) = joins else { return Ok(None) };
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let mut nodes = Vec::new();
        for number in 0..NODES {
            // Found before the server takes its own, and usually another one.
            let bus = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
            let bus = bus.map_err(|error| error.to_string())?.port().to_string();
            let nodes_file = folder.path().join(format!("nodes-{number}.conf"));
            let nodes_file = nodes_file.to_string_lossy();
            let settings = ["--cluster-enabled", "yes", "--cluster-port", &bus];
            nodes.push(
                Server::with(&[&settings[..], &["--cluster-config-file", &nodes_file]].concat()).await?,
            );
        }
        let mut join = Command::new(joins);
        join.args(["--cluster", "create"]).args(nodes.iter().map(|node| &node.address));
        join.args(["--cluster-replicas", "0", "--cluster-yes"]);
        let output = join.output().map_err(|error| format!("{joins}: {error}"))?;
        if !output.status.success() {
            return Err(format!("{joins}: {}", String::from_utf8_lossy(&output.stdout)));
        }
        let cluster = Cluster { nodes, _folder: folder };
        let began = now();
        while !cluster.agrees().await? {
            if began.elapsed() > PATIENCE {
                return Err("the nodes of the cluster do not agree".to_owned());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(Some(cluster))
    }

    async fn agrees(&self) -> Result<bool, String> {
        for node in &self.nodes {
            let mut asked = node.connect().await?;
            let info = redis::cmd("CLUSTER").arg("INFO").query_async::<String>(&mut asked).await;
            if !info.map_err(|error| error.to_string())?.contains("cluster_state:ok") {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
