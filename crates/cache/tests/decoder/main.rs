//! Whatever bytes lie under a key, the decoder of records neither panics nor takes them for what they are not.
//!
//! An ordinary test run plays the corpus beside each target (`__fuzz__/<target>/corpus`) and random inputs of a second; with
//! `cargo bolero test <target> --package cache` a coverage-guided fuzzer searches, and adds to the corpus.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use bytes::Bytes;
use cache::record::{HEAD_LEN, Head, Record};

/// The largest body a record may be unpacked to.
const LIMIT: usize = 64 << 10;

#[test]
fn heads() {
    bolero::check!().for_each(|bytes: &[u8]| {
        if let Ok(head) = Head::decode(bytes) {
            assert_eq!(head.encode(), bytes[..HEAD_LEN], "what is understood is written back as it was");
        }
    });
}

#[test]
fn records() {
    bolero::check!().for_each(|bytes: &[u8]| {
        // Most random bytes are no head: most inputs are bodies behind one that is.
        let head = concat!(
            "t1L4 0123456789abcdef0000000000000000000700000000000000000007",
            "1790000000123deadbeef0000000000000\n"
        );
        for raw in [Bytes::copy_from_slice(bytes), [head.as_bytes(), bytes].concat().into()] {
            let Ok(record) = Record::decode(&raw) else { continue };
            assert_eq!(record.encode(), raw);
            if let Some(body) = record.loaded(LIMIT) {
                assert!(body.len() <= LIMIT.max(record.body.len()));
            }
        }
    });
}
