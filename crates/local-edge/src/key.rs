//! Cache keys: what tells two requests apart before `Vary` is looked at.

use std::fmt;

use http::{HeaderMap, HeaderName, Uri, header};

use crate::config::{Policy, QueryKey, Variant};
use crate::http_rules::{accepts_gzip, combined};

pub(crate) const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The parts of a request that a policy names, in a normal form.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    /// Path and keyed query string: what an invalidation path is compared with.
    pub(crate) target: String,
    /// The keyed headers and the variant, one `name: value` a line. Empty for most keys.
    others: String,
    /// Whether this is the gzip copy. Always false where the behaviour does not compress.
    pub(crate) gzip: bool,
}

impl Key {
    pub(crate) fn of(policy: &Policy, compress: bool, uri: &Uri, headers: &HeaderMap) -> Self {
        let query = keyed_query(policy, uri.query().unwrap_or_default());
        let target = if query.is_empty() { uri.path().to_owned() } else { format!("{}?{query}", uri.path()) };
        let mut others = String::new();
        let keyed = policy.headers.iter().chain(match &policy.variant {
            Some(Variant::Header(name)) => Some(name),
            _ => None,
        });
        for name in keyed {
            if let Some(value) = combined(headers, name) {
                others.push_str(&format!("{name}: {value}\n"));
            }
        }
        if let Some(Variant::Cookie(name)) = &policy.variant
            && let Some(value) = cookie(headers, name)
        {
            others.push_str(&format!("cookie {name}={value}\n"));
        }
        Self { target, others, gzip: compress && accepts_gzip(headers) }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.target)?;
        for line in self.others.lines() {
            write!(f, " [{line}]")?;
        }
        if self.gzip { f.write_str(" [gzip]") } else { Ok(()) }
    }
}

/// The parameters the policy names, sorted by name; equal names keep their order, which may mean something.
pub(crate) fn keyed_query(policy: &Policy, query: &str) -> String {
    let kept = |name: &str| match &policy.query {
        QueryKey::None => false,
        QueryKey::Allow(names) => names.iter().any(|allowed| allowed == name),
        QueryKey::All => true,
    };
    let variant = match &policy.variant {
        Some(Variant::Query(name)) => Some(name.as_str()),
        _ => None,
    };
    sorted(query, |name| kept(name) || variant == Some(name))
}

/// The headers the policy names, and what an origin is told in any case: what the body is, and which way it came.
pub(crate) fn keyed_headers(policy: &Policy, given: &HeaderMap) -> HeaderMap {
    let variant = match &policy.variant {
        Some(Variant::Header(name)) => Some(name),
        Some(Variant::Cookie(_)) => Some(&header::COOKIE),
        _ => None,
    };
    let always = [&header::CONTENT_TYPE, &header::CONTENT_LENGTH, &header::VIA, &FORWARDED_FOR];
    let mut kept = HeaderMap::new();
    for name in policy.headers.iter().chain(variant).chain(always) {
        if !kept.contains_key(name) {
            kept.extend(given.get_all(name).iter().map(|value| (name.clone(), value.clone())));
        }
    }
    kept
}

/// A query string in normal order.
pub(crate) fn sorted(query: &str, keep: impl Fn(&str) -> bool) -> String {
    let mut parameters: Vec<(&str, &str)> = query
        .split('&')
        .filter(|parameter| !parameter.is_empty())
        .map(|parameter| (parameter.split('=').next().unwrap_or(parameter), parameter))
        .filter(|(name, _)| keep(name))
        .collect();
    parameters.sort_by_key(|(name, _)| *name);
    parameters.into_iter().map(|(_, parameter)| parameter).collect::<Vec<_>>().join("&")
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value)
}
