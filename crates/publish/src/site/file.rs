//! The files of a site, and the headers they are served with.

use std::path::Path;

use aws_lc_rs::digest;
use bytes::Bytes;

use crate::failure::Failure;

/// For names that stay the same while the content changes: browsers ask again each time, and the edge is purged when files
/// are published. The five minutes heal an edge that stored the old content while it was being purged.
const ASK: &str = "public, max-age=0, s-maxage=300";
/// For names that carry a hash of the content: another content has another name.
const KEEP: &str = "public, max-age=31536000, immutable";

/// A file as it is uploaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its key in the bucket: its path without the slash it begins with.
    pub key: String,
    /// `Content-Type`.
    pub content_type: String,
    /// `Cache-Control`.
    pub cache_control: String,
    /// What it holds.
    pub bytes: Bytes,
    /// The SHA-256 of that, in hexadecimal digits.
    pub sha256: String,
}

impl File {
    /// A file with headers of its own.
    pub fn new(key: &str, content_type: &str, cache_control: &str, bytes: Bytes) -> File {
        let digest = digest::digest(&digest::SHA256, &bytes);
        let sha256 = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        let (content_type, cache_control) = (content_type.to_owned(), cache_control.to_owned());
        File { key: key.to_owned(), content_type, cache_control, bytes, sha256 }
    }

    /// Whether it refers to other files, which must be there before it.
    pub fn is_page(&self) -> bool {
        self.content_type.starts_with("text/html")
    }

    /// Whether browsers were told that its content never changes.
    pub fn is_immutable(&self) -> bool {
        self.cache_control == KEEP
    }
}

/// This repository's page, with the headers it asks for.
pub fn own() -> Vec<File> {
    site::published()
        .map(|file| {
            let key = file.path.trim_start_matches('/');
            File::new(key, file.content_type, file.cache_control, Bytes::from_static(file.bytes))
        })
        .collect()
}

/// All files of a directory. Names that begin with a dot are left out, `.well-known` is not.
///
/// What lies below one of the `immutable` prefixes is kept by browsers for a year, pages excepted. Nothing is guessed from a
/// name: one that only looks like a hash would never be asked for again.
pub fn of_directory(root: &Path, immutable: &[String]) -> Result<Vec<File>, Failure> {
    let mut files = Vec::new();
    let mut directories = vec![root.to_owned()];
    while let Some(directory) = directories.pop() {
        let unread = |error| Failure::Asked(format!("{} cannot be read: {error}", directory.display()));
        for entry in std::fs::read_dir(&directory).map_err(unread)? {
            let entry = entry.map_err(unread)?;
            let (path, name) = (entry.path(), entry.file_name());
            if name.as_encoded_bytes().starts_with(b".") && name != ".well-known" {
                continue;
            }
            let kind = entry.file_type().map_err(unread)?;
            if kind.is_dir() {
                directories.push(path);
            } else if kind.is_file() {
                files.push(read(root, &path, immutable)?);
            } else {
                return Err(Failure::Asked(format!("{} is neither file nor directory", path.display())));
            }
        }
    }
    if files.is_empty() {
        return Err(Failure::Asked(format!("{} holds no files", root.display())));
    }
    files.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(files)
}

fn read(root: &Path, path: &Path, immutable: &[String]) -> Result<File, Failure> {
    let key = path.strip_prefix(root).unwrap_or(path).to_str();
    // A `*` in the name could not be purged: it is a wildcard there.
    let key = key.filter(|key| !key.contains('*')).ok_or_else(|| {
        Failure::Asked(format!("{} cannot be published: a name is UTF-8 without `*`", path.display()))
    })?;
    let bytes = std::fs::read(path)
        .map_err(|error| Failure::Asked(format!("{} cannot be read: {error}", path.display())))?;
    let mut file = File::new(key, &content_type(path), ASK, bytes.into());
    let kept = |prefix: &String| key.starts_with(prefix.trim_start_matches('/'));
    if immutable.iter().any(kept) && !file.is_page() {
        KEEP.clone_into(&mut file.cache_control);
    }
    Ok(file)
}

/// By the name's ending. Text is UTF-8.
fn content_type(path: &Path) -> String {
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    match kind.essence_str() {
        text if text.starts_with("text/") => format!("{text}; charset=utf-8"),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_said_to_be_named_by_its_content_is_kept_for_good() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("assets")).unwrap();
        for name in ["assets/app-3f9a1c2b.js", "assets/index.html", "app-3f9a1c2b.js"] {
            std::fs::write(root.path().join(name), "x").unwrap();
        }
        let files = of_directory(root.path(), &["/assets/".to_owned()]).unwrap();
        let kept: Vec<_> =
            files.iter().map(|file| (file.key.as_str(), file.cache_control.as_str())).collect();
        assert_eq!(
            kept,
            [("app-3f9a1c2b.js", ASK), ("assets/app-3f9a1c2b.js", KEEP), ("assets/index.html", ASK)]
        );
    }

    #[test]
    fn a_directory_is_published_with_types_and_without_hidden_files() {
        let root = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = root.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        for name in ["index.html", "a/b.js", ".well-known/security.txt", ".git/config", "a/.DS_Store", "data"]
        {
            write(name, "x");
        }
        let files = of_directory(root.path(), &[]).unwrap();
        let seen: Vec<_> = files.iter().map(|file| (file.key.as_str(), file.content_type.as_str())).collect();
        assert_eq!(
            seen,
            [
                (".well-known/security.txt", "text/plain; charset=utf-8"),
                ("a/b.js", "text/javascript; charset=utf-8"),
                ("data", "application/octet-stream"),
                ("index.html", "text/html; charset=utf-8"),
            ]
        );
        assert_eq!(files[1].sha256, "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881");
        write("a*b", "x");
        assert!(of_directory(root.path(), &[]).unwrap_err().to_string().contains("a*b cannot be published"));
    }

    #[test]
    fn an_empty_or_missing_directory_is_a_mistake() {
        let root = tempfile::tempdir().unwrap();
        assert!(of_directory(root.path(), &[]).unwrap_err().to_string().contains("holds no files"));
        assert!(
            of_directory(&root.path().join("x"), &[]).unwrap_err().to_string().contains("cannot be read")
        );
    }

    #[test]
    fn the_repositorys_page_is_published_whole() {
        let files = own();
        assert_eq!(files.len(), site::published().count());
        let pages: Vec<_> =
            files.iter().filter(|file| file.is_page()).map(|file| file.key.as_str()).collect();
        assert_eq!(pages, ["index.html"]);
    }
}
