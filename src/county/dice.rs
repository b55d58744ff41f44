//! Reproducible chance: every decision of the generator is drawn here.
//!
//! A stream is named by (seed, stream, row), so that any subject or row can be drawn alone and the order of drawing elsewhere
//! changes nothing. The same seed gives the same bytes on every machine.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// What a draw is for; each has a range of streams of its own.
#[derive(Clone, Copy, Debug)]
pub enum Stream {
    Subject = 1,
    Conduct = 2,
    Permits = 3,
    Inspections = 4,
    Texts = 5,
    Defects = 6,
    Parties = 7,
    Places = 8,
}

/// A source of draws.
#[derive(Debug)]
pub struct Dice(ChaCha8Rng);

impl Dice {
    /// The draws of `row` in `stream`.
    pub fn new(seed: u64, stream: Stream, row: u64) -> Dice {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(((stream as u64) << 56) ^ row);
        Dice(rng)
    }

    /// A number below `end`; zero where `end` is zero.
    pub fn below(&mut self, end: u64) -> u64 {
        let wide = u128::from(self.0.next_u64()) * u128::from(end);
        u64::try_from(wide >> 64).unwrap_or(0)
    }

    /// A number between both ends, included.
    pub fn between(&mut self, low: u32, high: u32) -> u32 {
        let span = u64::from(high.saturating_sub(low)) + 1;
        low + u32::try_from(self.below(span)).unwrap_or(0)
    }

    /// A position in a list of `len`.
    pub fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(u64::try_from(len).unwrap_or(0))).unwrap_or(0)
    }

    /// True `per_mille` times in a thousand.
    pub fn chance(&mut self, per_mille: u32) -> bool {
        self.below(1000) < u64::from(per_mille)
    }

    /// One of `list`, which is never empty: all lists are constants of this module tree.
    #[expect(clippy::indexing_slicing, reason = "an index below the length of a list that is a non-empty constant")]
    pub fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.index(list.len())]
    }

    /// One of these words.
    pub fn word(&mut self, list: &'static [&'static str]) -> &'static str {
        self.pick::<&str>(list)
    }

    /// One of `list`, each as often as its weight says; the last where all weights are zero.
    pub fn weighted<'a, T>(&mut self, list: &'a [T], weight: impl Fn(&T) -> u32) -> &'a T {
        let sum: u64 = list.iter().map(|item| u64::from(weight(item))).sum();
        let mut left = self.below(sum);
        for item in list {
            let own = u64::from(weight(item));
            if left < own {
                return item;
            }
            left -= own;
        }
        self.pick(list)
    }
}

/// Spreads `index` over `0..modulus` without collisions: two indexes below the modulus never share a value.
///
/// The factor is prime and divides none of the moduli used here.
pub fn spread(index: u64, modulus: u64, seed: u64) -> u64 {
    const FACTOR: u128 = 2_654_435_761;
    let offset = u128::from(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32);
    u64::try_from((u128::from(index) * FACTOR + offset) % u128::from(modulus)).unwrap_or(0)
}
