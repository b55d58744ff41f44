//! A subject's file as it is shown, to staff and to the subject itself: the same facts in the same order.

mod better;
mod evaluation;

use xinzhi_core::Day;
use xinzhi_core::actor::Role;
use xinzhi_core::measure::{MeasureKind, MeasureState};
use xinzhi_core::record::RecordId;
use xinzhi_office::rules::Pack;
use xinzhi_office::rules::model::Seal;
use xinzhi_office::subject::file::RecordView;
use xinzhi_office::subject::{RelationView, SubjectFile};

use super::rules::{Basis, bases, cited};
use super::text::{Mark, Tone, access_title, act_title, left, light, measure_mark};
use evaluation::EvaluationPart;

/// The file, ready for its template.
#[derive(Debug)]
pub(super) struct FileView {
    pub(super) code: String,
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) person: bool,
    pub(super) area: Option<String>,
    pub(super) area_name: Option<String>,
    pub(super) industry: Option<String>,
    pub(super) aliases: Vec<String>,
    pub(super) today: Day,
    pub(super) position: i64,
    /// The one line that says what matters today.
    pub(super) say: Mark,
    pub(super) measures: Vec<MeasureLine>,
    pub(super) decisions: Vec<DecisionLine>,
    pub(super) owed: Vec<OwedLine>,
    pub(super) evaluations: Vec<EvaluationPart>,
    pub(super) kinds: Vec<KindLine>,
    pub(super) records: usize,
    /// None where the rules know no relations of such subjects.
    pub(super) relations: Option<Vec<RelationLine>>,
    pub(super) relations_more: bool,
    pub(super) checks: Vec<CheckLine>,
    pub(super) accesses: Vec<AccessLine>,
    pub(super) history: Vec<HistoryLine>,
    /// Whether staff reads it; a subject reads its own.
    pub(super) staff: bool,
}

/// A measure that applies or waits.
#[derive(Debug)]
pub(super) struct MeasureLine {
    pub(super) mark: Mark,
    pub(super) title: String,
    pub(super) why: String,
    pub(super) content: String,
    pub(super) basis: Vec<Basis>,
    pub(super) body: String,
    pub(super) until: Option<(Day, String)>,
    pub(super) way_out: String,
    pub(super) records: Vec<(i64, String)>,
    pub(super) matters: String,
    pub(super) rule: String,
    /// A restriction opens by itself: basis, body, end and remedy are in sight (A9).
    pub(super) adverse: bool,
}

/// A decision on a restriction, ended ones too.
#[derive(Debug)]
pub(super) struct DecisionLine {
    pub(super) mark: Mark,
    pub(super) title: String,
    pub(super) rule: String,
    pub(super) organ: String,
    pub(super) document: String,
    pub(super) date: Day,
    pub(super) officer: String,
    pub(super) notice: Day,
    pub(super) from: Day,
    pub(super) until: Day,
    pub(super) left: String,
}

/// An answer that is owed on a measure.
#[derive(Debug)]
pub(super) struct OwedLine {
    pub(super) check: i64,
    pub(super) measure: String,
    pub(super) title: String,
    pub(super) matter: String,
    pub(super) body: String,
    pub(super) due: Day,
    pub(super) mark: Mark,
}

/// The records of one kind.
#[derive(Debug)]
pub(super) struct KindLine {
    pub(super) title: String,
    pub(super) nature: &'static str,
    pub(super) rule: String,
    pub(super) may_be_sealed: bool,
    pub(super) records: Vec<RecordView>,
}

/// A relation to another subject.
#[derive(Debug)]
pub(super) struct RelationLine {
    pub(super) title: String,
    pub(super) mark: Mark,
    pub(super) code: String,
    /// None where its file may not be opened.
    pub(super) name: Option<String>,
    pub(super) kind: String,
    pub(super) from: Day,
    pub(super) until: Option<Day>,
    pub(super) record: i64,
    pub(super) record_kind: String,
    /// Whether the record stands on this page.
    pub(super) here: bool,
    pub(super) supplier: String,
    pub(super) batch: Option<(i64, i64)>,
    pub(super) basis: Vec<Basis>,
}

/// A check and what came back.
#[derive(Debug)]
pub(super) struct CheckLine {
    pub(super) id: i64,
    pub(super) at: String,
    pub(super) matter: String,
    pub(super) organ: String,
    pub(super) purpose: String,
    pub(super) case: String,
    pub(super) measures: Vec<(String, Mark)>,
}

/// Somebody looked.
#[derive(Debug)]
pub(super) struct AccessLine {
    pub(super) at: String,
    pub(super) who: String,
    pub(super) organ: String,
    pub(super) role: String,
    pub(super) what: String,
    pub(super) purpose: String,
    pub(super) case: String,
}

