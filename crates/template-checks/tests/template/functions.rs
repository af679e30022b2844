//! The functions by their names, and what they are told.

use std::collections::BTreeMap;

use serde_json::Value;
use template_checks::Template;
use template_checks::template::Function;

/// A function's look-up of its settings.
pub type LookUp<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Reads a function's configuration as it does at start.
pub type Read = fn(LookUp<'_>) -> Result<(), String>;

/// How each function reads its configuration.
const READ: &[(&str, Read)] = &[
    ("read-api", |look_up| checked(read_api::Config::read(look_up))),
    ("write-api", |look_up| checked(write_api::Config::read(look_up))),
    ("stream-invalidator", |look_up| checked(stream_invalidator::Config::read(look_up))),
    ("edge-invalidator", |look_up| checked(edge_invalidator::Config::read(look_up))),
    ("consistency-auditor", |look_up| checked(consistency_auditor::Config::read(look_up))),
];

fn checked<T, E: ToString>(config: Result<T, E>) -> Result<(), String> {
    config.map(drop).map_err(|error| error.to_string())
}

/// Every function of the template, with how it reads its configuration.
pub fn all(template: &Template) -> Vec<(Function, Read)> {
    let functions = template.functions();
    assert!(!functions.is_empty(), "the template has no functions");
    let with_reader = functions.into_iter().map(|function| {
        let read = READ.iter().find(|(name, _)| *name == function.binary);
        let (_, read) = read.unwrap_or_else(|| panic!("{} is not known here: add it", function.binary));
        (function, *read)
    });
    with_reader.collect()
}

/// A function of the template by its binary.
pub fn named(template: &Template, binary: &str) -> (Function, Read) {
    all(template).into_iter().find(|(function, _)| function.binary == binary).unwrap()
}

/// A function's environment, each name with one of the values it may have. What may be empty or is set only under a condition
/// is left out, but for what is set under `condition`.
pub fn environment(
    template: &Template,
    function: &Function,
    condition: Option<&str>,
) -> BTreeMap<String, String> {
    let values = function.environment.iter().filter_map(|(name, value)| {
        let needs = condition_of(value);
        (needs.is_none() || needs == condition).then(|| (name.clone(), template.example(value)))
    });
    values.filter(|(_, value)| !value.is_empty()).collect()
}

/// The condition without which a variable is not set.
pub fn condition_of(value: &Value) -> Option<&str> {
    let branches = value["Fn::If"].as_array()?;
    let unset = |branch: &Value| branch["Ref"] == "AWS::NoValue";
    branches.iter().any(unset).then(|| branches[0].as_str()).flatten()
}
