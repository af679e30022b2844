//! The static page of Tidemark.
