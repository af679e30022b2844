//! What the request's headers ask for.

use cache::Version;
use http::{HeaderMap, header};
use lambda_support::headers::{EDGE_REQUEST_ID, MIN_VERSION};

/// What the request's headers ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// The lowest version the caller accepts, if it says so.
    pub minimum: Option<Version>,
    /// Whether the source is to be asked in any case (`Cache-Control: no-cache`, RFC 9111, section 5.2.1.4). Not for what
    /// came through a cache: behind the edge anybody may write that, and each such read costs the table one, whoever else
    /// is loading the product already.
    pub reload: bool,
}

/// The minimum version is malformed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("X-Cache-Min-Version must be given once, as a whole number from 0 to 18446744073709551615")]
pub struct BadMinimum;

impl Wish {
    /// Reads the headers.
    pub fn read(headers: &HeaderMap) -> Result<Wish, BadMinimum> {
        let minimum = match headers.get(MIN_VERSION) {
            None => None,
            Some(value) => Some(value.to_str().ok().and_then(Version::parse).ok_or(BadMinimum)?),
        };
        let directives =
            headers.get_all(header::CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
        let asks =
            directives.flat_map(|line| line.split(',')).any(|d| d.trim().eq_ignore_ascii_case("no-cache"));
        // CloudFront sends both with every request, and no viewer can take them away.
        let forwarded = headers.contains_key(header::VIA) || headers.contains_key(EDGE_REQUEST_ID);
        let reload = asks && !forwarded;
        Ok(Wish { minimum, reload })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(headers: &[(&'static str, &'static str)]) -> Result<Wish, BadMinimum> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        Wish::read(&map)
    }

    #[test]
    fn a_minimum_is_a_version_given_once() {
        assert_eq!(read(&[("x-cache-min-version", "7")]).unwrap().minimum, Some(Version(7)));
        assert_eq!(read(&[]).unwrap(), Wish { minimum: None, reload: false });
        for bad in ["", "-1", "7, 8", "1.5", "x", "18446744073709551616"] {
            assert_eq!(read(&[("x-cache-min-version", bad)]), Err(BadMinimum), "{bad:?}");
        }
    }

    #[test]
    fn no_cache_is_found_among_other_directives() {
        assert!(read(&[("cache-control", "max-age=0, No-Cache")]).unwrap().reload);
        assert!(!read(&[("cache-control", "max-age=0, x-no-cache")]).unwrap().reload);
    }

    #[test]
    fn what_came_through_the_edge_cannot_ask_for_the_source() {
        for edge in [("via", "1.1 x.cloudfront.net (CloudFront)"), ("x-amz-cf-id", "abc==")] {
            assert!(!read(&[("cache-control", "no-cache"), edge]).unwrap().reload, "{edge:?}");
        }
    }
}
