//! A family's [`Policy`] from the environment: one name for each knob, behind the family's prefix.
//!
//! | name | meaning |
//! |---|---|
//! | `FRESH_SECONDS` | how long a body is fresh in the cache |
//! | `ABSENT_SECONDS` | how long "there is none" is |
//! | `JITTER_PERCENT` | by how much both are randomly shortened, 0 to 50 |
//! | `REFRESH_AHEAD_SECONDS` | how long before its end a body may be refreshed by a reader; 0: never |
//! | `STALE_WHILE_REVALIDATE`, `STALE_IF_ERROR` | seconds past its time a body may stand in |
//! | `LEASE_MS` | how long one caller may load alone |
//! | `WAIT_MS` | how long the others wait for it, at least the lease |
//! | `CACHE_TIMEOUT_MS`, `CACHE_SOFT_TIMEOUT_MS` | how long one operation of the cache may take; when the answer is at hand already |
//! | `LOAD_TIMEOUT_MS`, `LOAD_SOFT_TIMEOUT_MS` | how long one load may take; when something else could answer |
//! | `COMPRESS_FROM_BYTES` | bodies of this size are compressed; 0: none |
//! | `MAX_BODY_BYTES` | larger ones are not cached |
//! | `MEMORY_FROM_BYTES` | bodies of this size are kept in the process as well; 0: none |
//! | `MEMORY_MS` | how long those answer without asking the cache, at most 2000; 0: never |
//! | `BYPASS` | `yes`: the family is not cached |
//! | `INDEX_SETTLE_MS` | how long the index behind a list may lag |
//!
//! Defaults are the family's own; see [`Policy`] for what each means in full.

use std::time::Duration;

use cache::Policy;

use crate::settings::Settings;

/// Reads the policy of a family whose names begin with `prefix`; what is not set is as in `base`.
pub fn read_policy(settings: &mut Settings<'_>, prefix: &str, base: Policy) -> Policy {
    let mut reader = Reader { settings, prefix };
    let policy = Policy {
        fresh_for: reader.seconds("FRESH_SECONDS", base.fresh_for),
        absent_for: reader.seconds("ABSENT_SECONDS", base.absent_for),
        jitter: reader.jitter(base.jitter),
        refresh_ahead: reader.seconds("REFRESH_AHEAD_SECONDS", base.refresh_ahead),
        stale_while_revalidate: reader.seconds("STALE_WHILE_REVALIDATE", base.stale_while_revalidate),
        stale_if_error: reader.seconds("STALE_IF_ERROR", base.stale_if_error),
        lease: reader.millis("LEASE_MS", base.lease, 1, 60_000),
        wait: reader.millis("WAIT_MS", base.wait, 0, 60_000),
        store_timeout: reader.millis("CACHE_TIMEOUT_MS", base.store_timeout, 1, 60_000),
        store_soft_timeout: reader.millis("CACHE_SOFT_TIMEOUT_MS", base.store_soft_timeout, 1, 60_000),
        load_timeout: reader.millis("LOAD_TIMEOUT_MS", base.load_timeout, 1, 60_000),
        load_soft_timeout: reader.millis("LOAD_SOFT_TIMEOUT_MS", base.load_soft_timeout, 1, 60_000),
        compress_from: reader.bytes("COMPRESS_FROM_BYTES", base.compress_from),
        max_body: reader.bytes("MAX_BODY_BYTES", base.max_body),
        local_from: reader.bytes("MEMORY_FROM_BYTES", base.local_from),
        local_ttl: reader.millis("MEMORY_MS", base.local_ttl, 0, 2_000),
        bypass: reader.yes("BYPASS", base.bypass),
        index_settle: reader.millis("INDEX_SETTLE_MS", base.index_settle, 0, 600_000),
        ..base
    };
    let policy = Policy {
        store_soft_timeout: reader.soft(
            "CACHE_SOFT_TIMEOUT_MS",
            policy.store_soft_timeout,
            policy.store_timeout,
        ),
        load_soft_timeout: reader.soft("LOAD_SOFT_TIMEOUT_MS", policy.load_soft_timeout, policy.load_timeout),
        ..policy
    };
    if policy.wait < policy.lease {
        let (wait, lease) = (policy.wait.as_millis(), policy.lease.as_millis());
        reader.mistake(
            "WAIT_MS",
            &format!("is {wait}: it must be at least {prefix}LEASE_MS, which is {lease}"),
        );
    }
    policy
}

struct Reader<'a, 'b> {
    settings: &'a mut Settings<'b>,
    prefix: &'a str,
}

