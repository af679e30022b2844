//! What of a site changed, and in which order it goes up.

use std::collections::{BTreeMap, BTreeSet};

use super::debt;
use super::file::File;

/// What a bucket holds under a key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Held {
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// `Cache-Control`.
    pub cache_control: Option<String>,
    /// The SHA-256 it was uploaded with; none if another program uploaded it.
    pub sha256: Option<String>,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan<'a> {
    /// What goes up, in three steps: new files that no page is, replaced ones, pages.
    pub steps: [Vec<&'a File>; 3],
    /// The keys whose content or headers are replaced: what the edge may hold of them is old.
    pub replaced: BTreeSet<String>,
    /// The keys that are no part of the site.
    pub gone: BTreeSet<String>,
    /// How many files stay as they are.
    pub unchanged: usize,
}

/// Compares a site with what the bucket holds. What other programs uploaded is replaced: nothing says what it is.
pub fn plan<'a>(files: &'a [File], held: &BTreeMap<String, Held>) -> Plan<'a> {
    let (mut steps, mut replaced, mut unchanged) = ([const { Vec::new() }; 3], BTreeSet::new(), 0);
    for file in files {
        let wanted = Held {
            content_type: Some(file.content_type.clone()),
            cache_control: Some(file.cache_control.clone()),
            sha256: Some(file.sha256.clone()),
        };
        let step = match held.get(&file.key) {
            Some(held) if *held == wanted => {
                unchanged += 1;
                continue;
            }
            Some(_) => {
                replaced.insert(file.key.clone());
                1
            }
            None => 0,
        };
        steps[if file.is_page() { 2 } else { step }].push(file);
    }
    let wanted: BTreeSet<_> = files.iter().map(|file| file.key.as_str()).collect();
    let gone = held.keys().filter(|key| !wanted.contains(key.as_str()) && *key != debt::KEY);
    Plan { steps, replaced, gone: gone.cloned().collect(), unchanged }
}

impl Plan<'_> {
    /// How many files go up.
    pub fn uploads(&self) -> usize {
        self.steps.iter().map(Vec::len).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(key: &str, text: &'static str) -> File {
        let content_type =
            if key.ends_with(".html") { "text/html; charset=utf-8" } else { "text/javascript" };
        File::new(key, content_type, "public, max-age=0", text.into())
    }

    fn held(files: &[File]) -> BTreeMap<String, Held> {
        let held = |file: &File| Held {
            content_type: Some(file.content_type.clone()),
            cache_control: Some(file.cache_control.clone()),
            sha256: Some(file.sha256.clone()),
        };
        files.iter().map(|file| (file.key.clone(), held(file))).collect()
    }

    fn keys(files: &[&File]) -> Vec<String> {
        files.iter().map(|file| file.key.clone()).collect()
    }

    #[test]
    fn what_is_the_same_stays() {
        let files = [file("index.html", "1"), file("app.js", "1")];
        let plan = plan(&files, &held(&files));
        assert_eq!((plan.uploads(), plan.unchanged, plan.replaced.len(), plan.gone.len()), (0, 2, 0, 0));
    }

    #[test]
    fn new_files_go_up_before_what_refers_to_them_and_pages_last() {
        let before = held(&[file("index.html", "1"), file("app.js", "1")]);
        let files =
            [file("index.html", "2"), file("about.html", "1"), file("app.js", "2"), file("part.js", "1")];
        let plan = plan(&files, &before);
        assert_eq!(keys(&plan.steps[0]), ["part.js"]);
        assert_eq!(keys(&plan.steps[1]), ["app.js"]);
        assert_eq!(keys(&plan.steps[2]), ["index.html", "about.html"]);
        assert_eq!(
            Vec::from_iter(plan.replaced),
            ["app.js", "index.html"],
            "nothing old is held of new files"
        );
    }

    #[test]
    fn another_header_is_a_change_and_so_is_a_foreign_upload() {
        let files = [file("app.js", "1"), file("api.js", "1")];
        let mut before = held(&files);
        before.get_mut("app.js").unwrap().cache_control = Some("no-store".to_owned());
        before.get_mut("api.js").unwrap().sha256 = None;
        assert_eq!(keys(&plan(&files, &before).steps[1]), ["app.js", "api.js"]);
    }

    #[test]
    fn what_is_no_part_of_the_site_is_gone_but_for_the_own_note() {
        let mut before = held(&[file("old.js", "1"), file("app.js", "1")]);
        before.insert(debt::KEY.to_owned(), Held::default());
        assert_eq!(Vec::from_iter(plan(&[file("app.js", "1")], &before).gone), ["old.js"]);
    }
}
