//! Open-loop load: requests have their times before anything is sent, and an answer's time counts from there.
//!
//! A generator that waits for an answer before it sends the next request stops asking while the system is slow, and leaves
//! out what everybody else would have waited (coordinated omission). Here a request that finds every connection busy waits, and
//! its waiting counts. What is under way at once, and how long all of it may take, is bounded.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use crate::clock::now;
use crate::http::Connection;

/// How long after the last arrival requests are still sent. What is left then has failed.
const GRACE: Duration = Duration::from_secs(2);

/// When requests arrive.
#[derive(Debug, Clone)]
pub struct Arrivals(Vec<Duration>);

impl Arrivals {
    /// At random times, independent of each other, the same for the same seed; exactly `rate` times `length` (in seconds) of
    /// them.
    pub fn random(rate: f64, length: Duration, seed: u64) -> Arrivals {
        let mut random = fastrand::Rng::with_seed(seed);
        let count = (rate * length.as_secs_f64()).round() as usize;
        let mut times: Vec<_> = (0..count).map(|_| length.mul_f64(random.f64())).collect();
        times.sort_unstable();
        Arrivals(times)
    }
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fate {
    /// When it arrived, from the beginning.
    pub arrived: Duration,
    /// From its arrival to the last byte of its answer; `None` if there was none, or none with status 200.
    pub took: Option<Duration>,
}

/// Sends a request at each arrival, one of `requests` after the other, over as many connections as there are, and meanwhile calls
/// `watch` in this thread. Fates are in no order.
pub fn offer<T>(
    connections: &mut [Connection],
    requests: &[Vec<u8>],
    arrivals: &Arrivals,
    watch: impl FnOnce() -> T,
) -> (Vec<Fate>, T) {
    let Arrivals(times) = arrivals;
    let give_up = times.last().copied().unwrap_or_default() + GRACE;
    let next = AtomicUsize::new(0);
    let began = now();
    let send = |connection: &mut Connection| {
        let mut fates = Vec::new();
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(&arrived) = times.get(place) else { return fates };
            thread::sleep(arrived.saturating_sub(began.elapsed()));
            let answer = (began.elapsed() < give_up)
                .then(|| connection.exchange(&requests[place % requests.len()]).ok())
                .flatten();
            let took = began.elapsed().saturating_sub(arrived);
            let took = answer.filter(|answer| answer.status() == 200).map(|_| took);
            fates.push(Fate { arrived, took });
        }
    };
    thread::scope(|scope| {
        let threads: Vec<_> =
            connections.iter_mut().map(|connection| scope.spawn(|| send(connection))).collect();
        let watched = watch();
        let fates = threads.into_iter().flat_map(|thread| thread.join().unwrap_or_default()).collect();
        (fates, watched)
    })
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Write};
    use std::net::TcpListener;

    use super::*;
    use crate::http::{Message, request};

    #[test]
    fn arrivals_come_at_their_rate_and_are_the_same_again() {
        let times = |seed| Arrivals::random(1_000.0, Duration::from_secs(10), seed).0;
        assert!(times(1).len() == 10_000 && times(1).is_sorted());
        let half = times(1).partition_point(|time| *time < Duration::from_secs(5));
        assert!((4_700..5_300).contains(&half), "{half}");
        assert_eq!(times(1), times(1));
        assert_ne!(times(1), times(2));
    }

    #[test]
    fn waiting_for_a_connection_counts() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = thread::spawn(move || {
            let mut stream = BufReader::new(listener.accept().unwrap().0);
            for status in [200, 200, 503] {
                Message::read(&mut stream).unwrap().unwrap();
                thread::sleep(Duration::from_millis(20));
                write!(stream.get_mut(), "HTTP/1.1 {status} .\r\ncontent-length: 0\r\n\r\n").unwrap();
            }
        });
        let at_once = Arrivals(vec![Duration::ZERO; 3]);
        let get = [request("GET", "/", &[], "")];
        let (fates, watched) = offer(&mut [Connection::to(&url)], &get, &at_once, || 7);
        server.join().unwrap();
        let took: Vec<_> = fates.iter().map(|fate| fate.took.map(|took| took.as_millis())).collect();
        assert!(took[0] >= Some(20) && took[1] >= Some(40) && took[2].is_none(), "{took:?}");
        assert_eq!(watched, 7);
    }
}
