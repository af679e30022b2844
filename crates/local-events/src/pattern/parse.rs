//! From JSON to a pattern.

use serde_json::{Map, Value};

use super::matcher::{Comparison, Matcher};
use super::{Node, PatternError};

pub(super) fn fields(value: &Value, path: &str) -> Result<Node, PatternError> {
    let Value::Object(object) = value else {
        return Err(refused(path, "must be an object or an array"));
    };
    let (mut fields, mut alternatives) = (Vec::new(), Vec::new());
    for (name, value) in object {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        match value {
            Value::Array(patterns) if name == "$or" => alternatives.push(or(patterns, &path)?),
            Value::Array(conditions) => fields.push((name.clone(), leaf(conditions, &path)?)),
            nested => fields.push((name.clone(), self::fields(nested, &path)?)),
        }
    }
    Ok(Node::Fields { fields, alternatives })
}

fn or(patterns: &[Value], path: &str) -> Result<Vec<Node>, PatternError> {
    if patterns.len() < 2 {
        return Err(refused(path, "needs at least two patterns"));
    }
    patterns.iter().map(|pattern| fields(pattern, path)).collect()
}

fn leaf(conditions: &[Value], path: &str) -> Result<Node, PatternError> {
    if conditions.is_empty() {
        return Err(refused(path, "empty arrays are not allowed"));
    }
    conditions.iter().map(|condition| matcher(condition, path)).collect::<Result<_, _>>().map(Node::Leaf)
}

fn matcher(condition: &Value, path: &str) -> Result<Matcher, PatternError> {
    match condition {
        Value::Object(object) => operator(object, path),
        Value::Array(_) => Err(refused(path, "an array cannot hold an array")),
        scalar => Ok(Matcher::Exactly(scalar.clone())),
    }
}

fn operator(object: &Map<String, Value>, path: &str) -> Result<Matcher, PatternError> {
    let mut entries = object.iter();
    let (Some((name, operand)), None) = (entries.next(), entries.next()) else {
        return Err(refused(path, "a condition has exactly one key"));
    };
    let text = || {
        operand.as_str().map(str::to_owned).ok_or_else(|| refused(path, &format!("{name} needs a string")))
    };
    match name.as_str() {
        "prefix" => text().map(Matcher::Prefix),
        "suffix" => text().map(Matcher::Suffix),
        "equals-ignore-case" => text().map(Matcher::EqualsIgnoreCase),
        "exists" => {
            operand.as_bool().map(Matcher::Exists).ok_or_else(|| refused(path, "exists needs a boolean"))
        }
        "numeric" => numeric(operand, path),
        "anything-but" => anything_but(operand, path),
        unknown => Err(refused(path, &format!("unrecognized match type {unknown}"))),
    }
}

fn anything_but(operand: &Value, path: &str) -> Result<Matcher, PatternError> {
    let excluded = match operand {
        Value::Array(values) if values.is_empty() => {
            return Err(refused(path, "anything-but needs at least one value"));
        }
        Value::Array(values) => {
            values.iter().map(|value| excluded_value(value, path)).collect::<Result<_, _>>()?
        }
        Value::Object(object) => match operator(object, path)? {
            matcher @ (Matcher::Prefix(_) | Matcher::Suffix(_) | Matcher::EqualsIgnoreCase(_)) => {
                vec![matcher]
            }
            _ => {
                return Err(refused(path, "anything-but takes values, prefix, suffix or equals-ignore-case"));
            }
        },
        scalar => vec![excluded_value(scalar, path)?],
    };
    Ok(Matcher::AnythingBut(excluded))
}

fn excluded_value(value: &Value, path: &str) -> Result<Matcher, PatternError> {
    match value {
        Value::String(_) | Value::Number(_) => Ok(Matcher::Exactly(value.clone())),
        _ => Err(refused(path, "anything-but takes strings and numbers")),
    }
}

fn numeric(operand: &Value, path: &str) -> Result<Matcher, PatternError> {
    let invalid = || refused(path, "numeric needs pairs of a comparison and a number");
    let parts = operand.as_array().filter(|parts| !parts.is_empty()).ok_or_else(invalid)?;
    let pair = |pair: &[Value]| match pair {
        [Value::String(sign), Value::Number(bound)] => Some((Comparison::parse(sign)?, bound.as_f64()?)),
        _ => None,
    };
    parts.chunks(2).map(pair).collect::<Option<_>>().map(Matcher::Numeric).ok_or_else(invalid)
}

fn refused(path: &str, reason: &str) -> PatternError {
    let field = if path.is_empty() { "the pattern" } else { path };
    PatternError(format!("{field}: {reason}"))
}
