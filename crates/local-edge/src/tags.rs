//! Cache tags as CloudFront reads them from the origin's answer.

use http::{HeaderMap, HeaderName};

const MAX_TAGS: usize = 50;
const MAX_TAG_LENGTH: usize = 256;

/// The tags of an answer in lower case, because tags are compared without regard to case.
///
/// Comma-separated, over all lines of the header; the first 50 count and the rest is dropped silently; a tag that is
/// longer than 256 characters or holds anything but ASCII 33 to 126 is no tag.
pub(crate) fn tags_of(headers: &HeaderMap, name: Option<&HeaderName>) -> Vec<String> {
    let Some(name) = name else { return Vec::new() };
    let mut tags = Vec::new();
    for line in headers.get_all(name) {
        for tag in line.as_bytes().split(|byte| *byte == b',') {
            let tag = tag.trim_ascii();
            if !tag.is_empty() && is_tag(tag) {
                let tag = String::from_utf8_lossy(tag).to_ascii_lowercase();
                if !tags.contains(&tag) {
                    tags.push(tag);
                }
            }
            if tags.len() == MAX_TAGS {
                return tags;
            }
        }
    }
    tags
}

pub(crate) fn is_tag(tag: &[u8]) -> bool {
    (1..=MAX_TAG_LENGTH).contains(&tag.len())
        && tag.iter().all(|byte| (33..=126).contains(byte) && *byte != b',')
}
