//! Listening on loopback, and serving until stopped.

use std::net::{Ipv4Addr, SocketAddr};

use axum::Router;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::stack::StartError;

/// A listener on a loopback port; 0 takes a free one.
pub async fn listen(what: &str, port: u16) -> Result<TcpListener, StartError> {
    let failed = |error| StartError::Listen { what: what.to_owned(), port, error };
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(failed)
}

/// A server that ends when this is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Server {
    /// Serves a router on a listener.
    pub fn start(listener: TcpListener, router: Router) -> std::io::Result<Server> {
        let address = listener.local_addr()?;
        let task = tokio::spawn(async move {
            if let Err(error) =
                axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>()).await
            {
                tracing::error!(%error, "a server of the local stack has ended");
            }
        });
        Ok(Server { address, task })
    }

    /// `http://host:port`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}
