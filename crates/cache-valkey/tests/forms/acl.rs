//! A user with only the commands the documentation lists.

use std::time::Duration;

use bytes::Bytes;
use cache::contract::{NOW, fresh_key};
use cache::record::{Encoding, Kind, body_hash};
use cache::{CacheStore, Fill, Invalidation, Key, StoreError, Token, Version};
use cache_valkey::{
    ACL_CLUSTER_COMMANDS, ACL_COMMANDS, ACL_REPLICA_COMMANDS, Replicas, ValkeyConfig, ValkeyStore,
};

use crate::broken::begin;
use crate::servers::TestCluster;

/// A cluster with a slot on its way from its owner to another node.
struct Moving {
    cluster: TestCluster,
    key: Key,
}

async fn moving() -> Moving {
    let cluster = TestCluster::start().await;
    let key = fresh_key();
    let slot = cluster.slot_of(&key).await;
    let from = TestCluster::home(slot);
    let to = (from + 1) % 3;
    let (from_id, to_id) = (&cluster.ids[from], &cluster.ids[to]);
    let _ok: String = cluster.nodes[to].ask(&format!("CLUSTER SETSLOT {slot} IMPORTING {from_id}")).await;
    let _ok: String = cluster.nodes[from].ask(&format!("CLUSTER SETSLOT {slot} MIGRATING {to_id}")).await;
    Moving { cluster, key }
}

impl Moving {
    /// A store that logs in as a new user with just these permissions, on servers that know no script.
    async fn store_with(&self, user: &str, rules: &str) -> ValkeyStore {
        for node in &self.cluster.nodes {
            let _ok: String =
                node.ask(&format!("ACL SETUSER {user} reset on >secret ~contract* {rules}")).await;
            let _ok: String = node.ask("SCRIPT FLUSH").await;
        }
        let port = self.cluster.nodes[0].port;
        let mut config = ValkeyConfig::from_url(&format!("redis://{user}:secret@127.0.0.1:{port}")).unwrap();
        config.form = cache_valkey::Form::Cluster;
        config.replicas = Some(Replicas { count: 1, within: Duration::from_millis(800) });
        ValkeyStore::new(config).unwrap()
    }

    /// Every command the store ever sends, and every one its scripts call.
    async fn everything(&self, store: &ValkeyStore) -> Result<(), StoreError> {
        store.read(&self.key).await?;
        let key = fresh_key();
        store.read(&key).await?;
        store.read_head(&key).await?;
        for read in store.read_many(&[key.clone(), fresh_key()]).await {
            read?;
        }
        let begun = store.begin_fill(&key, &begin(1)).await?;
        let body = Bytes::from_static(b"body");
        let fill = Fill {
            token: begun.head.token,
            kind: Kind::Live,
            encoding: Encoding::Identity,
            version: Version(1),
            body_hash: body_hash(&body),
            body,
            fresh_until: NOW + 60_000,
            ttl: Duration::from_secs(60),
        };
        store.fill(&key, &fill).await?;
        store.begin_fill(&key, &begin(2)).await?;
        store.invalidate(&key, &Invalidation::UpTo(Version(2))).await?;
        store.invalidate(&key, &Invalidation::Forced { token: Token::from_bits(3), born: NOW }).await?;
        store.invalidate(&fresh_key(), &Invalidation::UpTo(Version(2))).await?;
        Ok(())
    }
}

#[tokio::test]
async fn the_listed_commands_are_enough_and_none_is_too_many() {
    let moving = moving().await;
    let all = [ACL_COMMANDS, ACL_CLUSTER_COMMANDS, ACL_REPLICA_COMMANDS].join(" ");
    moving.everything(&moving.store_with("all", &all).await).await.unwrap();
    let rules: Vec<_> = all.split(' ').collect();
    assert_eq!(rules.len(), 11);
    for without in &rules {
        let rest: Vec<_> = rules.iter().filter(|rule| *rule != without).copied().collect();
        let store = moving.store_with(&format!("without{without}"), &rest.join(" ")).await;
        let error = moving.everything(&store).await.expect_err(without);
        assert!(matches!(error, StoreError::Refused(_)), "{without}: {error}");
    }
}

#[tokio::test]
async fn nothing_else_is_allowed() {
    let server = crate::servers::Server::start().await;
    let rules = [ACL_COMMANDS, ACL_CLUSTER_COMMANDS, ACL_REPLICA_COMMANDS].join(" ");
    let _ok: String = server.ask(&format!("ACL SETUSER tidemark reset on >secret ~contract* {rules}")).await;
    let url = format!("redis://tidemark:secret@127.0.0.1:{}", server.port);
    let mut connection =
        redis::Client::open(url.as_str()).unwrap().get_multiplexed_async_connection().await.unwrap();
    for forbidden in [
        "FLUSHALL",
        "FLUSHDB",
        "KEYS *",
        "CONFIG GET *",
        "SCRIPT FLUSH",
        "CLUSTER NODES",
        "ACL LIST",
        "SHUTDOWN",
    ] {
        let answer: redis::RedisResult<redis::Value> =
            crate::servers::command(forbidden).query_async(&mut connection).await;
        assert_eq!(answer.unwrap_err().code(), Some("NOPERM"), "{forbidden}");
    }
    let store = ValkeyStore::new(ValkeyConfig::from_url(&url).unwrap()).unwrap();
    let foreign = Key::new("other", "item", "1").unwrap();
    assert!(matches!(store.read(&foreign).await, Err(StoreError::Refused(_))), "another namespace");
    let error = store.begin_fill(&foreign, &begin(1)).await.unwrap_err();
    assert!(matches!(error, StoreError::Refused(_)), "{error}");
}
