//! The sample events, played through the real functions: each does what its name says.

use std::collections::BTreeSet;
use std::path::Path;

use cache::Kind;
use integration_tests::binaries;
use local::replay::{Case, Delivery, InCache, Outcome, SEEDED_AT, Seen, case, play};
use serde_json::Value;
use tokio::sync::broadcast;

/// What a case must have done.
type Expectation = fn(&Outcome);

const EXPECTATIONS: [(&str, Expectation); 26] = [
    ("read-api/bad-id", |o| {
        let answer = refused(o, 400);
        assert_eq!(answer.header("cache-control"), "no-store");
    }),
    ("read-api/conditional", |o| {
        let answer = found(o, 304);
        assert_eq!((answer.body(), answer.header("cache-tag")), ("", "product:boots-001,category:boots"));
    }),
    ("read-api/get", |o| {
        let answer = found(o, 200);
        assert_eq!(json(answer.body())["version"], SEEDED_AT);
        assert_eq!(answer.header("cache-tag"), "product:boots-001,category:boots");
        assert_eq!(answer.header("cache-status"), "Valkey; fwd=uri-miss; stored");
        assert_eq!(boot(o).before.cache, None);
    }),
    ("read-api/head", |o| {
        let answer = found(o, 200);
        assert_eq!((answer.body(), answer.header("content-type")), ("", "application/json"));
    }),
    ("read-api/list", |o| {
        let answer = only(o);
        assert_eq!(answer.status(), Some(200), "{answer:?}");
        let page = json(answer.body());
        let ids: Vec<_> = page["items"].as_array().unwrap().iter().map(|item| item["id"].clone()).collect();
        assert_eq!(ids, ["boots-001", "boots-002", "boots-003"]);
        assert!(page["next"].is_string(), "{page}");
    }),
    ("read-api/min-version", |o| {
        let answer = found(o, 200);
        assert_eq!(answer.header("cache-control"), "private, no-store");
    }),
    ("read-api/unknown-id", |o| {
        let answer = only(o);
        assert_eq!((answer.status(), answer.header("x-cache-version")), (Some(404), "0"), "{answer:?}");
        assert_eq!(answer.header("cache-tag"), "product:boots-999", "a purge at its creation must reach it");
        assert_eq!(o.product("boots-999").unwrap().after.cache.unwrap().kind, Kind::Absent);
    }),
    ("write-api/delete", |o| {
        let answer = only(o);
        assert_eq!(answer.status(), Some(204), "{answer:?}");
        assert_eq!(boot(o).after.table, None);
        assert_dropped(boot(o));
    }),
    ("write-api/patch", |o| written(o, 12_900, "Ankle boot in black. Number 1 of our boots.")),
    ("write-api/patch-without-condition", |o| {
        refused(o, 428);
    }),
    ("write-api/put-create", |o| {
        let (answer, seen) = (only(o), o.product("boots-031").unwrap());
        assert_eq!(answer.status(), Some(201), "{answer:?}");
        assert_eq!(answer.header("location"), "/api/products/boots-031");
        assert_eq!(seen.before.cache.unwrap().kind, Kind::Absent);
        assert!(seen.after.table.unwrap() > SEEDED_AT, "a new row begins at the present");
        assert_dropped(seen);
    }),
    ("write-api/put-invalid", |o| {
        let problem = json(refused(o, 400).body());
        let errors = problem["errors"].as_array().unwrap().iter();
        let pointers: BTreeSet<_> = errors.map(|error| error["pointer"].as_str().unwrap()).collect();
        assert_eq!(pointers, BTreeSet::from(["/name", "/price_cents", "/currency"]), "{problem}");
    }),
    ("write-api/put-replace", |o| written(o, 12_900, "Ankle boot in black. Last pairs.")),
    ("stream-invalidator/insert", |o| {
        acknowledged(o);
        assert_dropped(o.product("boots-031").unwrap());
        assert_eq!(published(o), [("ProductUpdated", "boots-031", "created", SEEDED_AT + 60_000)]);
    }),
    ("stream-invalidator/mixed-batch", |o| {
        acknowledged(o);
        assert_fenced(boot(o), SEEDED_AT + 2);
        assert_fenced(o.product("jackets-001").unwrap(), SEEDED_AT + 1);
        for id in ["boots-031", "tents-001", "lamps-001"] {
            assert_dropped(o.product(id).unwrap());
        }
        let moved = o.published.iter().find(|event| event["detail"]["id"] == "jackets-001").unwrap();
        let tags = moved["detail"]["tags"].as_array().unwrap();
        assert_eq!(tags, &["product:jackets-001", "category:jackets", "category:boots"]);
        let expected = BTreeSet::from([
            ("ProductUpdated", "boots-001", "updated", SEEDED_AT + 2),
            ("ProductUpdated", "jackets-001", "updated", SEEDED_AT + 1),
            ("ProductUpdated", "boots-031", "created", SEEDED_AT + 60_000),
            ("ProductUpdated", "tents-001", "deleted", 0),
            ("ProductUpdated", "lamps-001", "updated", SEEDED_AT),
        ]);
        assert_eq!(published(o).into_iter().collect::<BTreeSet<_>>(), expected);
        assert_eq!((o.published.len(), o.for_the_edge.visible), (5, 5));
    }),
    ("stream-invalidator/modify", |o| {
        acknowledged(o);
        assert_fenced(boot(o), SEEDED_AT + 1);
        assert_eq!(published(o), [("ProductUpdated", "boots-001", "updated", SEEDED_AT + 1)]);
        assert_eq!(o.for_the_edge.visible, 1);
    }),
    ("stream-invalidator/poison", |o| {
        acknowledged(o);
        assert_fenced(boot(o), SEEDED_AT + 1);
        assert_dropped(o.product("boots-002").unwrap());
        let reasons: Vec<_> =
            o.refused.iter().map(|event| event["detail"]["reason"].as_str().unwrap()).collect();
        assert_eq!(reasons.len(), 2, "{reasons:?}");
        assert!(reasons[0].starts_with("its version is unusable"), "{reasons:?}");
        assert_eq!(reasons[1], "the record has no key \"id\" of type S");
        assert_eq!(o.for_the_edge.visible, 2, "what is good in the batch goes on");
    }),
    ("stream-invalidator/remove", |o| removed(o, "boots-002")),
    ("stream-invalidator/ttl-removal", |o| removed(o, "boots-003")),
    ("edge-invalidator/product-updated", |o| {
        let report = only(o).answer.as_ref().unwrap();
        assert_eq!((&report["orders"], &report["items"], &report["own"]), (&1.into(), &1.into(), &1.into()));
        assert_eq!(asked(&o.deliveries[0]), ["#product:boots-001"]);
        assert_purged(boot(o));
    }),
    ("edge-invalidator/sqs-batch", |o| {
        purged(only(o));
        assert_eq!(o.deliveries[0].messages, Some((5, 0)));
        everything_is_purged(o);
    }),
    ("edge-invalidator/throttled", |o| {
        let [first, second] = &o.deliveries[..] else { panic!("{:?}", o.deliveries) };
        assert_eq!(first.calls[0].refused.as_deref(), Some("TooManyInvalidationsInProgress"));
        assert_eq!((first.calls.len(), first.failures().unwrap().len()), (1, 5));
        assert_eq!(first.messages, Some((5, 5)), "none is lost");
        purged(second);
        assert_eq!(second.messages, Some((5, 0)));
        everything_is_purged(o);
    }),
    ("edge-invalidator/too-old", |o| {
        let answer = only(o);
        assert_eq!(answer.answer.as_ref().unwrap()["too_old"], 1);
        assert!(answer.calls.is_empty(), "{:?}", answer.calls);
        assert_eq!(boot(o).before, boot(o).after);
    }),
    ("consistency-auditor/look", |o| {
        acknowledged(o);
        assert_eq!(boot(o).before, boot(o).after, "asking changes nothing of what is held");
    }),
    ("consistency-auditor/poison", |o| {
        assert_eq!(only(o).failures().unwrap().len(), 2, "{o}");
    }),
    ("consistency-auditor/product-updated", |o| {
        acknowledged(o);
        assert_eq!(o.for_the_auditor.delayed, 3, "a look after 1, 10 and 60 s");
    }),
];

