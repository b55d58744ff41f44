//! A pack in the place that it would have: read together with the others that are in force, as if its rules held on the day.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use xinzhi_core::{Day, Digest, Moment};
use xinzhi_evaluate::{Plan, Reason};
use xinzhi_rules::Pack;
use xinzhi_rules::model::{
    FieldIx, Indicator, KindIx, Matter, MatterIx, MeasureIx, PeersBy, Scorecard, ScorecardIx, SubjectKindIx, Trigger,
};

use super::words::Difference;

/// Drafts kept compiled: they are installed nowhere, so whoever wants them again after that hands them in again.
pub(super) const DRAFTS_MAX: usize = 8;

/// A pack that was handed in to be looked at.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    /// Together with the others in force.
    pub(crate) pack: Arc<Pack>,
    /// When it was handed in.
    pub(crate) at: Moment,
    /// Title of the pack that was handed in, without the others.
    pub(crate) title: String,
    /// Digest of the packs that were in force then.
    pub(crate) against: Digest,
    /// The rules that differ from theirs.
    pub(crate) differences: Arc<Vec<Difference>>,
}

/// Packs that were handed in to be looked at, the latest last.
#[derive(Debug, Default)]
pub(crate) struct Drafts(Mutex<Vec<Draft>>);

impl Drafts {
    pub(crate) fn keep(&self, draft: Draft) {
        let mut drafts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        drafts.retain(|known| known.pack.digest != draft.pack.digest);
        if drafts.len() >= DRAFTS_MAX {
            drafts.remove(0);
        }
        drafts.push(draft);
    }

    pub(crate) fn all(&self) -> Vec<Draft> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn find(&self, digest: Digest) -> Option<Arc<Pack>> {
        self.all().into_iter().map(|draft| draft.pack).find(|pack| pack.digest == digest)
    }

    /// In which rules a draft differs from these packs, where that was found out when it was handed in.
    pub(crate) fn differences(&self, old: Digest, new: Digest) -> Option<Arc<Vec<Difference>>> {
        let known = |draft: &Draft| draft.against == old && draft.pack.digest == new;
        self.all().into_iter().find(known).map(|draft| draft.differences)
    }
}

/// The packs as if every model were in force on `day`: a draft begins later than it is looked at, and what it replaces may have ended. Laws and
/// review days stay as they are. Behind its matters stands one more, at which every measure is looked at.
pub(crate) fn as_if(pack: &Pack, day: Day) -> Pack {
    let mut pack = pack.clone();
    for card in &mut pack.scorecards {
        let span = &mut card.in_force;
        span.from = span.from.min(day);
        span.until = span.until.map(|until| until.max(day));
    }
    pack.matters.push(Matter {
        id: String::new(),
        title: String::new(),
        organ: String::new(),
        purpose: String::new(),
        basis: Vec::new(),
        subjects: (0..pack.subject_kinds.len()).map(SubjectKindIx).collect(),
        feedback_within: 1,
        commitments: Vec::new(),
        measures: (0..pack.measures.len()).map(MeasureIx).collect(),
    });
    pack
}

/// The matter at which every measure is looked at, of packs made by [`as_if`].
pub(crate) fn every_measure(pack: &Pack) -> MatterIx {
    MatterIx(pack.matters.len().saturating_sub(1))
}

/// Why a model evaluates nobody on the day; none where it evaluates.
pub(crate) fn dormant(rules: &Pack, ix: ScorecardIx, day: Day) -> Option<Reason> {
    Plan::compile(rules, ix).ok().and_then(|plan| plan.dormant(day))
}

/// What has to be said of a model that is not in force on the day, or may not be used at all.
pub(crate) fn notes(which: &str, (raw, rules): (&Pack, &Pack), (ix, card): (ScorecardIx, &Scorecard), day: Day) -> Vec<String> {
    let mut notes = Vec::new();
    let span = card.in_force;
    if day < span.from {
        notes.push(format!("{which}的“{}”自 {} 起施行，评价日 {day} 在此之前；这里按它当日已经施行来评估", card.title, span.from));
    }
    if let Some(until) = span.until.filter(|until| day > *until) {
        notes.push(format!("{which}的“{}”施行到 {until} 为止，评价日 {day} 在此之后；这里按它当日仍然施行来评估", card.title));
    }
    match dormant(rules, ix, day) {
        Some(Reason::ReviewOverdue { review_by }) => {
            notes.push(format!("{which}须在 {review_by} 前复核，评价日 {day} 已经超过，全部主体不作评价；请另选评价日"));
        }
        Some(Reason::NoBasisInForce) => {
            notes.push(format!("{which}的“{}”在评价日 {day} 没有有效的依据，全部主体不作评价；请补充依据或另选评价日", card.title));
        }
        Some(Reason::NoCutoffsInForce) => {
            notes.push(format!(
                "{which}的“{}”按同业界限定级，评价日 {day} 没有有效的界限，全部主体不作评价；请先计算当日的界限，或另选评价日",
                card.title
            ));
        }
        Some(Reason::NotYetInForce { .. } | Reason::NoLongerInForce { .. } | Reason::TooLittleKnown { .. }) | None => {}
    }
    if card.peers.is_some() {
        notes.push(format!("{which}的“{}”按同业界限定级：各项原因只列分值的增减，不计算单独一项对等级的影响", card.title));
    }
    if raw.review_by < day && notes.is_empty() {
        notes.push(format!("{which}的复核期限 {} 已过", raw.review_by));
    }
    notes
}

/// Kinds of records that models and measures look at, with every field that a rule may read.
pub(crate) fn ruled(pack: &Pack) -> BTreeMap<KindIx, BTreeSet<FieldIx>> {
    let mut kinds: BTreeSet<KindIx> = BTreeSet::new();
    for card in &pack.scorecards {
        kinds.extend(card.dimensions.iter().flat_map(|dimension| &dimension.indicators).flat_map(Indicator::counts).map(|(kind, _)| kind));
        kinds.extend(card.overrides.iter().map(|rule| rule.kind));
        if let Some(PeersBy::Choice { kind, .. }) = card.peers.as_ref().map(|peers| peers.by) {
            kinds.insert(kind);
        }
    }
    pack.measures.iter().for_each(|measure| triggers(&measure.trigger, &mut kinds));
    let fields = |kind: KindIx| {
        let fields = pack.record_kind(kind).into_iter().flat_map(|kind| kind.fields.iter().enumerate());
        fields.filter(|(_, field)| field.kind.rules_may_read()).map(|(place, _)| FieldIx(place)).collect()
    };
    kinds.into_iter().map(|kind| (kind, fields(kind))).collect()
}

fn triggers(trigger: &Trigger, kinds: &mut BTreeSet<KindIx>) {
    match trigger {
        Trigger::Grade { .. } => {}
        Trigger::OnList(kind) | Trigger::Record { kind, .. } => {
            kinds.insert(*kind);
        }
        Trigger::All(parts) => parts.iter().for_each(|part| triggers(part, kinds)),
        Trigger::Not(part) => triggers(part, kinds),
    }
}