/// An entry of the journal.
#[derive(Debug)]
pub(super) struct HistoryLine {
    pub(super) position: i64,
    pub(super) at: String,
    pub(super) title: &'static str,
    pub(super) actor: String,
}

impl FileView {
    pub(super) fn of(file: SubjectFile, pack: &Pack, staff: bool) -> FileView {
        let owed = owed(&file);
        FileView {
            say: say(&file, &owed),
            measures: measures(&file, pack),
            decisions: decisions(&file, pack),
            owed,
            evaluations: file.evaluations.iter().map(|view| EvaluationPart::of(view, pack, &file.records)).collect(),
            relations: file.relations.foreseen.then(|| file.relations.lines.iter().map(|line| related(line, file.today, pack)).collect()),
            relations_more: file.relations.more,
            checks: checks(&file),
            accesses: accesses(&file),
            history: history(&file),
            records: file.records.len(),
            kinds: kinds(file.records, pack),
            code: file.code,
            name: file.name,
            kind: file.kind,
            person: file.person,
            area: file.area,
            area_name: file.area_name,
            industry: file.industry.map(|code| industry(pack, code)),
            aliases: file.aliases,
            today: file.today,
            position: file.known.0,
            staff,
        }
    }

    /// How many lines stand under 现行.
    pub(super) fn current(&self) -> usize {
        self.measures.len() + self.owed.len()
    }
}

/// `行业 橡胶和塑料制品业（2927）`; a code is called one where no pack names what it begins with.
fn industry(pack: &Pack, code: String) -> String {
    let begins: String = code.chars().take(2).collect();
    match pack.industry_name(&code).or_else(|| pack.industry_name(&begins)) {
        Some(name) => format!("行业 {name}（{code}）"),
        None => format!("行业代码 {code}"),
    }
}

/// `2 项监管提示，无在执行的惩戒措施；下一变化 2026-12-03`.
fn say(file: &SubjectFile, owed: &[OwedLine]) -> Mark {
    let count = |kind, state| file.measures.iter().filter(|(m, _)| m.kind == kind && m.state == state).count();
    let restricted = count(MeasureKind::Restriction, MeasureState::InForce);
    let proposed = file.measures.iter().filter(|(m, _)| m.state == MeasureState::Proposed).count();
    let late = owed.iter().filter(|line| line.mark.tone == Tone::Red).count();
    let mut parts = vec![match restricted {
        0 => "无在执行的惩戒措施".to_owned(),
        some => format!("{some} 项惩戒措施在执行"),
    }];
    let others = [
        (proposed, "项待决定"),
        (late, "项反馈已逾期"),
        (count(MeasureKind::Supervision, MeasureState::InForce), "项监管提示"),
        (count(MeasureKind::Incentive, MeasureState::InForce), "项激励可用"),
    ];
    parts.extend(others.into_iter().filter(|(count, _)| *count > 0).map(|(count, words)| format!("{count} {words}")));
    let next = file.next_change.map_or_else(String::new, |day| format!("；下一变化 {day}（{}）", left(file.today, day)));
    let tone = match (restricted + late, proposed) {
        (0, 0) => Tone::Accent,
        (0, _) => Tone::Amber,
        _ => Tone::Red,
    };
    Mark::new(tone, format!("{}{next}", parts.join("，")))
}

fn measures(file: &SubjectFile, pack: &Pack) -> Vec<MeasureLine> {
    let line = |(answer, matters): &(xinzhi_office::check::run::MeasureAnswer, Vec<String>)| MeasureLine {
        mark: measure_mark(answer.kind, answer.state),
        title: answer.title.clone(),
        why: answer.why.clone(),
        content: answer.content.clone(),
        basis: cited(pack, &answer.basis),
        body: answer.body.clone(),
        until: answer.until.map(|until| (until, left(file.today, until))),
        way_out: answer.way_out.clone(),
        records: answer.records.iter().map(|id| (*id, record_words(&file.records, RecordId(*id)))).collect(),
        matters: matters.join("、"),
        rule: format!("/rules/{}/measures#{}", pack.id, answer.measure),
        adverse: answer.kind == MeasureKind::Restriction,
    };
    file.measures.iter().map(line).collect()
}

