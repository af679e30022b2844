//! Commands for developers of this workspace.

fn main() {}
