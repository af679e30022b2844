//! An event bus that takes everything: `PutEvents`, answered by the least there is.
//!
//! It has threads of its own, since the [`Host`](crate::host::Host) holds the one that measures.

use std::io::{self, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::http::Message;

/// The bus. Its threads end with their connections, the first one with the process.
pub struct Bus {
    /// `http://host:port`.
    pub url: String,
    taken: Arc<AtomicU64>,
}

#[derive(Deserialize)]
struct PutEvents {
    #[serde(rename = "Entries")]
    entries: Vec<IgnoredAny>,
}

impl Bus {
    /// Listens on a free port.
    pub fn start() -> io::Result<Bus> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}", listener.local_addr()?);
        let taken = Arc::new(AtomicU64::new(0));
        let counter = taken.clone();
        thread::Builder::new().name("bus".to_owned()).spawn(move || {
            for stream in listener.incoming().flatten() {
                let counter = counter.clone();
                // A connection that fails is the function's to report.
                thread::spawn(move || drop(serve(stream, &counter)));
            }
        })?;
        Ok(Bus { url, taken })
    }

    /// How many events it has taken.
    pub fn taken(&self) -> u64 {
        self.taken.load(Ordering::SeqCst)
    }
}

fn serve(stream: TcpStream, taken: &AtomicU64) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    while let Some(message) = Message::read(&mut stream)? {
        let put: PutEvents = serde_json::from_slice(&message.body).map_err(io::Error::other)?;
        taken.fetch_add(put.entries.len() as u64, Ordering::SeqCst);
        stream.get_mut().write_all(&answer(put.entries.len()))?;
    }
    Ok(())
}

fn answer(entries: usize) -> Vec<u8> {
    let ids = vec![r#"{"EventId":"11710aed-b79e-4468-a20b-bb3c0c3b4860"}"#; entries].join(",");
    let body = format!(r#"{{"FailedEntryCount":0,"Entries":[{ids}]}}"#);
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.1\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{Connection, request};

    #[test]
    fn each_entry_is_counted_and_answered() {
        let bus = Bus::start().unwrap();
        let mut connection = Connection::to(&bus.url);
        for entries in [1, 10] {
            let body = format!(r#"{{"Entries":[{}]}}"#, vec![r#"{"Source":"tidemark"}"#; entries].join(","));
            let answer = connection.exchange(&request("POST", "/", &[], &body)).unwrap();
            let answer: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
            assert_eq!(answer["Entries"].as_array().unwrap().len(), entries);
        }
        assert_eq!(bus.taken(), 11);
    }
}
