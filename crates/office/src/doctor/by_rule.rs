//! Restrictions against the rules that were in force when they were decided.

use xinzhi_core::Day;
use xinzhi_core::journal::{Act, Position};
use xinzhi_core::measure::MeasureKind;
use xinzhi_rules::Pack;
use xinzhi_rules::model::{Measure, Trigger};
use xinzhi_store::Connection;
use xinzhi_store::check::DecisionRow;

use super::{Finding, each_entry};
use crate::{Error, Office};

/// Each decision names a restriction of the list of its day, on a basis in force, within its term, on records of kinds that the rule names.
pub(super) fn decided_by_rule(connection: &mut Connection, office: &Office) -> Result<Finding, Error> {
    let (mut looked_at, mut faults) = (0, Vec::new());
    each_entry(connection, Act::RestrictionDecided, |connection, entry| {
        // One whose facts are gone is told by its seal.
        let Some((row, _)) = xinzhi_store::check::decision_at(connection, entry.position)? else { return Ok(()) };
        looked_at += 1;
        let pack = office.pack_at(connection, entry.position)?;
        let kinds = kinds(connection, &row, entry.position)?;
        faults.extend(wrong(&pack, &row, entry.at.day(), &kinds).map(|words| format!("惩戒决定 {}{words}", row.decision.0)));
        Ok(())
    })?;
    Ok(Finding {
        invariant: "L1 L3 L6 L10", title: "惩戒决定依当时生效的清单、依据、期限和触发情形", looked_at, faults
    })
}

/// Kinds of the records that a decision rests on.
fn kinds(connection: &mut Connection, row: &DecisionRow, known: Position) -> Result<Vec<String>, Error> {
    let mut kinds = Vec::new();
    for cause in &row.causes {
        kinds.extend(xinzhi_store::record::by_id(connection, *cause, known)?.map(|record| record.kind));
    }
    Ok(kinds)
}

fn wrong<'a>(pack: &'a Pack, row: &'a DecisionRow, day: Day, kinds: &'a [String]) -> impl Iterator<Item = &'static str> + 'a {
    let measure = pack.measure_by_id(&row.measure).filter(|measure| measure.kind == MeasureKind::Restriction);
    let unlisted = measure.is_none().then_some("的措施不在当时的惩戒措施清单内");
    let broken = measure.into_iter().flat_map(move |measure| {
        let unfounded = (!pack.in_force_on(measure, day)).then_some("的措施当日没有生效的依据");
        let endless = (row.until > row.from.plus_months(measure.term_months)).then_some("超过该措施的最长期限");
        let unrelated = kinds.iter().any(|kind| !is_related(pack, measure, kind)).then_some("依据了该措施触发情形以外的信息种类");
        [unfounded, endless, unrelated].into_iter().flatten()
    });
    unlisted.into_iter().chain(broken)
}

fn is_related(pack: &Pack, measure: &Measure, kind: &str) -> bool {
    fn names(pack: &Pack, trigger: &Trigger, kind: &str) -> bool {
        match trigger {
            Trigger::OnList(ix) | Trigger::Record { kind: ix, .. } => pack.record_kind(*ix).is_some_and(|known| known.id == kind),
            Trigger::All(parts) => parts.iter().any(|part| names(pack, part, kind)),
            // What stands in the way of a measure, and a grade, bring no restriction about.
            Trigger::Not(_) | Trigger::Grade { .. } => false,
        }
    }
    names(pack, &measure.trigger, kind)
}
