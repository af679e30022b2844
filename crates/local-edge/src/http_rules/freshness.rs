//! Whether an answer may be stored, for how long it is fresh, and when a stale copy may still be used.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, StatusCode, header};

use super::ResponseDirectives;
use super::date::http_date;
use super::directives::{seconds, split_list};
use crate::config::{ErrorCaching, ErrorTtl, Policy};

/// How long a stored answer may be used, from its (corrected) birth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lifetime {
    pub(crate) fresh_for: Duration,
    /// After that, while a refresh runs.
    pub(crate) stale_while_revalidate: Duration,
    /// After that, when the origin fails.
    pub(crate) stale_on_error: StaleOnError,
    /// Never used without asking the origin first (`no-cache`).
    pub(crate) always_revalidate: bool,
    /// No stale use at all, whatever a viewer accepts (`must-revalidate` and its kin).
    pub(crate) never_stale: bool,
}

/// When a stale copy may stand in for an origin that fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StaleOnError {
    Never,
    /// `stale-if-error`: this long after it became stale, on 5xx and when the origin cannot be reached.
    For(Duration),
    /// No directive: as long as it is held, when the origin cannot be reached.
    WhenUnreachable,
    /// No directive: as long as it is held, also on 5xx.
    Always,
}

impl Lifetime {
    /// An error kept for `ttl`, never used beyond.
    pub(crate) fn error(ttl: Duration) -> Self {
        Self {
            fresh_for: ttl,
            stale_while_revalidate: Duration::ZERO,
            stale_on_error: StaleOnError::Never,
            always_revalidate: false,
            never_stale: true,
        }
    }

    /// Whether a copy of this age may stand in for the failed origin.
    pub(crate) fn survives_error(&self, age: Duration, reached_origin: bool) -> bool {
        match self.stale_on_error {
            StaleOnError::Never => false,
            StaleOnError::For(window) => age < self.fresh_for.saturating_add(window),
            StaleOnError::WhenUnreachable => !reached_origin,
            StaleOnError::Always => true,
        }
    }
}

/// An answer as it came, with what is needed to judge it.
pub(crate) struct Arrival<'a> {
    pub(crate) status: StatusCode,
    pub(crate) headers: &'a HeaderMap,
    /// The request carried `Authorization`.
    pub(crate) authorized: bool,
    /// When it came, by the wall clock.
    pub(crate) at: SystemTime,
    /// How long the origin took.
    pub(crate) delay: Duration,
}

impl Arrival<'_> {
    /// `corrected_initial_age` of RFC 9111, 4.2.3. Dates have whole seconds; so has the apparent age, or a one-second
    /// lifetime would be spent by the fraction.
    pub(crate) fn initial_age(&self) -> Duration {
        let apparent = self.date().map_or(Duration::ZERO, |date| {
            Duration::from_secs(unix_seconds(self.at).saturating_sub(unix_seconds(date)))
        });
        // A list instead of a number is an error, and its first member is used (RFC 9111, 5.1).
        let age = self.headers.get(header::AGE).and_then(|value| value.to_str().ok());
        let age = age.and_then(|line| split_list(line).next()).and_then(seconds).unwrap_or_default();
        apparent.max(age.saturating_add(self.delay))
    }

    fn date(&self) -> Option<SystemTime> {
        http_date(self.headers.get(header::DATE)?)
    }

    /// The lifetime the origin set in so many words.
    fn explicit(&self, directives: &ResponseDirectives) -> Option<Duration> {
        directives.s_maxage.or(directives.max_age).or_else(|| {
            if directives.targeted {
                return None;
            }
            let expires = self.headers.get(header::EXPIRES)?;
            // A date that cannot be read, `0` above all, lies in the past.
            let expires = http_date(expires).unwrap_or(SystemTime::UNIX_EPOCH);
            Some(expires.duration_since(self.date().unwrap_or(self.at)).unwrap_or_default())
        })
    }

    fn heuristic(&self) -> Duration {
        const AT_MOST: Duration = Duration::from_secs(24 * 3600);
        let modified = self.headers.get(header::LAST_MODIFIED).and_then(http_date);
        let since =
            modified.and_then(|modified| self.date().unwrap_or(self.at).duration_since(modified).ok());
        since.map_or(Duration::ZERO, |since| (since / 10).min(AT_MOST))
    }
}

fn unix_seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Statuses that may be kept without explicit freshness (RFC 9110, 15.1), without 206, which is never stored here.
const HEURISTICALLY_CACHEABLE: [u16; 11] = [200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501];

/// The lifetime of an answer to GET, or None if it must not be stored.
pub(crate) fn judge(policy: &Policy, errors: &ErrorTtl, arrival: &Arrival<'_>) -> Option<Lifetime> {
    let directives = match policy.dialect.targeted {
        true => ResponseDirectives::targeted(arrival.headers),
        false => ResponseDirectives::of(arrival.headers),
    };
    let status = arrival.status;
    if status.is_informational() || matches!(status.as_u16(), 206 | 304 | 416) {
        return None;
    }
    // RFC 9111, 3.5: otherwise an answer made for one user would go to all.
    let shareable = directives.public || directives.must_revalidate || directives.s_maxage.is_some();
    if arrival.authorized && !shareable {
        return None;
    }
    if status.as_u16() >= 400 && policy.dialect.errors == ErrorCaching::CloudFront {
        return cloudfront_error(policy, errors.of(status), arrival, &directives);
    }
    ordinary(policy, arrival, &directives)
}

