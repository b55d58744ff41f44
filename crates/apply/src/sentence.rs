//! An answer as a Chinese sentence: facts, articles, what a person must do, until when (D8).

use xinzhi_core::measure::{MeasureKind, MeasureState};
use xinzhi_rules::model::{KindIx, Pack, ScorecardIx};

use crate::check::{Answer, Decision, Reason};

/// Why a measure applies, or what it waits for.
pub fn why(pack: &Pack, answer: &Answer) -> String {
    let reasons: Vec<String> = answer.why.reasons.iter().map(|found| reason(pack, found)).collect();
    let facts = reasons.join("，");
    let basis = pack.citations(&answer.why.basis);
    match (&answer.why.decision, answer.state) {
        (Some(decision), _) => format!("{}；起因是{facts}；依据{basis}", decided(decision)),
        (None, MeasureState::Proposed) => {
            let end = answer.until.map_or(String::new(), |until| format!("，{until} 之后不再提出"));
            format!("{facts}；依据{basis}可以实施，须由承办人作出决定并送达后方可生效{end}")
        }
        (None, MeasureState::InForce) => {
            let end = answer.until.map_or(String::new(), |until| format!("，至 {until}"));
            format!("{facts}；依据{basis}适用{}措施{end}", kind_title(pack, answer))
        }
    }
}

/// One reason.
pub fn reason(pack: &Pack, reason: &Reason) -> String {
    match reason {
        Reason::Graded { scorecard, grade, valid_until } => {
            let (card, grade) = grade_words(pack, *scorecard, *grade);
            format!("{card}结果为 {grade}（有效至 {valid_until}）")
        }
        Reason::Listed { list, day, until, .. } => {
            let end = until.map_or(String::new(), |until| format!("，至 {until}"));
            format!("依 {day} 的文书列入{}{end}", kind_words(pack, *list))
        }
        Reason::Recorded { kind, day, class, .. } => {
            let class = class.map_or(String::new(), |class| format!("（失信程度{}）", class.title()));
            format!("有 {day} 的{}记录{class}", kind_words(pack, *kind))
        }
        Reason::NotListed { list } => format!("未列入{}", kind_words(pack, *list)),
        Reason::NotRecorded { kind, within_months } => format!("近 {within_months} 个月没有符合条件的{}记录", kind_words(pack, *kind)),
    }
}

fn decided(decision: &Decision) -> String {
    let Decision { officer, document, from, until, notice, .. } = decision;
    let (organ, date, number) = (&document.organ, document.date, &document.number);
    format!("{organ}于 {date} 以 {number} 作出决定，承办人{officer}，{notice} 送达，自 {from} 至 {until} 实施")
}

fn kind_title(pack: &Pack, answer: &Answer) -> &'static str {
    pack.measures.get(answer.measure.0).map_or("", |measure| MeasureKind::title(measure.kind))
}

fn kind_words(pack: &Pack, kind: KindIx) -> &str {
    pack.record_kinds.get(kind.0).map_or("", |kind| &kind.title)
}

fn grade_words(pack: &Pack, scorecard: ScorecardIx, grade: usize) -> (&str, String) {
    let Some(card) = pack.scorecards.get(scorecard.0) else { return ("", String::new()) };
    let words = card.grades.get(grade).map_or(String::new(), |grade| format!("{} 级{}", grade.name, grade.title));
    (&card.title, words)
}
