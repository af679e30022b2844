//! Event patterns.

use local_events::pattern::EventPattern;
use serde_json::{Value, json};

fn matches(pattern: &Value, event: &Value) -> bool {
    EventPattern::parse(pattern).unwrap().matches(event)
}

/// Checks a pattern for the field `f` of `detail` against values that match and values that do not.
fn check(conditions: &Value, matching: &[Value], other: &[Value]) {
    let pattern = json!({ "detail": { "f": conditions } });
    for value in matching {
        assert!(matches(&pattern, &json!({ "detail": { "f": value } })), "{conditions} should match {value}");
    }
    for value in other {
        assert!(
            !matches(&pattern, &json!({ "detail": { "f": value } })),
            "{conditions} should not match {value}"
        );
    }
}

/// "Creating Amazon EventBridge event patterns": every field of the pattern has to match, one of its values is enough, and
/// fields the pattern does not name do not matter.
#[test]
fn all_fields_and_any_value_of_each_have_to_match() {
    let pattern = json!({ "source": ["shop", "store"], "detail": { "state": { "name": ["open"] } } });
    let event = |source: &str, name: &str| json!({ "source": source, "id": "1", "detail": { "state": { "name": name }, "more": 1 } });
    assert!(matches(&pattern, &event("shop", "open")));
    assert!(matches(&pattern, &event("store", "open")));
    assert!(!matches(&pattern, &event("other", "open")));
    assert!(!matches(&pattern, &event("shop", "closed")));
    assert!(!matches(&pattern, &json!({ "source": "shop" })));
}

/// "Comparison operators for use in event patterns": exact values of every kind; numbers as they are written.
#[test]
fn values_match_exactly() {
    check(&json!(["a"]), &[json!("a")], &[json!("A"), json!("ab"), json!(["b"]), json!(null)]);
    check(&json!([300]), &[json!(300)], &[json!(300.0), json!("300"), json!(301)]);
    check(&json!([true]), &[json!(true)], &[json!(false), json!("true")]);
    check(&json!([null]), &[json!(null)], &[json!(""), json!(0)]);
    check(&json!([""]), &[json!("")], &[json!(null), json!("a")]);
}

/// "Creating Amazon EventBridge event patterns", matching arrays: one common element is enough.
#[test]
fn an_array_matches_when_one_element_does() {
    check(&json!(["b"]), &[json!(["a", "b"])], &[json!(["a"]), json!([])]);
    let pattern = json!({ "items": { "id": ["1"], "state": ["new"] } });
    assert!(matches(&pattern, &json!({ "items": [{ "id": "1", "state": "new" }] })));
    assert!(!matches(
        &pattern,
        &json!({ "items": [{ "id": "1", "state": "old" }, { "id": "2", "state": "new" }] })
    ));
}

/// "Comparison operators for use in event patterns": prefix, suffix and equals-ignore-case look at strings.
#[test]
fn strings_match_by_prefix_suffix_and_case() {
    check(&json!([{ "prefix": "ab" }]), &[json!("abc"), json!("ab")], &[json!("a"), json!("xab"), json!(1)]);
    check(&json!([{ "suffix": ".png" }]), &[json!("a.png")], &[json!("a.pngx"), json!(null)]);
    check(&json!([{ "equals-ignore-case": "aLiCe" }]), &[json!("ALICE")], &[json!("bob")]);
}

/// "Comparison operators for use in event patterns": anything-but excludes values, lists and prefixes; the field has to be
/// there.
#[test]
fn anything_but_excludes() {
    check(&json!([{ "anything-but": "a" }]), &[json!("b"), json!(1)], &[json!("a")]);
    check(&json!([{ "anything-but": [1, 2] }]), &[json!(3)], &[json!(1), json!(2)]);
    check(&json!([{ "anything-but": { "prefix": "in" } }]), &[json!("out")], &[json!("init")]);
    assert!(!matches(&json!({ "f": [{ "anything-but": "a" }] }), &json!({})));
}

/// "Comparison operators for use in event patterns": exists looks at leaves, also below an absent object.
#[test]
fn exists_looks_at_leaves() {
    let present = json!({ "detail": { "f": [{ "exists": true }] } });
    let absent = json!({ "detail": { "f": [{ "exists": false }] } });
    for (event, is_leaf) in [
        (json!({ "detail": { "f": "x" } }), true),
        (json!({ "detail": { "f": null } }), true),
        (json!({ "detail": { "f": { "inner": 1 } } }), false),
        (json!({ "detail": {} }), false),
        (json!({}), false),
    ] {
        assert_eq!(matches(&present, &event), is_leaf, "{event}");
        assert_eq!(matches(&absent, &event), !is_leaf, "{event}");
    }
}

/// "Comparison operators for use in event patterns": numeric ranges; only numbers are compared, so the strings in which
/// DynamoDB writes its numbers never match.
#[test]
fn numbers_are_compared() {
    let range = json!([{ "numeric": [">", 0, "<=", 5] }]);
    check(&range, &[json!(0.5), json!(5)], &[json!(0), json!(5.1), json!("3"), json!({ "N": "3" })]);
    check(&json!([{ "numeric": ["=", 300] }]), &[json!(300), json!(300.0)], &[json!(299)]);
}

/// "Creating complex event patterns", `$or`.
#[test]
fn or_needs_one_of_its_patterns() {
    let pattern = json!({ "source": ["s"], "$or": [{ "detail": { "a": [1] } }, { "detail": { "b": [{ "exists": true }] } }] });
    assert!(matches(&pattern, &json!({ "source": "s", "detail": { "a": 1 } })));
    assert!(matches(&pattern, &json!({ "source": "s", "detail": { "b": 9 } })));
    assert!(!matches(&pattern, &json!({ "source": "s", "detail": { "a": 2 } })));
    assert!(!matches(&pattern, &json!({ "source": "t", "detail": { "a": 1 } })));
}

/// "Creating Amazon EventBridge event patterns": values stand in lists; unknown conditions are refused, not ignored.
#[test]
fn malformed_patterns_are_refused() {
    let refused = [
        json!([]),
        json!({ "source": "s" }),
        json!({ "source": [] }),
        json!({ "source": [["s"]] }),
        json!({ "source": [{ "prefix": 1 }] }),
        json!({ "source": [{ "wildcard": "a*" }] }),
        json!({ "source": [{ "prefix": "a", "suffix": "b" }] }),
        json!({ "source": [{ "numeric": [">"] }] }),
        json!({ "source": [{ "numeric": ["!", 1] }] }),
        json!({ "source": [{ "anything-but": [] }] }),
        json!({ "$or": [{ "source": ["s"] }] }),
    ];
    for pattern in refused {
        assert!(EventPattern::parse(&pattern).is_err(), "{pattern}");
    }
}
