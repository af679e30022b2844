//! Whatever a caller, a foreign row or an event says, it is refused with a reason or keeps the rules of keys, tags and items.
//!
//! An ordinary test run plays the corpus beside each target (`__fuzz__/<target>/corpus`) and random inputs of a second; with
//! `cargo bolero test <target> --package catalog` a coverage-guided fuzzer searches, and adds to the corpus.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use catalog::edge::{Item, Update};
use catalog::tags::category_tag;
use catalog::{Details, Keys, Position, Product, ProductId};
use serde_json::{Value, json};

fn id() -> ProductId {
    ProductId::parse("b-1").unwrap()
}

/// One hash tag, and nothing that could end a word of the protocol or reach into another slot.
fn is_clean_key(key: &str) -> bool {
    let printable = key.bytes().all(|byte| byte.is_ascii_graphic());
    printable
        && key.len() <= cache::key::MAX_LEN
        && key.matches('{').count() == 1
        && key.matches('}').count() == 1
}

#[test]
fn ids() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        let Ok(id) = ProductId::parse(&text) else { return };
        assert_eq!(id.as_str(), text, "an id is what was written, to the letter");
        assert!(id.as_str().bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte)));
        assert!(is_clean_key(Keys::new("tm").unwrap().product(&id).unwrap().as_str()));
        assert_eq!(Item::parse(Item::product(&id).as_str()), Ok(Item::product(&id)));
    });
}

#[test]
fn categories() {
    bolero::check!().with_type::<(String, u16, Option<String>)>().for_each(|(category, limit, after)| {
        let keys = Keys::new("tm").unwrap();
        let family = keys.family(Some(category)).unwrap();
        assert!(is_clean_key(family.as_str()), "{family}");
        let after = after.clone().map(Position);
        if let Ok(page) = keys.page(Some(category), *limit, after.as_ref()) {
            assert!(is_clean_key(page.as_str()) && page.as_str().starts_with(family.as_str()), "{page}");
        }
        if let Some(tag) = category_tag(category) {
            assert!(Item::tag(&tag).is_ok_and(|item| item.as_str()[1..] == tag), "{tag}");
        }
    });
}

#[test]
fn bodies() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let Ok(body) = serde_json::from_slice::<Value>(bytes) else { return };
        match Details::from_json(&body, &id()) {
            Ok(details) => {
                let product = Product { id: id(), details, version: cache::Version(7), updated_at: None };
                let rendered: Value = serde_json::from_slice(&product.render()).unwrap();
                let again = Details::from_json(&rendered, &id());
                assert_eq!(again.as_ref(), Ok(&product.details), "what is shown can be sent back");
                let _refused_or_valid = product.details.patched(&body, &id());
            }
            Err(errors) => assert!(!errors.is_empty() && errors.len() <= 100, "{}", errors.len()),
        }
        let valid = json!({"name": "a", "category": "b", "price_cents": 1, "currency": "EUR"});
        let details = Details::from_json(&valid, &id()).unwrap();
        if let Err(errors) = details.patched(&body, &id()) {
            assert!(!errors.is_empty() && errors.len() <= 100, "{}", errors.len());
        }
    });
}

#[test]
fn details_of_events() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let Ok(detail) = serde_json::from_slice::<Value>(bytes) else { return };
        match Update::read(&detail, Some(7)) {
            Ok(update) => keeps_the_rules(&update),
            Err(error) => assert!(error.to_string().len() > "not a ProductUpdated: ".len()),
        }
    });
}

/// Texts in the places of a valid detail: deeper than random bytes get.
#[test]
fn words_of_events() {
    type Words = (String, u64, Vec<String>, Vec<String>, u64, bool);
    bolero::check!().with_type::<Words>().for_each(|(id, version, paths, families, written_at, ordered)| {
        let paths: Vec<_> = paths.iter().map(|rest| format!("/api/products/{rest}")).collect();
        for id in [id.as_str(), "b-1"] {
            let detail = json!({ "id": id, "version": version, "change": "updated", "paths": paths,
                "families": families, "written_at": written_at, "ordered": ordered });
            if let Ok(update) = Update::read(&detail, None) {
                assert_eq!((update.version.0, update.written_at), (*version, *written_at));
                keeps_the_rules(&update);
            }
        }
    });
}

fn keeps_the_rules(update: &Update) {
    assert_eq!(ProductId::parse(update.id.as_str()).as_ref(), Ok(&update.id));
    assert!(!update.ordered || update.version > cache::Version::ZERO);
    assert!(!update.paths.is_empty());
    for path in &update.paths {
        assert!(path.as_str().starts_with("/api/products/") && !path.as_str().ends_with('*'), "{path}");
    }
    assert!(update.families.iter().all(|family| family.as_str().starts_with('#')));
    for item in update.paths.iter().chain(&update.families) {
        assert!(item.as_str().bytes().all(|byte| byte.is_ascii_graphic()), "{item}");
        assert_eq!(Item::parse(item.as_str()).as_ref(), Ok(item), "it is read as it was written");
    }
}
