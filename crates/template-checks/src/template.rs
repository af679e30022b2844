//! `template.yaml` as JSON.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

/// The template.
#[derive(Debug, Clone)]
pub struct Template {
    /// All of it, in JSON's long forms: `{"Ref": …}`, `{"Fn::GetAtt": [name, attribute]}`.
    pub json: Value,
}

/// The template cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// There is no such file.
    #[error(transparent)]
    Unreadable(#[from] std::io::Error),
    /// It is no YAML.
    #[error(transparent)]
    Malformed(#[from] yaml_serde::Error),
}

/// A function of the template, with what it has from `Globals`.
#[derive(Debug, Clone)]
pub struct Function {
    /// Its logical id.
    pub id: String,
    /// Its binary, which is its crate.
    pub binary: String,
    /// Its properties.
    pub properties: Value,
    /// Its environment.
    pub environment: BTreeMap<String, Value>,
}

/// The workspace's root.
pub fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.ancestors().nth(2).unwrap_or(own).to_owned()
}

impl Template {
    /// The workspace's own.
    pub fn read() -> Result<Template, TemplateError> {
        Template::parse(&std::fs::read_to_string(root().join("template.yaml"))?)
    }

    /// A template in YAML.
    pub fn parse(yaml: &str) -> Result<Template, TemplateError> {
        Ok(Template { json: long(yaml_serde::from_str(yaml)?) })
    }

    /// A value by its JSON pointer, `null` if there is none.
    pub fn at(&self, pointer: &str) -> &Value {
        self.json.pointer(pointer).unwrap_or(&Value::Null)
    }

    /// A property of a resource, by the path within `Properties`; `null` if there is none.
    pub fn property(&self, id: &str, path: &str) -> &Value {
        self.at(&format!("/Resources/{id}/Properties/{path}"))
    }

    /// The resources of a type, by logical id.
    pub fn resources<'a>(&'a self, of_type: &'a str) -> impl Iterator<Item = (&'a str, &'a Value)> {
        let all = self.at("/Resources").as_object().into_iter().flatten();
        all.filter(move |(_, resource)| resource["Type"] == of_type)
            .map(|(id, resource)| (id.as_str(), &resource["Properties"]))
    }

    /// The functions.
    pub fn functions(&self) -> Vec<Function> {
        let globals = self.at("/Globals/Function");
        let functions = self.resources("AWS::Serverless::Function").map(|(id, own)| {
            let binary = self.at(&format!("/Resources/{id}/Metadata/BuildProperties/Binary"));
            let mut properties = globals.clone();
            merge(&mut properties, own);
            let variables = properties.pointer("/Environment/Variables").and_then(Value::as_object);
            let environment =
                variables.into_iter().flatten().map(|(name, value)| (name.clone(), value.clone()));
            Function {
                id: id.to_owned(),
                binary: binary.as_str().unwrap_or_default().to_owned(),
                environment: environment.collect(),
                properties,
            }
        });
        functions.collect()
    }
}

/// Puts `own` over `base` as SAM does with `Globals`: maps are merged, lists joined, all else is replaced.
fn merge(base: &mut Value, own: &Value) {
    match (base, own) {
        (Value::Object(base), Value::Object(own)) if !is_intrinsic(own) && !is_intrinsic(base) => {
            for (name, value) in own {
                merge(base.entry(name.clone()).or_insert(Value::Null), value);
            }
        }
        (Value::Array(base), Value::Array(own)) => base.extend(own.iter().cloned()),
        (base, own) => *base = own.clone(),
    }
}

fn is_intrinsic(map: &Map<String, Value>) -> bool {
    map.len() == 1 && map.keys().all(|name| name == "Ref" || name.starts_with("Fn::"))
}

/// YAML in JSON's long forms.
fn long(yaml: yaml_serde::Value) -> Value {
    use yaml_serde::Value as Yaml;
    match yaml {
        Yaml::Null => Value::Null,
        Yaml::Bool(value) => json!(value),
        Yaml::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => json!(whole),
            (None, value) => json!(value),
        },
        Yaml::String(text) => json!(text),
        Yaml::Sequence(values) => values.into_iter().map(long).collect(),
        Yaml::Mapping(pairs) => {
            let pairs = pairs.into_iter().map(|(name, value)| {
                let name = long(name);
                (name.as_str().map_or_else(|| name.to_string(), str::to_owned), long(value))
            });
            Value::Object(pairs.collect())
        }
        Yaml::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            let tag = tag.trim_start_matches('!');
            let value = match (tag, long(tagged.value)) {
                ("GetAtt", Value::String(text)) => {
                    json!(text.split_once('.').map_or(vec![text.as_str()], |(id, name)| vec![id, name]))
                }
                (_, value) => value,
            };
            match tag {
                "Ref" | "Condition" => json!({ tag: value }),
                _ => json!({ format!("Fn::{tag}"): value }),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_forms_are_written_out_and_globals_merged() {
        let yaml = "
Globals: {Function: {Timeout: 3, MemorySize: 256, Environment: {Variables: {LEVEL: !Ref Level}}}}
Resources:
  Reader:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: reader}}
    Properties:
      Timeout: 4
      Role: !GetAtt Role.Arn
      Environment: {Variables: {URL: !Sub ['x${A}', {A: !If [B, 1, 2.5]}]}}
";
        let functions = Template::parse(yaml).unwrap().functions();
        let [reader] = functions.as_slice() else { panic!("{functions:?}") };
        assert_eq!((reader.id.as_str(), reader.binary.as_str()), ("Reader", "reader"));
        assert_eq!(
            (&reader.properties["Timeout"], &reader.properties["MemorySize"]),
            (&json!(4), &json!(256))
        );
        assert_eq!(reader.properties["Role"], json!({"Fn::GetAtt": ["Role", "Arn"]}));
        assert_eq!(reader.environment["LEVEL"], json!({"Ref": "Level"}));
        let url = json!({"Fn::Sub": ["x${A}", {"A": {"Fn::If": ["B", 1, 2.5]}}]});
        assert_eq!(reader.environment["URL"], url);
    }
}
