//! Byte ranges, cut out of complete bodies.

use std::ops::RangeInclusive;

use http::{HeaderMap, StatusCode, header};

use super::date::http_date;

/// What a request's `Range` means for one complete answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Range {
    /// The whole body: no range asked for, several at once, not understood, or `If-Range` names another answer.
    Whole,
    /// These bytes.
    Part(RangeInclusive<usize>),
    /// No byte of the body is meant: 416.
    Unsatisfiable,
}

/// One range of one 200; several at once are answered with the whole body, which RFC 9110 leaves to the server.
pub(crate) fn requested_range(
    request: &HeaderMap,
    status: StatusCode,
    response: &HeaderMap,
    length: usize,
) -> Range {
    if status != StatusCode::OK || !if_range_holds(request, response) {
        return Range::Whole;
    }
    let line = request.get(header::RANGE).and_then(|line| line.to_str().ok());
    let Some(spec) = line.and_then(|line| line.trim().strip_prefix("bytes=")) else { return Range::Whole };
    let Some((first, last)) = spec.trim().split_once('-') else { return Range::Whole };
    let number = |text: &str| (!text.is_empty()).then(|| text.parse::<usize>());
    match (number(first), number(last)) {
        (None, Some(Ok(suffix))) if suffix > 0 && length > 0 => {
            Range::Part(length.saturating_sub(suffix)..=length - 1)
        }
        (None, Some(Ok(_))) => Range::Unsatisfiable,
        (Some(Ok(first)), None) if first < length => Range::Part(first..=length - 1),
        (Some(Ok(first)), Some(Ok(last))) if first <= last && first < length => {
            Range::Part(first..=last.min(length - 1))
        }
        (Some(Ok(first)), Some(Ok(last))) if first > last => Range::Whole,
        (Some(Ok(_)), None | Some(Ok(_))) => Range::Unsatisfiable,
        _ => Range::Whole,
    }
}

/// `If-Range` needs a strong match: a weak entity tag never holds, nor does a date in another second.
fn if_range_holds(request: &HeaderMap, response: &HeaderMap) -> bool {
    let Some(condition) = request.get(header::IF_RANGE) else { return true };
    if condition.as_bytes().starts_with(b"\"") {
        return response.get(header::ETAG) == Some(condition);
    }
    let modified = response.get(header::LAST_MODIFIED).and_then(http_date);
    modified.is_some() && http_date(condition) == modified
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn range(spec: &'static str, length: usize) -> Range {
        let request = HeaderMap::from_iter([(header::RANGE, HeaderValue::from_static(spec))]);
        requested_range(&request, StatusCode::OK, &HeaderMap::new(), length)
    }

    #[test]
    fn a_range_is_cut_to_the_body() {
        assert_eq!(range("bytes=0-1", 10), Range::Part(0..=1));
        assert_eq!(range("bytes=8-99", 10), Range::Part(8..=9));
        assert_eq!(range("bytes=4-", 10), Range::Part(4..=9));
        assert_eq!(range("bytes=-3", 10), Range::Part(7..=9));
        assert_eq!(range("bytes=-30", 10), Range::Part(0..=9));
    }

    #[test]
    fn a_range_outside_the_body_is_unsatisfiable_and_nonsense_is_ignored() {
        assert_eq!(range("bytes=10-", 10), Range::Unsatisfiable);
        assert_eq!(range("bytes=-0", 10), Range::Unsatisfiable);
        assert_eq!(range("bytes=0-0", 0), Range::Unsatisfiable);
        assert_eq!(range("bytes=-1", 0), Range::Unsatisfiable);
        assert_eq!(range("bytes=5-2", 10), Range::Whole);
        assert_eq!(range("bytes=0-1,4-5", 10), Range::Whole);
        assert_eq!(range("bytes=-99999999999999999999999", 10), Range::Whole);
        assert_eq!(range("lines=0-1", 10), Range::Whole);
    }
}
