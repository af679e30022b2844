//! Integration tests against the real stack.
