//! What a function's role allows.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::template::{Function, Template};

/// One action on one resource.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grant {
    /// The action, such as `dynamodb:GetItem`.
    pub action: String,
    /// The resource: its logical id, with what follows it in the ARN (`Table/index/by-category`) or the attribute that is
    /// another ARN (`Table.StreamArn`); or `*`.
    pub resource: String,
}

impl Grant {
    /// An action on a resource.
    pub fn new(action: impl Into<String>, resource: impl Into<String>) -> Grant {
        Grant { action: action.into(), resource: resource.into() }
    }
}

impl std::fmt::Display for Grant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} on {}", self.action, self.resource)
    }
}

impl Template {
    /// Everything a function's role allows: its own statements, and those of the template's managed policies. A policy
    /// of AWS is one grant of the policy's name.
    pub fn grants(&self, function: &Function) -> BTreeSet<Grant> {
        let Some(role) = function.properties["Role"]["Fn::GetAtt"][0].as_str() else {
            return [Grant::new("a role that SAM writes", "*")].into();
        };
        let mut grants = BTreeSet::new();
        for policy in flat(self.property(role, "Policies")) {
            grants.extend(allowed(&policy["PolicyDocument"]));
        }
        for policy in flat(self.property(role, "ManagedPolicyArns")) {
            match policy["Ref"].as_str() {
                Some(id) => grants.extend(allowed(self.property(id, "PolicyDocument"))),
                None => {
                    grants.insert(Grant::new(format!("managed policy {policy}"), "*"));
                }
            }
        }
        // Policies that name the role, wherever they stand.
        let named = json!({ "Ref": role });
        for of_type in ["AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::ManagedPolicy"] {
            for (_, policy) in self.resources(of_type) {
                if flat(&policy["Roles"]).contains(&&named) || policy["RoleName"] == named {
                    grants.extend(allowed(&policy["PolicyDocument"]));
                }
            }
        }
        grants
    }
}

/// What a policy document allows, action by action and resource by resource.
pub fn allowed(document: &Value) -> BTreeSet<Grant> {
    let mut grants = BTreeSet::new();
    for statement in flat(&document["Statement"]) {
        if statement["Effect"] != "Allow" {
            continue;
        }
        for resource in flat(&statement["Resource"]) {
            let resource = named(resource);
            for action in flat(&statement["Action"]) {
                grants.insert(Grant::new(action.as_str().unwrap_or("?"), resource.clone()));
            }
        }
    }
    grants
}

/// The elements of what may be one or a list, in both branches of `Fn::If`.
pub fn flat(value: &Value) -> Vec<&Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(values) => values.iter().flat_map(flat).collect(),
        Value::Object(map) if map.contains_key("Fn::If") => {
            value["Fn::If"].as_array().into_iter().flatten().skip(1).flat_map(flat).collect()
        }
        Value::Object(map) if *map == no_value() => Vec::new(),
        one => vec![one],
    }
}

fn no_value() -> serde_json::Map<String, Value> {
    serde_json::Map::from_iter([("Ref".to_owned(), json!("AWS::NoValue"))])
}

/// The logical id an ARN is made of, with what follows it.
fn named(resource: &Value) -> String {
    if let Some(id) = resource["Ref"].as_str() {
        return id.to_owned();
    }
    if let (Some(id), Some(of)) = (resource["Fn::GetAtt"][0].as_str(), resource["Fn::GetAtt"][1].as_str()) {
        return if of.eq_ignore_ascii_case("arn") { id.to_owned() } else { format!("{id}.{of}") };
    }
    let pattern = &resource["Fn::Sub"];
    let text = pattern.as_str().or(pattern[0].as_str()).or(resource.as_str()).unwrap_or("?");
    // The last name that is none of CloudFormation's own.
    let own = text.rmatch_indices("${").find(|(place, _)| !text[*place..].starts_with("${AWS::"));
    let Some((place, _)) = own else { return text.to_owned() };
    let (name, rest) = text[place + 2..].split_once('}').unwrap_or((&text[place + 2..], ""));
    format!("{}{rest}", name.trim_end_matches(".Arn"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_allows_what_its_statements_and_policies_do() {
        let template = Template::parse(
            "
Resources:
  Reader:
    Type: AWS::Serverless::Function
    Properties: {Role: !GetAtt ReaderRole.Arn}
  ReaderRole:
    Type: AWS::IAM::Role
    Properties:
      ManagedPolicyArns: [!Ref Shared, arn:aws:iam::aws:policy/Everything]
      Policies:
        - PolicyDocument:
            Statement:
              - {Effect: Allow, Action: dynamodb:Query, Resource: !Sub '${Table.Arn}/index/by-category'}
              - {Effect: Deny, Action: s3:*, Resource: '*'}
              - {Effect: Allow, Action: dynamodb:GetRecords, Resource: !GetAtt Table.StreamArn}
              - !If [Purges, {Effect: Allow, Action: [a:B], Resource: !Sub 'arn:${AWS::Partition}:x/${Edge}'}, !Ref AWS::NoValue]
  Shared:
    Type: AWS::IAM::ManagedPolicy
    Properties: {PolicyDocument: {Statement: [{Effect: Allow, Action: c:D, Resource: [!GetAtt Bus.Arn, '*']}]}}
",
        )
        .unwrap();
        let grants = template.grants(&template.functions()[0]);
        let shown: Vec<_> = grants.iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            [
                "a:B on Edge",
                "c:D on *",
                "c:D on Bus",
                "dynamodb:GetRecords on Table.StreamArn",
                "dynamodb:Query on Table/index/by-category",
                "managed policy \"arn:aws:iam::aws:policy/Everything\" on *",
            ]
        );
    }
}