#[test]
fn every_sample_event_has_an_expectation_and_every_expectation_an_event() {
    let files: BTreeSet<_> = cases().iter().map(Case::to_string).collect();
    let expected: BTreeSet<_> = EXPECTATIONS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(files, expected);
}

#[tokio::test]
async fn the_read_apis_events_are_answered_as_they_mean() {
    play_all("read-api").await;
}

#[tokio::test]
async fn the_write_apis_events_write_or_change_nothing() {
    play_all("write-api").await;
}

#[tokio::test]
async fn the_streams_events_reach_the_cache_and_are_published() {
    play_all("stream-invalidator").await;
}

#[tokio::test]
async fn published_events_purge_the_edge() {
    play_all("edge-invalidator").await;
}

#[tokio::test]
async fn published_events_are_audited() {
    play_all("consistency-auditor").await;
}

fn cases() -> Vec<Case> {
    case::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../events")).unwrap()
}

async fn play_all(function: &str) {
    let cases = case::select(cases(), Some(function)).unwrap();
    for case in cases {
        let (_, check) = EXPECTATIONS.iter().find(|(name, _)| *name == case.to_string()).unwrap();
        let outcome = play(&case, &binaries(), broadcast::Sender::new(64)).await.unwrap();
        println!("{outcome}");
        assert!(outcome.answered(), "{outcome}");
        check(&outcome);
    }
}

