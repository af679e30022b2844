//! The words of the weather: where readings are served, and what their rows and parameters are called.

/// Where readings are listed; each is below it, at `/<station>`.
pub const PATH: &str = "/api/readings";
/// Each reading past the cache.
pub const FRESH_PATH: &str = "/api/fresh/readings";
/// Each reading, for who was given a signed URL.
pub const PRIVATE_PATH: &str = "/api/private/readings";
/// Where each reading is written.
pub const ADMIN_PATH: &str = "/api/admin/readings";

/// The table's partition key.
pub const KEY: &str = "station";
/// The attribute and query parameter of a list.
pub const GROUP: &str = "region";
/// The index that lists are read from.
pub const GROUP_INDEX: &str = "by-region";

/// The most characters of a region's name.
pub const MAX_GROUP: usize = 40;

/// What one is called.
pub const ITEM: &str = "reading";
/// What several are called.
pub const ITEMS: &str = "readings";
/// The title of a problem: the station has sent nothing.
pub const NO_SUCH_ITEM: &str = "No reading of this station";
/// The title of a problem: the path names no station.
pub const INVALID_ID: &str = "Invalid station";
/// The title of a problem: a body is no reading.
pub const INVALID_ITEM: &str = "Invalid reading";

/// What of a path is left after one of the paths above and a slash.
pub fn below<'a>(path: &'a str, base: &str) -> Option<&'a str> {
    path.strip_prefix(base)?.strip_prefix('/')
}
