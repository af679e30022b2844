//! The page's files.

/// Scripts, styles, images and requests of the page's own host only; nothing inline, no frames, no forms.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
     img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The names stay the same from one version to the next: browsers ask again each time, and the edge is purged when files
/// are published.
const CACHE_CONTROL: &str = "public, max-age=0, s-maxage=300";

/// A file as it is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct File {
    /// Its path, with the slash it begins with; the path `/` shows `/index.html`.
    pub path: &'static str,
    /// `Content-Type`.
    pub content_type: &'static str,
    /// `Cache-Control`.
    pub cache_control: &'static str,
    /// What it holds.
    pub bytes: &'static [u8],
}

macro_rules! embedded {
    ($path:literal, $content_type:literal) => {
        File {
            path: $path,
            content_type: $content_type,
            cache_control: CACHE_CONTROL,
            bytes: include_bytes!(concat!("../files", $path)),
        }
    };
}

const FILES: &[File] = &[
    embedded!("/index.html", "text/html; charset=utf-8"),
    embedded!("/style.css", "text/css; charset=utf-8"),
    embedded!("/app.js", "text/javascript; charset=utf-8"),
    embedded!("/api.js", "text/javascript; charset=utf-8"),
    embedded!("/gauge.js", "text/javascript; charset=utf-8"),
    embedded!("/ledger.js", "text/javascript; charset=utf-8"),
    embedded!("/shelf.js", "text/javascript; charset=utf-8"),
    embedded!("/favicon.svg", "image/svg+xml"),
    embedded!("/wave.svg", "image/svg+xml"),
];

/// The answer to the page's question what is here besides the API, where nothing is. Without it the page takes a 404 for
/// the same answer, but browsers put every 404 on the console.
const ABOUT: File = embedded!("/_tidemark/about", "application/json");

/// The files of the page. A local stack serves them, and answers `/_tidemark/*` itself.
pub fn files() -> &'static [File] {
    FILES
}

/// Everything that is uploaded where there is no local stack: the page, and `/_tidemark/about`, which says so.
pub fn published() -> impl Iterator<Item = &'static File> {
    FILES.iter().chain([&ABOUT])
}

/// The file of [`published`] at a path, if there is one.
pub fn file(path: &str) -> Option<&'static File> {
    let path = if path == "/" { "/index.html" } else { path };
    published().find(|file| file.path == path)
}

#[cfg(test)]
mod tests;
