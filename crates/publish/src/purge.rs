//! `cargo xtask purge`: from what was asked for to items.

use std::collections::BTreeSet;

use catalog::edge::Item;

use crate::failure::Failure;

/// Everything a distribution holds.
const EVERYTHING: &str = "/*";

/// The items to purge, each once.
///
/// Tags may be written with the `#` that CloudFront wants before them. `/*` is understood only as `everything`, so that a
/// path left empty by a script does not empty the edge.
pub fn items(tags: &[String], paths: &[String], everything: bool) -> Result<Vec<Item>, Failure> {
    let asked = |error: catalog::edge::InvalidItem| Failure::Asked(error.to_string());
    if everything {
        return Ok(vec![Item::parse(EVERYTHING).map_err(asked)?]);
    }
    let mut items = BTreeSet::new();
    for tag in tags {
        items.insert(Item::tag(tag.strip_prefix('#').unwrap_or(tag)).map_err(asked)?);
    }
    for path in paths {
        if path == EVERYTHING {
            return Err(Failure::Asked("/* is everything the edge holds: say --everything".to_owned()));
        }
        if let Some(tag) = path.strip_prefix('#') {
            return Err(Failure::Asked(format!("{path} is a tag: say --tag {tag}")));
        }
        items.insert(Item::parse(path).map_err(asked)?);
    }
    if items.is_empty() {
        return Err(Failure::Asked(
            "nothing to purge: name --tag, --path or --everything; --help has examples".to_owned(),
        ));
    }
    Ok(items.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn purge(tags: &[&str], paths: &[&str]) -> Result<Vec<String>, Failure> {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let items = items(&owned(tags), &owned(paths), false)?;
        Ok(items.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn tags_and_paths_become_items_each_once() {
        let items =
            purge(&["product:B-1", "#product:b-1", "category:boots"], &["/index.html", "/api/products/*"]);
        assert_eq!(items.unwrap(), ["#category:boots", "#product:b-1", "/api/products/*", "/index.html"]);
    }

    #[test]
    fn everything_must_be_asked_for_by_name() {
        assert!(purge(&[], &["/*"]).unwrap_err().to_string().contains("--everything"));
        assert_eq!(items(&[], &[], true).unwrap()[0].as_str(), "/*");
        assert!(purge(&[], &[]).is_err(), "nothing is not everything");
    }

    #[test]
    fn what_cloudfront_would_refuse_is_refused_before_it_is_sent() {
        for (tag, path) in [("a,b", "/x"), ("a b", "/x"), ("a", "x"), ("a", "/x y"), ("a", "/x*y"), ("a", "")]
        {
            assert!(purge(&[tag], &[path]).is_err(), "{tag} {path}");
        }
        assert!(purge(&[], &["#a"]).unwrap_err().to_string().contains("--tag a"));
    }
}
