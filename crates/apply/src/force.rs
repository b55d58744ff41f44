//! On which articles a measure rests on a day, if it may be used at all (L1, L2, W6).

use xinzhi_core::Day;
use xinzhi_rules::model::{LawIx, Measure, Pack};

/// The articles in force on `day`; empty where the measure may not be used: no basis of a sufficient level in force, or a review
/// overdue. It is asked on every reading, so that what has ended never waits for a job (W2).
pub fn bases_on(pack: &Pack, measure: &Measure, day: Day) -> Vec<LawIx> {
    if !pack.in_force_on(measure, day) {
        return Vec::new();
    }
    let holds = |ix: &&LawIx| pack.law(**ix).is_some_and(|law| law.in_force.contains(day));
    measure.basis.iter().filter(holds).copied().collect()
}