fn decisions(file: &SubjectFile, pack: &Pack) -> Vec<DecisionLine> {
    let title = |id: &str| pack.measure_by_id(id).map_or_else(|| id.to_owned(), |measure| measure.title.clone());
    let line = |decision: &xinzhi_office::apply::Decision| {
        let holds = decision.from <= file.today && file.today <= decision.until;
        DecisionLine {
            mark: if holds { Mark::new(Tone::Red, "执行中") } else { Mark::new(Tone::Plain, "不在执行期") },
            title: title(&decision.measure),
            rule: format!("/rules/{}/measures#{}", pack.id, decision.measure),
            organ: decision.document.organ.clone(),
            document: decision.document.number.clone(),
            date: decision.document.date,
            officer: decision.officer.clone(),
            notice: decision.notice,
            from: decision.from,
            until: decision.until,
            left: left(file.today, decision.until),
        }
    };
    file.decisions.iter().map(line).collect()
}

fn owed(file: &SubjectFile) -> Vec<OwedLine> {
    let open = file.checks.iter().flat_map(|check| &check.obligations).filter(|owed| !owed.light.closed());
    let mut lines: Vec<OwedLine> = open
        .map(|owed| OwedLine {
            check: owed.check.0,
            measure: owed.measure.clone(),
            title: owed.measure_title.clone(),
            matter: owed.matter_title.clone(),
            body: owed.body.clone(),
            due: owed.due,
            mark: light(owed.light, owed.due, file.today),
        })
        .collect();
    lines.sort_by_key(|line| line.due);
    lines
}

fn kinds(records: Vec<RecordView>, pack: &Pack) -> Vec<KindLine> {
    let mut kinds: Vec<KindLine> = Vec::new();
    for record in records {
        if let Some(kind) = kinds.iter_mut().find(|kind| kind.title == record.kind) {
            kind.records.push(record);
            continue;
        }
        let known = pack.record_kinds.iter().find(|kind| kind.title == record.kind);
        kinds.push(KindLine {
            title: record.kind.clone(),
            nature: record.nature,
            rule: known.map_or_else(|| "/rules".to_owned(), |kind| format!("/rules/{}/catalog#{}", pack.id, kind.id)),
            may_be_sealed: known.is_some_and(|kind| kind.fields.iter().any(|field| field.seal != Seal::Open)),
            records: vec![record],
        });
    }
    kinds
}

fn related(view: &RelationView, today: Day, pack: &Pack) -> RelationLine {
    let mark = match (view.in_force, view.span.from > today) {
        (true, _) => Mark::new(Tone::Green, "存续"),
        (false, true) => Mark::new(Tone::Plain, "未开始"),
        (false, false) => Mark::new(Tone::Plain, "已结束"),
    };
    RelationLine {
        title: view.title.clone(),
        mark,
        code: view.code.clone(),
        name: view.name.clone(),
        kind: view.kind.clone(),
        from: view.span.from,
        until: view.span.until,
        record: view.record.0,
        record_kind: view.record_kind.clone(),
        here: view.own_record,
        supplier: view.supplier.clone(),
        batch: view.from.map(|(batch, row)| (batch.0, row)),
        basis: bases(pack, &view.basis),
    }
}

fn checks(file: &SubjectFile) -> Vec<CheckLine> {
    let line = |check: &xinzhi_office::check::CheckView| CheckLine {
        id: check.answer.id,
        at: check.at.to_minute(),
        matter: check.answer.matter_title.clone(),
        organ: check.organ.clone().unwrap_or_else(|| check.actor_title.clone()),
        purpose: check.purpose.clone(),
        case: check.case_number.clone(),
        measures: check.obligations.iter().map(|owed| (owed.measure_title.clone(), light(owed.light, owed.due, file.today))).collect(),
    };
    file.checks.iter().map(line).collect()
}

fn accesses(file: &SubjectFile) -> Vec<AccessLine> {
    let lines = file.accesses.iter().map(|access| AccessLine {
        at: access.at.to_minute(),
        who: access.title.clone(),
        organ: access.organ.clone().unwrap_or_default(),
        role: Role::from_word(&access.role).map_or_else(|| access.role.clone(), |role| role.title().to_owned()),
        what: access_title(&access.what).to_owned(),
        purpose: access.purpose.clone(),
        case: access.case_number.clone(),
    });
    lines.collect()
}

fn history(file: &SubjectFile) -> Vec<HistoryLine> {
    let lines = file.history.iter().map(|entry| HistoryLine {
        position: entry.position.0,
        at: entry.at.to_string(),
        title: act_title(entry.draft.act),
        actor: file.names.title(&entry.actor).to_owned(),
    });
    lines.collect()
}

/// How a record is named where it is cited.
fn record_words(records: &[RecordView], id: RecordId) -> String {
    let found = records.iter().find(|record| record.record == id);
    found.map_or_else(|| format!("记录 {}", id.0), |record| format!("{} {}", record.kind, record.document.number))
}

#[cfg(test)]
pub(super) mod samples;
