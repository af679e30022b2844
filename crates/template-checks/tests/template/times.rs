//! The inequalities between time-outs, delays and limits, in the template's numbers and the code's.

use consistency_auditor::schedule;
use serde_json::Value;
use template_checks::Template;
use template_checks::grants::flat;
use template_checks::template::Function;

use crate::functions;

/// AWS's managed policy that caches nothing.
const CACHING_DISABLED: &str = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad";

fn distribution(template: &Template) -> &Value {
    let (_, distribution) = template.resources("AWS::CloudFront::Distribution").next().unwrap();
    &distribution["DistributionConfig"]
}

/// The origins that are not a bucket.
fn origins(template: &Template) -> Vec<&Value> {
    let mut origins = flat(&distribution(template)["Origins"]);
    origins.retain(|origin| !origin["CustomOriginConfig"].is_null());
    assert!(!origins.is_empty(), "nothing leads to the API");
    origins
}

/// The origins whose answers may be stored.
fn stored_from(template: &Template) -> Vec<&Value> {
    let behaviours = flat(&distribution(template)["CacheBehaviors"]);
    // A policy that is `Fn::If` may be one that stores.
    let storing = |origin: &Value| {
        let mut of = behaviours.iter().filter(|behaviour| behaviour["TargetOriginId"] == origin["Id"]);
        of.any(|behaviour| behaviour["CachePolicyId"] != CACHING_DISABLED)
    };
    let mut origins = origins(template);
    origins.retain(|origin| storing(origin));
    assert!(!origins.is_empty(), "nothing is cached");
    origins
}

