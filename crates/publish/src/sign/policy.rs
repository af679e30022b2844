//! What a signature allows: which URLs, until when, from when, for whom.

use std::net::Ipv4Addr;

use jiff::{Span as Duration, SpanRelativeTo, Timestamp};
use serde::Serialize;

use crate::failure::Failure;

/// The parameters CloudFront takes from a signed URL. A URL that has one already cannot be signed.
const OURS: [&str; 5] = ["expires", "policy", "signature", "key-pair-id", "hash-algorithm"];

/// The time a signature is valid, in seconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first moment; none: from the beginning of time.
    pub from: Option<i64>,
    /// The first moment it is not valid any more.
    pub until: i64,
}

impl Span {
    /// Reads both ends, each a moment (`2026-12-24T18:00:00Z`) or a time from now (`1h`, `7d`).
    pub fn parse(from: Option<&str>, until: &str, now: Timestamp) -> Result<Span, Failure> {
        let from = from.map(|text| moment(text, now)).transpose()?;
        let until = moment(until, now)?;
        if until <= now || from.is_some_and(|from| from >= until) {
            return Err(Failure::Asked(format!("a signature that ends at {until} would never be valid")));
        }
        Ok(Span { from: from.map(Timestamp::as_second), until: until.as_second() })
    }
}

fn moment(text: &str, now: Timestamp) -> Result<Timestamp, Failure> {
    let absolute = text.parse::<Timestamp>().ok();
    let relative = || {
        let span = text.parse::<Duration>().ok()?;
        now.checked_add(span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?).ok()
    };
    absolute.or_else(relative).ok_or_else(|| {
        Failure::Asked(format!(
            "{text} is no time: write 1h, 30m or 7d, or a moment like 2026-12-24T18:00:00Z"
        ))
    })
}

/// A policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    resource: String,
    span: Span,
    ip: Option<String>,
    canned: bool,
}

impl Policy {
    /// Allows one URL, or all that begin with `prefix`; to anybody, or to viewers of an IPv4 block.
    pub fn new(url: &str, prefix: Option<&str>, span: Span, ip: Option<&str>) -> Result<Policy, Failure> {
        check(url)?;
        let resource = match prefix {
            None => url.to_owned(),
            Some(prefix) => {
                let prefix = prefix.strip_suffix('*').unwrap_or(prefix);
                check(prefix)?;
                if !url.starts_with(prefix) {
                    return Err(Failure::Asked(format!("{url} does not begin with {prefix}")));
                }
                format!("{prefix}*")
            }
        };
        let ip = ip.map(block).transpose()?;
        // A policy made of a URL and an end alone is known to CloudFront without being sent.
        let canned = prefix.is_none() && ip.is_none() && span.from.is_none();
        Ok(Policy { resource, span, ip, canned })
    }

    /// Whether CloudFront knows it by its end alone.
    pub fn is_canned(&self) -> bool {
        self.canned
    }

    /// The end, in seconds since the epoch.
    pub fn until(&self) -> i64 {
        self.span.until
    }

    /// What URLs it is about, with a `*` where any text may follow.
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// The text that is signed: of a canned policy CloudFront makes the same one, to the last character.
    pub fn text(&self) -> Result<String, Failure> {
        let at = |moment| EpochTime { moment };
        let condition = Condition {
            less: at(self.span.until),
            ip: self.ip.as_deref().map(|block| SourceIp { block }),
            greater: self.span.from.map(at),
        };
        let statement = [Statement { resource: &self.resource, condition }];
        serde_json::to_string(&Document { statement }).map_err(|error| Failure::Asked(error.to_string()))
    }
}

#[derive(Serialize)]
struct Document<'a> {
    #[serde(rename = "Statement")]
    statement: [Statement<'a>; 1],
}

#[derive(Serialize)]
struct Statement<'a> {
    #[serde(rename = "Resource")]
    resource: &'a str,
    #[serde(rename = "Condition")]
    condition: Condition<'a>,
}

#[derive(Serialize)]
struct Condition<'a> {
    #[serde(rename = "DateLessThan")]
    less: EpochTime,
    #[serde(rename = "IpAddress", skip_serializing_if = "Option::is_none")]
    ip: Option<SourceIp<'a>>,
    #[serde(rename = "DateGreaterThan", skip_serializing_if = "Option::is_none")]
    greater: Option<EpochTime>,
}

#[derive(Serialize)]
struct EpochTime {
    #[serde(rename = "AWS:EpochTime")]
    moment: i64,
}

#[derive(Serialize)]
struct SourceIp<'a> {
    #[serde(rename = "AWS:SourceIp")]
    block: &'a str,
}

