//! Lists of products, page by page, in the order of their ids within a category and in no order of meaning without one.
//!
//! A list is read through the cache under its family's generation, which every change of a member renews, and
//! eventually consistently: what was just written may be missing from it for a moment, or be shown as it was before.
//! Whoever must know reads the product.

use std::sync::Arc;

use bytes::Bytes;
use cache::{Answer, Cache, GetError, LoadError, Loaded, Lookup, Policy, Version};
use serde::Serialize;

use crate::keys::Keys;
use crate::names::ITEMS;
use crate::ports::ItemList;
use crate::product::Product;
use crate::tags::category_tag;

/// How many products a page has unless the caller says otherwise.
pub const DEFAULT_LIMIT: u16 = 24;
/// The most products of a page.
pub const MAX_LIMIT: u16 = 100;
/// The most ids of one selection: its answer carries one tag for each, and CloudFront keeps no more than 50.
pub const MAX_IDS: usize = 50;
/// The tag of an answer that lists products of every category.
pub const ALL_PRODUCTS_TAG: &str = ITEMS;

/// Where a page ended: the id of the last row it has seen, as the database holds it. Rows of other programs are passed
/// over as well, so it need be no product's id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position(pub String);

/// A page of products.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    /// What it holds: at most as many as were asked for, perhaps fewer, even none, with more to come. Rows that are no
    /// valid product are left out.
    pub items: Vec<Product>,
    /// Where the next page begins, after this position; `None` at the end.
    pub next: Option<Position>,
}

impl Page {
    /// The response body, with `next` as the caller encodes it.
    pub fn render(&self, next: Option<&str>) -> Bytes {
        #[derive(Serialize)]
        struct Body<'a> {
            items: &'a [Product],
            next: Option<&'a str>,
        }
        // Only a map with keys that are no strings could fail here, and there is none.
        serde_json::to_vec(&Body { items: &self.items, next }).unwrap_or_default().into()
    }
}

/// Reads lists.
pub struct ReadList {
    cache: Arc<Cache>,
    lists: Arc<dyn ItemList>,
    keys: Keys,
    policy: Policy,
}

impl ReadList {
    /// Reads through `cache` from `lists`.
    pub fn new(cache: Arc<Cache>, lists: Arc<dyn ItemList>, keys: Keys, policy: Policy) -> Self {
        ReadList { cache, lists, keys, policy }
    }

    /// A page of a category, or of all products, after a position that an earlier page ended at, as `render` writes it.
    /// A list has no version: its answer's is zero.
    pub async fn page(
        &self,
        category: Option<&str>,
        limit: u16,
        after: Option<&Position>,
        render: impl FnOnce(&Page) -> Bytes,
    ) -> Result<Answer, GetError> {
        let load = || async {
            let page = self.lists.list(category, limit, after).await;
            let page = page.map_err(|error| LoadError::Unavailable(error.to_string()))?;
            Ok(Loaded::Found { version: Version::ZERO, body: render(&page) })
        };
        let keys = (self.keys.family(category), self.keys.page(category, limit, after));
        match keys {
            (Ok(family), Ok(page)) => {
                let lookup = Lookup { family: Some(&family), ..Lookup::of(&page, &self.policy) };
                self.cache.get_or_load(lookup, load).await
            }
            // A position too long for a key.
            _ => self.cache.load_only(&self.policy, Version::ZERO, load).await,
        }
    }
}

/// The tag of a list: its category's, or the one of all lists without a category.
pub fn list_tag(category: Option<&str>) -> String {
    category.and_then(category_tag).unwrap_or_else(|| ALL_PRODUCTS_TAG.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::details::Details;
    use crate::product::ProductId;

    #[test]
    fn a_page_is_rendered_with_its_products_as_they_are_read_one_by_one() {
        let details = Details {
            name: "Boot".into(),
            description: String::new(),
            category: "shoes".into(),
            price_cents: 4200,
            currency: "EUR".into(),
            attributes: Default::default(),
        };
        let id = ProductId::parse("b-1").unwrap();
        let product = Product { id, details, version: Version(7), updated_at: None };
        let alone = String::from_utf8(product.render().to_vec()).unwrap();
        let page = Page { items: vec![product], next: None };
        assert_eq!(page.render(Some("abc")), format!(r#"{{"items":[{alone}],"next":"abc"}}"#).as_bytes());
        assert_eq!(Page::default().render(None), r#"{"items":[],"next":null}"#.as_bytes());
    }

    #[test]
    fn a_list_carries_its_categorys_tag() {
        assert_eq!(list_tag(Some("Shoes")), "category:shoes");
        assert_eq!(list_tag(None), "products");
    }
}
