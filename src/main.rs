//! The Walbrook daemon.

fn main() {}
