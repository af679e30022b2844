//! The words of this domain that its neighbours need: where it is served, what its rows and parameters are called, and
//! what people are told. Another domain has other words, and the functions none of their own.

/// Where items are listed; each is below it, at `/<id>`. Under `/api/`, which is what the edge forwards.
pub const PATH: &str = "/api/products";
/// Each item past the cache, at `/<id>`. Under `/api/fresh/`, where the edge keeps nothing.
pub const FRESH_PATH: &str = "/api/fresh/products";
/// Each item, at `/<id>`, for who shows a signature to the edge. Under `/api/private/`, where the edge checks it.
pub const PRIVATE_PATH: &str = "/api/private/products";
/// Where each item is written, at `/<id>`. Under `/api/admin/`, which reaches the write API.
pub const ADMIN_PATH: &str = "/api/admin/products";

/// The table's partition key, of type S.
pub const KEY: &str = "id";
/// The attribute, of type S, that says which list an item is in; the query parameter that asks for one; what the list's key
/// and cache tag begin with.
pub const GROUP: &str = "category";
/// The index of the table that lists are read from: partition key [`GROUP`], sort key [`KEY`], every attribute projected.
pub const GROUP_INDEX: &str = "by-category";

/// The most characters of a group's name.
pub const MAX_GROUP: usize = 64;

/// What one is called, and what its key and its cache tag begin with: letters alone.
pub const ITEM: &str = "product";
/// What several are called, and the tag of a list of all: letters alone.
pub const ITEMS: &str = "products";
/// The title of a problem: there is no such item.
pub const NO_SUCH_ITEM: &str = "No such product";
/// The title of a problem: the id in a path cannot be one.
pub const INVALID_ID: &str = "Invalid product id";
/// The title of a problem: a body is no valid item.
pub const INVALID_ITEM: &str = "Invalid product";

/// What of a path is left after one of the paths above and a slash: an id, or what should be one.
pub fn below<'a>(path: &'a str, base: &str) -> Option<&'a str> {
    path.strip_prefix(base)?.strip_prefix('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_what_stands_below_a_path() {
        assert_eq!(below("/api/products/b-1", PATH), Some("b-1"));
        assert_eq!(below("/api/products/", PATH), Some(""));
        assert_eq!(below("/api/products/a/b", PATH), Some("a/b"));
        for other in ["/api/products", "/api/productsb-1", "/API/products/b-1"] {
            assert_eq!(below(other, PATH), None, "{other}");
        }
    }
}
