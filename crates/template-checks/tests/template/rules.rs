//! What one parameter asks of another, and that every environment of `samconfig.toml` is allowed.

use std::collections::BTreeMap;

use serde_json::Value;
use template_checks::Template;
use template_checks::template::root;

type Given = BTreeMap<String, String>;

/// What the template has against parameters; those that are not given have their defaults.
fn refused(template: &Template, given: &Given) -> Vec<String> {
    let mut said = Vec::new();
    for rule in template.at("/Rules").as_object().unwrap().values() {
        let applies = rule.get("RuleCondition").is_none_or(|condition| holds(template, given, condition));
        for assertion in rule["Assertions"].as_array().unwrap() {
            if applies && !holds(template, given, &assertion["Assert"]) {
                said.push(assertion["AssertDescription"].as_str().unwrap().to_owned());
            }
        }
    }
    said
}

fn holds(template: &Template, given: &Given, condition: &Value) -> bool {
    let (name, of) = condition.as_object().and_then(|map| map.iter().next()).unwrap();
    let parts = of.as_array().unwrap();
    let text = |value: &Value| text(template, given, value);
    match name.as_str() {
        "Fn::And" => parts.iter().all(|part| holds(template, given, part)),
        "Fn::Or" => parts.iter().any(|part| holds(template, given, part)),
        "Fn::Not" => !holds(template, given, &parts[0]),
        "Fn::Equals" => text(&parts[0]) == text(&parts[1]),
        "Fn::Contains" => parts[0].as_array().unwrap().iter().any(|one| text(one) == text(&parts[1])),
        other => panic!("{other}: CloudFormation has it in rules, add it here"),
    }
}

