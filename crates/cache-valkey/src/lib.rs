//! The cache store on Valkey or Redis.
