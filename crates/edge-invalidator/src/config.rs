//! What the function is told at start, all by environment.
//!
//! | name | default | meaning |
//! |---|---|---|
//! | `DISTRIBUTION_ID` | – | what is purged |
//! | `CONTROL_TABLE_NAME` | – | the table of what was spent and purged |
//! | `EDGE_QUEUE_URL` | – | the queue this function is fed from; what must wait goes back there |
//! | `FAILURE_QUEUE_URL` | none | where messages go that cannot be read, each with its reason; without it they are left to the queue's own dead letters |
//! | `EDGE_INVALIDATION` | `tag` | purge by `tag`, by `path`, or not at all: `ttl-only` |
//! | `EDGE_PURGE` | `prompt` | purge at once (`prompt`), at once and again after the fence delay (`double`), or once after it (`fenced`) |
//! | `FENCE_SECONDS` | 10 | the fence delay: longer than any origin answer can be on its way |
//! | `MONTHLY_BUDGET_USD` | 10 | what items may cost a month beyond the free ones |
//! | `FREE_ITEMS` | 1000 | items a month that cost nothing; fewer if other distributions of the account use them too |
//! | `MAX_STORED_SECONDS` | see below | how long an answer may be in use at the edge, fresh or stale |
//! | `ITEM_FETCHES` | 4000 | what a paid item costs, in origin fetches |
//! | `FAMILY_ANSWERS` | 1000 | answers of one category at the edge, over all its locations |
//! | `ALL_ANSWERS` | 100000 | answers of all products, the same |
//! | `MAX_ITEMS` | 3000 | items under way at once; more become a wildcard |
//! | `MAX_WILDCARDS` | 15 | wildcards under way at once; 0 forbids them |
//! | `ITEMS_PER_CALL` | 3000 | items of one call |
//! | `METRICS` | `emf` | see [`lambda_support::metrics::settings`] |
//!
//! Without `MAX_STORED_SECONDS` it is computed from what the read API is told: `S_MAXAGE` + `STALE_WHILE_REVALIDATE` +
//! `STALE_IF_ERROR`, or `ABSENT_S_MAXAGE` if that is more. If one of the four is not given here, it is three days, the
//! most they allow: a change that was dropped too early would leave its answers old.

use std::time::Duration;

use catalog::edge::budget::FREE_ITEMS;
use catalog::edge::{Costs, Limits, Mode, Rules, Timing};
use lambda_support::{ConfigError, MetricsSettings, Settings};

const DAY: u64 = 86_400;
const FOR_STORED: [&str; 4] = ["S_MAXAGE", "STALE_WHILE_REVALIDATE", "STALE_IF_ERROR", "ABSENT_S_MAXAGE"];

/// The function's configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// The distribution's id.
    pub distribution: String,
    /// The control table's name.
    pub control_table: String,
    /// The queue the function is fed from.
    pub queue: String,
    /// Where messages go that cannot be read.
    pub failure_queue: Option<String>,
    /// When to purge.
    pub timing: Timing,
    /// The fence delay.
    pub fence: Duration,
    /// How to plan.
    pub rules: Rules,
    /// Free items a month.
    pub free_items: u64,
    /// What items beyond them may cost a month.
    pub budget_usd: f64,
    /// Items of one call.
    pub items_per_call: usize,
    /// What is measured.
    pub metrics: MetricsSettings,
}

