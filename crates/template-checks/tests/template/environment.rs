//! Every name the template sets is read, every name that is read is set or left to its default on purpose, and every value
//! a parameter allows is accepted.

use std::cell::RefCell;
use std::collections::BTreeSet;

use template_checks::Template;

use crate::functions::{self, Read};
use crate::sources;

/// What the template leaves to the functions' own defaults. An entry that is set in the template, or that no function
/// reads, fails the test.
const DEFAULTS: &[(&str, &[&str])] = &[
    // How to get into a Valkey that is not the template's own; and time-outs that are right wherever it stands.
    (
        "read-api write-api stream-invalidator",
        &[
            "VALKEY_CA_FILE",
            "VALKEY_CONNECT_TIMEOUT_MS",
            "VALKEY_RESPONSE_TIMEOUT_MS",
            "INVALIDATION_REPLICAS_MS",
        ],
    ),
    // It invalidates nothing.
    ("read-api", &["INVALIDATION_REPLICAS"]),
    // How often counts are written changes what they cost, not what they say.
    ("read-api write-api", &["METRICS_SECONDS"]),
    // Fine tuning: measured, and the same in every deployment.
    (
        "read-api",
        &[
            "MEMORY_BYTES",
            "JITTER_PERCENT",
            "REFRESH_AHEAD_SECONDS",
            "LEASE_MS",
            "WAIT_MS",
            "CACHE_TIMEOUT_MS",
            "CACHE_SOFT_TIMEOUT_MS",
            "LOAD_TIMEOUT_MS",
            "LOAD_SOFT_TIMEOUT_MS",
            "COMPRESS_FROM_BYTES",
            "MAX_BODY_BYTES",
            "MEMORY_FROM_BYTES",
            "INDEX_SETTLE_MS",
        ],
    ),
    // How lists are cached follows from their domain, not from the deployment.
    (
        "read-api",
        &[
            "LIST_FRESH_SECONDS",
            "LIST_ABSENT_SECONDS",
            "LIST_JITTER_PERCENT",
            "LIST_REFRESH_AHEAD_SECONDS",
            "LIST_STALE_WHILE_REVALIDATE",
            "LIST_STALE_IF_ERROR",
            "LIST_LEASE_MS",
            "LIST_WAIT_MS",
            "LIST_CACHE_TIMEOUT_MS",
            "LIST_CACHE_SOFT_TIMEOUT_MS",
            "LIST_LOAD_TIMEOUT_MS",
            "LIST_LOAD_SOFT_TIMEOUT_MS",
            "LIST_COMPRESS_FROM_BYTES",
            "LIST_MAX_BODY_BYTES",
            "LIST_MEMORY_FROM_BYTES",
            "LIST_MEMORY_MS",
            "LIST_INDEX_SETTLE_MS",
        ],
    ),
    ("write-api stream-invalidator", &["TELL_TIMEOUT_MS"]),
    ("stream-invalidator", &["TELL_CONCURRENCY"]),
    // CloudFront's prices and quotas, and what follows from names that are set.
    (
        "edge-invalidator",
        &[
            "MAX_STORED_SECONDS",
            "ITEM_FETCHES",
            "FAMILY_ANSWERS",
            "ALL_ANSWERS",
            "MAX_ITEMS",
            "MAX_WILDCARDS",
            "ITEMS_PER_CALL",
        ],
    ),
];

/// The names a function reads: asked with nothing set, and with everything set, as a name may be read only if another is.
fn read_by(read: Read) -> BTreeSet<String> {
    let names = RefCell::new(BTreeSet::new());
    for answer in [None, Some("1"), Some("yes")] {
        let _mistakes_are_expected = read(&|name| {
            // The rest is set by Lambda.
            if !name.starts_with("AWS_") {
                names.borrow_mut().insert(name.to_owned());
            }
            answer.map(str::to_owned)
        });
    }
    names.into_inner()
}

#[test]
fn what_the_template_sets_is_read_and_what_is_read_is_set_or_left_to_its_default() {
    let template = Template::read().unwrap();
    let mut mistakes = Vec::new();
    for (function, read) in functions::all(&template) {
        let name = &function.binary;
        let mut read = read_by(read);
        read.extend(sources::read_directly(name));
        assert!(read.len() > 2, "{name} reads almost nothing: {read:?}");
        let set: BTreeSet<String> = function.environment.keys().cloned().collect();
        let left = DEFAULTS.iter().filter(|(of, _)| of.split(' ').any(|of| of == name));
        let left: BTreeSet<String> =
            left.flat_map(|(_, names)| *names).map(|name| (*name).to_owned()).collect();
        for unread in set.difference(&read) {
            mistakes.push(format!("{name} is told {unread}, which it never reads"));
        }
        for unset in read.iter().filter(|name| !set.contains(*name) && !left.contains(*name)) {
            mistakes.push(format!(
                "{name} reads {unset}: set it in the template, or list it here as left to its default"
            ));
        }
        for both in left.intersection(&set) {
            mistakes.push(format!("{name} is told {both}: it is not left to its default"));
        }
        for gone in left.difference(&read) {
            mistakes.push(format!("{name} does not read {gone}: it is no setting any more"));
        }
    }
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
}

#[test]
fn every_value_a_parameter_allows_is_accepted_by_the_function_that_gets_it() {
    let template = Template::read().unwrap();
    let mut refused = Vec::new();
    for (function, read) in functions::all(&template) {
        for (name, value) in &function.environment {
            let base = functions::environment(&template, &function, functions::condition_of(value));
            for value in template.possible(value) {
                let look_up = |wanted: &str| match wanted == name {
                    true => Some(value.clone()),
                    false => base.get(wanted).cloned(),
                };
                if let Err(error) = read(&look_up) {
                    refused.push(format!("{} refuses {name} = {value:?}: {error}", function.binary));
                }
            }
        }
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}
