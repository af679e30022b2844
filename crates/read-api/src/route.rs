//! What a path means.

use catalog::names::{FRESH_PATH, PATH, PRIVATE_PATH, below};
use catalog::{InvalidId, ProductId};

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// A product through the cache.
    Product(ProductId),
    /// A product straight from the table.
    FreshProduct(ProductId),
    /// A product through the cache, for who has shown a signature to the edge.
    PrivateProduct(ProductId),
    /// A list of products.
    Products,
    /// A product whose id cannot be one.
    BadId(InvalidId),
    /// Nothing is served here.
    Nothing,
}

/// Reads a path.
pub fn route(path: &str) -> Route {
    if path == PATH {
        return Route::Products;
    }
    type Found = fn(ProductId) -> Route;
    let places: [(&str, Found); 3] =
        [(PATH, Route::Product), (FRESH_PATH, Route::FreshProduct), (PRIVATE_PATH, Route::PrivateProduct)];
    let found = places.iter().find_map(|(base, found)| Some((below(path, base)?, found)));
    found.map_or(Route::Nothing, |(id, found)| ProductId::parse(id).map_or_else(Route::BadId, found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_a_product_or_says_that_it_does_not() {
        let id = ProductId::parse("b-1").unwrap();
        assert_eq!(route("/api/products/b-1"), Route::Product(id.clone()));
        assert_eq!(route("/api/fresh/products/b-1"), Route::FreshProduct(id.clone()));
        assert_eq!(route("/api/private/products/b-1"), Route::PrivateProduct(id));
        assert_eq!(route("/api/products"), Route::Products);
        for bad in ["/api/products/", "/api/products/a%20b", "/api/products/a/b", "/api/products/b-1/"] {
            assert_eq!(route(bad), Route::BadId(InvalidId), "{bad}");
        }
        for nothing in ["/", "/api/fresh/products", "/api/productsb-1", "/api/orders/1", "/API/products/b-1"]
        {
            assert_eq!(route(nothing), Route::Nothing, "{nothing}");
        }
    }
}