fn text(template: &Template, given: &Given, value: &Value) -> String {
    let value = match value["Ref"].as_str() {
        Some(name) => match given.get(name) {
            Some(text) => return text.clone(),
            None => template.at(&format!("/Parameters/{name}/Default")),
        },
        None => value,
    };
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn given(text: &str) -> Given {
    let pairs = text.split_whitespace().map(|pair| pair.split_once('=').unwrap());
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[test]
fn parameters_that_do_not_go_together_are_refused() {
    let template = Template::read().unwrap();
    let existing =
        "CacheKind=existing ExistingCacheAddress=cache.example:6379 ExistingCacheSecurityGroupId=sg-1";
    let yours = "VpcId=vpc-1 SubnetIds=subnet-1,subnet-2";
    for (with, why) in [
        ("", ""),
        (yours, ""),
        ("VpcId=vpc-1", "VpcId needs SubnetIds"),
        ("SubnetIds=subnet-1,subnet-2", "SubnetIds needs VpcId"),
        ("ZoneA=eu-central-1b ZoneB=eu-central-1c", ""),
        ("ZoneA=eu-central-1b", "ZoneA and ZoneB need each other"),
        ("ZoneB=eu-central-1b", "ZoneA and ZoneB need each other"),
        ("ZoneA=eu-central-1b ZoneB=eu-central-1b", "ZoneA and ZoneB are the same"),
        (&format!("{existing} {yours}"), ""),
        (existing, "CacheKind existing needs VpcId and SubnetIds"),
        (
            &format!("CacheKind=existing {yours} ExistingCacheAddress=a:6379"),
            "needs ExistingCacheSecurityGroupId",
        ),
        (
            &format!("CacheKind=existing {yours} ExistingCacheSecurityGroupId=sg-1"),
            "needs ExistingCacheAddress",
        ),
        (&format!("{existing} {yours} CacheLogin=iam"), "CacheLogin iam is for caches of this stack"),
        ("InvalidationReplicas=1", "InvalidationReplicas is for nodes"),
        ("CacheKind=nodes InvalidationReplicas=1", ""),
        ("CacheKind=nodes InvalidationReplicas=2", "InvalidationReplicas is above CacheReplicas"),
        ("CacheKind=nodes InvalidationReplicas=2 CacheReplicas=2", ""),
        ("CacheKind=nodes CacheDurability=sync", "CacheDurability sync needs"),
        ("CacheKind=nodes CacheDurability=sync CacheEngineVersion=9", ""),
        ("EdgeInvalidatorConcurrency=1", "EdgeInvalidatorConcurrency 1 is less"),
        ("EdgeInvalidatorConcurrency=2", ""),
        ("EdgeInvalidatorConcurrency=0", ""),
        ("AdminAuth=jwt JwtIssuer=https://id.example", "AdminAuth jwt needs JwtAudience"),
        ("AdminAuth=jwt JwtAudience=shop", "AdminAuth jwt needs JwtIssuer"),
        ("DomainNames=shop.example", "DomainNames needs CertificateArn"),
        ("CertificateArn=arn", "CertificateArn needs DomainNames"),
        ("CertificateArn=arn DomainNames=shop.example", ""),
    ] {
        let said = refused(&template, &given(with));
        match why {
            "" => assert_eq!(said, Vec::<String>::new(), "{with}"),
            why => assert!(said.len() == 1 && said[0].contains(why), "{with}: {said:?}, not {why}"),
        }
    }
}

/// The parameters of an environment in `samconfig.toml`.
fn environments() -> Vec<(String, Given)> {
    let text = std::fs::read_to_string(root().join("samconfig.toml")).unwrap();
    let sections = text.split("\n[").skip(1).filter_map(|section| {
        let name = section.split('.').next()?.to_owned();
        let overrides =
            section.split_once("parameter_overrides = \"\"\"\\\n")?.1.split("\\\n\"\"\"").next()?;
        let overrides = overrides.split("\"\"\"").next()?.replace('\\', " ");
        Some((name, given(&overrides)))
    });
    sections.collect()
}

#[test]
fn every_environment_gives_parameters_that_there_are_and_values_they_may_have() {
    let template = Template::read().unwrap();
    let environments = environments();
    let names: Vec<_> = environments.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["dev", "staging", "prod"]);
    for (environment, given) in &environments {
        assert_eq!(given["Stage"], *environment);
        assert_eq!(refused(&template, given), Vec::<String>::new(), "{environment}");
        for (name, value) in given {
            let parameter = template.at(&format!("/Parameters/{name}"));
            assert!(!parameter.is_null(), "{environment}: there is no parameter {name}");
            let allowed = template.possible(&serde_json::json!({ "Ref": name }));
            if parameter["AllowedValues"].is_array() {
                assert!(allowed.contains(value), "{environment}: {name} may not be {value}: {allowed:?}");
            }
            if parameter["Type"] == "Number" {
                let number: f64 = value.parse().unwrap();
                let within = |end: &str, fits: fn(&f64, &f64) -> bool| {
                    parameter[end].as_f64().is_none_or(|end| fits(&end, &number))
                };
                assert!(
                    within("MinValue", f64::le) && within("MaxValue", f64::ge),
                    "{environment}: {name} may not be {value}"
                );
            }
        }
    }
}

#[test]
fn every_parameter_stands_in_one_group_and_says_what_it_is_for() {
    let template = Template::read().unwrap();
    let groups = template.at("/Metadata/AWS::CloudFormation::Interface/ParameterGroups").as_array().unwrap();
    let grouped: Vec<_> = groups.iter().flat_map(|group| group["Parameters"].as_array().unwrap()).collect();
    let mut names: Vec<_> = grouped.iter().map(|name| name.as_str().unwrap()).collect();
    names.sort_unstable();
    let parameters = template.at("/Parameters").as_object().unwrap();
    let mut known: Vec<_> = parameters.keys().map(String::as_str).collect();
    known.sort_unstable();
    assert_eq!(names, known);
    for (name, parameter) in parameters {
        assert!(parameter["Description"].as_str().is_some_and(|text| text.len() > 10), "{name}");
        let checked =
            ["AllowedValues", "AllowedPattern", "MinValue"].iter().any(|by| !parameter[*by].is_null());
        assert!(checked || FREE.contains(&name.as_str()), "{name} may be anything");
    }
}

/// Parameters of which no form is known: they are another system's words.
const FREE: &[&str] = &["JwtAudience", "JwtScopes"];
