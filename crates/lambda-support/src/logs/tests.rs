use super::*;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tracing_subscriber::fmt::MakeWriter;

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Written {
    type Writer = Written;

    fn make_writer(&'a self) -> Written {
        self.clone()
    }
}

/// What is logged, as JSON.
fn logged(log: impl FnOnce()) -> Vec<Value> {
    let written = Written::default();
    let subscriber = tracing_subscriber::fmt().event_format(Lines).with_writer(written.clone()).finish();
    tracing::subscriber::with_default(subscriber, log);
    let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn block_on<F: Future>(work: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}

#[test]
fn a_line_within_an_invocation_names_it_and_one_outside_does_not() {
    let header = "Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=1";
    let lines = logged(|| {
        block_on(within("r-1", Some(header), async { tracing::info!("inside") }));
        tracing::info!("outside");
    });
    assert_eq!(lines[0]["request_id"], "r-1");
    assert_eq!(lines[0]["trace_id"], "1-67891233-abcdef012345678912345678");
    assert_eq!((&lines[1]["message"], lines[1].get("request_id")), (&Value::from("outside"), None));
}

#[test]
fn every_field_is_a_member_of_its_own_type() {
    let lines = logged(|| {
        let (product, failure) = ("b-1", io::Error::other("\"no\"\n"));
        tracing::warn!(product, version = 8_u64, ratio = 0.5, yes = true, below = -1, error = %failure, "odd");
    });
    let line = &lines[0];
    assert_eq!(lines.len(), 1, "a line end in a field ends no line");
    assert_eq!((&line["product"], &line["version"]), (&Value::from("b-1"), &Value::from(8)));
    assert_eq!((&line["ratio"], &line["yes"], &line["below"]), (&0.5.into(), &true.into(), &(-1).into()));
    assert_eq!((&line["error"], &line["message"]), (&"\"no\"\n".into(), &"odd".into()));
    assert_eq!((&line["level"], &line["target"]), (&"WARN".into(), &"lambda_support::logs::tests".into()));
    assert!(line["timestamp"].as_str().unwrap().ends_with('Z'));
}

#[test]
fn the_root_is_found_wherever_it_stands_and_a_bare_id_is_one() {
    assert_eq!(trace_root("Root=1-a-b"), "1-a-b");
    assert_eq!(trace_root("Self=1-x-y; Root=1-a-b;Sampled=0"), "1-a-b");
    assert_eq!(trace_root("1-a-b"), "1-a-b");
    assert_eq!(trace_root(""), "");
}

#[test]
fn a_level_replaces_the_default_and_a_misspelt_one_leaves_errors() {
    let directives = |wanted: &str| {
        let text = filter(wanted).to_string();
        let mut all: Vec<_> = text.split(',').map(str::to_owned).collect();
        all.sort();
        all.join(" ")
    };
    assert_eq!(directives(""), "info lambda_runtime=warn");
    assert_eq!(directives("debug"), "debug lambda_runtime=warn");
    assert_eq!(directives("inf"), "error inf=trace lambda_runtime=warn");
    assert_eq!(directives("not,=a=filter"), "info lambda_runtime=warn");
}
