//! The cache engine: the record, the one rule, get_or_load.
