//! Validators: answering a viewer's condition, and asking the origin whether a copy is still good.

use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::date::http_date;
use super::directives::split_list;
use super::headers::latin1;

/// What identifies a stored answer to its origin.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Validators {
    pub(crate) etag: Option<HeaderValue>,
    pub(crate) last_modified: Option<HeaderValue>,
}

impl Validators {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        Self {
            etag: headers.get(header::ETAG).cloned(),
            last_modified: headers.get(header::LAST_MODIFIED).cloned(),
        }
    }

    /// Makes a request conditional; false if there is nothing to ask by.
    pub(crate) fn ask(&self, request: &mut HeaderMap) -> bool {
        if let Some(etag) = &self.etag {
            request.insert(header::IF_NONE_MATCH, etag.clone());
        }
        if let Some(modified) = &self.last_modified {
            request.insert(header::IF_MODIFIED_SINCE, modified.clone());
        }
        self.etag.is_some() || self.last_modified.is_some()
    }

    /// Whether a 304 with these headers speaks of the stored answer. One without a validator does: only one was asked about.
    pub(crate) fn confirmed_by(&self, headers: &HeaderMap) -> bool {
        match (&self.etag, headers.get(header::ETAG)) {
            (Some(stored), Some(new)) => weak(stored) == weak(new),
            (None, Some(_)) => false,
            (_, None) => match (&self.last_modified, headers.get(header::LAST_MODIFIED)) {
                (Some(stored), Some(new)) => stored == new || self.etag.is_some(),
                (None, Some(_)) => self.etag.is_some(),
                (_, None) => true,
            },
        }
    }
}

/// An entity tag without its mark of weakness.
pub(super) fn weak(etag: &HeaderValue) -> &[u8] {
    let etag = etag.as_bytes().trim_ascii();
    etag.strip_prefix(b"W/").unwrap_or(etag)
}

/// Whether the viewer's condition makes this answer a 304: only for 200; `If-None-Match` goes before `If-Modified-Since`.
pub(crate) fn not_modified(request: &HeaderMap, status: StatusCode, response: &HeaderMap) -> bool {
    if status != StatusCode::OK {
        return false;
    }
    if request.contains_key(header::IF_NONE_MATCH) {
        let stored = response.get(header::ETAG).map(|etag| latin1(weak(etag)));
        return request.get_all(header::IF_NONE_MATCH).iter().any(|line| {
            split_list(&latin1(line.as_bytes())).any(|tag| {
                let tag = tag.strip_prefix("W/").unwrap_or(tag);
                tag == "*" || stored.as_ref().is_some_and(|stored| stored == tag)
            })
        });
    }
    let Some(since) = request.get(header::IF_MODIFIED_SINCE) else { return false };
    let modified = response.get(header::LAST_MODIFIED).or_else(|| response.get(header::DATE));
    match (http_date(since), modified.and_then(http_date)) {
        (Some(since), Some(modified)) => modified <= since,
        _ => false,
    }
}
