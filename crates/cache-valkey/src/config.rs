//! Where the servers are, how to get in, and how long they may take.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use cache::{Clock, SystemClock};
use redis::{ConnectionAddr, IntoConnectionInfo};

use crate::login::Login;

/// Where the servers are, how to get in, and how long they may take.
///
/// Made by [`from_url`](ValkeyConfig::from_url); then set what differs from the defaults. Whether the parts go
/// together is checked by [`ValkeyStore::new`](crate::ValkeyStore::new).
#[derive(Clone)]
pub struct ValkeyConfig {
    pub(crate) servers: Vec<Address>,
    pub(crate) tls: bool,
    pub(crate) database: i64,
    /// One node, or a cluster. Default [`Form::Node`]; [`Form::Cluster`] if several URLs were given.
    pub form: Form,
    /// The certificate authority that signed the servers' certificates, PEM, one or several certificates. With it
    /// no other authority is trusted. Default: Mozilla's list, which has Amazon's.
    pub ca: Option<Vec<u8>>,
    /// Who this program is. Default: as the URL says, else nobody.
    pub login: Login,
    /// How long making a connection may take, TLS and login included. Default 500 ms.
    pub connect_timeout: Duration,
    /// A connection that leaves requests unanswered for longer is replaced, and a cluster's nodes are given no longer to
    /// answer when many keys or the map of slots are read. Any other operation takes as long as its caller waits. Default 1 s.
    pub response_timeout: Duration,
    /// After how long a connection is replaced, so that a name that leads elsewhere is noticed even if the old server
    /// lives on, and no connection reaches ElastiCache's limit of 12 hours for IAM logins. By the wall clock, which
    /// goes on while a process is frozen. Default 10 min.
    pub max_connection_age: Duration,
    /// How many replicas must have an invalidation before it counts as done. Default `None`: the primary alone.
    pub replicas: Option<Replicas>,
    /// Tells how old connections are, and dates IAM tokens. Default: the system's.
    pub clock: Arc<dyn Clock>,
}

/// What the servers are to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// One server, or the primary endpoint of several without cluster mode.
    #[default]
    Node,
    /// The cluster protocol: cluster mode enabled, and every ElastiCache serverless cache.
    Cluster,
}

impl FromStr for Form {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        match text {
            "node" => Ok(Form::Node),
            "cluster" => Ok(Form::Cluster),
            _ => Err(ConfigError("the form must be node or cluster".to_owned())),
        }
    }
}

/// How many replicas must have an invalidation, and how long they may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replicas {
    /// At least 1; more than there are means that no invalidation ever succeeds.
    pub count: u32,
    /// How long to wait for them; below the response time-out.
    pub within: Duration,
}

impl Replicas {
    /// So many replicas within 100 ms; `None` for zero.
    pub fn new(count: u32) -> Option<Replicas> {
        (count > 0).then_some(Replicas { count, within: Duration::from_millis(100) })
    }
}

/// What is wrong with the configuration. Repeats no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(pub(crate) String);

/// A server's host and port.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Address {
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

const EXPECTED: &str = "not a server's URL (redis://[user:password@]host[:port][/db], rediss:// for TLS; several separated by commas)";

impl ValkeyConfig {
    /// Reads `redis://[user:password@]host[:port][/db]`, or `rediss://` for TLS. Several, separated by commas, are nodes of
    /// one cluster, of which any one is enough to find the others. Connects to nothing.
    pub fn from_url(urls: &str) -> Result<Self, ConfigError> {
        let read = urls.split(',').map(|url| ServerUrl::read(url.trim()));
        let read = read.collect::<Option<Vec<_>>>().ok_or_else(|| ConfigError(EXPECTED.to_owned()))?;
        let (first, others) = read.split_first().ok_or_else(|| ConfigError(EXPECTED.to_owned()))?;
        let alike = |other: &ServerUrl| {
            (other.tls, other.database) == (first.tls, first.database)
                && (other.user == first.user && other.password == first.password)
        };
        if !others.iter().all(alike) {
            return Err(ConfigError("the URLs differ in more than host and port".to_owned()));
        }
        let login = match &first.password {
            Some(password) => Login::password(first.user.clone(), password.clone()),
            None => Login::Nobody,
        };
        Ok(ValkeyConfig {
            tls: first.tls,
            database: first.database,
            form: if others.is_empty() { Form::Node } else { Form::Cluster },
            servers: read.into_iter().map(|url| url.address).collect(),
            ca: None,
            login,
            connect_timeout: Duration::from_millis(500),
            response_timeout: Duration::from_secs(1),
            max_connection_age: Duration::from_secs(600),
            replicas: None,
            clock: Arc::new(SystemClock),
        })
    }

    /// Whether the parts go together.
    pub fn check(&self) -> Result<(), ConfigError> {
        let mistake = if self.form == Form::Node && self.servers.len() > 1 {
            "several URLs are nodes of a cluster: the form must be cluster"
        } else if self.form == Form::Cluster && self.database != 0 {
            "a cluster has only database 0"
        } else if self.ca.is_some() && !self.tls {
            "a certificate authority needs TLS: the URL must begin with rediss://"
        } else if matches!(self.login, Login::Iam(_)) && !self.tls {
            "an IAM login needs TLS: the URL must begin with rediss://"
        } else if self.replicas.is_some_and(|replicas| replicas.within >= self.response_timeout) {
            "the wait for replicas must be shorter than the response time-out"
        } else if self.ca.as_deref().is_some_and(|pem| !holds_a_certificate(pem)) {
            "the certificate authority is no PEM certificate"
        } else {
            return Ok(());
        };
        Err(ConfigError(mistake.to_owned()))
    }
}

fn holds_a_certificate(pem: &[u8]) -> bool {
    use rustls::pki_types::{CertificateDer, pem::PemObject};
    let mut roots = rustls::RootCertStore::empty();
    let added = CertificateDer::pem_slice_iter(pem)
        .all(|certificate| certificate.is_ok_and(|certificate| roots.add(certificate).is_ok()));
    added && !roots.is_empty()
}

struct ServerUrl {
    address: Address,
    tls: bool,
    database: i64,
    user: Option<String>,
    password: Option<String>,
}

impl ServerUrl {
    fn read(url: &str) -> Option<ServerUrl> {
        let info = url.into_connection_info().ok()?;
        let (host, port, tls) = match info.addr() {
            ConnectionAddr::Tcp(host, port) => (host, port, false),
            ConnectionAddr::TcpTls { host, port, insecure: false, .. } => (host, port, true),
            _ => return None,
        };
        let settings = info.redis_settings();
        Some(ServerUrl {
            address: Address { host: host.clone(), port: *port },
            tls,
            database: settings.db(),
            user: settings.username().map(str::to_owned),
            password: settings.password().map(str::to_owned),
        })
    }
}

impl fmt::Debug for ValkeyConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let servers: Vec<_> = self.servers.iter().map(Address::to_string).collect();
        f.debug_struct("ValkeyConfig")
            .field("servers", &servers)
            .field("tls", &self.tls)
            .field("database", &self.database)
            .field("form", &self.form)
            .field("ca", &self.ca.as_ref().map(Vec::len))
            .field("login", &self.login)
            .field("connect_timeout", &self.connect_timeout)
            .field("response_timeout", &self.response_timeout)
            .field("max_connection_age", &self.max_connection_age)
            .field("replicas", &self.replicas)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
