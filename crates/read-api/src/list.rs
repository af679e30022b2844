//! Lists of products: what a query string asks for, the cursor, the answer.
//!
//! | parameter | default | meaning |
//! |---|---|---|
//! | `category` | every category | 1 to 64 characters |
//! | `limit` | 24 | products a page, 1 to 100 |
//! | `cursor` | the first page | `next` of the page before, of the same category |
//!
//! With `ids` it is no list: see [`several`](crate::several).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use cache::{Answer, Content, Storable, Version};
use catalog::list::{DEFAULT_LIMIT, MAX_LIMIT, list_tag};
use catalog::names::{GROUP, MAX_GROUP};
use catalog::{Page, Position};
use http::{HeaderValue, Response, header};
use lambda_support::headers::{CACHE_STATUS, CACHE_TAG, set};
use serde::{Deserialize, Serialize};

use crate::headers::{cache_status, conditional};

/// A key of DynamoDB has at most 2,048 bytes; with its frame and a category it stays below this in base64.
const MAX_CURSOR: usize = 4_096;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListQuery {
    /// Of one category, or of all.
    pub category: Option<String>,
    /// At most so many products.
    pub limit: u16,
    /// After this position, or from the start.
    pub after: Option<Position>,
}

/// Why a query string asks for nothing that can be answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadQuery {
    /// It has a parameter that means nothing here.
    #[error("there is no parameter \"{0}\"; a list takes {GROUP}, limit and cursor, or ids alone")]
    Unknown(String),
    /// It has a parameter twice.
    #[error("{0} is given more than once")]
    Repeated(&'static str),
    /// The category is too short or too long.
    #[error("{GROUP} must have 1 to {MAX_GROUP} characters")]
    Category,
    /// The limit is no number of the range.
    #[error("limit must be a whole number from 1 to {MAX_LIMIT}")]
    Limit,
    /// The cursor was never given out.
    #[error("cursor must be `next` of the page before; leave it out for the first page")]
    Cursor,
    /// The cursor was given out for another list.
    #[error("cursor belongs to a list of another {GROUP}")]
    ForeignCursor,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cursor {
    after: String,
    category: Option<String>,
}

impl ListQuery {
    /// Reads a query string, as it stands in the URI.
    pub fn read(query: &str) -> Result<ListQuery, BadQuery> {
        let (mut category, mut limit, mut cursor) = (None, None, None);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let (name, slot) = match name.as_ref() {
                GROUP => (GROUP, &mut category),
                "limit" => ("limit", &mut limit),
                "cursor" => ("cursor", &mut cursor),
                other => return Err(BadQuery::Unknown(other.chars().take(MAX_GROUP).collect())),
            };
            if slot.replace(value.into_owned()).is_some() {
                return Err(BadQuery::Repeated(name));
            }
        }
        if category.as_ref().is_some_and(|name| !(1..=MAX_GROUP).contains(&name.chars().count())) {
            return Err(BadQuery::Category);
        }
        let limit = limit.map_or(Ok(DEFAULT_LIMIT), |digits| read_limit(&digits))?;
        let cursor = cursor.map(|cursor| read_cursor(&cursor).ok_or(BadQuery::Cursor)).transpose()?;
        if cursor.as_ref().is_some_and(|cursor| cursor.category != category) {
            return Err(BadQuery::ForeignCursor);
        }
        Ok(ListQuery { category, limit, after: cursor.map(|cursor| Position(cursor.after)) })
    }

    /// A page of it, as it is kept and sent.
    pub fn render(&self, page: &Page) -> Bytes {
        page.render(page.next.as_ref().map(|next| write_cursor(next, self.category.as_deref())).as_deref())
    }

    /// The answer to it: the page, or 304 if the caller has it.
    pub fn answer(&self, answer: &Answer, known: Option<&HeaderValue>) -> Response<Bytes> {
        let (body, hash) = match &answer.content {
            Content::Live { body, hash } => (body.clone(), *hash),
            // A list is never absent.
            Content::Absent => (Bytes::new(), 0),
        };
        let etag = format!("\"list-{:x}-{hash:08x}\"", body.len());
        let mut response = conditional(body, etag, Version::ZERO, known);
        let headers = response.headers_mut();
        set(headers, header::CACHE_CONTROL, brief(answer.storable()));
        set(headers, CACHE_STATUS, cache_status(&answer.provenance));
        set(headers, CACHE_TAG, list_tag(self.category.as_deref()));
        response
    }
}

/// `Cache-Control` of what comes from an index that lags, or is many things at once: no level above keeps it for long.
pub fn brief(storable: Storable) -> &'static str {
    match storable {
        Storable::No => "no-store",
        Storable::Yes | Storable::Briefly => "public, max-age=0, s-maxage=1",
    }
}

fn read_limit(digits: &str) -> Result<u16, BadQuery> {
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    let limit = digits.parse().ok().filter(|limit| plain && (1..=MAX_LIMIT).contains(limit));
    limit.ok_or(BadQuery::Limit)
}

fn read_cursor(cursor: &str) -> Option<Cursor> {
    if cursor.len() > MAX_CURSOR {
        return None;
    }
    let cursor: Cursor = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    (!cursor.after.is_empty()).then_some(cursor)
}

fn write_cursor(position: &Position, category: Option<&str>) -> String {
    // Only a map with keys that are no strings could fail here, and there is none.
    let json =
        serde_json::to_vec(&Cursor { after: position.0.clone(), category: category.map(str::to_owned) })
            .unwrap_or_default();
    URL_SAFE_NO_PAD.encode(json)
}

#[cfg(test)]
mod tests;
