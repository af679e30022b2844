//! The local stack: the whole system in one process tree, without an AWS account.

fn main() {}
