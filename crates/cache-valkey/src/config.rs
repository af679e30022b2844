//! Where the server is, and how long it may take.

use std::time::Duration;

use redis::IntoConnectionInfo;
use redis::io::tcp::TcpSettings;

/// Where the server is, and how long it may take.
#[derive(Debug, Clone)]
pub struct ValkeyConfig {
    pub(crate) client: redis::Client,
    /// How long connecting may take. Default 500 ms.
    pub connect_timeout: Duration,
    /// How long any one command may take, beneath the engine's own, usually shorter, limit. Default 1 s.
    pub response_timeout: Duration,
}

/// The URL is not one of a server.
#[derive(Debug, thiserror::Error)]
#[error("not a server's URL (redis://[user:password@]host:port[/db]): {0}")]
pub struct ConfigError(#[source] redis::RedisError);

impl ValkeyConfig {
    /// Reads `redis://[user:password@]host[:port][/db]`. Connects to nothing.
    pub fn from_url(url: &str) -> Result<Self, ConfigError> {
        let info = url.into_connection_info().map_err(ConfigError)?;
        // Commands are small and latency is all that counts.
        let info = info.set_tcp_settings(TcpSettings::default().set_nodelay(true));
        // The library's name is of no use to the server and costs a round trip when connecting.
        let settings = info.redis_settings().clone().set_skip_set_lib_name();
        let client = redis::Client::open(info.set_redis_settings(settings)).map_err(ConfigError)?;
        let (connect_timeout, response_timeout) = (Duration::from_millis(500), Duration::from_secs(1));
        Ok(ValkeyConfig { client, connect_timeout, response_timeout })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_that_is_none_says_what_one_looks_like() {
        assert!(ValkeyConfig::from_url("redis://127.0.0.1:6379/0").is_ok());
        let error = ValkeyConfig::from_url("cache.example:6379").unwrap_err().to_string();
        assert!(error.contains("redis://[user:password@]host:port"), "{error}");
    }
}
