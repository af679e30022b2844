//! A Runtime API host for one function: one invocation at a time, its time taken, on one thread.
//!
//! The stack's own host freezes and thaws processes and speaks through an HTTP server with a thread pool; what is measured
//! here is the function, so this one does the least: it waits on a few sockets and answers two requests.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::clock::now;

/// How long a function may be silent before the measurement is given up, in milliseconds.
const PATIENCE_MS: u16 = 20_000;

/// Where one function asks for its work.
pub struct Host {
    listener: TcpListener,
    connections: Vec<Connection>,
    /// The connection on which the function waits for its next invocation.
    waiting: Option<usize>,
    served: u64,
}

struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// What the function sent.
enum Request {
    Next,
    Response(Vec<u8>),
}

impl Host {
    /// Listens on a free port.
    pub fn start() -> io::Result<Host> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        Ok(Host { listener, connections: Vec::new(), waiting: None, served: 0 })
    }

    /// What `AWS_LAMBDA_RUNTIME_API` is set to.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Waits until the function asks for work.
    pub fn first_poll(&mut self) -> io::Result<()> {
        while self.waiting.is_none() {
            self.step()?;
        }
        Ok(())
    }

    /// One invocation: how long it took from the event's last byte to the answer's last byte, and the answer.
    pub fn invoke(&mut self, event: &[u8]) -> io::Result<(Duration, Vec<u8>)> {
        self.first_poll()?;
        let Some(place) = self.waiting.take() else { return Err(io::ErrorKind::NotConnected.into()) };
        self.served += 1;
        let deadline = crate::clock::unix_ms() + 10_000;
        let mut answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nlambda-runtime-aws-request-id: 8476a536-e9f4-11e8-9739-{:012x}\r\nlambda-runtime-deadline-ms: {deadline}\r\nlambda-runtime-invoked-function-arn: arn:aws:lambda:us-east-1:000000000000:function:read-api\r\nlambda-runtime-trace-id: Root=1-6ab13bbc-08797f037f2c{:012x};Parent=08797f037f2c4aeb;Sampled=0\r\ncontent-length: {}\r\n\r\n",
            self.served,
            self.served,
            event.len()
        )
        .into_bytes();
        answer.extend_from_slice(event);
        self.connections[place].stream.write_all(&answer)?;
        let began = now();
        loop {
            if let Some(Request::Response(body)) = self.step()? {
                return Ok((began.elapsed(), body));
            }
        }
    }

    /// Waits for something to arrive, and takes it in.
    fn step(&mut self) -> io::Result<Option<Request>> {
        for place in 0..self.connections.len() {
            if let Some(request) = self.connections[place].request()? {
                return self.taken(place, request);
            }
        }
        let mut sockets: Vec<_> = self
            .connections
            .iter()
            .map(|connection| PollFd::new(connection.stream.as_fd(), PollFlags::POLLIN))
            .collect();
        sockets.push(PollFd::new(self.listener.as_fd(), PollFlags::POLLIN));
        if poll(&mut sockets, PollTimeout::from(PATIENCE_MS))? == 0 {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let ready: Vec<bool> = sockets.iter().map(|socket| socket.any().unwrap_or(false)).collect();
        if ready[self.connections.len()] {
            let (stream, _) = self.listener.accept()?;
            stream.set_nodelay(true)?;
            self.connections.push(Connection { stream, buffer: Vec::new() });
            return Ok(None);
        }
        let mut closed = None;
        for (place, connection) in self.connections.iter_mut().enumerate() {
            if ready[place] && !connection.more()? {
                closed = Some(place);
            }
        }
        if let Some(place) = closed {
            self.connections.remove(place);
            self.waiting = None;
        }
        Ok(None)
    }

    fn taken(&mut self, place: usize, request: Request) -> io::Result<Option<Request>> {
        match request {
            Request::Next => self.waiting = Some(place),
            Request::Response(_) => {
                self.connections[place]
                    .stream
                    .write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n")?;
            }
        }
        Ok(Some(request))
    }
}

impl Connection {
    fn more(&mut self) -> io::Result<bool> {
        let mut chunk = [0; 64 * 1024];
        let read = self.stream.read(&mut chunk)?;
        self.buffer.extend_from_slice(&chunk[..read]);
        Ok(read > 0)
    }

    /// A request that is there in full.
    fn request(&mut self) -> io::Result<Option<Request>> {
        let Some(head_ends) = self.buffer.windows(4).position(|window| window == b"\r\n\r\n") else {
            return Ok(None);
        };
        let head = String::from_utf8_lossy(&self.buffer[..head_ends]).into_owned();
        let value = |name: &str| {
            let lines = head.split("\r\n").filter_map(|line| line.split_once(':'));
            lines
                .filter(|(known, _)| known.eq_ignore_ascii_case(name))
                .map(|(_, value)| value.trim().to_owned())
                .next()
        };
        let body_at = head_ends + 4;
        let body = match (value("content-length"), value("transfer-encoding")) {
            (Some(length), _) => {
                let length: usize = length.parse().map_err(io::Error::other)?;
                if self.buffer.len() < body_at + length {
                    return Ok(None);
                }
                let body = self.buffer[body_at..body_at + length].to_vec();
                self.buffer.drain(..body_at + length);
                body
            }
            (None, Some(_)) => return Err(io::Error::other("a chunked answer cannot be measured here")),
            (None, None) => {
                self.buffer.drain(..body_at);
                Vec::new()
            }
        };
        if head.starts_with("GET ") && head.contains("/invocation/next") {
            Ok(Some(Request::Next))
        } else if head.contains("/response HTTP") {
            Ok(Some(Request::Response(body)))
        } else {
            let body = String::from_utf8_lossy(&body).into_owned();
            Err(io::Error::other(format!(
                "the function failed: {} {body}",
                head.lines().next().unwrap_or_default()
            )))
        }
    }
}
