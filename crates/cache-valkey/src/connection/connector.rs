//! How a connection is made.

use std::sync::Arc;
use std::time::Duration;

use cache::Clock;
use redis::aio::MultiplexedConnection;
use redis::io::tcp::TcpSettings;
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, IntoConnectionInfo, RedisConnectionInfo, TlsCertificates,
};

use crate::config::{Address, ValkeyConfig};
use crate::failure::Failure;
use crate::login::Login;

/// Makes connections, all in the same way.
pub(crate) struct Connector {
    tls: bool,
    ca: Option<Vec<u8>>,
    database: i64,
    login: Login,
    connect_timeout: Duration,
    pub(crate) response_timeout: Duration,
    pub(crate) max_age: Duration,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Connector {
    pub(crate) fn new(config: &ValkeyConfig) -> Self {
        if config.tls {
            // Without a provider for the process rustls would panic; if there is one already, it is as good.
            let _already = rustls::crypto::aws_lc_rs::default_provider().install_default();
        }
        Connector {
            tls: config.tls,
            ca: config.ca.clone(),
            database: config.database,
            login: config.login.clone(),
            connect_timeout: config.connect_timeout,
            response_timeout: config.response_timeout,
            max_age: config.max_connection_age,
            clock: config.clock.clone(),
        }
    }

    /// A new connection, logged in. The name is looked up anew each time.
    pub(crate) async fn connect(&self, address: &Address) -> Result<MultiplexedConnection, Failure> {
        let mut settings = RedisConnectionInfo::default()
            .set_db(self.database)
            // The library's name is of no use to the server and costs a round trip when connecting.
            .set_skip_set_lib_name();
        if let Some((user, password)) = self.login.now(self.clock.now()).await? {
            settings = settings.set_password(password);
            if let Some(user) = user {
                settings = settings.set_username(user);
            }
        }
        // Commands are small and latency is all that counts. A host that vanishes without a word is noticed as soon as
        // it leaves data unacknowledged, not after the system's quarter of an hour.
        let tcp = TcpSettings::default().set_nodelay(true);
        #[cfg(target_os = "linux")]
        let tcp = tcp.set_user_timeout(self.response_timeout);
        let (host, port) = (address.host.clone(), address.port);
        let address = if self.tls {
            ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None }
        } else {
            ConnectionAddr::Tcp(host, port)
        };
        let info = address.into_connection_info()?.set_tcp_settings(tcp).set_redis_settings(settings);
        let client = match &self.ca {
            Some(pem) => {
                let root_cert = Some(pem.clone());
                Client::build_with_tls(info, TlsCertificates { client_tls: None, root_cert })?
            }
            None => Client::open(info)?,
        };
        // How long an answer may take is for the caller to say.
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.connect_timeout))
            .set_response_timeout(None);
        Ok(client.get_multiplexed_async_connection_with_config(&config).await?)
    }
}
