//! Randomness as an argument: tokens, jitter.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::record::Token;

/// A source of randomness shared by the requests of one process.
///
/// Tokens must not repeat for one key within the life of a load; they are no secret. 64 random bits seeded by the
/// operating system are enough.
#[derive(Debug)]
pub struct Entropy(Mutex<fastrand::Rng>);

impl Entropy {
    /// Seeded by the operating system.
    pub fn from_os() -> Self {
        // The library's own seed is made of a clock and a thread: the same, perhaps, in two clones of one frozen process.
        let seed = RandomState::new().build_hasher().finish();
        Entropy(Mutex::new(fastrand::Rng::with_seed(seed)))
    }

    /// Always the same sequence: for tests and simulations.
    pub fn from_seed(seed: u64) -> Self {
        Entropy(Mutex::new(fastrand::Rng::with_seed(seed)))
    }

    /// A new token.
    pub fn token(&self) -> Token {
        Token::from_bits(self.with(|rng| rng.u64(..)))
    }

    /// `span` shortened by a random share of it, at most `share` (0.0 to 1.0). Jitter only ever shortens, so that a
    /// TTL stays the upper bound its name promises.
    pub fn shorten(&self, span: Duration, share: f64) -> Duration {
        span.mul_f64(1.0 - share.clamp(0.0, 1.0) * self.with(fastrand::Rng::f64))
    }

    /// Whether something of this chance (0.0 to 1.0) happens now.
    pub fn happens(&self, chance: f64) -> bool {
        chance > 0.0 && self.with(fastrand::Rng::f64) < chance
    }

    fn with<T>(&self, draw: impl FnOnce(&mut fastrand::Rng) -> T) -> T {
        draw(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_only_shortens_and_stays_within_its_share() {
        let entropy = Entropy::from_seed(7);
        let span = Duration::from_secs(100);
        let drawn: Vec<_> = (0..200).map(|_| entropy.shorten(span, 0.1)).collect();
        assert!(drawn.iter().all(|d| *d <= span && *d >= Duration::from_secs(90)));
        assert!(drawn.iter().any(|d| *d < Duration::from_secs(95)), "it varies");
    }
}
