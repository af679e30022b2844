//! Entity tags `"<version>-<hash>"` and the conditions made of them (RFC 9110, section 13).

use cache::Version;
use catalog::Condition;

/// The entity tag of a version whose representation has this hash.
pub fn etag(version: Version, hash: u32) -> String {
    format!("\"{version}-{hash:08x}\"")
}

/// Why a condition is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a condition is `*` or a list of entity tags in double quotes, such as \"7-1a2b3c4d\"")]
pub struct BadCondition;

/// Reads `If-Match`. The version part decides, and a tag that an edge has made weak (`W/`) counts: it names the same
/// version. A tag that was never given out matches nothing.
pub fn if_match(header: &str) -> Result<Condition, BadCondition> {
    if header.trim() == "*" {
        return Ok(Condition::Any);
    }
    let tags = opaque_tags(header)?;
    Ok(Condition::OneOf(tags.into_iter().filter_map(version_of).collect()))
}

/// Whether `If-None-Match` names this entity tag, by weak comparison. A malformed header names nothing.
pub fn none_match(header: &str, etag: &str) -> bool {
    let own = etag.trim_matches('"');
    header.trim() == "*" || opaque_tags(header).is_ok_and(|tags| tags.contains(&own))
}

/// The texts between the quotes of a list of entity tags.
fn opaque_tags(header: &str) -> Result<Vec<&str>, BadCondition> {
    let mut tags = Vec::new();
    let mut rest = header.trim();
    loop {
        let quoted = rest.strip_prefix("W/").unwrap_or(rest).strip_prefix('"').ok_or(BadCondition)?;
        let (tag, after) = quoted.split_once('"').ok_or(BadCondition)?;
        tags.push(tag);
        rest = after.trim_start();
        match rest.strip_prefix(',') {
            Some(next) => rest = next.trim_start(),
            None if rest.is_empty() => return Ok(tags),
            None => return Err(BadCondition),
        }
    }
}

fn version_of(tag: &str) -> Option<Version> {
    let (version, hash) = tag.split_once('-')?;
    let is_hash = hash.len() == 8 && hash.bytes().all(|b| b.is_ascii_hexdigit());
    is_hash.then(|| Version::parse(version)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_part_of_any_listed_tag_decides_weak_or_not() {
        assert_eq!(etag(Version(7), 0x1a2b), "\"7-00001a2b\"");
        assert_eq!(if_match("*"), Ok(Condition::Any));
        assert_eq!(if_match("\"7-00001a2b\""), Ok(Condition::OneOf(vec![Version(7)])));
        let list = if_match("W/\"7-00001a2b\" , \"9-00000000\"");
        assert_eq!(list, Ok(Condition::OneOf(vec![Version(7), Version(9)])));
        assert_eq!(if_match("\"abc\""), Ok(Condition::OneOf(vec![])), "never given out, matches nothing");
    }

    #[test]
    fn what_is_no_entity_tag_is_an_error() {
        for bad in ["", "7", "7-00001a2b", "\"7-00001a2b", "\"a\" \"b\"", "\"a\",", "w/\"a\""] {
            assert_eq!(if_match(bad), Err(BadCondition), "{bad:?}");
        }
    }

    #[test]
    fn if_none_match_compares_weakly_and_whole() {
        let own = etag(Version(7), 0x1a2b);
        assert!(
            none_match(&own, &own) && none_match("*", &own) && none_match(&format!("\"x\", W/{own}"), &own)
        );
        assert!(
            !none_match("\"7-00001a2c\"", &own) && !none_match("7-00001a2b", &own) && !none_match("", &own)
        );
    }
}
