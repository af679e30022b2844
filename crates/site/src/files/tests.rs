use super::*;

fn text(file: &File) -> &'static str {
    std::str::from_utf8(file.bytes).unwrap()
}

/// What stands between `before` and the next `after`, each time.
fn between<'a>(text: &'a str, before: &str, after: char) -> Vec<&'a str> {
    text.split(before).skip(1).map(|rest| rest.split(after).next().unwrap_or_default()).collect()
}

#[test]
fn the_page_weighs_at_most_50_kilobytes() {
    let total: usize = published().map(|file| file.bytes.len()).sum();
    assert!(total <= 50_000, "{total} bytes");
}

#[test]
fn every_file_of_the_directory_is_published() {
    let mut directories = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/files"))];
    let mut count = 0;
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let entry = entry.unwrap();
            match entry.file_type().unwrap().is_dir() {
                true => directories.push(entry.path()),
                false => count += 1,
            }
        }
    }
    assert_eq!(count, published().count());
    assert_eq!(file("/").map(|file| file.path), Some("/index.html"));
    assert_eq!(file("/nothing.html"), None);
}

#[test]
fn what_is_referred_to_exists_on_this_host() {
    let mut references = 0;
    for from in files() {
        let text = text(from);
        let of_markup = ["href=\"", "src=\""].map(|before| between(text, before, '"')).concat();
        let of_code = ["from \"", "url(\""].map(|before| between(text, before, '"')).concat();
        let of_markup = of_markup.into_iter().filter(|_| from.path.ends_with(".html"));
        for reference in of_markup.chain(of_code).filter(|reference| !reference.starts_with('#')) {
            assert!(file(reference).is_some(), "{} refers to {reference}", from.path);
            references += 1;
        }
        assert!(!text.contains("https://") && !text.contains("import("), "{} leaves this host", from.path);
    }
    assert!(references >= 12, "only {references} references were found");
}

#[test]
fn nothing_is_inline() {
    let page = text(file("/").unwrap());
    for script in between(page, "<script", '<') {
        assert!(script.contains(" src=\"/") && script.ends_with('>'), "a script has a body: {script}");
    }
    assert!(!page.contains("<style") && !page.contains(" style="), "styles are in the style sheet");
    for tag in between(page, "<", '>') {
        let handler = tag.split_whitespace().skip(1).find(|attribute| attribute.starts_with("on"));
        assert_eq!(handler, None, "handlers are in the scripts");
        assert!(!tag.contains("javascript:"), "{tag}");
    }
    for script in files().iter().filter(|file| file.path.ends_with(".js")) {
        for forbidden in
            ["eval(", "new Function", "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write"]
        {
            assert!(!text(script).contains(forbidden), "{} uses {forbidden}", script.path);
        }
    }
}
