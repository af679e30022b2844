//! PUT, PATCH and DELETE of products, conditional, with write-through invalidation.
