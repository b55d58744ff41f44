//! Reproducible chance (SplitMix64, Steele and others 2014): fast, and the same on every machine. Good enough to make up records.

/// A source of draws.
#[derive(Debug)]
pub(crate) struct Dice(u64);

const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

impl Dice {
    /// The draws of `row`.
    pub fn new(seed: u64, row: u64) -> Dice {
        Dice(mixed(seed ^ mixed(row.wrapping_add(STEP))))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mixed(self.0)
    }

    /// A number below `end`; zero where `end` is zero.
    pub fn below(&mut self, end: u64) -> u64 {
        let product = u128::from(self.next()) * u128::from(end);
        u64::try_from(product >> 64).unwrap_or(0)
    }

    /// A position in a list of `many`, the early ones more often.
    pub fn early(&mut self, many: usize) -> usize {
        let many = u64::try_from(many).unwrap_or(u64::MAX);
        let place = self.below(many).min(self.below(many + many / 2));
        usize::try_from(place).unwrap_or(0)
    }
}

fn mixed(state: u64) -> u64 {
    let state = (state ^ state >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let state = (state ^ state >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    state ^ state >> 31
}

#[cfg(test)]
mod tests {
    use super::Dice;

    #[test]
    fn draws_stay_below_their_end_and_repeat() {
        let drawn = |seed| {
            let mut dice = Dice::new(seed, 3);
            (0..1000).map(|_| (dice.below(7), dice.early(5))).collect::<Vec<_>>()
        };
        assert_eq!(drawn(1), drawn(1));
        assert_ne!(drawn(1), drawn(2));
        assert!(drawn(1).iter().all(|(below, early)| *below < 7 && *early < 5));
        let first = drawn(1).iter().filter(|(_, early)| *early == 0).count();
        assert!(first > 250, "{first}");
        assert_eq!((Dice::new(1, 1).below(0), Dice::new(1, 1).early(0)), (0, 0));
    }
}
