//! `Vary`: the part of the cache key that the answer names.

use http::{HeaderMap, HeaderName, header};

use super::combined;
use super::directives::split_list;

/// The request headers an answer depends on and their values in the request that led to it. Sorted by name.
pub(crate) type VaryValues = Vec<(HeaderName, Option<String>)>;

/// The header names in `Vary`, sorted; None if the answer fits no other request (`*`, or a name that cannot be one).
pub(crate) fn vary_names(headers: &HeaderMap) -> Option<Vec<HeaderName>> {
    let mut names = Vec::new();
    for line in headers.get_all(header::VARY) {
        for name in split_list(line.to_str().ok()?) {
            if name == "*" {
                return None;
            }
            names.push(HeaderName::from_bytes(name.as_bytes()).ok()?);
        }
    }
    names.sort_by(|a, b| a.as_str().cmp(b.as_str()));
    names.dedup();
    Some(names)
}

/// What a request has under these names.
pub(crate) fn vary_values(names: &[HeaderName], request: &HeaderMap) -> VaryValues {
    names.iter().map(|name| (name.clone(), selecting(request, name))).collect()
}

/// Whether a request has the same under all of them.
pub(crate) fn vary_matches(values: &VaryValues, request: &HeaderMap) -> bool {
    values.iter().all(|(name, value)| selecting(request, name) == *value)
}

fn selecting(request: &HeaderMap, name: &HeaderName) -> Option<String> {
    let value = combined(request, name)?;
    let has_no_case = matches!(*name, header::ACCEPT_LANGUAGE | header::ACCEPT_ENCODING);
    Some(if has_no_case { value.to_ascii_lowercase() } else { value })
}
