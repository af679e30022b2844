//! The keys of products and lists in the cache, and how each family is cached.

use std::time::Duration;

use cache::record::body_hash;
use cache::{Key, KeyError, Policy};

use crate::list::Position;
use crate::names::{GROUP, ITEM};
use crate::product::ProductId;
use crate::tags::encode;

/// Revision of the rendered body. Raise it whenever [`Product::render`](crate::Product::render) changes, so that a new
/// release does not answer with bodies of the old one.
const REVISION: &str = "1";

/// The longest name of a category within a key; longer ones are cut and end in a hash.
const MAX_CATEGORY: usize = 80;

/// Makes keys: `<namespace>.<revision>:{product:<id>}` for products, `…:{category:<name>}` and `…:{list:all}` for the
/// generation of a list, and that with `:<category>.<limit>.<position>` behind it for its pages.
#[derive(Debug, Clone)]
pub struct Keys {
    namespace: String,
}

impl Keys {
    /// Keys in a namespace; it keeps apart what shares a server.
    pub fn new(namespace: &str) -> Result<Keys, KeyError> {
        let keys = Keys { namespace: format!("{namespace}.{REVISION}") };
        let longest = "x".repeat(64);
        Key::new(&keys.namespace, ITEM, &longest)?;
        keys.family(Some(&longest.repeat(2))).map(|_| keys)
    }

    /// The key of a product. Cannot fail for a namespace that [`Keys::new`] took.
    pub fn product(&self, id: &ProductId) -> Result<Key, KeyError> {
        Key::new(&self.namespace, ITEM, id.as_str())
    }

    /// The key of the generation that every page of a category's lists is built under; without a category, of the list of
    /// all products. Categories that share a key only renew each other's lists.
    pub fn family(&self, category: Option<&str>) -> Result<Key, KeyError> {
        let Some(category) = category else { return Key::new(&self.namespace, "list", "all") };
        let mut name = encode(&category.to_lowercase());
        if name.len() > MAX_CATEGORY {
            name = format!("{}.{:08x}", &name[..MAX_CATEGORY], body_hash(name.as_bytes()));
        }
        Key::new(&self.namespace, GROUP, if name.is_empty() { "-none" } else { &name })
    }

    /// The key of one page, in the slot of its family. A position too long for a key has none, and is not cached.
    pub fn page(
        &self,
        category: Option<&str>,
        limit: u16,
        after: Option<&Position>,
    ) -> Result<Key, KeyError> {
        let encoded = |text: Option<&str>| text.map(encode).unwrap_or_default();
        let position = encoded(after.map(|position| position.0.as_str()));
        self.family(category)?.member(&format!("{}.{limit}.{position}", encoded(category)))
    }
}

/// How products are cached, unless the environment says otherwise.
pub fn product_policy() -> Policy {
    Policy::default()
}

/// How lists are cached, unless the environment says otherwise: every change of a member ends them, so they need not
/// live long to be right, and an old one is of little use.
pub fn list_policy() -> Policy {
    Policy {
        fresh_for: Duration::from_secs(300),
        stale_while_revalidate: Duration::from_secs(5),
        ..Policy::default()
    }
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
    fn a_page_lies_in_the_slot_of_its_family_and_no_two_lists_share_one() {
        let keys = Keys::new("shop").unwrap();
        let family = keys.family(Some("Home & Décor")).unwrap();
        assert_eq!(family.as_str(), "shop.1:{category:home%20%26%20d%c3%a9cor}");
        let page = |category, limit, after: Option<&str>| {
            let after = after.map(|after| Position(after.to_owned()));
            keys.page(category, limit, after.as_ref())
        };
        let shoes = page(Some("Shoes"), 24, Some("a.1")).unwrap();
        assert_eq!(shoes.as_str(), "shop.1:{category:shoes}:Shoes.24.a%2e1");
        let others = [
            page(Some("shoes"), 24, Some("a.1")),
            page(Some("Shoes"), 2, Some("4.a.1")),
            page(None, 24, Some("a.1")),
            page(Some("Shoes"), 24, None),
        ];
        assert!(others.iter().all(|other| other.as_ref().unwrap() != &shoes));
        assert!(page(None, 24, Some(&"x".repeat(1_100))).is_err(), "too long to be cached");
        assert_ne!(keys.family(Some(&"x".repeat(100))), keys.family(Some(&"x".repeat(101))));
        assert!(keys.family(Some("")).is_ok());
    }

    #[test]
    fn a_namespace_that_would_make_bad_keys_is_refused_at_start() {
        assert!(Keys::new("a b").is_err());
        assert!(Keys::new(&"x".repeat(1_000)).is_err());
    }
}
