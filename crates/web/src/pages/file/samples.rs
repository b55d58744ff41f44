//! Samples for the test over all pages.

use std::sync::Arc;

use xinzhi_core::journal::{Act, Draft, Entry, Position};
use xinzhi_core::measure::{MeasureKind, MeasureState};
use xinzhi_core::record::{BatchId, Class, Document, RecordId};
use xinzhi_core::{Digest, Moment, Points, Span, SubjectId};
use xinzhi_office::apply::Decision;
use xinzhi_office::check::run::MeasureAnswer;
use xinzhi_office::evaluate::result::{Contribution, DimensionLine, IndicatorLine};
use xinzhi_office::evaluate::{Evaluation, Forced, Knowledge, Measured, Outcome, Reason, Together};
use xinzhi_office::names::Names;
use xinzhi_office::rules::Pack;
use xinzhi_office::rules::model::{KindIx, LawIx, Put, ScorecardIx, Silence};
use xinzhi_office::subject::better::{BetterView, GoalView, SetView, StepView, WayView};
use xinzhi_office::subject::file::{EvaluationView, RecordView};
use xinzhi_office::subject::{RelationView, Relations, SubjectFile};

use super::super::desk::samples::check_view;
use super::super::samples::{day, hostile, pack, today};
use super::{AccessLine, FileView};

/// A subject's file with everything in it, or with nothing.
pub(in super::super) fn file(staff: bool, empty: bool) -> FileView {
    let pack = pack();
    let mut view = FileView::of(if empty { bare() } else { full(&pack) }, &pack, staff);
    if !empty {
        let [at, who, organ, role, what, purpose, case] = [(); 7].map(|()| hostile());
        view.accesses.push(AccessLine { at, who, organ, role, what, purpose, case });
    }
    view
}

fn bare() -> SubjectFile {
    SubjectFile {
        subject: SubjectId(7),
        code: hostile(),
        name: hostile(),
        kind: hostile(),
        person: false,
        area: None,
        area_name: None,
        industry: None,
        aliases: Vec::new(),
        today: today(),
        known: Position(40),
        measures: Vec::new(),
        evaluations: Vec::new(),
        records: Vec::new(),
        relations: Relations::default(),
        decisions: Vec::new(),
        checks: Vec::new(),
        accesses: Vec::new(),
        history: Vec::new(),
        names: Names::default(),
        next_change: None,
        ground: None,
    }
}

fn full(pack: &Pack) -> SubjectFile {
    let kind = pack.record_kinds.first().expect("a kind");
    let draft = Draft { act: Act::CheckMade, subject: None, refs: hostile(), payload: Digest([0; 32]) };
    SubjectFile {
        area: Some(hostile()),
        area_name: Some(hostile()),
        industry: Some(hostile()),
        aliases: vec![hostile()],
        measures: vec![
            (measure(MeasureKind::Restriction, MeasureState::InForce), vec![hostile()]),
            (measure(MeasureKind::Restriction, MeasureState::Proposed), vec![hostile()]),
            (measure(MeasureKind::Incentive, MeasureState::InForce), vec![hostile()]),
        ],
        evaluations: vec![graded(), not_evaluable()],
        records: vec![record(&kind.title)],
        relations: Relations { lines: vec![relation(true), relation(false)], more: true, foreseen: true },
        decisions: vec![decision()],
        checks: vec![check_view()],
        history: vec![Entry { position: Position(9), at: Moment(0), actor: hostile(), draft }],
        next_change: Some(day("2026-12-03")),
        ..bare()
    }
}

pub(in super::super) fn measure(kind: MeasureKind, state: MeasureState) -> MeasureAnswer {
    let [title, content, body, why, way_out] = [(); 5].map(|()| hostile());
    let (measure, basis) = (format!("{}-{}", kind.title(), state.title()), vec![hostile()]);
    let until = Some(day("2027-11-23"));
    MeasureAnswer { measure, title, content, kind, state, basis, body, until, why, records: vec![7, 8], way_out }
}

fn document() -> Document {
    Document { number: hostile(), organ: hostile(), organ_code: None, date: day("2026-03-01") }
}

fn record(kind: &str) -> RecordView {
    RecordView {
        record: RecordId(7),
        kind: kind.to_owned(),
        nature: "失信信息",
        document: document(),
        supplier: format!("另一单位{}", hostile()),
        class: Some(Class::Serious),
        fields: vec![(hostile(), hostile())],
        from: Some((BatchId(3), 12)),
        known: Position(5),
    }
}

