//! vortex
fn main() {}
