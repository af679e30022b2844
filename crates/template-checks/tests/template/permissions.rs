//! A function may do what it does, no more and no less.

use std::collections::BTreeSet;

use serde_json::Value;
use template_checks::grants::allowed;
use template_checks::template::Function;
use template_checks::{Grant, Template};

use crate::behaviour::requests;
use crate::{functions, sources};

/// What Lambda itself does in the function's name: the code never asks for it.
fn for_lambda(template: &Template, function: &Function) -> BTreeSet<Grant> {
    let properties = &function.properties;
    let mut grants = BTreeSet::new();
    let mut add = |actions: &[&str], resource: &str| {
        grants.extend(actions.iter().map(|action| Grant::new(*action, resource)));
    };
    // Its log group is in the template, so it creates streams only.
    let logs =
        properties["LoggingConfig"]["LogGroup"]["Ref"].as_str().unwrap_or("a log group of the template");
    add(&["logs:CreateLogStream", "logs:PutLogEvents"], logs);
    if !properties["VpcConfig"].is_null() {
        add(
            &[
                "ec2:AssignPrivateIpAddresses",
                "ec2:CreateNetworkInterface",
                "ec2:DeleteNetworkInterface",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSubnets",
                "ec2:UnassignPrivateIpAddresses",
            ],
            "*",
        );
    }
    if template.possible(&properties["Tracing"]).iter().any(|mode| mode == "Active") {
        add(&["xray:PutTelemetryRecords", "xray:PutTraceSegments"], "*");
    }
    for (_, event) in properties["Events"].as_object().into_iter().flatten() {
        let of = &event["Properties"];
        let id = |value: &Value| value["Fn::GetAtt"][0].as_str().unwrap_or("?").to_owned();
        match event["Type"].as_str() {
            Some("DynamoDB") => {
                let table = id(&of["Stream"]);
                let actions = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"];
                add(&actions, &format!("{table}.StreamArn"));
                add(&["dynamodb:ListStreams"], &format!("{table}/stream/*"));
            }
            Some("SQS") => {
                add(
                    &["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"],
                    &id(&of["Queue"]),
                );
            }
            other => panic!("an event of the type {other:?}: add what its mapping needs"),
        }
        let failures = &of["DestinationConfig"]["OnFailure"];
        let destination = id(&failures["Destination"]);
        match failures["Type"].as_str() {
            None => {}
            Some("S3") => {
                add(&["s3:PutObject"], &format!("{destination}/*"));
                add(&["s3:ListBucket"], &destination);
            }
            Some("SQS") => add(&["sqs:SendMessage"], &destination),
            other => panic!("a destination of the type {other:?}: add what it needs"),
        }
    }
    // A login by IAM is a signature, no request.
    if function.environment.contains_key("VALKEY_IAM_USER") {
        grants.insert(Grant::new("elasticache:Connect", "*"));
    }
    grants
}

/// Where a login goes is not compared: an ARN of the cache and one of the user, whichever form it has.
fn comparable(grant: Grant) -> Grant {
    if grant.action == "elasticache:Connect" { Grant::new(grant.action, "*") } else { grant }
}

#[tokio::test]
async fn each_function_may_do_what_it_does_no_more_and_no_less() {
    let template = Template::read().unwrap();
    let mut mistakes = Vec::new();
    for (function, _) in functions::all(&template) {
        let name = &function.binary;
        let mut needed = requests(&template, name).await;
        assert!(!needed.is_empty(), "{name} was seen to ask for nothing");
        needed.extend(for_lambda(&template, &function));
        let granted: BTreeSet<_> = template.grants(&function).into_iter().map(comparable).collect();
        mistakes
            .extend(granted.difference(&needed).map(|grant| format!("{name} may {grant}, and never does")));
        mistakes
            .extend(needed.difference(&granted).map(|grant| format!("{name} needs {grant}, and may not")));
    }
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
}

#[tokio::test]
async fn every_request_in_the_sources_was_seen() {
    let template = Template::read().unwrap();
    let (mut written, mut seen) = (BTreeSet::new(), BTreeSet::new());
    for (function, _) in functions::all(&template) {
        written.extend(sources::operations(&function.binary));
        for request in requests(&template, &function.binary).await {
            let operation = request.action.split(':').nth(1).unwrap_or_default().to_owned();
            seen.insert(operation);
        }
    }
    assert!(written.len() > 5, "{written:?}");
    let unseen = written.iter().filter(|operation| !seen.contains(&pascal(operation)));
    let unseen: Vec<_> = unseen.collect();
    assert!(
        unseen.is_empty(),
        "these are in the sources, but no function asked for them when it was given all of `events/`: add an event \
         that makes it ask, so that what it may do can be compared: {unseen:?}"
    );
}

/// `crate: get_item` as IAM has it, which knows no batches of SQS.
fn pascal(operation: &str) -> String {
    let name = operation.rsplit(' ').next().unwrap_or_default();
    let words = name.split('_').map(|word| {
        let (first, rest) = word.split_at(1);
        format!("{}{rest}", first.to_uppercase())
    });
    let name: String = words.collect();
    if name.contains("Message") { name.trim_end_matches("Batch").to_owned() } else { name }
}

#[tokio::test]
async fn the_endpoints_of_the_network_let_through_what_its_functions_ask_for() {
    let template = Template::read().unwrap();
    let mut needed = BTreeSet::new();
    for (function, _) in functions::all(&template) {
        if !function.properties["VpcConfig"].is_null() {
            needed.extend(requests(&template, &function.binary).await);
        }
    }
    let mut let_through = BTreeSet::new();
    for (_, endpoint) in template.resources("AWS::EC2::VPCEndpoint") {
        let_through.extend(allowed(&endpoint["PolicyDocument"]));
    }
    let spare: Vec<_> = let_through.difference(&needed).map(ToString::to_string).collect();
    let missing: Vec<_> = needed.difference(&let_through).map(ToString::to_string).collect();
    // The gateway's policy names its resources once for all actions.
    let actions: BTreeSet<_> = needed.iter().map(|grant| grant.action.as_str()).collect();
    let spare: Vec<_> =
        spare.into_iter().filter(|grant| !actions.iter().any(|action| grant.starts_with(action))).collect();
    assert_eq!(
        (missing, spare),
        (Vec::<String>::new(), Vec::<String>::new()),
        "missing, and let through in vain"
    );
}
