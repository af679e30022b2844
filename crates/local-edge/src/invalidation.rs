//! What an invalidation names: a path, a path prefix, or a tag.

use crate::key::sorted;
use crate::tags::is_tag;

const MAX_PATH_LENGTH: usize = 4_000;

/// One item of an invalidation batch.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Item {
    /// Exactly this path and keyed query string, whatever the keyed headers and the encoding.
    ///
    /// Without a query string it covers no object that has one in its key: that takes each query, or a wildcard.
    Path(String),
    /// Everything whose path and keyed query string begin like this.
    Prefix(String),
    /// Every variant of every object that carries this tag. Lower case.
    Tag(String),
}

/// Text that is no invalidation item.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ItemError {
    /// Neither a path nor a tag.
    #[error("`{0}` must begin with `/` or `#`")]
    NeitherPathNorTag(String),
    /// A wildcard elsewhere than at the end.
    #[error("`{0}` has a wildcard before its last character")]
    InnerWildcard(String),
    /// A character that must be URL-encoded in a path.
    #[error("`{0}` contains characters that must be URL-encoded")]
    Characters(String),
    /// More than 4,000 characters.
    #[error("a path may have 4000 characters at most")]
    TooLong,
    /// Empty, longer than 256 characters, or outside ASCII 33 to 126.
    #[error("`{0}` is not a tag of 1 to 256 visible ASCII characters without a comma")]
    Tag(String),
}

impl Item {
    /// Reads an item as it stands in `Paths.Items`: `/path`, `/prefix*` or `#tag`.
    pub fn parse(text: &str) -> Result<Self, ItemError> {
        if let Some(tag) = text.strip_prefix('#') {
            let valid = is_tag(tag.as_bytes());
            return if valid {
                Ok(Self::Tag(tag.to_ascii_lowercase()))
            } else {
                Err(ItemError::Tag(text.to_owned()))
            };
        }
        if !text.starts_with('/') {
            return Err(ItemError::NeitherPathNorTag(text.to_owned()));
        }
        if text.len() > MAX_PATH_LENGTH {
            return Err(ItemError::TooLong);
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(ItemError::Characters(text.to_owned()));
        }
        match text.find('*') {
            None => Ok(Self::Path(in_normal_order(text))),
            Some(at) if at == text.len() - 1 => Ok(Self::Prefix(text[..at].to_owned())),
            Some(_) => Err(ItemError::InnerWildcard(text.to_owned())),
        }
    }

    /// Whether it counts against the quota of wildcards.
    pub fn is_wildcard(&self) -> bool {
        matches!(self, Self::Prefix(_))
    }

    pub(crate) fn covers(&self, target: &str, tags: &[String]) -> bool {
        match self {
            Self::Path(path) => path == target,
            Self::Prefix(prefix) => target.starts_with(prefix),
            Self::Tag(tag) => tags.contains(tag),
        }
    }
}

fn in_normal_order(path: &str) -> String {
    match path.split_once('?') {
        None => path.to_owned(),
        Some((path, query)) => match sorted(query, |_| true) {
            query if query.is_empty() => path.to_owned(),
            query => format!("{path}?{query}"),
        },
    }
}
