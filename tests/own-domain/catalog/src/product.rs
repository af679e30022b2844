//! The latest reading of a weather station.

use std::fmt;

use bytes::Bytes;
use cache::Version;
use serde::Serialize;

use crate::details::Details;

// The names by which the rest of the workspace knows what is cached and what names it.
pub use self::{Reading as Product, Station as ProductId};

/// A station's code: four capital letters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Station(String);

/// Why a text is no station.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a station is four capital letters, such as EDDF")]
pub struct InvalidId;

impl Station {
    /// Checks and takes a code.
    pub fn parse(text: &str) -> Result<Station, InvalidId> {
        let valid = text.len() == 4 && text.bytes().all(|b| b.is_ascii_uppercase());
        if valid { Ok(Station(text.to_owned())) } else { Err(InvalidId) }
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Station {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A reading as it is stored and sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reading {
    /// Whose.
    #[serde(rename = "station")]
    pub id: Station,
    /// What was measured.
    #[serde(flatten)]
    pub details: Details,
    /// Grows with every write.
    #[serde(serialize_with = "plain_number")]
    pub version: Version,
    /// When it was written.
    #[serde(rename = "measured_at")]
    pub updated_at: Option<String>,
}

impl Reading {
    /// Which list it is in, beside that of all readings.
    pub fn group(&self) -> &str {
        &self.details.region
    }

    /// The response body.
    pub fn render(&self) -> Bytes {
        serde_json::to_vec(self).unwrap_or_default().into()
    }
}

fn plain_number<S: serde::Serializer>(version: &Version, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(version.0)
}
