//! The least of HTTP/1.1: one connection, one request at a time, blocking.
//!
//! Whoever offers load shares the machine with what is loaded, so that its own cost must be small and the same for every
//! request.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// How long an answer may take before the connection is given up.
const PATIENCE: Duration = Duration::from_secs(5);

/// A request or an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Message {
    /// The request line or the status line.
    pub first: String,
    /// Headers, their names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Message {
    /// A header's text; empty if there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// An answer's status; 0 if it is none.
    pub fn status(&self) -> u16 {
        self.first.split(' ').nth(1).and_then(|digits| digits.parse().ok()).unwrap_or(0)
    }

    /// The next one; `None` if the other side has closed the connection.
    pub fn read(from: &mut impl BufRead) -> io::Result<Option<Message>> {
        let mut message = Message { first: line(from)?, ..Message::default() };
        if message.first.is_empty() {
            return Ok(None);
        }
        loop {
            let line = line(from)?;
            let Some((name, value)) = line.split_once(':') else { break };
            message.headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        if message.header("transfer-encoding").eq_ignore_ascii_case("chunked") {
            message.body = chunks(from)?;
        } else if let Ok(length) = message.header("content-length").parse() {
            message.body.resize(length, 0);
            from.read_exact(&mut message.body)?;
        }
        Ok(Some(message))
    }
}

/// A connection that is kept; it is opened when it is first used, and again after it has failed.
#[derive(Debug)]
pub struct Connection {
    address: String,
    stream: Option<BufReader<TcpStream>>,
}

impl Connection {
    /// To `http://host:port`.
    pub fn to(url: &str) -> Connection {
        Connection { address: url.trim_start_matches("http://").to_owned(), stream: None }
    }

    /// Sends a whole request and reads its answer.
    pub fn exchange(&mut self, request: &[u8]) -> io::Result<Message> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => {
                let stream = TcpStream::connect(&self.address)?;
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(PATIENCE))?;
                BufReader::new(stream)
            }
        };
        stream.get_mut().write_all(request)?;
        let answer = Message::read(&mut stream)?.ok_or(io::ErrorKind::UnexpectedEof)?;
        if !answer.header("connection").eq_ignore_ascii_case("close") {
            self.stream = Some(stream);
        }
        Ok(answer)
    }
}

/// A request's bytes.
pub fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\n");
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    if method != "GET" {
        text += &format!("content-length: {}\r\n", body.len());
    }
    text += "\r\n";
    text += body;
    text.into_bytes()
}

fn line(from: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    from.read_line(&mut line)?;
    line.truncate(line.trim_end().len());
    Ok(line)
}

fn chunks(from: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let length = u64::from_str_radix(&line(from)?, 16).map_err(io::Error::other)?;
        from.take(length).read_to_end(&mut body)?;
        // What ends the chunk, or the empty last one.
        line(from)?;
        if length == 0 {
            return Ok(body);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_one_after_the_other() {
        let mut two: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX-Cache-Version: 7\r\n\r\nabc\
            HTTP/1.1 503 No\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n";
        let first = Message::read(&mut two).unwrap().unwrap();
        assert_eq!((first.status(), first.body.as_slice()), (200, b"abc".as_slice()));
        assert_eq!((first.header("x-cache-version"), first.header("age")), ("7", ""));
        let second = Message::read(&mut two).unwrap().unwrap();
        assert_eq!((second.status(), second.body.as_slice()), (503, b"abc0123456789".as_slice()));
        assert_eq!(Message::read(&mut two).unwrap(), None);
    }

    #[test]
    fn an_answer_that_breaks_off_is_an_error() {
        let mut broken: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc";
        assert!(Message::read(&mut broken).is_err());
    }
}
