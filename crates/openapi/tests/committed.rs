//! The document in `docs/` is the one the code makes.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests fail by panicking")]

use std::path::Path;

#[test]
fn the_committed_document_is_what_the_code_makes() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let committed = std::fs::read_to_string(path).unwrap();
    let made = format!("{:#}\n", openapi::document());
    assert!(committed == made, "run `cargo run -p openapi > docs/openapi.json`, and read what changed");
}
