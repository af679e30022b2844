#![doc = include_str!("../GUARANTEE.md")]
