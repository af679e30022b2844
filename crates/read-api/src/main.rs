//! GET and HEAD of products, through the cache.

fn main() {}
