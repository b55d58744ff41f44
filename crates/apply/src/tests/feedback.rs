//! What feedback is accepted, and when it decides.

use xinzhi_core::actor::{Actor, Role};
use xinzhi_core::check::FeedbackOutcome;
use xinzhi_core::measure::MeasureState;
use xinzhi_core::record::RecordId;
use xinzhi_core::{Code, Refusal};

use super::support::*;
use crate::{Asked, DocumentForm, Feedback, FeedbackInput, Form, feedback};

/// What is sent, before a test changes something about it.
struct Sent {
    pack: xinzhi_rules::Pack,
    asked: Asked<'static>,
    form: Form<'static>,
    actor: Actor,
}

fn actor() -> Actor {
    let title = "李四".into();
    Actor { name: "li".into(), title, role: Role::Department, organ: None, area: None, subject: None, is_person: true }
}

/// A department's officer decides on the proposed measure `bar`.
fn decided(change: impl FnOnce(&mut Sent)) -> Result<Feedback, Refusal> {
    let asked = Asked {
        measure: BAR,
        state: MeasureState::Proposed,
        causes: &[RecordId(1)],
        until: Some(day("2027-03-01")),
        earlier: &[FeedbackOutcome::Acknowledged],
    };
    let document = DocumentForm { number: Some("某字〔2026〕1号"), organ: Some(" 某局"), date: Some(day("2026-05-20")) };
    let form = Form {
        outcome: FeedbackOutcome::Applied,
        officer: Some("李四"),
        reason: None,
        document,
        notice: Some(day("2026-05-25")),
        until: None,
    };
    sent(Sent { pack: pack(), asked, form, actor: actor() }, change)
}

/// A window clerk applies an incentive.
fn applied(change: impl FnOnce(&mut Sent)) -> Result<Feedback, Refusal> {
    let measure = xinzhi_rules::model::MeasureIx(0);
    let asked = Asked { measure, state: MeasureState::InForce, causes: &[], until: None, earlier: &[] };
    let (outcome, document) = (FeedbackOutcome::Applied, DocumentForm::default());
    let form = Form { outcome, officer: Some("王五"), reason: None, document, notice: None, until: None };
    sent(Sent { pack: pack(), asked, form, actor: Actor { role: Role::Counter, ..actor() } }, change)
}

fn sent(mut sent: Sent, change: impl FnOnce(&mut Sent)) -> Result<Feedback, Refusal> {
    change(&mut sent);
    let Sent { pack, asked, form, actor } = &sent;
    feedback(&FeedbackInput { pack, asked: *asked, form: *form, actor, today: day("2026-06-01") })
}

fn code(result: Result<Feedback, Refusal>) -> Code {
    result.unwrap_err().code
}

#[test]
fn d2_a_person_turns_a_proposal_into_a_decision() {
    let decision = decided(|_| {}).unwrap().decision.unwrap();
    assert_eq!((decision.measure.as_str(), &decision.causes[..]), ("bar", &[RecordId(1)][..]));
    assert_eq!((decision.from, decision.until), (day("2026-06-01"), day("2027-03-01")));
    assert_eq!((decision.officer.as_str(), decision.document.organ.as_str()), ("李四", "某局"));
    assert_eq!(decision.notice, day("2026-05-25"));
    // What was decided is then in force, as the check reads it.
    let case = case(vec![penalty(1, "2026-03-01", Some(xinzhi_core::record::Class::Ordinary))]).decided(decision);
    assert_eq!(case.said(), ["bar until 2027-03-01 for 1"]);
}

#[test]
fn d2_a_program_decides_nothing_but_may_say_what_it_did_not_do() {
    assert_eq!(code(decided(|sent| sent.actor.is_person = false)), Code::HumanRequired);
    let declined = decided(|sent| {
        sent.actor.is_person = false;
        sent.form = Form {
            outcome: FeedbackOutcome::NotApplied,
            reason: Some("已缴清"),
            document: DocumentForm::default(),
            notice: None,
            ..sent.form
        };
    });
    assert_eq!(declined.unwrap().decision, None);
    assert!(applied(|sent| sent.actor.is_person = false).is_ok());
}

#[test]
fn l4_who_may_decide_and_who_may_answer() {
    for (role, decides, answers) in [
        (Role::Centre, true, true),
        (Role::Department, true, true),
        (Role::Township, false, true),
        (Role::Counter, false, true),
        (Role::Legal, false, false),
        (Role::Audit, false, false),
        (Role::System, false, false),
        (Role::Security, false, false),
        (Role::Subject, false, false),
    ] {
        assert_eq!(decided(|sent| sent.actor.role = role).is_ok(), decides, "{role:?}");
        assert_eq!(applied(|sent| sent.actor.role = role).is_ok(), answers, "{role:?}");
    }
}

