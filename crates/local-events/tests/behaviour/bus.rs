//! The bus, used in process.

use std::sync::Arc;

use local_events::bus::{EventBridge, EventsError, PutEventsEntry, Rule};
use local_events::pattern::EventPattern;
use local_events::sqs::{Queues, Receive};
use local_events::{Region, WallClock};
use serde_json::{Value, json};

use crate::fakes::START_MS;

pub struct Setup {
    pub queues: Arc<Queues>,
    pub events: Arc<EventBridge>,
}

pub const BUS_ARN: &str = "arn:aws:events:eu-central-1:000000000000:event-bus/shop";

/// A bus `shop` with one rule: what comes from `shop` goes to the queue `purges`.
pub fn setup() -> Setup {
    let clock = WallClock::starting_at(START_MS);
    let queues = Arc::new(Queues::new(Region::default(), "http://127.0.0.1:1", clock));
    queues.create("purges", &[].into()).unwrap();
    let events = Arc::new(EventBridge::new(Region::default(), queues.clone(), clock));
    assert_eq!(events.create_bus("shop").unwrap(), BUS_ARN);
    let pattern = EventPattern::parse(&json!({ "source": ["shop"] })).unwrap();
    let targets = vec![queues.arn_of("purges").unwrap()];
    events.put_rule("shop", Rule { name: "to-purges".into(), pattern, targets }).unwrap();
    Setup { queues, events }
}

impl Setup {
    pub async fn delivered(&self) -> Vec<Value> {
        let received =
            self.queues.receive("purges", Receive { max: 100, ..Receive::default() }).await.unwrap();
        received.iter().map(|message| serde_json::from_str(&message.body).unwrap()).collect()
    }
}

