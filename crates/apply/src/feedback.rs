//! What the officer did with a measure, and how a proposal becomes a decision.

use xinzhi_core::actor::{Actor, Role};
use xinzhi_core::check::FeedbackOutcome;
use xinzhi_core::measure::{MeasureKind, MeasureState};
use xinzhi_core::record::{Document, RecordId};
use xinzhi_core::text::clean;
use xinzhi_core::{Code, Day, Refusal};
use xinzhi_rules::model::{Measure, MeasureIx, Pack};

use crate::check::Decision;
use crate::force::bases_on;

/// Longest name of an officer, in characters.
pub const OFFICER_MAX: usize = 50;
/// Longest reason, in characters.
pub const REASON_MAX: usize = 500;
/// Longest document number and name of an organ, in characters.
pub const DOCUMENT_MAX: usize = 100;

/// The measure of a check that feedback is about. State, causes and end are those of a check made anew on the day of feedback, so
/// that a record closed or disputed meanwhile is no longer decided on (D7).
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Which measure.
    pub measure: MeasureIx,
    /// In force or proposed.
    pub state: MeasureState,
    /// The records behind it.
    pub causes: &'a [RecordId],
    /// The last day that the facts allow.
    pub until: Option<Day>,
    /// Feedback given before.
    pub earlier: &'a [FeedbackOutcome],
}

/// What was filled in. Blank text is the same as none.
#[derive(Clone, Copy, Debug)]
pub struct Form<'a> {
    /// What was done.
    pub outcome: FeedbackOutcome,
    /// 承办人.
    pub officer: Option<&'a str>,
    /// 未实施的理由, or a remark.
    pub reason: Option<&'a str>,
    /// 决定文书.
    pub document: DocumentForm<'a>,
    /// 送达日期.
    pub notice: Option<Day>,
    /// The last day of a restriction, where it is to be shorter than the longest.
    pub until: Option<Day>,
}

/// The document of a decision, as filled in.
#[derive(Clone, Copy, Debug, Default)]
pub struct DocumentForm<'a> {
    /// 文书号.
    pub number: Option<&'a str>,
    /// 决定机关.
    pub organ: Option<&'a str>,
    /// 决定日期.
    pub date: Option<Day>,
}

/// Feedback and everything it is judged by.
#[derive(Clone, Copy, Debug)]
pub struct FeedbackInput<'a> {
    /// The pack of the check.
    pub pack: &'a Pack,
    /// The measure that was answered.
    pub asked: Asked<'a>,
    /// What was filled in.
    pub form: Form<'a>,
    /// Who sends it.
    pub actor: &'a Actor,
    /// The day it comes in.
    pub today: Day,
}

/// Feedback as accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feedback {
    /// What was done.
    pub outcome: FeedbackOutcome,
    /// Who did it.
    pub officer: Option<String>,
    /// Why not, or a remark.
    pub reason: Option<String>,
    /// The decision that makes a proposed restriction hold.
    pub decision: Option<Decision>,
}

/// Judges feedback.
///
/// # Errors
/// The refusal to show: who may not, what is missing, which day cannot be.
pub fn feedback(input: &FeedbackInput<'_>) -> Result<Feedback, Refusal> {
    let measure = input.pack.measures.get(input.asked.measure.0).ok_or(Code::MeasureUnknown)?;
    if !matches!(input.actor.role, Role::Centre | Role::Department | Role::Township | Role::Counter) {
        return Err(Code::NotPermitted.into());
    }
    if input.asked.earlier.iter().any(|outcome| outcome.closes()) {
        return Err(Code::FeedbackFinal.into());
    }
    let form = &input.form;
    let officer = text(form.officer, ("officer", "承办人"), OFFICER_MAX)?;
    let reason = text(form.reason, ("reason", "理由"), REASON_MAX)?;
    let decides = form.outcome == FeedbackOutcome::Applied && input.asked.state == MeasureState::Proposed;
    let decision = if decides {
        Some(decide(input, measure, officer.clone())?)
    } else {
        no_document(form)?;
        None
    };
    match form.outcome {
        FeedbackOutcome::NotApplied if reason.is_none() => Err(Refusal::field(Code::FieldInvalid, "reason", "未实施的，须写明理由")),
        FeedbackOutcome::Applied if officer.is_none() => Err(Refusal::field(Code::FieldInvalid, "officer", "已实施的，须写明承办人")),
        outcome => Ok(Feedback { outcome, officer, reason, decision }),
    }
}

