//! Header fields on their way through: hop-by-hop fields, combined values, and what a 304 updates.

use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::directives::split_list;

const HOP_BY_HOP: [&str; 9] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authentication-info",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "transfer-encoding",
    "upgrade",
];

/// Removes the fields that concern one connection only: the known ones and those `Connection` names.
pub(crate) fn remove_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(split_list)
        .filter_map(|name| HeaderName::from_bytes(name.as_bytes()).ok())
        .collect();
    for name in named {
        headers.remove(name);
    }
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
    headers.remove(header::TRAILER);
}

/// All values of a field as one, without the blanks around its commas; None if it is absent.
pub(crate) fn combined(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let mut lines = headers.get_all(name).iter().peekable();
    lines.peek()?;
    let lines: Vec<String> = lines.map(|line| latin1(line.as_bytes())).collect();
    Some(lines.iter().flat_map(|line| split_list(line)).collect::<Vec<_>>().join(","))
}

/// Any field value as text, one character a byte, so that different bytes stay different.
pub(super) fn latin1(value: &[u8]) -> String {
    value.iter().map(|byte| char::from(*byte)).collect()
}

/// The stored headers after a 304: every field it carries replaces the stored one, the rest stays (RFC 9111, 3.2).
///
/// Fields that describe the stored body, which is kept, are not taken from the 304.
pub(crate) fn merge_304(stored: &HeaderMap, update: &HeaderMap) -> HeaderMap {
    let mut merged = stored.clone();
    // The age of the confirmed copy counts from this answer.
    merged.remove(header::AGE);
    for name in update.keys() {
        if matches!(*name, header::CONTENT_LENGTH | header::CONTENT_ENCODING | header::CONTENT_RANGE) {
            continue;
        }
        merged.remove(name);
        for value in update.get_all(name) {
            merged.append(name.clone(), value.clone());
        }
    }
    merged
}

/// Sets a field to text made here; text that is no field value is left out.
pub(crate) fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
