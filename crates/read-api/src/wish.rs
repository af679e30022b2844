//! What the request's headers ask for.

use cache::Version;
use http::{HeaderMap, HeaderName, header};

/// The lowest version the caller accepts. Part of the edge's cache key.
pub const MIN_VERSION: HeaderName = HeaderName::from_static("x-cache-min-version");

/// What the request's headers ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// The lowest version the caller accepts, if it says so.
    pub minimum: Option<Version>,
    /// Whether the source is to be asked in any case (`Cache-Control: no-cache`, RFC 9111, section 5.2.1.4).
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
        if headers.get_all(MIN_VERSION).iter().count() > 1 {
            return Err(BadMinimum);
        }
        let directives =
            headers.get_all(header::CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
        let reload =
            directives.flat_map(|line| line.split(',')).any(|d| d.trim().eq_ignore_ascii_case("no-cache"));
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
        assert_eq!(read(&[("x-cache-min-version", "7"), ("x-cache-min-version", "7")]), Err(BadMinimum));
    }

    #[test]
    fn no_cache_is_found_among_other_directives() {
        assert!(read(&[("cache-control", "max-age=0, No-Cache")]).unwrap().reload);
        assert!(!read(&[("cache-control", "max-age=0, x-no-cache")]).unwrap().reload);
    }
}
