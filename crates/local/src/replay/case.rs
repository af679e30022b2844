//! The sample events: one file a case, one folder a function.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use catalog::ProductId;
use serde_json::Value;

/// The functions, in the order in which a change passes them.
pub const FUNCTIONS: [&str; 5] =
    ["read-api", "write-api", "stream-invalidator", "edge-invalidator", "consistency-auditor"];

/// A sample event.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// The function it is for.
    pub function: String,
    /// Its name; the file's without `.json`.
    pub name: String,
    /// The event.
    pub event: Value,
}

/// Why there are no cases to play.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    /// A folder or file cannot be read, or is none of an event.
    #[error("{}: {reason}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// What was asked for is not there.
    #[error("there is no {wanted}; there is\n{known}")]
    Unknown {
        /// What was asked for.
        wanted: String,
        /// What there is, a line for each function.
        known: String,
    },
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.function, self.name)
    }
}

impl Case {
    /// The ids of the products the event is about, in the order in which it names them.
    pub fn products(&self) -> Vec<String> {
        let path =
            self.event.get("rawPath").and_then(Value::as_str).and_then(|path| path.rsplit_once("/products/"));
        let own = path.map(|(_, id)| id.to_owned()).into_iter().chain(id_of_change(&self.event));
        let records = self.event.get("Records").and_then(Value::as_array).into_iter().flatten();
        let mut seen = BTreeSet::new();
        let ids = own.chain(records.filter_map(id_of_record));
        ids.filter(|id| ProductId::parse(id).is_ok() && seen.insert(id.clone())).collect()
    }

    /// Whether the event is a batch of SQS.
    pub fn is_from_queue(&self) -> bool {
        self.event.pointer("/Records/0/eventSource").and_then(Value::as_str) == Some("aws:sqs")
    }
}

/// The id in an EventBridge event, or in a look at one.
fn id_of_change(event: &Value) -> Option<String> {
    let id = event.pointer("/detail/id").or_else(|| event.pointer("/look/product"));
    id.and_then(Value::as_str).map(str::to_owned)
}

/// The id in a record of a stream, or in the event a message holds.
fn id_of_record(record: &Value) -> Option<String> {
    let key = record.pointer("/dynamodb/Keys/id/S").and_then(Value::as_str).map(str::to_owned);
    key.or_else(|| id_of_change(&serde_json::from_str(record.get("body")?.as_str()?).ok()?))
}

/// Reads every case below a folder, in the order of [`FUNCTIONS`] and by name. Whatever else is there is a mistake.
pub fn load(folder: &Path) -> Result<Vec<Case>, CaseError> {
    let mut cases = Vec::new();
    for path in entries(folder)? {
        let function = name_of(&path);
        if !FUNCTIONS.contains(&function.as_str()) {
            let reason = format!("there is no such function; there are {}", FUNCTIONS.join(", "));
            return Err(CaseError::Unreadable { path, reason });
        }
        for path in entries(&path)? {
            cases.push(read(&path, &function)?);
        }
    }
    let place = |case: &Case| FUNCTIONS.iter().position(|function| *function == case.function);
    cases.sort_by_key(|case| (place(case), case.name.clone()));
    Ok(cases)
}

/// The cases that are wanted: all, those of a function, or one by `<function>/<case>`.
pub fn select(cases: Vec<Case>, wanted: Option<&str>) -> Result<Vec<Case>, CaseError> {
    let Some(wanted) = wanted else { return Ok(cases) };
    let known = known(&cases);
    let is_wanted = |case: &Case| case.function == wanted || case.to_string() == wanted;
    let selected: Vec<_> = cases.into_iter().filter(is_wanted).collect();
    match selected.is_empty() {
        true => Err(CaseError::Unknown { wanted: wanted.to_owned(), known }),
        false => Ok(selected),
    }
}

fn known(cases: &[Case]) -> String {
    let lines = FUNCTIONS.iter().map(|function| {
        let names: Vec<_> =
            cases.iter().filter(|case| case.function == *function).map(|case| case.name.as_str()).collect();
        format!("  {function}/ {}", names.join(" "))
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, CaseError> {
    let entries =
        std::fs::read_dir(folder).and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
    entries.map_err(|error| unreadable(folder, &error))
}

fn read(path: &Path, function: &str) -> Result<Case, CaseError> {
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
    let event = serde_json::from_str(&text).map_err(|error| unreadable(path, &error))?;
    Ok(Case { function: function.to_owned(), name: name_of(path), event })
}

fn name_of(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn unreadable(path: &Path, error: &dyn fmt::Display) -> CaseError {
    CaseError::Unreadable { path: path.to_owned(), reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn case(function: &str, name: &str, event: Value) -> Case {
        Case { function: function.to_owned(), name: name.to_owned(), event }
    }

    #[test]
    fn a_case_is_about_the_products_it_names_each_once() {
        let ids = |event| case("f", "c", event).products();
        assert_eq!(ids(json!({"rawPath": "/api/admin/products/b-1"})), ["b-1"]);
        assert!(ids(json!({"rawPath": "/api/products/b.1"})).is_empty(), "no product has such an id");
        assert!(ids(json!({"rawPath": "/api/products"})).is_empty());
        let key = |id: &str| json!({"dynamodb": {"Keys": {"id": {"S": id}}}});
        assert_eq!(ids(json!({"Records": [key("b"), key("a"), key("b"), {"dynamodb": {}}]})), ["b", "a"]);
        let message = json!({"detail": {"id": "b-1"}}).to_string();
        assert_eq!(ids(json!({"Records": [{"body": message}, {"body": "no JSON"}]})), ["b-1"]);
        assert_eq!(ids(json!({"detail-type": "ProductUpdated", "detail": {"id": "b-1"}})), ["b-1"]);
        let look = json!({"look": {"product": "b-2"}}).to_string();
        assert_eq!(ids(json!({"Records": [{"body": look}]})), ["b-2"]);
    }

    #[test]
    fn what_is_not_there_is_answered_with_what_is() {
        let cases = || vec![case("read-api", "get", json!({})), case("write-api", "patch", json!({}))];
        assert_eq!(select(cases(), None).unwrap(), cases());
        assert_eq!(select(cases(), Some("read-api")).unwrap(), cases()[..1]);
        assert_eq!(select(cases(), Some("write-api/patch")).unwrap(), cases()[1..]);
        for unknown in ["get", "read-api/patch", "read", ""] {
            let error = select(cases(), Some(unknown)).unwrap_err().to_string();
            assert!(error.contains("read-api/ get") && error.contains("write-api/ patch"), "{error}");
        }
    }
}
