//! What to purge for keys that were replaced or removed.

use std::collections::{BTreeMap, BTreeSet};

use catalog::edge::Item;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::failure::Failure;

/// What CloudFront wants encoded in a path: what is no ASCII and what RFC 1738 calls unsafe. Anything else stays.
const UNSAFE: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// The fewest items that reach all keys, if there are more than `max_items`: a wildcard for each directory at the root
/// instead of its files, and as the last resort everything, the API's answers with it.
///
/// `index.html` is also what `/` shows.
pub fn items<'a>(keys: impl IntoIterator<Item = &'a String>, max_items: usize) -> Result<Vec<Item>, Failure> {
    let mut paths = BTreeSet::new();
    for key in keys {
        paths.insert(format!("/{}", utf8_percent_encode(key, UNSAFE)));
        if key == "index.html" {
            paths.insert("/".to_owned());
        }
    }
    if paths.len() > max_items {
        let mut by_directory: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for path in paths {
            let directory = path[1..].find('/').map_or(String::new(), |end| path[..end + 2].to_owned());
            by_directory.entry(directory).or_default().push(path);
        }
        paths = by_directory
            .into_iter()
            .flat_map(|(directory, paths)| match (directory.as_str(), paths.len()) {
                ("", _) | (_, 1) => paths,
                (directory, _) => vec![format!("{directory}*")],
            })
            .collect();
    }
    if paths.len() > max_items {
        paths = BTreeSet::from(["/*".to_owned()]);
    }
    let items: Result<Vec<_>, _> = paths.iter().map(|path| Item::parse(path)).collect();
    items.map_err(|error| Failure::Asked(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn purged(keys: &[&str], max_items: usize) -> Vec<String> {
        let keys: Vec<_> = keys.iter().map(|key| (*key).to_owned()).collect();
        items(&keys, max_items).unwrap().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_page_is_also_what_the_root_shows() {
        assert_eq!(purged(&["index.html", "app.js"], 10), ["/", "/app.js", "/index.html"]);
        assert_eq!(purged(&["docs/index.html"], 10), ["/docs/index.html"]);
        assert!(purged(&[], 10).is_empty());
    }

    #[test]
    fn paths_are_encoded_as_cloudfront_has_them() {
        assert_eq!(purged(&["a b/ä?.js", "c~d(1)+e.js"], 10), ["/a%20b/%C3%A4%3F.js", "/c~d(1)+e.js"]);
    }

    #[test]
    fn many_files_of_a_directory_become_one_item_and_too_many_directories_everything() {
        let keys = ["index.html", "a/1.js", "a/2/3.js", "b/1.js"];
        assert_eq!(purged(&keys, 5).len(), 5);
        assert_eq!(purged(&keys, 4), ["/", "/a/*", "/b/1.js", "/index.html"]);
        assert_eq!(purged(&keys, 3), ["/*"]);
    }
}