/// A URL as CloudFront compares it: absolute, ASCII, encoded, and none of a signature's own parameters in it.
fn check(url: &str) -> Result<(), Failure> {
    let refused = |why: &str| Err(Failure::Asked(format!("{url} cannot be signed: {why}")));
    let parsed = url.parse::<http::Uri>().ok();
    let absolute = parsed.as_ref().is_some_and(|url| {
        matches!(url.scheme_str(), Some("http" | "https")) && url.host().is_some_and(|host| !host.is_empty())
    });
    if !absolute || !url.contains("://") {
        return refused("it must begin with https:// and a host, other characters encoded");
    }
    if url.bytes().any(|byte| !byte.is_ascii_graphic() || br#""<>\^`{|}#"#.contains(&byte)) {
        return refused("spaces and other special characters must be encoded, and there is no fragment");
    }
    if url.contains('*') {
        return refused("a `*` in it would stand for any text; that is what --policy-prefix is for");
    }
    let query = parsed.as_ref().and_then(http::Uri::query).unwrap_or_default();
    let mut names = query.split('&').map(|pair| pair.split('=').next().unwrap_or_default());
    match names.find(|name| OURS.contains(&name.to_ascii_lowercase().as_str())) {
        Some(name) => refused(&format!("the parameter {name} is CloudFront's own")),
        None => Ok(()),
    }
}

/// An IPv4 block; one address is a block of 32 bits. CloudFront knows no IPv6 here.
fn block(text: &str) -> Result<String, Failure> {
    let (address, bits) = text.split_once('/').unwrap_or((text, "32"));
    match (address.parse::<Ipv4Addr>(), bits.parse::<u8>()) {
        (Ok(address), Ok(bits @ 0..=32)) => Ok(format!("{address}/{bits}")),
        _ => Err(Failure::Asked(format!("{text} is no IPv4 address or block like 192.0.2.0/24"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://d111111abcdef8.cloudfront.net/api/private/products/boots-001";
    const HOUR: Span = Span { from: None, until: 1_767_290_400 };

    fn text(url: &str, prefix: Option<&str>, span: Span, ip: Option<&str>) -> String {
        Policy::new(url, prefix, span, ip).unwrap().text().unwrap()
    }

    #[test]
    fn a_canned_policy_is_what_cloudfront_makes_of_url_and_end() {
        let policy = Policy::new(URL, None, HOUR, None).unwrap();
        assert!(policy.is_canned());
        assert_eq!(
            policy.text().unwrap(),
            r#"{"Statement":[{"Resource":"https://d111111abcdef8.cloudfront.net/api/private/products/boots-001","Condition":{"DateLessThan":{"AWS:EpochTime":1767290400}}}]}"#
        );
    }

    #[test]
    fn a_prefix_an_address_or_a_beginning_make_a_policy_that_is_sent() {
        let prefix = "https://d111111abcdef8.cloudfront.net/api/private/";
        let span = Span { from: Some(1_767_290_000), ..HOUR };
        assert_eq!(
            text(URL, Some(prefix), span, Some("192.0.2.0/24")),
            r#"{"Statement":[{"Resource":"https://d111111abcdef8.cloudfront.net/api/private/*","Condition":{"DateLessThan":{"AWS:EpochTime":1767290400},"IpAddress":{"AWS:SourceIp":"192.0.2.0/24"},"DateGreaterThan":{"AWS:EpochTime":1767290000}}}]}"#
        );
        assert_eq!(text(URL, Some(&format!("{prefix}*")), HOUR, None), text(URL, Some(prefix), HOUR, None));
        assert!(text(URL, None, HOUR, Some("192.0.2.7")).contains("192.0.2.7/32"));
        for policy in [
            Policy::new(URL, Some(prefix), HOUR, None),
            Policy::new(URL, None, span, None),
            Policy::new(URL, None, HOUR, Some("192.0.2.7")),
        ] {
            assert!(!policy.unwrap().is_canned());
        }
    }

    #[test]
    fn what_cloudfront_would_not_recognise_is_not_signed() {
        for url in [
            "/api",
            "ftp://e/x",
            "https://",
            "e.net/x",
            "https://e/ä",
            "https://e/a b",
            "https://e/a\"b",
            "https://e/x#y",
            "https://e/x?a=1&Expires=7",
            "https://e/x?Key-Pair-Id=K",
            "https://e/*",
        ] {
            assert!(Policy::new(url, None, HOUR, None).is_err(), "{url}");
        }
        assert!(Policy::new("https://e/x?a=1&b=2", None, HOUR, None).is_ok());
        assert!(Policy::new(URL, Some("https://e/"), HOUR, None).is_err(), "another host");
        for ip in ["::1", "192.0.2.0/33", "192.0.2", "x", "192.0.2.0/", ""] {
            assert!(Policy::new(URL, None, HOUR, Some(ip)).is_err(), "{ip}");
        }
    }

    #[test]
    fn times_are_moments_or_counted_from_now() {
        let now = Timestamp::from_second(1_000_000).unwrap();
        let until = |text| Span::parse(None, text, now).map(|span| span.until);
        assert_eq!(until("1h"), Ok(1_003_600));
        assert_eq!(until("7d"), Ok(1_000_000 + 7 * 86_400));
        assert_eq!(until("1h30m"), Ok(1_005_400));
        assert_eq!(until("1970-01-13T00:00:00Z"), Ok(12 * 86_400));
        for bad in ["", "1", "soon", "-1h", "0s", "1970-01-01T00:00:00Z"] {
            assert!(until(bad).is_err(), "{bad:?}");
        }
        assert_eq!(Span::parse(Some("30m"), "1h", now), Ok(Span { from: Some(1_001_800), until: 1_003_600 }));
        assert!(Span::parse(Some("2h"), "1h", now).is_err());
    }
}
