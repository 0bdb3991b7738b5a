//! Seeded chance, so that a failing run can be repeated.

use super::consumer::now_us;
use super::stack::acceptance;

/// SplitMix64: small, and good enough to choose keys and moments.
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// The same seed gives the same choices.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `n`.
    pub fn below(&mut self, n: u64) -> u64 {
        self.bits() % n.max(1)
    }

    /// True in `percent` of a hundred cases.
    pub fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of `choices`.
    pub fn one<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len() as u64) as usize]
    }
}

/// The seed of this run: `WALBROOK_SEED`; else the clock in the acceptance run, and one of the test's own
/// otherwise. Printed, so that a failure can be repeated.
pub fn seed(test: &str) -> u64 {
    let given = std::env::var("WALBROOK_SEED").ok().and_then(|s| s.parse().ok());
    let seed = given.unwrap_or_else(|| if acceptance() { now_us() as u64 } else { of(test) });
    println!("{test}: WALBROOK_SEED={seed}");
    seed
}

/// A number for a name.
fn of(name: &str) -> u64 {
    name.bytes().fold(17, |seed, byte| Chance::new(seed ^ u64::from(byte)).bits())
}

#[test]
fn a_test_has_the_same_seed_every_time_and_another_than_the_next() {
    assert_eq!(of("mykill"), of("mykill"));
    assert_ne!(of("mykill"), of("makill"));
}