/// Turns a proposal into a decision: a person, a document, a notice already served, an end (D2, D9, L10).
fn decide(input: &FeedbackInput<'_>, measure: &Measure, officer: Option<String>) -> Result<Decision, Refusal> {
    if !input.actor.is_person {
        return Err(Code::HumanRequired.into());
    }
    if !matches!(input.actor.role, Role::Centre | Role::Department) {
        return Err(Refusal::detail(Code::NotPermitted, "惩戒决定须由有权部门作出，乡镇和窗口不能决定"));
    }
    if measure.kind != MeasureKind::Restriction || input.asked.causes.is_empty() {
        return Err(Refusal::detail(Code::MeasureUnknown, format!("措施“{}”没有可供决定的失信记录", measure.title)));
    }
    if bases_on(input.pack, measure, input.today).is_empty() {
        return Err(Refusal::detail(Code::MeasureUnknown, format!("措施“{}”今日没有生效的依据或逾期未审查，不能实施", measure.title)));
    }
    let (officer, document, notice) = evidence(input, officer)?;
    let from = input.today.max(notice);
    let until = last_day(input, measure, from)?;
    let causes = input.asked.causes.to_vec();
    Ok(Decision { measure: measure.id.clone(), causes, from, until, officer, document, notice })
}

/// Who, on which document, served when; all that is missing is named at once.
fn evidence(input: &FeedbackInput<'_>, officer: Option<String>) -> Result<(String, Document, Day), Refusal> {
    let DocumentForm { number, organ, date } = input.form.document;
    let number = text(number, ("document.number", "文书号"), DOCUMENT_MAX)?;
    let organ = text(organ, ("document.organ", "决定机关"), DOCUMENT_MAX)?;
    let notice = input.form.notice;
    let asked = [
        ("officer", "承办人", officer.is_some()),
        ("document.number", "文书号", number.is_some()),
        ("document.organ", "决定机关", organ.is_some()),
        ("document.date", "决定日期", date.is_some()),
        ("notice", "送达日期", notice.is_some()),
    ];
    let missing: Vec<_> = asked.iter().filter(|(_, _, filled)| !filled).collect();
    if let Some((field, _, _)) = missing.first() {
        let titles: Vec<&str> = missing.iter().map(|(_, title, _)| *title).collect();
        return Err(Refusal::field(Code::DecisionIncomplete, field, format!("实施惩戒缺少：{}", titles.join("、"))));
    }
    // Unreachable but for the table above falling behind the tuple: then it is incomplete, never decided.
    let all = officer.zip(number).zip(organ).zip(date.zip(notice));
    let (((officer, number), organ), (date, notice)) = all.ok_or(Code::DecisionIncomplete)?;
    day_within(("document.date", "决定日期", date), Day::EARLIEST, input.today)?;
    day_within(("notice", "送达日期", notice), date, input.today)?;
    Ok((officer, Document { number, organ, organ_code: None, date }, notice))
}

/// The last day: as filled in, never beyond the term and never beyond what the facts allow.
fn last_day(input: &FeedbackInput<'_>, measure: &Measure, from: Day) -> Result<Day, Refusal> {
    let term = from.plus_months(measure.term_months);
    let most = input.asked.until.map_or(term, |until| until.min(term));
    if most < from {
        return Err(Refusal::detail(Code::MeasureUnknown, format!("措施“{}”所依据的记录已于 {most} 届满，不能再作决定", measure.title)));
    }
    let until = input.form.until.unwrap_or(most);
    day_within(("until", "截止日期", until), from, most)?;
    Ok(until)
}

fn day_within((field, title, day): (&str, &str, Day), first: Day, last: Day) -> Result<(), Refusal> {
    if first <= day && day <= last {
        return Ok(());
    }
    Err(Refusal::field(Code::FieldInvalid, field, format!("{title} `{day}` 应在 {first} 至 {last} 之间")))
}

/// A document where nothing is decided would be lost: the sender meant something else.
fn no_document(form: &Form<'_>) -> Result<(), Refusal> {
    let blank = |text: Option<&str>| text.is_none_or(|text| text.trim().is_empty());
    let DocumentForm { number, organ, date } = form.document;
    if blank(number) && blank(organ) && date.is_none() && form.notice.is_none() && form.until.is_none() {
        return Ok(());
    }
    Err(Refusal::field(Code::FieldInvalid, "document", "只有对待决定的惩戒措施反馈“已实施”时才填写决定文书、送达日期和截止日期"))
}

fn text(given: Option<&str>, (field, title): (&str, &str), most: usize) -> Result<Option<String>, Refusal> {
    let Some(given) = given else { return Ok(None) };
    let text = clean(given).map_err(|fault| Refusal::field(Code::FieldInvalid, field, format!("{title}{fault}")))?;
    let length = text.chars().count();
    if length > most {
        return Err(Refusal::field(Code::FieldInvalid, field, format!("{title}有 {length} 个字，最多 {most} 个字")));
    }
    Ok((length > 0).then(|| text.into_owned()))
}