impl Config {
    /// Reads the configuration, or reports every mistake in it.
    pub fn read(look_up: &dyn Fn(&str) -> Option<String>) -> Result<Config, ConfigError> {
        let mut settings = Settings::new(look_up);
        let distribution = settings.required("DISTRIBUTION_ID", "the id of the CloudFront distribution");
        let control_table = settings.required("CONTROL_TABLE_NAME", "the name of the control table");
        let queue = settings.required("EDGE_QUEUE_URL", "the URL of the queue this function is fed from");
        let failure_queue = settings.optional("FAILURE_QUEUE_URL");
        let modes = [("tag", Mode::Tag), ("path", Mode::Path), ("ttl-only", Mode::TtlOnly)];
        let mode = settings.one_of("EDGE_INVALIDATION", &modes, Mode::Tag);
        let timings = [("prompt", Timing::Prompt), ("double", Timing::Double), ("fenced", Timing::Fenced)];
        let timing = settings.one_of("EDGE_PURGE", &timings, Timing::Prompt);
        // SQS delays a message by 15 minutes at most.
        let fence = Duration::from_secs(settings.number("FENCE_SECONDS", 10, 1, 900));
        let stored = stored(&mut settings);
        let base = Costs::default();
        let costs = Costs {
            item: settings.number("ITEM_FETCHES", base.item, 0, 1_000_000),
            family_answers: settings.number("FAMILY_ANSWERS", base.family_answers, 0, 1_000_000_000),
            all_answers: settings.number("ALL_ANSWERS", base.all_answers, 0, 1_000_000_000),
        };
        let base = Limits::default();
        let limits = Limits {
            items: settings.number("MAX_ITEMS", base.items, 1, 1_000_000),
            wildcards: settings.number("MAX_WILDCARDS", base.wildcards, 0, 1_000),
        };
        let items_per_call = settings.number("ITEMS_PER_CALL", 3_000, 1, 3_000);
        let budget_usd = settings.number("MONTHLY_BUDGET_USD", 10.0, 0.0, 100_000.0);
        let free_items = settings.number("FREE_ITEMS", FREE_ITEMS, 0, FREE_ITEMS);
        // What is on its way when a change is published may be stored up to a fence delay later.
        let rules = Rules { mode, passes: timing.passes(), longest_stored: stored + fence, limits, costs };
        let metrics = MetricsSettings::read(&mut settings, env!("CARGO_PKG_NAME"));
        settings.finish(|| {
            Some(Config {
                distribution,
                control_table,
                queue,
                failure_queue,
                timing,
                fence,
                rules,
                free_items,
                budget_usd,
                items_per_call,
                metrics,
            })
        })
    }
}

fn stored(settings: &mut Settings<'_>) -> Duration {
    let told = FOR_STORED.iter().all(|name| settings.optional(name).is_some());
    let [fresh, refreshing, failing, absent] = FOR_STORED.map(|name| settings.number(name, 0, 0, DAY));
    let computed = if told { (fresh + refreshing + failing).max(absent) } else { 3 * DAY };
    Duration::from_secs(settings.number("MAX_STORED_SECONDS", computed, 1, 30 * DAY))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEEDED: [(&str, &str); 3] = [
        ("DISTRIBUTION_ID", "E1"),
        ("CONTROL_TABLE_NAME", "control"),
        ("EDGE_QUEUE_URL", "http://127.0.0.1/queue"),
    ];

    fn read(more: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let look_up = |name: &str| {
            let found = more.iter().chain(&NEEDED).find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Config::read(&look_up)
    }

    #[test]
    fn what_is_left_out_has_its_default() {
        let config = read(&[]).unwrap();
        assert_eq!((config.timing, config.rules.mode, config.rules.passes), (Timing::Prompt, Mode::Tag, 1));
        assert_eq!(
            (config.fence, config.free_items, config.budget_usd),
            (Duration::from_secs(10), 1_000, 10.0)
        );
        assert_eq!((config.rules.limits, config.rules.costs), (Limits::default(), Costs::default()));
        assert_eq!((config.failure_queue, config.items_per_call), (None, 3_000));
    }

    #[test]
    fn a_change_is_too_old_when_nothing_that_is_stored_can_be_as_old() {
        let longest = |more: &[(&str, &str)]| read(more).unwrap().rules.longest_stored.as_secs() - 10;
        let told = [("S_MAXAGE", "60"), ("STALE_WHILE_REVALIDATE", "30"), ("STALE_IF_ERROR", "600")];
        assert_eq!(longest(&told), 3 * DAY, "a 404 may live longer than that");
        let mut all = told.to_vec();
        all.push(("ABSENT_S_MAXAGE", "5"));
        assert_eq!(longest(&all), 690);
        all[3].1 = "3600";
        assert_eq!(longest(&all), 3_600);
        all.push(("MAX_STORED_SECONDS", "120"));
        assert_eq!(longest(&all), 120);
    }

    #[test]
    fn every_mistake_is_reported_at_once() {
        let error = Config::read(&|name| match name {
            "EDGE_INVALIDATION" => Some("wildcard".to_owned()),
            "EDGE_PURGE" => Some("later".to_owned()),
            "FENCE_SECONDS" => Some("901".to_owned()),
            "MONTHLY_BUDGET_USD" => Some("NaN".to_owned()),
            "S_MAXAGE" => Some("-1".to_owned()),
            _ => None,
        });
        let error = error.unwrap_err().to_string();
        for name in ["DISTRIBUTION_ID", "CONTROL_TABLE_NAME", "EDGE_QUEUE_URL"] {
            assert!(error.contains(&format!("{name} is missing")), "{error}");
        }
        for part in ["one of tag, path, ttl-only", "one of prompt, double, fenced", "901", "NaN", "S_MAXAGE"]
        {
            assert!(error.contains(part), "{part}: {error}");
        }
    }
}
