//! The XML of requests and answers.

use quick_xml::events::Event;
use serde::{Deserialize, Serialize};

use super::error::ApiError;
use super::ledger::{Page, Record};

pub(super) const NAMESPACE: &str = "http://cloudfront.amazonaws.com/doc/2020-05-31/";

/// `InvalidationBatch`, in requests and in answers.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct InvalidationBatch {
    pub(super) paths: Option<Paths>,
    pub(super) caller_reference: Option<String>,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Paths {
    pub(super) quantity: i64,
    pub(super) items: Option<Items>,
}

#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub(super) struct Items {
    #[serde(rename = "Path", default)]
    pub(super) paths: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Invalidation {
    #[serde(rename = "@xmlns")]
    xmlns: &'static str,
    id: String,
    status: &'static str,
    create_time: String,
    invalidation_batch: InvalidationBatch,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct InvalidationList {
    #[serde(rename = "@xmlns")]
    xmlns: &'static str,
    marker: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_marker: Option<String>,
    max_items: usize,
    is_truncated: bool,
    quantity: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    items: Option<Summaries>,
}

#[derive(Debug, Serialize)]
struct Summaries {
    #[serde(rename = "InvalidationSummary")]
    summaries: Vec<Summary>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Summary {
    id: String,
    create_time: String,
    status: &'static str,
}

/// `Marker` and `MaxItems` of ListInvalidations.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListQuery {
    marker: Option<String>,
    max_items: Option<String>,
}

impl ListQuery {
    /// The marker and the size of a page: 100 unless asked otherwise.
    pub(super) fn check(self) -> Result<(Option<String>, usize), ApiError> {
        let most = self.max_items.as_deref().map_or(Ok(100), str::parse::<usize>);
        match most {
            Ok(most) if most > 0 => Ok((self.marker.filter(|marker| !marker.is_empty()), most.min(1_000))),
            _ => Err(ApiError::InvalidArgument("MaxItems must be a positive number.".to_owned())),
        }
    }
}

/// Reads a request's body, whatever the order of its elements.
pub(super) fn read_batch(body: &[u8]) -> Result<InvalidationBatch, ApiError> {
    let malformed = |error: &dyn std::fmt::Display| ApiError::MalformedXml(error.to_string());
    let text = std::str::from_utf8(body).map_err(|error| malformed(&error))?;
    let mut reader = quick_xml::Reader::from_str(text);
    loop {
        match reader.read_event().map_err(|error| malformed(&error))? {
            Event::Start(root) | Event::Empty(root) => {
                if root.local_name().as_ref() != "InvalidationBatch" {
                    return Err(malformed(&"the root element must be InvalidationBatch"));
                }
                break;
            }
            Event::Eof => return Err(malformed(&"there is no element")),
            _ => {}
        }
    }
    quick_xml::de::from_str(text).map_err(|error| malformed(&error))
}

pub(super) fn invalidation(record: &Record) -> Result<String, ApiError> {
    let items = Items { paths: record.batch.items.clone() };
    let paths = Paths { quantity: i64::try_from(items.paths.len()).unwrap_or(i64::MAX), items: Some(items) };
    document(
        "Invalidation",
        &Invalidation {
            xmlns: NAMESPACE,
            id: record.id.clone(),
            status: record.status(),
            create_time: record.create_time(),
            invalidation_batch: InvalidationBatch {
                paths: Some(paths),
                caller_reference: Some(record.batch.caller_reference.clone()),
            },
        },
    )
}

pub(super) fn invalidation_list(marker: Option<&str>, most: usize, page: &Page) -> Result<String, ApiError> {
    let summaries: Vec<Summary> = page
        .records
        .iter()
        .map(|record| Summary {
            id: record.id.clone(),
            create_time: record.create_time(),
            status: record.status(),
        })
        .collect();
    document(
        "InvalidationList",
        &InvalidationList {
            xmlns: NAMESPACE,
            marker: marker.unwrap_or_default().to_owned(),
            next_marker: page
                .truncated
                .then(|| page.records.last().map(|record| record.id.clone()))
                .flatten(),
            max_items: most,
            is_truncated: page.truncated,
            quantity: summaries.len(),
            items: (!summaries.is_empty()).then_some(Summaries { summaries }),
        },
    )
}

fn document(root: &str, content: &impl Serialize) -> Result<String, ApiError> {
    let xml = quick_xml::se::to_string_with_root(root, content)
        .map_err(|error| ApiError::Internal(error.to_string()))?;
    Ok(format!("<?xml version=\"1.0\"?>\n{xml}"))
}