fn served_by_the_api(template: &Template, behaviour: &Value) -> bool {
    origins(template).iter().any(|origin| origin["Id"] == behaviour["TargetOriginId"])
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

/// The largest value of a setting that a function takes.
fn largest_accepted(template: &Template, binary: &str, setting: &str) -> f64 {
    let (function, read) = functions::named(template, binary);
    let base = functions::environment(template, &function, None);
    let accepted = |number: u64| {
        read(&|name| if name == setting { Some(number.to_string()) } else { base.get(name).cloned() }).is_ok()
    };
    assert!(accepted(0) && !accepted(1 << 32), "{setting} has no upper limit");
    let (mut taken, mut refused) = (0_u64, 1 << 32);
    while refused - taken > 1 {
        let middle = taken.midpoint(refused);
        if accepted(middle) { taken = middle } else { refused = middle }
    }
    taken as f64
}

/// Where an answer may come from that was computed before a purge: on its way from the origin for as long as the edge lets
/// it take, and before that, for a while, out of the process's memory, which no purge reaches.
#[test]
fn the_fence_delay_outlasts_every_answer_that_was_on_its_way_when_a_change_was_published() {
    let template = Template::read().unwrap();
    let (function, _) = functions::named(&template, "edge-invalidator");
    let fence = template.least(&function.environment["FENCE_SECONDS"]).unwrap();
    let completion = stored_from(&template).into_iter();
    let completion = completion.map(|origin| number(&origin["ResponseCompletionTimeout"]));
    let completion = completion.fold(0.0, f64::max);
    let memory =
        ["MEMORY_MS", "LIST_MEMORY_MS"].map(|name| largest_accepted(&template, "read-api", name) / 1_000.0);
    let memory = memory.into_iter().fold(0.0, f64::max);
    assert!(memory >= 1.0, "{memory}");
    let margin = 1.0;
    assert!(
        fence >= completion + memory + margin,
        "FenceSeconds may be {fence}: less than ResponseCompletionTimeout {completion} + memory {memory} + {margin}"
    );
}

/// A fenced purge is gathered, put off for the fence delay, gathered once more and sent; then CloudFront takes its time.
#[test]
fn a_purge_that_waits_for_the_fence_delay_rings_no_alarm() {
    let template = Template::read().unwrap();
    let (function, _) = functions::named(&template, "edge-invalidator");
    let fence = template.greatest(&function.environment["FENCE_SECONDS"]).unwrap();
    // "P95 5 s" is what is published; a second for the function and its queue.
    let (window, cloudfront) = (&function.properties["Events"]["EdgeQueue"]["Properties"], 5.0 + 1.0);
    let window = &window["MaximumBatchingWindowInSeconds"];
    let (usual, longest) = (template.numbers(window)[0], template.greatest(window).unwrap());
    let last_look = schedule::LOOKS.map(|after| schedule::span(after).as_secs_f64());
    let last_look = last_look.into_iter().fold(0.0, f64::max);
    let lag = template.numbers(template.property("EdgeLagAlarm", "Threshold"))[0] / 1_000.0;
    let purged = fence + 2.0 * usual + cloudfront;
    assert!(purged < last_look, "purged {purged} s after the change, looked at after {last_look} s");
    assert!(purged < lag, "purged {purged} s after the change, an alarm after {lag} s");

    // With the longest window, and after a delivery that was lost.
    let hidden = template.least(template.property("EdgeQueue", "VisibilityTimeout")).unwrap();
    let waits = fence + 2.0 * longest + hidden + number(&function.properties["Timeout"]);
    let age = number(template.property("EdgeQueueAgeAlarm", "Threshold"));
    assert!(waits < age, "in the queue for {waits} s, an alarm after {age} s");
    // The most by which SQS delays a message.
    assert!(fence <= 900.0, "{fence}");
}

/// The function behind a behaviour's pattern: of the routes that match, the longest.
fn behind(template: &Template, pattern: &str) -> (Function, f64) {
    let routes = template.resources("AWS::ApiGatewayV2::Route").filter_map(|(_, route)| {
        let path = route["RouteKey"].as_str()?.rsplit(' ').next()?;
        let prefix = path.split('{').next()?;
        let integration = route["Target"]["Fn::Sub"].as_str()?.split("${").nth(1)?.trim_end_matches('}');
        pattern.starts_with(prefix).then_some((prefix.len(), integration))
    });
    let (_, integration) = routes.max().unwrap_or_else(|| panic!("no route is behind {pattern}"));
    let function = template.property(integration, "IntegrationUri")["Fn::GetAtt"][0].as_str().unwrap();
    let timeout = number(template.property(integration, "TimeoutInMillis")) / 1_000.0;
    let function = functions::all(template).into_iter().find(|(known, _)| known.id == function).unwrap().0;
    (function, timeout)
}

#[test]
fn no_answer_that_the_edge_may_store_is_computed_after_the_edge_has_given_up_on_it() {
    let template = Template::read().unwrap();
    let mut read = f64::MAX;
    for origin in stored_from(&template) {
        let this = number(&origin["CustomOriginConfig"]["OriginReadTimeout"]);
        let completion = number(&origin["ResponseCompletionTimeout"]);
        assert!(this <= completion, "OriginReadTimeout {this} > ResponseCompletionTimeout {completion}");
        read = read.min(this);
    }
    let mut cached = 0;
    for behaviour in flat(&distribution(&template)["CacheBehaviors"]) {
        if !served_by_the_api(&template, behaviour) || behaviour["CachePolicyId"] == CACHING_DISABLED {
            continue;
        }
        cached += 1;
        let pattern = behaviour["PathPattern"].as_str().unwrap();
        let (function, _) = behind(&template, pattern);
        let timeout = number(&function.properties["Timeout"]);
        assert!(
            timeout < read,
            "{pattern}: {} may take {timeout} s, the edge waits {read} s",
            function.binary
        );
    }
    assert!(cached > 0, "nothing is cached");
}

#[test]
fn the_api_waits_for_a_function_as_long_as_it_may_take() {
    let template = Template::read().unwrap();
    for pattern in ["/api/*", "/api/admin/*"] {
        let (function, patience) = behind(&template, pattern);
        let timeout = number(&function.properties["Timeout"]);
        assert!(
            timeout < patience,
            "{pattern}: {} may take {timeout} s, the API waits {patience} s",
            function.binary
        );
    }
}

/// Who is told that a write took too long would not know whether it was carried out.
#[test]
fn the_edge_waits_for_a_write_as_long_as_the_api_does() {
    let template = Template::read().unwrap();
    let behaviours = flat(&distribution(&template)["CacheBehaviors"]);
    let writes = |behaviour: &Value| flat(&behaviour["AllowedMethods"]).iter().any(|method| *method == "PUT");
    let mut writing = 0;
    for behaviour in behaviours.into_iter().filter(|behaviour| writes(behaviour)) {
        writing += 1;
        let (_, patience) = behind(&template, behaviour["PathPattern"].as_str().unwrap());
        let origin =
            origins(&template).into_iter().find(|origin| origin["Id"] == behaviour["TargetOriginId"]);
        let origin = origin.unwrap();
        for time in [&origin["CustomOriginConfig"]["OriginReadTimeout"], &origin["ResponseCompletionTimeout"]]
        {
            assert!(number(time) > patience, "the edge waits {time} s, the API {patience} s");
        }
    }
    assert!(writing > 0, "nothing is written through the edge");
}

#[test]
fn a_message_is_hidden_for_as_long_as_its_function_may_need() {
    let template = Template::read().unwrap();
    let mut queues = 0;
    for (function, _) in functions::all(&template) {
        for (name, event) in function.properties["Events"].as_object().into_iter().flatten() {
            let of = &event["Properties"];
            assert_eq!(
                template.possible(&of["FunctionResponseTypes"][0]),
                ["ReportBatchItemFailures"],
                "{name}: without it, one message that fails brings back the whole batch"
            );
            if event["Type"] != "SQS" {
                continue;
            }
            queues += 1;
            let queue = of["Queue"]["Fn::GetAtt"][0].as_str().unwrap();
            let window = template.greatest(&of["MaximumBatchingWindowInSeconds"]).unwrap_or(0.0);
            let timeout = number(&function.properties["Timeout"]);
            let hidden = template.property(queue, "VisibilityTimeout");
            let hidden = template.least(hidden).unwrap_or(30.0);
            assert!(
                hidden >= 6.0 * timeout + window,
                "{queue} hides a message for {hidden} s: less than 6 x {timeout} s + {window} s"
            );
            // Lambda refuses larger batches without a window.
            let least = template.least(&of["MaximumBatchingWindowInSeconds"]).unwrap_or(0.0);
            let batch = template.greatest(&of["BatchSize"]).unwrap_or(10.0);
            assert!(
                batch <= 10.0 || least >= 1.0,
                "{queue}: batches of {batch} need a window of a second, not {least}"
            );
        }
    }
    assert!(queues > 0, "nothing is fed from a queue");
}

#[test]
fn nothing_is_forgotten_before_somebody_can_look_at_it() {
    let template = Template::read().unwrap();
    let kept =
        |id: &str| template.least(template.property(id, "MessageRetentionPeriod")).unwrap_or(345_600.0);
    let mut redriven = 0;
    for (id, queue) in template.resources("AWS::SQS::Queue") {
        let Some(dead) = queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0].as_str() else {
            continue;
        };
        redriven += 1;
        // A message keeps its age when it is moved.
        assert!(kept(dead) > kept(id), "{dead} forgets after {} s, {id} after {} s", kept(dead), kept(id));
    }
    assert!(redriven > 0, "no queue has dead letters");
    for (function, _) in functions::all(&template) {
        for (name, event) in function.properties["Events"].as_object().into_iter().flatten() {
            if event["Type"] == "DynamoDB" {
                let of = &event["Properties"];
                let age = number(&of["MaximumRecordAgeInSeconds"]);
                // The stream keeps 24 hours; a record must be given up while it can still be read.
                assert!((43_200.0..=85_000.0).contains(&age), "{name} gives up records after {age} s");
                assert_eq!(
                    of["MaximumRetryAttempts"], -1,
                    "{name}: an outage of the cache must drop nothing"
                );
                assert!(!of["DestinationConfig"].is_null(), "{name}: what is given up is lost");
            }
        }
    }
}

#[test]
fn the_edge_keeps_no_answer_shorter_than_the_api_says() {
    let template = Template::read().unwrap();
    let (function, _) = functions::named(&template, "read-api");
    let longest =
        ["S_MAXAGE", "ABSENT_S_MAXAGE"].map(|name| template.greatest(&function.environment[name]).unwrap());
    for (id, policy) in template.resources("AWS::CloudFront::CachePolicy") {
        let policy = &policy["CachePolicyConfig"];
        let most = number(&policy["MaxTTL"]);
        assert!(
            longest.iter().all(|seconds| *seconds <= most),
            "{id} cuts s-maxage at {most} s: {longest:?}"
        );
        assert_eq!(number(&policy["MinTTL"]), 0.0, "{id}: above 0 it would override no-store");
    }
}
