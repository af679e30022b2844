//! Interim responses (1xx) on their way from an origin to a viewer.
//!
//! A proxy must forward them (RFC 9110, 15.2), and the server underneath has no way to send them. So they are written to the
//! viewer's connection from the side: between two responses the server writes nothing, and an interim response comes before
//! the final one by definition.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use http::{HeaderMap, StatusCode};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::http_rules::remove_hop_by_hop;

/// Sends interim responses to one viewer. Clones belong to the same connection.
#[derive(Debug, Clone, Default)]
pub(crate) struct Interim(Arc<Mutex<Waiting>>);

#[derive(Debug, Default)]
struct Waiting {
    bytes: Vec<u8>,
    connection: Option<Waker>,
}

impl Interim {
    pub(crate) fn send(&self, status: StatusCode, headers: &HeaderMap) {
        let mut headers = headers.clone();
        remove_hop_by_hop(&mut headers);
        let reason = status.canonical_reason().unwrap_or_default();
        let mut bytes = format!("HTTP/1.1 {} {reason}\r\n", status.as_u16()).into_bytes();
        for (name, value) in &headers {
            bytes.extend_from_slice(&[name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
        }
        bytes.extend_from_slice(b"\r\n");
        let mut waiting = self.waiting();
        waiting.bytes.append(&mut bytes);
        if let Some(connection) = waiting.connection.take() {
            connection.wake();
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A viewer's connection that writes waiting interim responses before anything else.
#[derive(Debug)]
pub(crate) struct Connection<S> {
    stream: S,
    interim: Interim,
}

impl<S: AsyncWrite + Unpin> Connection<S> {
    pub(crate) fn new(stream: S, interim: Interim) -> Self {
        Self { stream, interim }
    }

    fn poll_interim(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut waiting = self.interim.waiting();
        while !waiting.bytes.is_empty() {
            let written = ready!(Pin::new(&mut self.stream).poll_write(cx, &waiting.bytes))?;
            waiting.bytes.drain(..written);
        }
        waiting.connection = Some(cx.waker().clone());
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Connection<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Connection<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_interim(cx))?;
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_interim(cx))?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_interim(cx))?;
        Pin::new(&mut self.stream).poll_write_vectored(cx, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
