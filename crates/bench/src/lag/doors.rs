//! Where writes are sent, and what became of them is asked.

use serde::Deserialize;
use serde_json::json;

use super::{Way, Write, Writer};
use crate::clock::{unix_ms, unix_us};
use crate::http::{Connection, Message, request};
use crate::stack::Endpoints;

/// Where writes are sent and what they do is looked at.
pub struct Doors {
    table: String,
    dynamodb: Connection,
    api: Connection,
    edge: Connection,
    observe: Connection,
}

impl Doors {
    /// Of a stack.
    pub fn of(endpoints: &Endpoints) -> Doors {
        Doors {
            table: endpoints.table.clone(),
            dynamodb: Connection::to(&endpoints.dynamodb),
            api: Connection::to(&endpoints.api),
            edge: Connection::to(&endpoints.edge),
            observe: Connection::to(&endpoints.observe),
        }
    }

    /// One write, of a product that the edge holds.
    pub fn write(&mut self, id: &str, writer: Writer, turn: usize) -> Result<Write, String> {
        self.at_edge(id)?;
        let price = 1_000 + turn;
        let direct = unix_ms();
        let (connection, request) = match writer {
            Writer::Direct => (&mut self.dynamodb, update_item(&self.table, id, price, direct)),
            Writer::Api => (&mut self.api, patch(id, price)),
        };
        let sent = unix_us();
        let answer = connection.exchange(&request).map_err(|error| format!("a write of {id}: {error}"))?;
        let answered = unix_us();
        let version = match (answer.status(), writer) {
            (200, Writer::Direct) => direct,
            (200, Writer::Api) => version(&answer),
            _ => {
                return Err(format!(
                    "a write of {id}: {} {}",
                    answer.first,
                    String::from_utf8_lossy(&answer.body)
                ));
            }
        };
        Ok(Write { writer, id: id.to_owned(), version, sent, answered, way: None })
    }

    /// The version a viewer gets.
    pub fn at_edge(&mut self, id: &str) -> Result<u64, String> {
        let get = request("GET", &format!("/api/products/{id}"), &[], "");
        let answer = self.edge.exchange(&get).map_err(|error| format!("the edge: {error}"))?;
        match answer.status() {
            200 => Ok(version(&answer)),
            _ => Err(format!("the edge answered {} for {id}", answer.first)),
        }
    }

    /// The change's way to the edge; `None` while it is on it.
    pub fn way(&mut self, write: &Write) -> Result<Option<Way>, String> {
        let get = request("GET", &format!("/trace?id={}@{}", write.id, write.version), &[], "");
        let answer = self.observe.exchange(&get).map_err(|error| format!("the stack's account: {error}"))?;
        let accounts: Vec<Account> =
            serde_json::from_slice(&answer.body).map_err(|error| error.to_string())?;
        Ok(accounts.first().and_then(Way::of))
    }
}

/// What the stack tells of a change; `cargo xtask trace` shows the same.
#[derive(Deserialize)]
struct Account {
    rows: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    at_ms: u64,
    step: String,
    by: String,
    request_id: String,
}

impl Way {
    /// `None` while the change is on its way.
    fn of(account: &Account) -> Option<Way> {
        let row = |step: &str, by: &str| account.rows.iter().find(|row| row.step == step && row.by == by);
        Some(Way {
            streamed: row("streamed", "stream")?.at_ms,
            queued: row("queued", "bus")?.at_ms,
            purged: row("purged", "edge")?.at_ms,
            purge: row("purged", "edge-invalidator")?.request_id.clone(),
        })
    }
}

fn version(answer: &Message) -> u64 {
    answer.header("x-cache-version").parse().unwrap_or(0)
}

fn update_item(table: &str, id: &str, price: usize, version: u64) -> Vec<u8> {
    let body = json!({
        "TableName": table,
        "Key": { "id": { "S": id } },
        "UpdateExpression": "SET price_cents = :p, version = :v",
        "ExpressionAttributeValues": { ":p": { "N": price.to_string() }, ":v": { "N": version.to_string() } },
    });
    let headers = [
        ("x-amz-target", "DynamoDB_20120810.UpdateItem"),
        ("content-type", "application/x-amz-json-1.0"),
        // Asked for and not checked.
        (
            "authorization",
            "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
        ),
        ("x-amz-date", "20260101T000000Z"),
    ];
    request("POST", "/", &headers, &body.to_string())
}

fn patch(id: &str, price: usize) -> Vec<u8> {
    let headers = [("if-match", "*"), ("content-type", "application/merge-patch+json")];
    let body = json!({ "price_cents": price }).to_string();
    request("PATCH", &format!("/api/admin/products/{id}"), &headers, &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_has_come_to_the_edge_when_every_step_is_known() {
        let step = |step: &str, by: &str, at_ms| json!({"at_ms": at_ms, "step": step, "by": by, "request_id": "r-1", "note": ""});
        let mut rows = vec![
            step("streamed", "stream", 1),
            step("queued", "bus", 2),
            step("purged", "edge-invalidator", 9),
        ];
        let way =
            |rows: &[serde_json::Value]| Way::of(&serde_json::from_value(json!({ "rows": rows })).unwrap());
        assert_eq!(way(&rows), None);
        rows.push(step("purged", "edge", 8));
        assert_eq!(way(&rows), Some(Way { streamed: 1, queued: 2, purged: 8, purge: "r-1".to_owned() }));
    }
}
