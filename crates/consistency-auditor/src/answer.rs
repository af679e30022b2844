//! What a level said.

use std::fmt;

use cache::Version;
use http::{HeaderMap, HeaderName, StatusCode, header};
use lambda_support::headers::{CACHE_STATUS, VERSION};
use serde::{Deserialize, Serialize};

const X_CACHE: HeaderName = HeaderName::from_static("x-cache");

/// A product's content, as far as it can be told apart from another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// There is no such product.
    Absent,
    /// There is, with this entity tag: version and checksum of what is answered, without quotes. That an edge has made it
    /// weak does not count: it compresses.
    Live(String),
}

/// An answer that can be judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What it says.
    pub state: State,
    /// Its `X-Cache-Version`; zero for no such product.
    pub version: Version,
    /// Its `Cache-Status`; empty if there is none. What comes from the edge's store has that of the answer it stored.
    pub cache_status: String,
    /// Its `X-Cache`, which is the edge's own word; empty if there is none.
    pub x_cache: String,
    /// Its `Age`; empty if there is none.
    pub age: String,
}

/// Why there is no answer that can be judged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unanswered(pub String);

impl Answer {
    /// Reads an answer's head. Only a product and its absence can be judged, and only by what the API says of them: a page
    /// that something on the way has put in their place is no answer.
    pub fn read(status: StatusCode, headers: &HeaderMap) -> Result<Answer, Unanswered> {
        let text =
            |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let version = text(VERSION).parse().map(Version);
        let version =
            version.map_err(|_| Unanswered(format!("status {} without X-Cache-Version", status.as_u16())));
        let state = match status {
            StatusCode::OK => opaque(text(header::ETAG)).map(State::Live),
            StatusCode::NOT_FOUND => Some(State::Absent),
            _ => return Err(Unanswered(format!("status {}", status.as_u16()))),
        };
        Ok(Answer {
            version: version?,
            state: state.ok_or_else(|| Unanswered("no entity tag".to_owned()))?,
            cache_status: text(CACHE_STATUS).to_owned(),
            x_cache: text(X_CACHE).to_owned(),
            age: text(header::AGE).to_owned(),
        })
    }

    /// The version of what is there; `None` for no such product.
    pub fn live(&self) -> Option<Version> {
        matches!(self.state, State::Live(_)).then_some(self.version)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            State::Absent => f.write_str("absent"),
            State::Live(etag) => f.write_str(etag),
        }
    }
}

/// What an entity tag has between its quotes.
fn opaque(etag: &str) -> Option<String> {
    let quoted = etag.strip_prefix("W/").unwrap_or(etag);
    Some(quoted.strip_prefix('"')?.strip_suffix('"')?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: u16, headers: &[(&'static str, &'static str)]) -> Result<Answer, Unanswered> {
        let headers =
            headers.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
        Answer::read(StatusCode::from_u16(status).unwrap(), &headers.collect())
    }

    #[test]
    fn a_product_and_its_absence_can_be_judged() {
        let live = [
            ("x-cache-version", "8"),
            ("etag", "W/\"8-1a2b3c4d\""),
            ("x-cache", "Hit from cloudfront"),
            ("age", "3"),
        ];
        let answer = read(200, &live).unwrap();
        assert_eq!((answer.live(), answer.state), (Some(Version(8)), State::Live("8-1a2b3c4d".into())));
        assert_eq!(
            (answer.x_cache.as_str(), answer.age.as_str(), answer.cache_status.as_str()),
            ("Hit from cloudfront", "3", "")
        );
        let strong = read(200, &[("x-cache-version", "8"), ("etag", "\"8-1a2b3c4d\"")]).unwrap();
        assert_eq!(
            strong.state,
            State::Live("8-1a2b3c4d".into()),
            "compressed or not, it is the same product"
        );
        let absent = read(404, &[("x-cache-version", "0"), ("cache-status", "Valkey; hit; ttl=4")]).unwrap();
        assert_eq!(
            (absent.live(), absent.state, absent.cache_status.as_str()),
            (None, State::Absent, "Valkey; hit; ttl=4")
        );
    }

    #[test]
    fn nothing_else_can() {
        let version = ("x-cache-version", "8");
        for status in [204, 301, 302, 304, 403, 412, 429, 500, 502, 503] {
            let unanswered = read(status, &[version, ("etag", "\"8-1\"")]).unwrap_err();
            assert_eq!(unanswered.0, format!("status {status}"));
        }
        assert_eq!(read(200, &[("etag", "\"8-1\"")]).unwrap_err().0, "status 200 without X-Cache-Version");
        assert_eq!(read(404, &[]).unwrap_err().0, "status 404 without X-Cache-Version");
        assert_eq!(
            read(404, &[("x-cache-version", "-1")]).unwrap_err().0,
            "status 404 without X-Cache-Version"
        );
        for etag in ["8-1", "\"8-1", "W/8", "", "\""] {
            assert!(read(200, &[version, ("etag", etag)]).is_err(), "{etag}");
        }
    }
}
