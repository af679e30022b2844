//! The key of a product in the cache, and how products are cached.

use cache::{Key, KeyError, Policy};

use crate::product::ProductId;

/// Revision of the rendered body. Raise it whenever [`Product::render`](crate::Product::render) changes, so that a new
/// release does not answer with bodies of the old one.
const REVISION: &str = "1";

/// Makes keys: `<namespace>.<revision>:{product:<id>}`.
#[derive(Debug, Clone)]
pub struct Keys {
    namespace: String,
}

impl Keys {
    /// Keys in a namespace; it keeps apart what shares a server.
    pub fn new(namespace: &str) -> Result<Keys, KeyError> {
        let keys = Keys { namespace: format!("{namespace}.{REVISION}") };
        let longest = "x".repeat(64);
        Key::new(&keys.namespace, "product", &longest).map(|_| keys)
    }

    /// The key of a product. Cannot fail for a namespace that [`Keys::new`] took.
    pub fn product(&self, id: &ProductId) -> Result<Key, KeyError> {
        Key::new(&self.namespace, "product", id.as_str())
    }
}

/// How products are cached.
pub fn product_policy() -> Policy {
    Policy::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_names_namespace_revision_and_product() {
        let id = ProductId::parse("b-1").unwrap();
        assert_eq!(Keys::new("shop").unwrap().product(&id).unwrap().as_str(), "shop.1:{product:b-1}");
    }

    #[test]
    fn a_namespace_that_would_make_bad_keys_is_refused_at_start() {
        assert!(Keys::new("a b").is_err());
        assert!(Keys::new(&"x".repeat(200)).is_err());
    }
}
