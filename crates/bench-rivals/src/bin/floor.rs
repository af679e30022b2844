//! The floor: the standard library only, one thread, blocking sockets, one raw `GET`.

use std::io::{self, Read, Write};
use std::net::TcpStream;

/// A connection and what was read from it but not used yet.
struct Wire {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Wire {
    fn connect(address: &str) -> io::Result<Wire> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Wire { stream, buffer: Vec::with_capacity(64 * 1024) })
    }

    fn more(&mut self) -> io::Result<()> {
        let mut chunk = [0; 4 * 1024];
        match self.stream.read(&mut chunk)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            read => {
                self.buffer.extend_from_slice(&chunk[..read]);
                Ok(())
            }
        }
    }

    /// Where `end` is, reading until it is there.
    fn until(&mut self, end: &[u8]) -> io::Result<usize> {
        let mut from = 0;
        loop {
            if let Some(place) = find(&self.buffer[from..], end) {
                return Ok(from + place);
            }
            from = self.buffer.len().saturating_sub(end.len());
            self.more()?;
        }
    }

    /// An HTTP message's head and body.
    fn message(&mut self) -> io::Result<(String, Vec<u8>)> {
        let head_ends = self.until(b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&self.buffer[..head_ends]).into_owned();
        let length = header(&head, "content-length").and_then(|digits| digits.parse().ok()).unwrap_or(0);
        let body_at = head_ends + 4;
        while self.buffer.len() < body_at + length {
            self.more()?;
        }
        let body = self.buffer[body_at..body_at + length].to_vec();
        self.buffer.drain(..body_at + length);
        Ok((head, body))
    }

    /// A RESP bulk string.
    fn bulk(&mut self) -> io::Result<Vec<u8>> {
        let line_ends = self.until(b"\r\n")?;
        let length =
            std::str::from_utf8(&self.buffer[1..line_ends]).ok().and_then(|digits| digits.parse().ok());
        let length: usize = length.ok_or(io::ErrorKind::NotFound)?;
        let from = line_ends + 2;
        while self.buffer.len() < from + length + 2 {
            self.more()?;
        }
        let text = self.buffer[from..from + length].to_vec();
        self.buffer.drain(..from + length + 2);
        Ok(text)
    }
}

fn main() -> io::Result<()> {
    let setting = |name| std::env::var(name).map_err(io::Error::other);
    let runtime = setting("AWS_LAMBDA_RUNTIME_API")?;
    let cache = setting("VALKEY_URL")?;
    let mut lambda = Wire::connect(&runtime)?;
    let mut valkey = Wire::connect(cache.trim_start_matches("redis://"))?;
    let next = format!("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nhost: {runtime}\r\n\r\n");
    loop {
        lambda.stream.write_all(next.as_bytes())?;
        let (head, event) = lambda.message()?;
        let id = header(&head, "lambda-runtime-aws-request-id").unwrap_or_default();
        let path = quoted(&event, b"\"rawPath\": \"")
            .or_else(|| quoted(&event, b"\"rawPath\":\""))
            .unwrap_or_default();
        let key = format!("plain:{}", path.rsplit('/').next().unwrap_or_default());
        write!(valkey.stream, "*2\r\n$3\r\nGET\r\n${}\r\n{key}\r\n", key.len())?;
        let answer = answer(&valkey.bulk()?);
        let mut post = format!(
            "POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\r\nhost: {runtime}\r\ncontent-length: {}\r\n\r\n",
            answer.len()
        );
        post.push_str(&answer);
        lambda.stream.write_all(post.as_bytes())?;
        lambda.message()?;
    }
}

fn answer(body: &[u8]) -> String {
    let mut answer = String::with_capacity(body.len() + 256);
    answer.push_str(
        r#"{"statusCode":200,"headers":{"content-type":"application/json"},"isBase64Encoded":false,"body":""#,
    );
    let body = String::from_utf8_lossy(body);
    let mut rest: &str = &body;
    while let Some(place) = rest.find(['"', '\\']) {
        answer.push_str(&rest[..place]);
        answer.push('\\');
        answer.push_str(&rest[place..=place]);
        rest = &rest[place + 1..];
    }
    answer.push_str(rest);
    answer.push_str("\"}");
    answer
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let lines = head.split("\r\n").filter_map(|line| line.split_once(':'));
    lines.filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next()
}

fn quoted<'a>(text: &'a [u8], before: &[u8]) -> Option<&'a str> {
    let rest = &text[find(text, before)? + before.len()..];
    std::str::from_utf8(&rest[..rest.iter().position(|byte| *byte == b'"')?]).ok()
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    let (first, mut from) = (*part.first()?, 0);
    loop {
        from += text[from..].iter().position(|byte| *byte == first)?;
        if text[from..].starts_with(part) {
            return Some(from);
        }
        from += 1;
    }
}
