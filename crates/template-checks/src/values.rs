//! What a property may become in a deployment.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::template::Template;

impl Template {
    /// The texts a value can stand for, the most usual one first.
    ///
    /// A parameter stands for its default, its least and greatest value and all its allowed ones; `Fn::If` for both
    /// branches. A resource stands for itself: its logical id where its name or id would be, a queue's URL ending in it.
    /// What depends on several things (`Fn::Sub`, `Fn::Join`) has one example.
    pub fn possible(&self, value: &Value) -> Vec<String> {
        let texts = match value {
            Value::Null => Vec::new(),
            Value::String(text) => vec![resolved(text)],
            Value::Object(map) => match map.iter().next() {
                Some((name, of)) if name == "Ref" => self.referred(of.as_str().unwrap_or_default()),
                Some((name, of)) if name == "Fn::GetAtt" => vec![attribute(of)],
                Some((name, of)) if name == "Fn::Sub" => vec![self.substituted(of)],
                Some((name, of)) if name == "Fn::Join" => vec![self.joined(of)],
                Some((name, of)) if name == "Fn::If" => {
                    let branches = of.as_array().into_iter().flatten().skip(1);
                    branches.flat_map(|branch| self.possible(branch)).collect()
                }
                _ => vec![value.to_string()],
            },
            other => vec![other.to_string()],
        };
        let mut seen = BTreeSet::new();
        texts.into_iter().filter(|text| seen.insert(text.clone())).collect()
    }

    fn referred(&self, name: &str) -> Vec<String> {
        if let Some(pseudo) = name.strip_prefix("AWS::") {
            return if pseudo == "NoValue" { Vec::new() } else { vec![pseudo.to_owned()] };
        }
        let parameter = self.at(&format!("/Parameters/{name}"));
        if parameter.is_null() {
            let queue = self.at(&format!("/Resources/{name}/Type")) == "AWS::SQS::Queue";
            let place = if queue { "https://sqs.us-east-1.amazonaws.com/000000000000/" } else { "" };
            return vec![format!("{place}{name}")];
        }
        let ends = ["Default", "MinValue", "MaxValue"].into_iter().map(|end| &parameter[end]);
        let allowed = parameter["AllowedValues"].as_array().into_iter().flatten();
        ends.chain(allowed).flat_map(|value| self.possible(value)).collect()
    }

    fn substituted(&self, of: &Value) -> String {
        let (pattern, given) = match of {
            Value::Array(both) => (&both[0], both.get(1).unwrap_or(&Value::Null)),
            pattern => (pattern, &Value::Null),
        };
        let pattern = resolved(pattern.as_str().unwrap_or_default());
        let mut pieces = pattern.split("${");
        let mut text = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            let (name, rest) = piece.split_once('}').unwrap_or((piece, ""));
            let value = match &given[name] {
                Value::Null => match name.split_once('.') {
                    Some((id, of)) => attribute(&serde_json::json!([id, of])),
                    None => self.referred(name).into_iter().next().unwrap_or_default(),
                },
                value => self.example(value),
            };
            text.push_str(&value);
            text.push_str(rest);
        }
        text
    }

    fn joined(&self, of: &Value) -> String {
        let parts = of[1].as_array().into_iter().flatten().map(|part| self.example(part));
        parts.collect::<Vec<_>>().join(of[0].as_str().unwrap_or_default())
    }

    /// The most usual of the texts a value can stand for, an empty one only if there is no other.
    pub fn example(&self, value: &Value) -> String {
        let texts = self.possible(value);
        texts.iter().find(|text| !text.is_empty()).cloned().unwrap_or_default()
    }

    /// The numbers a value can stand for; what is none is left out.
    pub fn numbers(&self, value: &Value) -> Vec<f64> {
        self.possible(value).iter().filter_map(|text| text.parse().ok()).collect()
    }

    /// The least number a value can stand for.
    pub fn least(&self, value: &Value) -> Option<f64> {
        self.numbers(value).into_iter().min_by(f64::total_cmp)
    }

    /// The greatest number a value can stand for.
    pub fn greatest(&self, value: &Value) -> Option<f64> {
        self.numbers(value).into_iter().max_by(f64::total_cmp)
    }
}

/// An attribute of a resource: a port or a URL for what is named so, otherwise the logical id.
fn attribute(of: &Value) -> String {
    let (id, name) = (of[0].as_str().unwrap_or_default(), of[1].as_str().unwrap_or_default());
    match name.rsplit('.').next() {
        Some("Port") => "6379".to_owned(),
        Some("ApiEndpoint") => format!("https://{id}"),
        _ => id.to_owned(),
    }
}

/// A text with something in the place of `{{resolve:…}}`.
fn resolved(text: &str) -> String {
    let mut pieces = text.split("{{resolve:");
    let mut whole = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        whole.push_str("secret");
        whole.push_str(piece.split_once("}}").map_or("", |(_, rest)| rest));
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stands_for_all_it_may_become() {
        let template = Template::parse(
            "
Parameters:
  Empty: {Default: ''}
  Seconds: {Default: 10, MinValue: 8, MaxValue: 900}
  Way: {Default: tag, AllowedValues: [tag, path]}
Resources: {Jobs: {Type: AWS::SQS::Queue}}
A: !Ref Seconds
B: !If [Some, !Ref Way, off]
C: !Sub ['rediss://u:{{resolve:secretsmanager:${P}:SecretString}}@${A}:${B}', {A: !GetAtt C.Endpoint.Address, B: !GetAtt C.Port}]
D: !Ref Jobs
E: !Sub arn:${AWS::Partition}:${Jobs.Arn}
F: !Join ['', [!If [Own, !Ref Empty, a], '@']]
",
        )
        .unwrap();
        let possible = |name: &str| template.possible(&template.json[name]);
        assert_eq!(possible("A"), ["10", "8", "900"]);
        assert_eq!(template.least(&template.json["A"]), Some(8.0));
        assert_eq!(template.greatest(&template.json["A"]), Some(900.0));
        assert_eq!(possible("B"), ["tag", "path", "off"]);
        assert_eq!(possible("C"), ["rediss://u:secret@C:6379"]);
        assert_eq!(possible("D"), ["https://sqs.us-east-1.amazonaws.com/000000000000/Jobs"]);
        assert_eq!(possible("F"), ["a@"]);
        assert_eq!(possible("E"), ["arn:Partition:Jobs"]);
    }
}