fn ordinary(policy: &Policy, arrival: &Arrival<'_>, directives: &ResponseDirectives) -> Option<Lifetime> {
    let overridden = policy.min_ttl > Duration::ZERO;
    // With `must-understand` only a cache that knows the status may store, and then `no-store` does not count.
    let understood = arrival.status.canonical_reason().is_some();
    if directives.must_understand && !understood {
        return None;
    }
    let no_store = directives.no_store && !directives.must_understand;
    if (no_store || directives.private) && !overridden {
        return None;
    }
    let always_revalidate = directives.no_cache && !overridden;
    let restricted = no_store || directives.private || directives.no_cache;
    let explicit = arrival.explicit(directives);
    let fresh_for = match explicit {
        _ if always_revalidate => Duration::ZERO,
        _ if restricted => policy.min_ttl,
        Some(explicit) => explicit.clamp(policy.min_ttl, policy.max_ttl),
        None => {
            let may_guess = directives.public || HEURISTICALLY_CACHEABLE.contains(&arrival.status.as_u16());
            let guess = if policy.dialect.heuristic_freshness && may_guess {
                arrival.heuristic()
            } else {
                Duration::ZERO
            };
            guess.max(policy.default_ttl).clamp(policy.min_ttl, policy.max_ttl)
        }
    };
    let never_stale = directives.must_revalidate || directives.proxy_revalidate || always_revalidate;
    // After the maximum TTL a stale object is not available, whatever its directives say.
    let left = policy.max_ttl.saturating_sub(fresh_for);
    let swr = if never_stale {
        Duration::ZERO
    } else {
        directives.stale_while_revalidate.unwrap_or_default().min(left)
    };
    let stale_on_error = match directives.stale_if_error {
        _ if never_stale => StaleOnError::Never,
        Some(window) => StaleOnError::For(window.min(left)),
        None if arrival.status.as_u16() >= 400 => StaleOnError::Never,
        None if policy.dialect.stale_on_5xx => StaleOnError::Always,
        // `s-maxage` has the meaning of `proxy-revalidate` (RFC 9111, 5.2.2.10).
        None if directives.s_maxage.is_some() => StaleOnError::Never,
        None => StaleOnError::WhenUnreachable,
    };
    let never_stale = never_stale || (directives.s_maxage.is_some() && !policy.dialect.stale_on_5xx);
    let lifetime =
        Lifetime { fresh_for, stale_while_revalidate: swr, stale_on_error, always_revalidate, never_stale };
    // Kept without being fresh, a copy only helps if it can be confirmed or may be used stale.
    let confirmable =
        arrival.headers.contains_key(header::ETAG) || arrival.headers.contains_key(header::LAST_MODIFIED);
    let useful =
        fresh_for > Duration::ZERO || confirmable || !swr.is_zero() || stale_on_error != StaleOnError::Never;
    let cacheable = explicit.is_some()
        || directives.public
        || !policy.dialect.heuristic_freshness
        || HEURISTICALLY_CACHEABLE.contains(&arrival.status.as_u16());
    (useful && cacheable).then_some(lifetime)
}

/// Errors as CloudFront documents them ("HTTP 4xx and 5xx status codes that CloudFront caches").
///
/// Kept for the longer of `ErrorCachingMinTTL` and the freshness the origin gave, the latter at most the maximum TTL:
/// - 404, 410, 414, 501: unless the origin said `no-store`, `private` or `no-cache`;
/// - 500, 502, 503, 504: always, these directives are ignored;
/// - 400, 403, 405, 412, 415: only with `max-age` or `s-maxage`;
/// - all others: not kept.
fn cloudfront_error(
    policy: &Policy,
    min_ttl: Duration,
    arrival: &Arrival<'_>,
    directives: &ResponseDirectives,
) -> Option<Lifetime> {
    let restricted = directives.no_store || directives.private || directives.no_cache;
    let kept = match arrival.status.as_u16() {
        404 | 410 | 414 | 501 => !restricted,
        500 | 502..=504 => true,
        400 | 403 | 405 | 412 | 415 => directives.s_maxage.or(directives.max_age).is_some(),
        _ => false,
    };
    let explicit = if restricted { None } else { arrival.explicit(directives) };
    let ttl = min_ttl.max(explicit.unwrap_or_default().min(policy.max_ttl));
    let lifetime = Lifetime::error(ttl);
    (kept && !ttl.is_zero()).then_some(match directives.stale_while_revalidate {
        Some(window) if !directives.must_revalidate && !restricted => {
            Lifetime { stale_while_revalidate: window, ..lifetime }
        }
        _ => lifetime,
    })
}