fn only(outcome: &Outcome) -> &Delivery {
    assert_eq!(outcome.deliveries.len(), 1, "{outcome}");
    &outcome.deliveries[0]
}

fn boot(outcome: &Outcome) -> &Seen {
    outcome.product("boots-001").unwrap()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// The answer about the boot, whose entity tag is the one the files were written with.
fn found(outcome: &Outcome, status: u64) -> &Delivery {
    let files = cases();
    let conditional = files.iter().find(|case| case.to_string() == "read-api/conditional").unwrap();
    let answer = only(outcome);
    assert_eq!(answer.status(), Some(status), "{answer:?}");
    assert_eq!(answer.header("etag"), conditional.event["headers"]["if-none-match"]);
    assert_eq!(answer.header("x-cache-version"), SEEDED_AT.to_string());
    let record = InCache { kind: Kind::Live, version: SEEDED_AT, floor: 0 };
    assert_eq!(boot(outcome).after.cache, Some(record), "it is in the cache now");
    answer
}

/// The answer of a request that changed nothing.
fn refused(outcome: &Outcome, status: u64) -> &Delivery {
    let answer = only(outcome);
    assert_eq!(answer.status(), Some(status), "{answer:?}");
    assert!(outcome.products.iter().all(|seen| seen.before == seen.after), "{outcome}");
    answer
}

fn written(outcome: &Outcome, price: u64, description: &str) {
    let (answer, seen) = (only(outcome), boot(outcome));
    assert_eq!(answer.status(), Some(200), "{answer:?}");
    assert_eq!(answer.header("x-cache-version"), (SEEDED_AT + 1).to_string());
    let product = json(answer.body());
    assert_eq!((&product["price_cents"], &product["description"]), (&price.into(), &description.into()));
    assert_eq!((seen.before.table, seen.after.table), (Some(SEEDED_AT), Some(SEEDED_AT + 1)));
    assert_fenced(seen, SEEDED_AT + 1);
    assert_eq!(seen.after.edge, seen.before.edge, "the edge is the stream's business");
}

fn removed(outcome: &Outcome, id: &str) {
    acknowledged(outcome);
    assert_dropped(outcome.product(id).unwrap());
    assert_eq!(published(outcome), [("ProductUpdated", id, "deleted", 0)]);
    assert_eq!(outcome.for_the_edge.visible, 1);
}

/// The whole batch is done.
fn acknowledged(outcome: &Outcome) {
    assert_eq!(only(outcome).failures(), Some(Vec::new()), "{outcome}");
}

/// The body that was held is below the floor.
fn assert_fenced(seen: &Seen, floor: u64) {
    assert_eq!(
        seen.before.cache,
        Some(InCache { kind: Kind::Live, version: SEEDED_AT, floor: 0 }),
        "{seen:?}"
    );
    assert_eq!(seen.after.cache, Some(InCache { kind: Kind::Live, version: SEEDED_AT, floor }), "{seen:?}");
}

/// What was held is gone.
fn assert_dropped(seen: &Seen) {
    assert!(seen.before.cache.is_some_and(|record| !record.is_told()), "{seen:?}");
    assert_eq!(seen.after.cache, Some(InCache { kind: Kind::Pending, version: 0, floor: 0 }), "{seen:?}");
}

fn assert_purged(seen: &Seen) {
    assert_eq!((seen.before.edge, seen.after.edge), (Some(SEEDED_AT), None), "{seen:?}");
}

fn published(outcome: &Outcome) -> Vec<(&str, &str, &str, u64)> {
    let events = outcome.published.iter();
    let entries = events.map(|event| {
        let text = |pointer| event.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let version = event.pointer("/detail/version").and_then(Value::as_u64).unwrap_or_default();
        (text("/detail-type"), text("/detail/id"), text("/detail/change"), version)
    });
    entries.collect()
}

/// The items of the one call that was accepted.
fn asked(delivery: &Delivery) -> Vec<&str> {
    assert_eq!((delivery.calls.len(), &delivery.calls[0].refused), (1, &None), "{:?}", delivery.calls);
    delivery.calls[0].items.iter().map(String::as_str).collect()
}

/// Five messages of three products are three items.
fn purged(delivery: &Delivery) {
    assert_eq!(delivery.failures(), Some(Vec::new()));
    assert_eq!(asked(delivery), ["#product:boots-001", "#product:jackets-001", "#product:tents-001"]);
}

fn everything_is_purged(outcome: &Outcome) {
    assert_eq!(outcome.products.len(), 3);
    outcome.products.iter().for_each(assert_purged);
    assert!(outcome.for_the_edge.is_empty(), "{:?}", outcome.for_the_edge);
}
