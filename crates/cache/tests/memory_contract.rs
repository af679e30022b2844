//! The memory fake passes the contract.

use std::sync::Arc;

use cache::{SystemClock, memory::MemoryStore};

cache::contract_tests!(async { MemoryStore::new(Arc::new(SystemClock)) });
