//! What others ask a pack: things by position and by name, whether a measure may apply on a day, how bad a record is.

use xinzhi_core::Day;
use xinzhi_core::measure::MeasureKind;
use xinzhi_core::record::Class;

use crate::model::{
    KindIx, Law, LawIx, Level, Matter, Measure, MeasureIx, Pack, RecordKind, Scorecard, ScorecardIx, Source, SubjectKind, SubjectKindIx,
};
use crate::predicate::{Column, Truth};

impl Pack {
    /// The law at a position of this pack.
    pub fn law(&self, ix: LawIx) -> Option<&Law> {
        self.laws.get(ix.0)
    }

    /// The record kind at a position of this pack.
    pub fn record_kind(&self, ix: KindIx) -> Option<&RecordKind> {
        self.record_kinds.get(ix.0)
    }

    /// Finds a record kind by Chinese title or id.
    pub fn record_kind_by_name(&self, name: &str) -> Option<(KindIx, &RecordKind)> {
        let found = self.record_kinds.iter().enumerate().find(|(_, kind)| kind.title == name || kind.id == name);
        found.map(|(position, kind)| (KindIx(position), kind))
    }

    /// The subject kind at a position of this pack.
    pub fn subject_kind(&self, ix: SubjectKindIx) -> Option<&SubjectKind> {
        self.subject_kinds.get(ix.0)
    }

    /// Finds a subject kind by id.
    pub fn subject_kind_by_id(&self, id: &str) -> Option<(SubjectKindIx, &SubjectKind)> {
        let found = self.subject_kinds.iter().enumerate().find(|(_, kind)| kind.id == id);
        found.map(|(position, kind)| (SubjectKindIx(position), kind))
    }

    /// The scorecard at a position of this pack.
    pub fn scorecard(&self, ix: ScorecardIx) -> Option<&Scorecard> {
        self.scorecards.get(ix.0)
    }

    /// Finds a scorecard by id.
    pub fn scorecard_by_id(&self, id: &str) -> Option<(ScorecardIx, &Scorecard)> {
        let found = self.scorecards.iter().enumerate().find(|(_, card)| card.id == id);
        found.map(|(position, card)| (ScorecardIx(position), card))
    }

    /// The measure at a position of this pack.
    pub fn measure(&self, ix: MeasureIx) -> Option<&Measure> {
        self.measures.get(ix.0)
    }

    /// Finds a measure by id.
    pub fn measure_by_id(&self, id: &str) -> Option<&Measure> {
        self.measures.iter().find(|measure| measure.id == id)
    }

    /// Finds a matter by id.
    pub fn matter_by_id(&self, id: &str) -> Option<&Matter> {
        self.matters.iter().find(|matter| matter.id == id)
    }

    /// Finds a source by id.
    pub fn source_by_id(&self, id: &str) -> Option<&Source> {
        self.sources.iter().find(|source| source.id == id)
    }

    /// What a pack calls an industry, by its code or what its code begins with.
    pub fn industry_name(&self, code: &str) -> Option<&str> {
        let names = self.record_kinds.iter().flat_map(|kind| &kind.roles.industry_names);
        names.into_iter().find(|(known, _)| known == code).map(|(_, name)| name.as_str())
    }

    /// `《甲法》第一条、《乙条例》第二条`.
    pub fn citations(&self, basis: &[LawIx]) -> String {
        let citations: Vec<String> = basis.iter().filter_map(|ix| self.law(*ix)).map(Law::citation).collect();
        citations.join("、")
    }

    /// Whether a measure may apply on `day`: one of its bases is in force and of a level that carries its kind (L1), and
    /// neither it nor the pack is overdue for review (W6).
    pub fn in_force_on(&self, measure: &Measure, day: Day) -> bool {
        let carries = |level: Level| match measure.kind {
            MeasureKind::Restriction => level.may_restrict(),
            MeasureKind::Incentive | MeasureKind::Supervision => level != Level::OwnModel,
        };
        let mut laws = measure.basis.iter().filter_map(|ix| self.law(*ix));
        let founded = laws.any(|law| law.in_force.contains(day) && carries(law.level));
        founded && day <= measure.review_by
    }
}

/// 失信程度 of a record with these values. A line that cannot be decided ends the search: unknown input classes nothing (D3).
pub fn class_of(kind: &RecordKind, values: &[Option<i64>]) -> Option<Class> {
    let value = |column| match column {
        Column::Field(field) => values.get(field.0).copied().flatten(),
        Column::Class => None,
    };
    for line in &kind.class_lines {
        match line.when.as_ref().map_or(Truth::True, |when| when.truth(&value)) {
            Truth::True => return line.class,
            Truth::False => {}
            Truth::Unknown => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests;