impl Reader<'_, '_> {
    fn name(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    fn seconds(&mut self, name: &str, base: Duration) -> Duration {
        self.settings.seconds(&self.name(name), base.as_secs())
    }

    fn millis(&mut self, name: &str, base: Duration, least: u64, most: u64) -> Duration {
        let base = u64::try_from(base.as_millis()).unwrap_or(most);
        Duration::from_millis(self.settings.number(&self.name(name), base, least, most))
    }

    /// A soft limit beyond the hard one would say nothing: a mistake if it was asked for, else the hard one.
    fn soft(&mut self, name: &str, soft: Duration, hard: Duration) -> Duration {
        if soft > hard && self.settings.optional(&self.name(name)).is_some() {
            let (soft, hard) = (soft.as_millis(), hard.as_millis());
            let of = self.name(&name.replace("_SOFT", ""));
            self.mistake(name, &format!("is {soft}: it must be at most {of}, which is {hard}"));
        }
        soft.min(hard)
    }

    /// Zero switches off what begins at a size.
    fn bytes(&mut self, name: &str, base: usize) -> usize {
        match self.settings.number(&self.name(name), base, 0, 6 << 20) {
            0 if name.contains("FROM") => usize::MAX,
            bytes => bytes,
        }
    }

    fn jitter(&mut self, base: f64) -> f64 {
        let percent = self.settings.number(&self.name("JITTER_PERCENT"), (base * 100.0).round() as u8, 0, 50);
        f64::from(percent) / 100.0
    }

    fn yes(&mut self, name: &str, base: bool) -> bool {
        self.settings.one_of(&self.name(name), &[("yes", true), ("no", false)], base)
    }

    fn mistake(&mut self, name: &str, what: &str) {
        self.settings.mistake(format!("{} {what}", self.name(name)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(prefix: &str, set: &[(&str, &str)]) -> Result<Policy, String> {
        let look_up =
            |name: &str| set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        let mut settings = Settings::new(&look_up);
        let policy = read_policy(&mut settings, prefix, Policy::default());
        settings.finish(|| Some(policy)).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_not_set_is_as_the_family_has_it() {
        assert_eq!(read("", &[]), Ok(Policy::default()));
        assert_eq!(read("LIST_", &[("FRESH_SECONDS", "1")]), Ok(Policy::default()), "another family's");
    }

    #[test]
    fn every_knob_can_be_set() {
        let set = [
            ("LIST_FRESH_SECONDS", "1"),
            ("LIST_JITTER_PERCENT", "50"),
            ("LIST_COMPRESS_FROM_BYTES", "0"),
            ("LIST_MEMORY_MS", "2000"),
            ("LIST_BYPASS", "yes"),
            ("LIST_LEASE_MS", "5"),
            ("LIST_WAIT_MS", "5"),
            ("LIST_INDEX_SETTLE_MS", "0"),
        ];
        let policy = read("LIST_", &set).unwrap();
        assert_eq!(policy.fresh_for, Duration::from_secs(1));
        assert_eq!((policy.jitter, policy.compress_from, policy.bypass), (0.5, usize::MAX, true));
        assert_eq!((policy.local_ttl, policy.index_settle), (Duration::from_secs(2), Duration::ZERO));
        assert_eq!((policy.lease, policy.wait), (Duration::from_millis(5), Duration::from_millis(5)));
    }

    #[test]
    fn a_soft_limit_is_never_beyond_the_hard_one() {
        let short = read("", &[("CACHE_TIMEOUT_MS", "1"), ("LOAD_TIMEOUT_MS", "2")]).unwrap();
        let limits = [short.store_soft_timeout, short.load_soft_timeout];
        assert_eq!(limits, [1, 2].map(Duration::from_millis), "where nobody asked for it, it is as short");
        let error = read("LIST_", &[("LIST_LOAD_TIMEOUT_MS", "50"), ("LIST_LOAD_SOFT_TIMEOUT_MS", "60")]);
        let said = "LIST_LOAD_SOFT_TIMEOUT_MS is 60: it must be at most LIST_LOAD_TIMEOUT_MS, which is 50";
        assert!(error.as_ref().is_err_and(|error| error.contains(said)), "{error:?}");
    }

    #[test]
    fn every_mistake_is_listed_with_its_name_and_what_would_be_right() {
        let set =
            [("MEMORY_MS", "2001"), ("BYPASS", "maybe"), ("JITTER_PERCENT", "51"), ("LEASE_MS", "9000")];
        let error = read("", &set).unwrap_err();
        for part in [
            "MEMORY_MS",
            "from 0 to 2000",
            "one of yes, no",
            "JITTER_PERCENT",
            "WAIT_MS is 1800: it must be at least LEASE_MS, which is 9000",
        ] {
            assert!(error.contains(part), "{part}: {error}");
        }
    }
}