fn relation(own_record: bool) -> RelationView {
    let [relation, title, code, kind, record_kind, supplier] = [(); 6].map(|()| hostile());
    let (name, from) = (own_record.then(hostile), own_record.then_some((BatchId(3), 12)));
    let span = Span { from: day("2026-01-05"), until: (!own_record).then(|| day("2026-03-01")) };
    let (in_force, basis, record, document) = (own_record, vec![LawIx(0)], RecordId(7), document());
    RelationView { relation, title, code, name, kind, span, in_force, basis, record, record_kind, own_record, document, supplier, from }
}

fn decision() -> Decision {
    Decision {
        measure: hostile(),
        causes: vec![RecordId(7)],
        from: day("2026-03-02"),
        until: day("2027-03-01"),
        officer: hostile(),
        document: document(),
        notice: day("2026-03-03"),
    }
}

fn evaluation(outcome: Outcome) -> Evaluation {
    let contribution = Contribution {
        record: RecordId(7),
        day: day("2026-03-01"),
        full: Points::whole(-20),
        keep: 500,
        points: Points::whole(-10),
        next_fade: Some(day("2027-03-01")),
        leaves_on: day("2029-03-01"),
    };
    let indicator = |state| IndicatorLine {
        id: hostile(),
        title: hostile(),
        state,
        silence: Silence::Nothing,
        together: Together::By(Put::Sum),
        raw: Points::whole(-10),
        within: Points::whole(-10),
        weight: 1000,
        points: Points::whole(-10),
        bounded: false,
        contributions: vec![contribution],
        uncertain: vec![RecordId(8)],
    };
    let indicators = vec![indicator(Knowledge::Known), indicator(Knowledge::Unknown)];
    Evaluation {
        card: ScorecardIx(0),
        scorecard: hostile(),
        as_of: today(),
        valid_until: day("2026-12-24"),
        base: Points::whole(800),
        outcome,
        forced: Some(Forced { rule: 0, grade: 3, list: KindIx(0), record: RecordId(7) }),
        grade: Some(1),
        assessed_share: 900,
        amount: Some(300),
        peers: Some(Measured {
            group: Some(hostile()),
            own: true,
            size: 431,
            limits: vec![Points::whole(900)],
            made: today(),
            in_force: Span { from: today(), until: None },
            tables: Digest([7; 32]),
        }),
        dimensions: vec![DimensionLine {
            title: hostile(),
            raw: Points::whole(-20),
            within: Points::whole(-20),
            weight: 500,
            points: Points::whole(-10),
            indicators,
        }],
        next_change: Some(day("2026-12-03")),
    }
}

fn graded() -> EvaluationView {
    let evaluation = Arc::new(evaluation(Outcome::Graded { points: Points::whole(790), grade: 1 }));
    EvaluationView {
        card: ScorecardIx(0),
        title: hostile(),
        grade: Some((hostile(), hostile())),
        evaluation,
        pack: hostile(),
        better: Some(better()),
    }
}

fn not_evaluable() -> EvaluationView {
    let reason = Reason::TooLittleKnown { assessed_share: 300, needed: 600 };
    let evaluation = Arc::new(evaluation(Outcome::NotEvaluable { reason }));
    EvaluationView {
        card: ScorecardIx(0),
        title: hostile(),
        grade: None,
        evaluation,
        pack: hostile(),
        better: Some(BetterView { notes: vec![hostile()], limit: None, goals: vec![] }),
    }
}

fn better() -> BetterView {
    let [kind, document, step, at, becomes] = [(); 5].map(|()| hostile());
    let (basis, to_confirm) = (vec![LawIx(0)], Some(hostile()));
    let step = StepView { record: RecordId(7), kind, document, step, at, becomes, basis, to_confirm };
    let set = |steps| SetView { grade: hostile(), points: Some(Points::whole(820)), amount: None, says: hostile(), steps };
    let way = |sets, steps| WayView { on: today(), steps, says: hostile(), sets, more: 2 };
    let ways = vec![way(vec![set(vec![step])], 1), way(vec![set(vec![])], 0)];
    BetterView { notes: vec![hostile()], limit: None, goals: vec![GoalView { grade: hostile(), says: hostile(), ways }] }
}
