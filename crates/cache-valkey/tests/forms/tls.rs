//! TLS with a private certificate authority; logging in with a password and by IAM.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use cache::contract::fresh_key;
use cache::{CacheStore, Clock, StoreError};
use cache_valkey::{ACL_COMMANDS, IamLogin, Login, ValkeyConfig, ValkeyStore};

use crate::broken::{HandClock, begin};
use crate::contract::Shared;
use crate::controlled::{Behind, Controlled};
use crate::servers::{Authority, Server, TestCluster, free_port};

/// A server that answers over TLS as well.
pub struct TlsServer {
    server: Arc<Server>,
    port: u16,
    authority: Authority,
}

impl TlsServer {
    async fn start() -> TlsServer {
        let (authority, port) = (Authority::new(), free_port());
        let server = Server::with(|directory| authority.settings(directory, port)).await;
        let add_user = format!("ACL SETUSER tidemark reset on >secret ~contract* {ACL_COMMANDS}");
        let _ok: String = server.ask(&add_user).await;
        TlsServer { server: Arc::new(server), port, authority }
    }

    fn config(&self, login: &str) -> ValkeyConfig {
        let url = format!("rediss://{login}127.0.0.1:{}", self.port);
        let mut config = ValkeyConfig::from_url(&url).unwrap();
        config.ca = Some(self.authority.pem());
        config
    }
}

static SERVER: Shared<TlsServer> = Shared::new();

/// Over TLS, as a user who may do nothing but what the documentation lists.
mod contract {
    use super::*;

    /// Keeps the shared server alive for as long as its user.
    async fn restricted() -> Controlled {
        let tls = SERVER.get(TlsServer::start).await;
        Controlled::new(tls.config("tidemark:secret@"), Behind::Node(tls.server.clone()))
    }

    cache::contract_tests!(restricted());
}

#[tokio::test]
async fn only_the_given_authority_is_trusted() {
    let tls = SERVER.get(TlsServer::start).await;
    let key = fresh_key();
    ValkeyStore::new(tls.config("")).unwrap().read(&key).await.unwrap();
    for ca in [Some(Authority::new().pem()), None] {
        let mut config = tls.config("");
        config.ca = ca;
        let store = ValkeyStore::new(config).unwrap();
        let error = store.read(&key).await.unwrap_err();
        assert!(error.to_string().contains("certificate"), "{error}");
    }
}

#[tokio::test]
async fn a_wrong_password_is_refused_without_being_repeated() {
    let tls = SERVER.get(TlsServer::start).await;
    let store = ValkeyStore::new(tls.config("tidemark:hunter2@")).unwrap();
    let error = store.read(&fresh_key()).await.unwrap_err();
    assert!(matches!(error, StoreError::Refused(_)), "{error}");
    assert!(!error.to_string().contains("hunter2"), "{error}");
}

#[tokio::test]
async fn a_cluster_is_reached_over_tls() {
    let authority = Authority::new();
    let cluster = TestCluster::with(|directory| {
        let mut settings = authority.settings(directory, free_port());
        settings.extend(["--tls-cluster", "yes", "--tls-replication", "yes"].map(str::to_owned));
        settings
    })
    .await;
    let port: Vec<String> = cluster.nodes[2].ask("CONFIG GET tls-port").await;
    let mut config = ValkeyConfig::from_url(&format!("rediss://127.0.0.1:{}", port[1])).unwrap();
    (config.ca, config.form) = (Some(authority.pem()), cache_valkey::Form::Cluster);
    let store = ValkeyStore::new(config).unwrap();
    let keys: Vec<_> = (0..20).map(|_| fresh_key()).collect();
    for key in &keys {
        assert!(store.begin_fill(key, &begin(1)).await.unwrap().holds_lease);
    }
    assert!(store.read_many(&keys).await.into_iter().all(|read| read.unwrap().is_some()));
}

/// As ElastiCache does it, except that here the server has to be told which token is the right one.
#[tokio::test]
async fn every_new_connection_logs_in_with_a_token_of_its_own() {
    let tls = TlsServer::start().await;
    let clock = Arc::new(HandClock::default());
    let iam = IamLogin {
        user: "reader".to_owned(),
        cache: "orders".to_owned(),
        serverless: true,
        region: "eu-central-1".to_owned(),
        credentials: SharedCredentialsProvider::new(Credentials::from_keys("AKIDEXAMPLE", "secret", None)),
    };
    let admit = async || {
        let token = iam.token(clock.now()).await.unwrap();
        let _ok: String =
            tls.server.ask(&format!("ACL SETUSER reader reset on >{token} ~* {ACL_COMMANDS}")).await;
    };
    admit().await;
    let mut config = tls.config("");
    (config.login, config.clock) = (Login::Iam(iam.clone()), clock.clone());
    let (store, key) = (ValkeyStore::new(config).unwrap(), fresh_key());
    store.read(&key).await.unwrap();

    clock.0.store(9 * 60_000, Ordering::SeqCst);
    store.read(&key).await.unwrap();
    clock.0.store(11 * 60_000, Ordering::SeqCst);
    let error = store.read(&key).await.unwrap_err();
    assert!(
        matches!(error, StoreError::Refused(_)),
        "a new token, of which the server does not know: {error}"
    );
    admit().await;
    crate::servers::until("the next attempt is admitted", async || store.read(&key).await.is_ok()).await;

    tls.server.hang_up().await;
    clock.0.store(12 * 60_000, Ordering::SeqCst);
    admit().await;
    store.read(&key).await.unwrap();
}
