//! What a function writes: read line by line and passed on, never at the function's expense.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tokio::sync::broadcast;

/// Longer lines are cut into several, as CloudWatch Logs does at its largest event of 256 KB.
const LINE_BYTES: u64 = 256 * 1024;

/// How many lines are kept for an error about a process that did not start.
const KEPT_LINES: usize = 20;

/// One line a function wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// The function's name.
    pub function: Arc<str>,
    /// Which of its environments, counted from 1.
    pub environment: u32,
    /// Where it was written.
    pub stream: LogStream,
    /// The line, without its line end; bytes that are not UTF-8 are replaced.
    pub line: String,
}

/// The two standard streams of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// The last lines of a stream.
#[derive(Debug, Default)]
pub(super) struct Tail(Mutex<VecDeque<String>>);

impl Tail {
    pub(super) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    fn push(&self, line: String) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == KEPT_LINES {
            lines.pop_front();
        }
        lines.push_back(line);
    }
}

/// Where the lines of one stream of one environment go.
pub(super) struct Sink {
    pub(super) function: Arc<str>,
    pub(super) environment: u32,
    pub(super) stream: LogStream,
    pub(super) lines: Option<broadcast::Sender<LogLine>>,
    pub(super) tail: Option<Arc<Tail>>,
}

impl Sink {
    /// Reads until the stream ends. Without anyone to tell it reads all the same: a full pipe would stop the function.
    pub(super) async fn drain(self, stream: impl AsyncRead + Unpin) {
        let mut reader = BufReader::new(stream);
        let mut line = Vec::new();
        while let Ok(1..) = (&mut reader).take(LINE_BYTES).read_until(b'\n', &mut line).await {
            self.pass_on(String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']));
            line.clear();
        }
    }

    fn pass_on(&self, line: &str) {
        if let Some(tail) = &self.tail {
            tail.push(line.to_owned());
        }
        if let Some(lines) = &self.lines {
            let _ = lines.send(LogLine {
                function: self.function.clone(),
                environment: self.environment,
                stream: self.stream,
                line: line.to_owned(),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sink(lines: broadcast::Sender<LogLine>, tail: Arc<Tail>) -> Sink {
        Sink {
            function: "orders".into(),
            environment: 1,
            stream: LogStream::Stderr,
            lines: Some(lines),
            tail: Some(tail),
        }
    }

    #[tokio::test]
    async fn lines_are_passed_on_one_by_one_and_the_last_are_kept() {
        let (lines, mut received) = broadcast::channel(64);
        let tail = Arc::new(Tail::default());
        let written: String = (0..30).map(|number| format!("line {number}\r\n")).collect();

        sink(lines, tail.clone()).drain(format!("{written}no end \u{fffd}").as_bytes()).await;

        assert_eq!(received.recv().await.unwrap().line, "line 0");
        assert_eq!(received.len(), 30);
        assert_eq!(tail.lines().len(), 20);
        assert_eq!(tail.lines().first().unwrap(), "line 11");
        assert_eq!(tail.lines().last().unwrap(), "no end \u{fffd}");
    }

    #[tokio::test]
    async fn a_line_without_end_is_cut_instead_of_kept_in_memory() {
        let (lines, mut received) = broadcast::channel(64);
        let endless = vec![b'x'; 600 * 1024];

        sink(lines, Arc::default()).drain(endless.as_slice()).await;

        assert_eq!(received.recv().await.unwrap().line.len(), 256 * 1024);
        assert_eq!(received.len(), 2);
    }

    #[tokio::test]
    async fn a_stream_is_read_to_its_end_though_nobody_listens() {
        let (lines, nobody) = broadcast::channel(1);
        drop(nobody);
        sink(lines, Arc::default()).drain("a\nb\nc\n".as_bytes()).await;
    }
}
