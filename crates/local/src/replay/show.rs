//! What happened, for people: a few lines for each case.

use std::fmt;

use local_events::sqs::Depth;
use serde_json::Value;

use super::{Call, Delivery, Outcome, Seen};

/// The headers worth showing, in this order.
const HEADERS: [(&str, &str); 7] = [
    ("etag", "ETag"),
    ("x-cache-version", "X-Cache-Version"),
    ("cache-control", "Cache-Control"),
    ("cache-status", "Cache-Status"),
    ("cache-tag", "Cache-Tag"),
    ("location", "Location"),
    ("retry-after", "Retry-After"),
];
/// The longest body that is shown, in characters.
const BODY: usize = 160;

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.case)?;
        for (place, delivery) in self.deliveries.iter().enumerate() {
            if self.deliveries.len() > 1 {
                line(f, "delivery", &(place + 1).to_string())?;
            }
            show(f, delivery)?;
        }
        for seen in &self.products {
            product(f, seen)?;
        }
        for event in &self.published {
            line(f, "published", &published(event))?;
        }
        let all = |depth: Depth| depth.visible + depth.delayed + depth.in_flight;
        let queues = [
            ("for the edge", all(self.for_the_edge)),
            ("to be audited", all(self.for_the_auditor)),
            ("refused", self.refused.len()),
        ];
        for (queue, count) in queues.into_iter().filter(|(_, count)| *count > 0) {
            line(f, queue, &format!("{count} in the queue"))?;
        }
        Ok(())
    }
}

fn show(f: &mut fmt::Formatter<'_>, delivery: &Delivery) -> fmt::Result {
    match &delivery.answer {
        Err(error) => line(f, "no answer", &error.to_string())?,
        Ok(answer) => match (delivery.status(), delivery.failures()) {
            (Some(status), _) => http(f, status, delivery)?,
            (None, Some(failures)) => line(f, "answer", &wanted_back(&failures))?,
            (None, None) => line(f, "answer", &counts(answer))?,
        },
    }
    for call in &delivery.calls {
        line(f, "CloudFront", &asked(call))?;
    }
    match delivery.messages {
        Some((count, 0)) => line(f, "messages", &format!("{count} received, {count} done")),
        Some((count, back)) => {
            line(f, "messages", &format!("{count} received, {} done, {back} back in the queue", count - back))
        }
        None => Ok(()),
    }
}

fn http(f: &mut fmt::Formatter<'_>, status: u64, delivery: &Delivery) -> fmt::Result {
    line(f, "answer", &status.to_string())?;
    for (name, shown) in HEADERS {
        match delivery.header(name) {
            "" => {}
            value => line(f, "", &format!("{shown}: {value}"))?,
        }
    }
    let body = delivery.body();
    match body.char_indices().nth(BODY) {
        _ if body.is_empty() => Ok(()),
        Some((end, _)) => line(f, "", &format!("{}…", &body[..end])),
        None => line(f, "", body),
    }
}

fn product(f: &mut fmt::Formatter<'_>, seen: &Seen) -> fmt::Result {
    let (before, after) = (&seen.before, &seen.after);
    let levels = [
        ("table", or_nothing(before.table), or_nothing(after.table)),
        ("cache", or_nothing(before.cache), or_nothing(after.cache)),
        ("edge", at_edge(before.edge), at_edge(after.edge)),
    ];
    let mut named = seen.id.as_str();
    for (level, before, after) in levels.iter().filter(|(_, before, after)| before != after) {
        line(f, named, &format!("{level}: {before} → {after}"))?;
        named = "";
    }
    if before == after { line(f, named, "no level changed") } else { Ok(()) }
}

fn or_nothing(held: Option<impl fmt::Display>) -> String {
    held.map_or_else(|| "nothing".to_owned(), |held| held.to_string())
}

fn at_edge(version: Option<u64>) -> String {
    if version == Some(0) { "no such product".to_owned() } else { or_nothing(version) }
}

fn wanted_back(failures: &[&str]) -> String {
    match failures {
        [] => "batchItemFailures: none".to_owned(),
        [one] => format!("batchItemFailures: {one}"),
        many => format!("batchItemFailures: {} of them", many.len()),
    }
}

fn asked(call: &Call) -> String {
    let items = call.items.join(" ");
    match &call.refused {
        None => format!("took {items}"),
        Some(code) => format!("refused {items} ({code})"),
    }
}

fn published(event: &Value) -> String {
    let kind = text(event, "/detail-type");
    match kind.as_str() {
        "ProductUpdated" => {
            let version = match text(event, "/detail/version").as_str() {
                "0" => "without a version".to_owned(),
                version => format!("version {version}"),
            };
            format!("{kind} {} {}, {version}", text(event, "/detail/id"), text(event, "/detail/change"))
        }
        _ => format!("{kind} {}: {}", text(event, "/detail/id"), text(event, "/detail/reason")),
    }
}

/// The counts of an answer that are not zero.
fn counts(answer: &Value) -> String {
    let Some(fields) = answer.as_object() else { return answer.to_string() };
    let told = fields.iter().filter(|(_, value)| value.as_u64() != Some(0));
    told.map(|(name, value)| format!("{name} {value}")).collect::<Vec<_>>().join(", ")
}

fn text(value: &Value, pointer: &str) -> String {
    match value.pointer(pointer) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => "–".to_owned(),
        Some(other) => other.to_string(),
    }
}

fn line(f: &mut fmt::Formatter<'_>, label: &str, text: &str) -> fmt::Result {
    writeln!(f, "  {label:<14}{text}")
}
