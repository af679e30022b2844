//! Alarms and dashboard look at metrics that are written, and at all of them.

use std::collections::BTreeSet;

use lambda_support::metrics::Metric;
use serde_json::Value;
use template_checks::Template;
use template_checks::grants::flat;

const NAMESPACE: &str = "Tidemark";

fn written() -> BTreeSet<String> {
    Metric::ALL.iter().map(|metric| metric.name().to_owned()).collect()
}

/// The dashboard's body in each of its forms, with nothing in the place of names.
fn dashboards(template: &Template) -> Vec<Value> {
    let (_, dashboard) = template.resources("AWS::CloudWatch::Dashboard").next().unwrap();
    let body = &dashboard["DashboardBody"]["Fn::Sub"];
    let parts = body[1].as_object().unwrap();
    let (name, forms) = parts.iter().next().unwrap();
    assert_eq!(parts.len(), 1, "{parts:?}");
    let forms = flat(forms).into_iter().map(|form| {
        let form = form["Fn::Sub"].as_str().or(form.as_str()).unwrap();
        let body = body[0].as_str().unwrap().replace(&format!("${{{name}}}"), form);
        serde_json::from_str(&body).unwrap_or_else(|error| panic!("the dashboard is no JSON: {error}"))
    });
    forms.collect()
}

#[test]
fn the_dashboard_shows_every_metric_that_is_written_and_no_other_in_any_form() {
    let template = Template::read().unwrap();
    let dashboards = dashboards(&template);
    assert_eq!(dashboards.len(), 3, "one for each kind of cache");
    for dashboard in dashboards {
        let (mut shown, mut places) = (BTreeSet::new(), BTreeSet::new());
        for widget in dashboard["widgets"].as_array().unwrap() {
            assert!(
                places.insert((widget["x"].as_u64(), widget["y"].as_u64())),
                "two at one place: {widget}"
            );
            for metric in widget["properties"]["metrics"].as_array().into_iter().flatten() {
                if metric[0] == NAMESPACE {
                    shown.insert(metric[1].as_str().unwrap().to_owned());
                }
            }
        }
        assert_eq!(shown, written());
    }
}

#[test]
fn alarms_look_at_metrics_that_are_written() {
    let template = Template::read().unwrap();
    let written = written();
    let mut looked_at = BTreeSet::new();
    for (_, alarm) in template.resources("AWS::CloudWatch::Alarm") {
        let stats = flat(&alarm["Metrics"]).into_iter().map(|query| &query["MetricStat"]["Metric"]);
        for metric in stats.chain([alarm]).filter(|metric| metric["Namespace"] == NAMESPACE) {
            looked_at.insert(metric["MetricName"].as_str().unwrap().to_owned());
        }
    }
    assert!(looked_at.len() > 5, "{looked_at:?}");
    assert_eq!(looked_at.difference(&written).collect::<Vec<_>>(), Vec::<&String>::new());
}
