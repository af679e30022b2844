//! Every form passes the contract that the memory fake passes.

use std::sync::{Arc, Weak};

use cache_valkey::{Form, Replicas, ValkeyConfig};
use tokio::sync::Mutex;

use crate::controlled::{Behind, Controlled};
use crate::servers::{Server, TestCluster};

/// Something that tests running at the same time share, and the last one ends.
pub struct Shared<T>(Mutex<Weak<T>>);

impl<T> Shared<T> {
    pub const fn new() -> Self {
        Shared(Mutex::const_new(Weak::new()))
    }

    pub async fn get(&self, make: impl AsyncFnOnce() -> T) -> Arc<T> {
        let mut shared = self.0.lock().await;
        if let Some(there) = shared.upgrade() {
            return there;
        }
        let made = Arc::new(make().await);
        *shared = Arc::downgrade(&made);
        made
    }
}

pub static SERVER: Shared<Server> = Shared::new();
pub static CLUSTER: Shared<TestCluster> = Shared::new();

mod node {
    use super::*;

    async fn node() -> Controlled {
        let server = SERVER.get(Server::start).await;
        Controlled::new(ValkeyConfig::from_url(&server.url()).unwrap(), Behind::Node(server))
    }

    cache::contract_tests!(node());
}

mod cluster {
    use super::*;

    async fn cluster() -> Controlled {
        let cluster = CLUSTER.get(TestCluster::start).await;
        let config = ValkeyConfig::from_url(&cluster.url()).unwrap();
        assert_eq!(config.form, Form::Cluster);
        Controlled::new(config, Behind::Cluster(cluster))
    }

    cache::contract_tests!(cluster());
}

mod cluster_with_replicas {
    use super::*;

    async fn cluster() -> Controlled {
        let cluster = CLUSTER.get(TestCluster::start).await;
        let mut config = ValkeyConfig::from_url(&cluster.url()).unwrap();
        config.replicas =
            Replicas::new(1).map(|replicas| Replicas { within: config.response_timeout / 2, ..replicas });
        Controlled::new(config, Behind::Cluster(cluster))
    }

    cache::contract_tests!(cluster());
}
