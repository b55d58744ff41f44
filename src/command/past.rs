//! The past of the demonstration county: weeks of checks and feedback, told by a clock that is moved from day to day.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use xinzhi_core::actor::{Actor, Role};
use xinzhi_core::check::CheckId;
use xinzhi_core::measure::{MeasureKind, MeasureState};
use xinzhi_core::{Clock, Moment};
use xinzhi_office::check::run::MeasureAnswer;
use xinzhi_office::check::{self, CheckAnswer, CheckRequest, FeedbackForm, feedback::DocumentText};
use xinzhi_office::{Office, SystemClock};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Subjects of each kind of record that are asked about.
const SUBJECTS: i64 = 20;
/// Subjects asked about each day at each matter.
const ASKED_DAILY: usize = 2;

/// The system's clock, set back by some days that are caught up one by one.
#[derive(Debug)]
pub struct PastClock {
    behind: AtomicI64,
}

impl PastClock {
    pub fn new(days: i32) -> PastClock {
        PastClock { behind: AtomicI64::new(i64::from(days) * DAY_MS) }
    }

    /// Moves on by a day; tells whether the present is reached.
    fn next_day(&self) -> bool {
        let left = (self.behind.load(Ordering::Relaxed) - DAY_MS).max(0);
        self.behind.store(left, Ordering::Relaxed);
        left == 0
    }
}

impl Clock for PastClock {
    fn now(&self) -> Moment {
        SystemClock.now().plus_ms(-self.behind.load(Ordering::Relaxed))
    }
}

/// Lives through the days up to the present: each day some checks, and answers to those of the days before.
pub async fn live(office: &Arc<Office>, clock: &PastClock) -> anyhow::Result<()> {
    let subjects = subjects(office).await?;
    let pack = office.pack();
    let mut next = subjects.iter().cycle();
    let mut waiting: Vec<CheckAnswer> = Vec::new();
    let mut number = 0;
    let mut present = false;
    while !present && !subjects.is_empty() {
        for matter in pack.matters.iter().flat_map(|matter| std::iter::repeat_n(matter, ASKED_DAILY)) {
            let Some(subject) = next.next() else { break };
            number += 1;
            let request = CheckRequest {
                subject: subject.clone(),
                matter: matter.id.clone(),
                purpose: matter.purpose.clone(),
                case: format!("YS2026-{number:05}"),
            };
            // A matter that does not concern this kind of subject is not asked about.
            if let Ok(answer) = check::run_check(office, &department(&matter.organ, false), request, None).await {
                waiting.push(answer);
            }
        }
        present = clock.next_day();
        for answer in waiting.extract_if(.., |answer| answer.id % 5 != 0).collect::<Vec<_>>() {
            answer_measures(office, &pack.matters, &answer).await?;
        }
    }
    Ok(())
}

/// Organisations with something to say about, the listed ones first.
async fn subjects(office: &Arc<Office>) -> anyhow::Result<Vec<String>> {
    let mut codes = Vec::new();
    for kind in ["serious-dishonesty-list", "honour", "administrative-penalty"] {
        let more = office.read(move |connection| Ok(xinzhi_store::record::codes_with(connection, kind, SUBJECTS)?)).await?;
        codes.extend(more);
    }
    Ok(codes)
}

/// Who acts in the county where a pack says it: a bureau, or whoever grants an honour.
fn acting(organ: &str) -> String {
    if organ.ends_with('局') { format!("示范县{organ}") } else { "示范县人民政府办公室".to_owned() }
}

fn department(organ: &str, is_person: bool) -> Actor {
    let name = if is_person { "bumen" } else { "demo-program" };
    Actor {
        name: name.to_owned(),
        title: if is_person { "李芳" } else { "行政审批系统（演示）" }.to_owned(),
        role: Role::Department,
        organ: Some(acting(organ)),
        area: None,
        subject: None,
        is_person,
    }
}

async fn answer_measures(office: &Arc<Office>, matters: &[xinzhi_rules::model::Matter], answer: &CheckAnswer) -> anyhow::Result<()> {
    let organ = matters.iter().find(|m| m.id == answer.matter).map_or("市场监督管理局", |m| m.organ.as_str());
    let by = department(organ, true);
    for measure in &answer.measures {
        let form = form(office, measure, answer.id, organ);
        check::give_feedback(office, &by, CheckId(answer.id), form, None).await?;
    }
    Ok(())
}

/// Most are carried out; every seventh is not, every third proposal is decided on a document.
fn form(office: &Office, measure: &MeasureAnswer, check: i64, organ: &str) -> FeedbackForm {
    let today = office.today().to_string();
    let form = FeedbackForm { measure: measure.measure.clone(), officer: "李芳".to_owned(), ..FeedbackForm::default() };
    let proposed = measure.kind == MeasureKind::Restriction && measure.state == MeasureState::Proposed;
    if proposed && check % 3 == 0 {
        let document = DocumentText { number: format!("示采决〔2026〕{check}号"), organ: acting(organ), date: today.clone() };
        return FeedbackForm { outcome: "applied".to_owned(), document, notice: today, ..form };
    }
    if proposed || check % 7 == 0 {
        let reason = "经核实，当事人已履行相关义务，本次不实施".to_owned();
        return FeedbackForm { outcome: "not_applied".to_owned(), reason, ..form };
    }
    FeedbackForm { outcome: "applied".to_owned(), ..form }
}
