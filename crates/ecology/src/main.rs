//! The `ecology` binary.
fn main() {}