fn entry() -> PutEventsEntry {
    PutEventsEntry {
        source: Some("shop".into()),
        detail_type: Some("ProductUpdated".into()),
        detail: Some(r#"{"id":"p-1"}"#.into()),
        event_bus_name: Some("shop".into()),
        ..PutEventsEntry::default()
    }
}

/// "Event structure reference": the event arrives with its whole envelope.
#[tokio::test(start_paused = true)]
async fn a_matching_event_reaches_the_queue_with_its_envelope() {
    let setup = setup();
    let resources = vec!["arn:aws:dynamodb:eu-central-1:000000000000:table/products".to_owned()];
    let sent = PutEventsEntry { resources: resources.clone(), ..entry() };
    let results = setup.events.put_events(vec![sent]).unwrap();
    assert_eq!(
        setup.delivered().await,
        [json!({
            "version": "0",
            "id": results[0].as_ref().unwrap(),
            "detail-type": "ProductUpdated",
            "source": "shop",
            "account": "000000000000",
            "time": "2025-11-20T09:30:00Z",
            "region": "eu-central-1",
            "resources": resources,
            "detail": { "id": "p-1" },
        })]
    );
}

/// "PutEventsRequestEntry", `Time`: the producer's time, if there is one.
#[tokio::test(start_paused = true)]
async fn an_event_may_bring_its_own_time() {
    let setup = setup();
    setup.events.put_events(vec![PutEventsEntry { time_ms: Some(START_MS - 1_000), ..entry() }]).unwrap();
    assert_eq!(setup.delivered().await[0]["time"], "2025-11-20T09:29:59Z");
}

/// "PutEventsRequestEntry", `EventBusName`: a name or an ARN; without one the default bus. Only rules of that bus count.
#[tokio::test(start_paused = true)]
async fn only_rules_of_the_named_bus_count() {
    let setup = setup();
    let on = |bus: Option<&str>| PutEventsEntry { event_bus_name: bus.map(str::to_owned), ..entry() };
    let results = setup.events.put_events(vec![on(Some(BUS_ARN)), on(None), on(Some("nowhere"))]).unwrap();
    assert!(results.iter().all(Result::is_ok));
    assert_eq!(setup.delivered().await.len(), 1);
}

/// "Creating Amazon EventBridge event patterns": an event no rule matches is accepted and goes nowhere.
#[tokio::test(start_paused = true)]
async fn an_event_no_rule_matches_goes_nowhere() {
    let setup = setup();
    let other = PutEventsEntry { source: Some("other".into()), ..entry() };
    assert!(setup.events.put_events(vec![other]).unwrap()[0].is_ok());
    assert!(setup.delivered().await.is_empty());
}

/// "PutEventsResultEntry": results come in the order of the entries; each failed entry says why, the others are taken.
#[tokio::test(start_paused = true)]
async fn unsound_entries_fail_alone() {
    let setup = setup();
    let entries = vec![
        PutEventsEntry { source: None, ..entry() },
        PutEventsEntry { detail_type: Some(String::new()), ..entry() },
        PutEventsEntry { detail: None, ..entry() },
        PutEventsEntry { detail: Some("{oops".into()), ..entry() },
        PutEventsEntry { detail: Some("[1]".into()), ..entry() },
        PutEventsEntry { detail_type: Some("x".repeat(129)), ..entry() },
        PutEventsEntry { source: Some("aws.ec2".into()), ..entry() },
        entry(),
    ];
    let results = setup.events.put_events(entries).unwrap();
    let codes: Vec<_> =
        results.iter().map(|result| result.as_ref().map_or_else(|e| e.code.as_str(), |_| "ok")).collect();
    let expected = [
        "InvalidArgument",
        "InvalidArgument",
        "InvalidArgument",
        "MalformedDetail",
        "MalformedDetail",
        "InvalidArgument",
        "NotAuthorizedForSourceException",
        "ok",
    ];
    assert_eq!(codes, expected);
    assert_eq!(setup.delivered().await.len(), 1);
}

/// "PutEvents": one to ten entries, together under 1 MB; otherwise nothing is taken.
#[tokio::test(start_paused = true)]
async fn calls_outside_the_limits_are_refused_whole() {
    let setup = setup();
    let refused = |entries| matches!(setup.events.put_events(entries), Err(EventsError::Validation(_)));
    assert!(refused(vec![]));
    assert!(refused(vec![entry(); 11]));
    let envelope = PutEventsEntry { detail: None, ..entry() }.size();
    let of_size = |size: usize| {
        let padding = "x".repeat(size - envelope - r#"{"a":""}"#.len());
        PutEventsEntry { detail: Some(format!(r#"{{"a":"{padding}"}}"#)), ..entry() }
    };
    assert_eq!(of_size(600_000).size(), 600_000);
    assert!(refused(vec![of_size(600_000), of_size(448_576)]));
    assert!(setup.delivered().await.is_empty());
    assert!(!refused(vec![of_size(600_000), of_size(448_575)]));
    assert_eq!(setup.delivered().await.len(), 2);
}

/// "Calculating PutEvents event entry size": 14 bytes for a time, and the bytes of the texts.
#[test]
fn the_size_of_an_entry_counts_its_texts_and_its_time() {
    let plain = PutEventsEntry {
        source: Some("ab".into()),
        detail_type: Some("ü".into()),
        detail: Some("{}".into()),
        resources: vec!["r".into(), "rs".into()],
        ..PutEventsEntry::default()
    };
    assert_eq!(plain.size(), 9);
    assert_eq!(PutEventsEntry { time_ms: Some(0), ..plain }.size(), 23);
}

/// "PutEventsResultEntry": a retryable failure of some entries leaves the others accepted, and passes.
#[tokio::test(start_paused = true)]
async fn faults_fail_the_next_entries_only() {
    let setup = setup();
    setup.events.faults().fail_next_entries(2, "InternalFailure");
    let results = setup.events.put_events(vec![entry(), entry(), entry()]).unwrap();
    let failed: Vec<_> = results.iter().map(|r| r.as_ref().err().map(|e| e.code.as_str())).collect();
    assert_eq!(failed, [Some("InternalFailure"), Some("InternalFailure"), None]);
    assert_eq!(setup.delivered().await.len(), 1);
    assert_eq!(setup.events.faults().remaining(), 0);
}

/// Whoever subscribes sees every accepted event with the rules it matched, and none that failed.
#[tokio::test(start_paused = true)]
async fn subscribers_see_accepted_events() {
    let setup = setup();
    let mut accepted = setup.events.subscribe();
    let on_default = PutEventsEntry { event_bus_name: None, ..entry() };
    let failed = PutEventsEntry { detail: None, ..entry() };
    setup.events.put_events(vec![failed, entry(), on_default]).unwrap();
    let first = accepted.recv().await.unwrap();
    assert_eq!((first.bus.as_str(), first.rules), ("shop", vec!["to-purges".to_owned()]));
    assert_eq!(first.event["detail"]["id"], "p-1");
    let second = accepted.recv().await.unwrap();
    assert_eq!((second.bus.as_str(), second.rules), ("default", vec![]));
    assert!(accepted.try_recv().is_err());
}

/// "PutRule": a rule of the same name is replaced; the bus has to exist.
#[tokio::test(start_paused = true)]
async fn a_rule_is_replaced_by_name() {
    let setup = setup();
    let pattern = EventPattern::parse(&json!({ "source": ["nobody"] })).unwrap();
    let rule = Rule { name: "to-purges".into(), pattern, targets: vec![] };
    assert!(setup.events.put_rule("nowhere", rule.clone()).is_err());
    setup.events.put_rule(BUS_ARN, rule).unwrap();
    setup.events.put_events(vec![entry()]).unwrap();
    assert!(setup.delivered().await.is_empty());
}
