//! An edge on a listener.

use std::convert::Infallible;
use std::future::Future;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use http::{Request, Version};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;

use crate::edge::Edge;
use crate::interim::{Connection, Interim};

/// Answers on `listener` until `stop` resolves, then lets the requests under way end, for at most ten seconds.
///
/// Unlike [`Edge::router`] under `axum::serve` it passes interim responses (103 Early Hints) of the origin on to viewers.
pub async fn serve(edge: Edge, listener: TcpListener, stop: impl Future<Output = ()>) {
    const PATIENCE: Duration = Duration::from_secs(10);
    let connections = GracefulShutdown::new();
    tokio::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        let (stream, viewer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, most likely: some will be free again.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        // Without it a small answer may wait for the viewer's acknowledgement of the one before.
        let _ = stream.set_nodelay(true);
        let (edge, interim) = (edge.clone(), Interim::default());
        let io = TokioIo::new(Connection::new(stream, interim.clone()));
        let answer = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(viewer));
            // HTTP/1.0 knows no interim responses.
            if request.version() == Version::HTTP_11 {
                request.extensions_mut().insert(interim.clone());
            }
            let edge = edge.clone();
            async move { Ok::<_, Infallible>(edge.call(request.map(Body::new)).await) }
        });
        let connection = connections.watch(http1::Builder::new().serve_connection(io, answer));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a viewer's connection ended");
            }
        });
    }
    if tokio::time::timeout(PATIENCE, connections.shutdown()).await.is_err() {
        tracing::warn!("some requests did not end in time");
    }
}