#[test]
fn d2_every_piece_of_evidence_is_asked_for_by_name() {
    type Change = fn(&mut Form<'static>);
    let rows: [(Change, &str, &str); 5] = [
        (|form| form.officer = Some("\u{3000}"), "officer", "承办人"),
        (|form| form.document.number = None, "document.number", "文书号"),
        (|form| form.document.organ = Some(""), "document.organ", "决定机关"),
        (|form| form.document.date = None, "document.date", "决定日期"),
        (|form| form.notice = None, "notice", "送达日期"),
    ];
    for (change, field, title) in rows {
        let refusal = decided(|sent| change(&mut sent.form)).unwrap_err();
        assert_eq!((refusal.code, refusal.field.as_deref()), (Code::DecisionIncomplete, Some(field)));
        assert_eq!(refusal.detail.unwrap(), format!("实施惩戒缺少：{title}"));
    }
    let bare = decided(|sent| (sent.form.document, sent.form.notice) = (DocumentForm::default(), None)).unwrap_err();
    assert_eq!(bare.detail.unwrap(), "实施惩戒缺少：文书号、决定机关、决定日期、送达日期");
}

#[test]
fn d9_the_document_comes_first_then_the_notice_then_the_effect() {
    for (date, notice, field) in [
        ("2026-06-01", "2026-06-01", None),
        ("2026-06-02", "2026-06-02", Some("document.date")),
        ("1949-09-30", "2026-05-25", Some("document.date")),
        ("2026-05-20", "2026-06-02", Some("notice")),
        ("2026-05-20", "2026-05-19", Some("notice")),
        ("2026-05-20", "2026-05-20", None),
    ] {
        let result = decided(|sent| (sent.form.document.date, sent.form.notice) = (Some(day(date)), Some(day(notice))));
        assert_eq!(result.err().and_then(|refusal| refusal.field).as_deref(), field, "{date} {notice}");
    }
    let refusal = decided(|sent| sent.form.notice = Some(day("2026-06-02"))).unwrap_err();
    assert_eq!(refusal.detail.unwrap(), "送达日期 `2026-06-02` 应在 2026-05-20 至 2026-06-01 之间");
}

#[test]
fn l10_a_decision_ends_within_the_term_and_within_what_the_facts_allow() {
    for (asked, wanted, until) in [
        (Some("2027-03-01"), None, Some("2027-03-01")),
        (None, None, Some("2027-06-01")),
        (Some("2029-01-01"), None, Some("2027-06-01")),
        (Some("2027-03-01"), Some("2026-06-01"), Some("2026-06-01")),
        (Some("2027-03-01"), Some("2026-05-31"), None),
        (Some("2027-03-01"), Some("2027-03-02"), None),
        (None, Some("2027-06-02"), None),
        (Some("2026-05-31"), None, None),
    ] {
        let result = decided(|sent| (sent.asked.until, sent.form.until) = (asked.map(day), wanted.map(day)));
        assert_eq!(result.ok().and_then(|f| f.decision).map(|d| d.until), until.map(day), "{asked:?} {wanted:?}");
    }
}

#[test]
fn l1_d4_nothing_is_decided_on_a_dead_basis_or_without_a_record() {
    assert_eq!(code(decided(|sent| sent.pack.laws[0].in_force.until = Some(day("2026-05-31")))), Code::MeasureUnknown);
    assert_eq!(code(decided(|sent| sent.pack.measures[2].review_by = day("2026-05-31"))), Code::MeasureUnknown);
    assert_eq!(code(decided(|sent| sent.asked.causes = &[])), Code::MeasureUnknown);
    assert_eq!(code(decided(|sent| sent.asked.measure = xinzhi_rules::model::MeasureIx(1))), Code::MeasureUnknown, "supervision");
    assert_eq!(code(decided(|sent| sent.asked.measure = xinzhi_rules::model::MeasureIx(9))), Code::MeasureUnknown, "no such measure");
}

#[test]
fn final_feedback_is_given_once() {
    for (earlier, free) in [
        (&[][..], true),
        (&[FeedbackOutcome::Acknowledged][..], true),
        (&[FeedbackOutcome::Acknowledged, FeedbackOutcome::NotApplied][..], false),
        (&[FeedbackOutcome::Applied][..], false),
    ] {
        let result = applied(|sent| sent.asked.earlier = earlier);
        assert_eq!(result.err().map(|refusal| refusal.code), (!free).then_some(Code::FeedbackFinal), "{earlier:?}");
    }
}

#[test]
fn x2_texts_are_cleaned_and_bounded() {
    let long = |count: usize| -> &'static str { Box::leak("字".repeat(count).into_boxed_str()) };
    let fault = |result: Result<Feedback, Refusal>| result.err().map(|refusal| (refusal.field.unwrap(), refusal.detail.unwrap()));
    assert_eq!(applied(|sent| sent.form.officer = Some(" 王\u{200b}五 ")).unwrap().officer.unwrap(), "王五");
    assert_eq!(fault(applied(|sent| sent.form.officer = Some(long(50)))), None);
    let too_long = ("officer".to_owned(), "承办人有 51 个字，最多 50 个字".to_owned());
    assert_eq!(fault(applied(|sent| sent.form.officer = Some(long(51)))), Some(too_long));
    assert_eq!(fault(applied(|sent| sent.form.reason = Some(long(500)))), None);
    assert_eq!(fault(applied(|sent| sent.form.reason = Some(long(501)))).unwrap().0, "reason");
    let bidi = fault(applied(|sent| sent.form.reason = Some("甲\u{202e}乙"))).unwrap().1;
    assert_eq!(bidi, "理由含有改变显示顺序的字符 U+202E，请删除后重新提交");
}

#[test]
fn what_was_done_needs_an_officer_and_what_was_not_a_reason() {
    let field = |result: Result<Feedback, Refusal>| result.unwrap_err().field.unwrap();
    assert_eq!(field(applied(|sent| sent.form.officer = None)), "officer");
    assert_eq!(field(applied(|sent| sent.form.outcome = FeedbackOutcome::NotApplied)), "reason");
    let seen = applied(|sent| (sent.form.outcome, sent.form.officer) = (FeedbackOutcome::Acknowledged, None)).unwrap();
    assert_eq!((seen.outcome, seen.decision), (FeedbackOutcome::Acknowledged, None));
    assert_eq!(field(applied(|sent| sent.form.document.number = Some("某字1号"))), "document", "nothing here is decided");
}
