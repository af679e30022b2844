//! What the documents say of the template and of each other.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests fail by panicking")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn text(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

/// The names of a section of the template that stand at its first level.
fn names(template: &str, section: &str) -> BTreeSet<String> {
    let body = template.split_once(&format!("\n{section}:\n")).unwrap().1;
    let lines = body.lines().take_while(|line| line.is_empty() || line.starts_with([' ', '#']));
    let first_level = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    first_level.filter_map(|line| line.trim().strip_suffix(':')).map(str::to_owned).collect()
}

/// What stands between two marks, each time.
fn between<'a>(text: &'a str, before: &str, after: &str) -> Vec<&'a str> {
    text.split(before).skip(1).filter_map(|rest| rest.split_once(after)).map(|(inner, _)| inner).collect()
}

#[test]
fn every_alarm_is_in_the_runbooks_and_what_they_name_is_in_the_template() {
    let (template, runbooks) = (text("template.yaml"), text("docs/runbooks.md"));
    let alarms = between(&template, "AlarmName: !Sub ${AWS::StackName}-", "\n");
    assert!(alarms.len() > 20, "{alarms:?}");
    let rows: String = runbooks.lines().filter(|line| line.starts_with("| `")).collect();
    let named: BTreeSet<&str> = rows.split('`').skip(1).step_by(2).collect();
    assert_eq!(alarms.into_iter().collect::<BTreeSet<_>>(), named);

    let outputs = names(&template, "Outputs");
    for output in between(&runbooks, "$(out ", ")").into_iter().chain(["EdgeUrl", "ApiUrl"]) {
        assert!(outputs.contains(output), "there is no output {output}");
    }
    let known: BTreeSet<String> =
        ["Parameters", "Outputs", "Resources"].iter().flat_map(|section| names(&template, section)).collect();
    // Words with a capital within: parameters, outputs and resources, but for the names of metrics and of others.
    let others = [
        "ApproximateNumberOfMessages",
        "BreakerOpen",
        "BytesUsedForCache",
        "CloudFormation",
        "CloudFront",
        "CloudWatch",
        "DynamoDB",
        "ElastiCache",
        "EventBridge",
        "FillRefused",
        "ItemsDeferred",
        "IteratorAge",
        "MonthSpend",
        "ProductUpdated",
        "RecordRefused",
        "ThrottledCmds",
        "ThrottledRequests",
        "TooManyInvalidationsInProgress",
    ];
    let prose = runbooks.split("```").step_by(2).collect::<String>();
    for word in prose.split(|c: char| !c.is_ascii_alphanumeric()) {
        let is_name = word.starts_with(|c: char| c.is_ascii_uppercase())
            && word.contains(|c: char| c.is_ascii_lowercase())
            && word[1..].contains(|c: char| c.is_ascii_uppercase());
        assert!(!is_name || known.contains(word) || others.contains(&word), "what is {word}?");
    }
}

#[test]
fn links_between_documents_lead_somewhere() {
    let documents = std::fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let documents = documents.filter(|path| path.extension().is_some_and(|ending| ending == "md"));
    let top = ["README.md", "ARCHITECTURE.md", "CHANGELOG.md"].map(|name| root().join(name));
    for document in documents.chain(top) {
        let text = std::fs::read_to_string(&document).unwrap();
        for link in between(&text, "](", ")").into_iter().filter(|link| !link.starts_with("http")) {
            let (path, section) = link.split_once('#').unwrap_or((link, ""));
            let target =
                if path.is_empty() { document.clone() } else { document.parent().unwrap().join(path) };
            assert!(target.exists(), "{}: {link}", document.display());
            if !section.is_empty() {
                let heads = std::fs::read_to_string(&target).unwrap();
                let anchor = |head: &str| {
                    let plain = head.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
                    plain.replace(|c: char| !c.is_alphanumeric() && c != '-' && c != '_', "")
                };
                let found =
                    heads.lines().filter(|line| line.starts_with('#')).any(|line| anchor(line) == section);
                assert!(found, "{}: {link}", document.display());
            }
        }
    }
}

#[test]
fn every_threat_has_its_test() {
    let table = text("docs/threats.md");
    let rows: Vec<_> = table.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
    assert!(rows.len() > 15, "{rows:?}");
    let threats = text("tests/tests/integration/threats.rs");
    for row in rows {
        let shown_by = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        assert!(shown_by.len() > 5, "nothing shows {row}");
        let named: Vec<_> = shown_by.split('`').skip(1).step_by(2).collect();
        for name in named.iter().filter_map(|name| name.strip_prefix("threats/")) {
            let test = format!("fn {}", name.trim_end_matches('…'));
            assert!(threats.contains(&test), "{test}: {row}");
        }
        // `crate::target`, `crate::{target,other}`, `crate::*`.
        for (of, targets) in named.iter().filter_map(|name| name.split_once("::")) {
            let decoder = text(&format!("crates/{of}/tests/decoder/main.rs"));
            for target in targets.trim_matches(['{', '}']).split(',').filter(|target| *target != "*") {
                assert!(decoder.contains(&format!("\nfn {target}()")), "{of} has no {target}: {row}");
            }
        }
    }
}
