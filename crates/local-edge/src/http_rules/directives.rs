//! `Cache-Control` of answers and of requests.

use std::time::Duration;

use http::{HeaderMap, header};
use sfv::{BareItem, Dictionary, ListEntry, Parser};

use super::headers::latin1;

/// The directives of an answer a shared cache acts on. `private` and `no-cache` with field names count as the plain form,
/// which RFC 9111 allows and which errs on the safe side.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ResponseDirectives {
    pub(crate) no_store: bool,
    pub(crate) no_cache: bool,
    pub(crate) private: bool,
    pub(crate) public: bool,
    pub(crate) must_revalidate: bool,
    pub(crate) proxy_revalidate: bool,
    pub(crate) must_understand: bool,
    pub(crate) no_transform: bool,
    pub(crate) max_age: Option<Duration>,
    pub(crate) s_maxage: Option<Duration>,
    pub(crate) stale_while_revalidate: Option<Duration>,
    pub(crate) stale_if_error: Option<Duration>,
    /// They come from a field for caches of this kind only, beside which `Cache-Control` and `Expires` do not count.
    pub(crate) targeted: bool,
}

impl ResponseDirectives {
    /// `CDN-Cache-Control` if there is a valid one (RFC 9213), else `Cache-Control`.
    pub(crate) fn targeted(headers: &HeaderMap) -> Self {
        let lines = headers.get_all("cdn-cache-control").iter().map(|line| latin1(line.as_bytes()));
        let field = Parser::new(&lines.collect::<Vec<_>>().join(", ")).parse::<Dictionary>();
        let Some(dictionary) = field.ok().filter(|dictionary| !dictionary.is_empty()) else {
            return Self::of(headers);
        };
        let member = |name: &str| match dictionary.get(name) {
            Some(ListEntry::Item(item)) => Some(&item.bare_item),
            _ => None,
        };
        let set = |name| matches!(member(name), Some(BareItem::Boolean(true)));
        let seconds = |name| match member(name) {
            Some(BareItem::Integer(number)) => seconds(&number.to_string()),
            _ => None,
        };
        Self {
            no_store: set("no-store"),
            no_cache: set("no-cache"),
            private: set("private"),
            public: set("public"),
            must_revalidate: set("must-revalidate"),
            proxy_revalidate: set("proxy-revalidate"),
            must_understand: set("must-understand"),
            no_transform: set("no-transform"),
            max_age: seconds("max-age"),
            s_maxage: seconds("s-maxage"),
            stale_while_revalidate: seconds("stale-while-revalidate"),
            stale_if_error: seconds("stale-if-error"),
            targeted: true,
        }
    }

    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut found = Self::default();
        each_directive(headers, |name, value| match name {
            "no-store" => found.no_store = true,
            "no-cache" => found.no_cache = true,
            "private" => found.private = true,
            "public" => found.public = true,
            "must-revalidate" => found.must_revalidate = true,
            "proxy-revalidate" => found.proxy_revalidate = true,
            "must-understand" => found.must_understand = true,
            "no-transform" => found.no_transform = true,
            // Of several values the first counts, and one that cannot be read means "already stale" (RFC 9111, 4.2.1).
            "max-age" => found.max_age = found.max_age.or(Some(seconds(value).unwrap_or_default())),
            "s-maxage" => found.s_maxage = found.s_maxage.or(Some(seconds(value).unwrap_or_default())),
            "stale-while-revalidate" => {
                found.stale_while_revalidate = found.stale_while_revalidate.or(seconds(value));
            }
            "stale-if-error" => found.stale_if_error = found.stale_if_error.or(seconds(value)),
            _ => {}
        });
        found
    }
}

/// The directives of a request a cache may act on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct RequestDirectives {
    pub(crate) no_store: bool,
    pub(crate) no_cache: bool,
    pub(crate) only_if_cached: bool,
    pub(crate) max_age: Option<Duration>,
    pub(crate) min_fresh: Option<Duration>,
    /// `max-stale` without a value is the longest duration there is.
    pub(crate) max_stale: Option<Duration>,
}

impl RequestDirectives {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut found = Self::default();
        each_directive(headers, |name, value| match name {
            "no-store" => found.no_store = true,
            "no-cache" => found.no_cache = true,
            "only-if-cached" => found.only_if_cached = true,
            "max-age" => found.max_age = found.max_age.or(seconds(value)),
            "min-fresh" => found.min_fresh = found.min_fresh.or(seconds(value)),
            "max-stale" if value.is_empty() => found.max_stale = Some(Duration::MAX),
            "max-stale" => found.max_stale = found.max_stale.or(seconds(value)),
            _ => {}
        });
        let pragma = headers.get(header::PRAGMA).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !headers.contains_key(header::CACHE_CONTROL) && pragma.to_ascii_lowercase().contains("no-cache") {
            found.no_cache = true;
        }
        found
    }
}

/// Calls `act` with each directive's lower-case name and its value without quotes.
fn each_directive(headers: &HeaderMap, mut act: impl FnMut(&str, &str)) {
    for line in headers.get_all(header::CACHE_CONTROL) {
        for directive in split_list(&latin1(line.as_bytes())) {
            let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
            let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
            act(&name.to_ascii_lowercase(), value);
        }
    }
}

/// Splits a list at its commas, but not inside quoted strings. Elements come without surrounding blanks; empty ones are left out.
pub(super) fn split_list(line: &str) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    line.split(move |c| {
        let separates = c == ',' && !quoted;
        (quoted, escaped) = match c {
            '"' if !escaped => (!quoted, false),
            '\\' if quoted => (quoted, !escaped),
            _ => (quoted, false),
        };
        separates
    })
    .map(|element| element.trim_matches([' ', '\t']))
    .filter(|element| !element.is_empty())
}

/// `delta-seconds`. What is too large to matter means 2^31 seconds (RFC 9111, section 1.2.2).
pub(super) fn seconds(value: &str) -> Option<Duration> {
    const LONGEST: u64 = 1 << 31;
    if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(Duration::from_secs(value.parse::<u64>().map_or(LONGEST, |seconds| seconds.min(LONGEST))))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn response(lines: &[&'static str]) -> ResponseDirectives {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::CACHE_CONTROL, HeaderValue::from_static(line));
        }
        ResponseDirectives::of(&headers)
    }

    #[test]
    fn directive_names_have_no_case_and_lines_add_up() {
        let found = response(&["Public, S-MaxAge=5", "STALE-if-error=7"]);
        assert!(found.public);
        assert_eq!(found.s_maxage, Some(Duration::from_secs(5)));
        assert_eq!(found.stale_if_error, Some(Duration::from_secs(7)));
    }

    #[test]
    fn a_quoted_string_hides_what_it_holds() {
        let found = response(&[r#"x="no-store, \", private", max-age="9""#]);
        assert!(!found.no_store && !found.private);
        assert_eq!(found.max_age, Some(Duration::from_secs(9)));
        assert!(response(&[r#"private="set-cookie, x", max-age=1"#]).private);
    }

    #[test]
    fn of_two_values_the_first_counts_and_an_unreadable_one_is_stale() {
        assert_eq!(response(&["max-age=1, max-age=1800"]).max_age, Some(Duration::from_secs(1)));
        assert_eq!(response(&["max-age=soon"]).max_age, Some(Duration::ZERO));
        assert_eq!(response(&["max-age=-1"]).max_age, Some(Duration::ZERO));
        assert_eq!(response(&["max-age=99999999999999999999"]).max_age, Some(Duration::from_secs(1 << 31)));
    }
}
