//! The OpenAPI 3.1 document of the API, made from the code.
//!
//! Fields come from the types that are sent, limits and names from the constants that are checked, so that a change of
//! either changes the document. `docs/openapi.json` is this document as a file; a test says when it is not, and another
//! asks a running stack for every answer that is documented.
//!
//! - [`schemas`]: what is sent and taken
//! - [`reads`], [`writes`]: the operations
//! - [`answers`]: what answers have in common

pub mod answers;
pub mod reads;
pub mod schemas;
pub mod writes;

use serde_json::{Value, json};

/// The document.
pub fn document() -> Value {
    let mut paths = reads::paths();
    paths.extend(writes::paths());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Tidemark",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Products, read through a cache whose answers carry the version they show. A method that is not \
                            documented is answered with 405 and `Allow`, a path that is not with 404.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/", "description": "The distribution, or the API behind it" }],
        "paths": paths,
        "components": {
            "schemas": schemas::all(),
            "headers": answers::headers(),
            "securitySchemes": {
                "sigv4": {
                    "type": "apiKey", "in": "header", "name": "Authorization",
                    "description": "AWS Signature Version 4, at the API's own endpoint",
                },
            },
        },
    })
}
