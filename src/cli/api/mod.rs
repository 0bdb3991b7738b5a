//! The daemon's admin interface, as the commands use it.
//!
//! ```text
//!  --url, --config, WALBROOK_TOKEN ──▶ Address ──▶ Client ──▶ the interface
//!                                                    └──▶ Failure: one sentence, and the fix
//! ```

mod address;
mod client;
mod failure;

pub(super) use client::Client;
pub(super) use failure::Failure;

/// A name as a part of a path.
pub(super) fn part(name: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    let one = |b: u8| if plain(b) { (b as char).to_string() } else { format!("%{b:02X}") };
    name.bytes().map(one).collect()
}
