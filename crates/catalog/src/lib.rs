//! The example domain: products, their keys and tags, reads, writes and invalidation plans.
