//! The loop board: what is owed, by when, and how much of it came back.

use std::sync::Arc;

use xinzhi_apply::{Light, LoopFigures, light};
use xinzhi_core::actor::Actor;
use xinzhi_core::check::{CheckId, FeedbackOutcome};
use xinzhi_core::{Code, Day, Moment, Refusal};
use xinzhi_rules::Pack;
use xinzhi_store::Connection;
use xinzhi_store::check::{CheckRow, FeedbackRow, ObligationFilter, ObligationRow};

use crate::check::run::CheckAnswer;
use crate::names::Names;
use crate::permission::{Action, Scope};
use crate::{Error, Office};

/// Which obligations are wanted.
#[derive(Clone, Debug, Default)]
pub struct BoardFilter {
    /// `open`, `overdue`, `due` (open and not overdue), `closed`, or all.
    pub state: Option<String>,
    /// At most so many.
    pub limit: i64,
}

/// The board.
#[derive(Clone, Debug)]
pub struct Board {
    /// Counted over everything in the actor's scope.
    pub figures: LoopFigures,
    /// In the order of their due days.
    pub obligations: Vec<ObligationView>,
    /// The day on which overdue was judged.
    pub today: Day,
}

/// An obligation as people see it.
#[derive(Clone, Debug)]
pub struct ObligationView {
    /// Of which check.
    pub check: CheckId,
    /// Id of the measure.
    pub measure: String,
    /// Title of the measure.
    pub measure_title: String,
    /// incentive, supervision or restriction.
    pub kind: String,
    /// in_force or proposed.
    pub state: String,
    /// Executing body.
    pub body: String,
    /// Name of the subject; masked for persons.
    pub subject_name: String,
    /// Title of the matter.
    pub matter_title: String,
    /// 办件编号.
    pub case_number: String,
    /// Until when the answer is owed.
    pub due: Day,
    /// How it stands.
    pub light: Light,
    /// When it was closed.
    pub closed_at: Option<Moment>,
}

/// A check with what became of it.
#[derive(Clone, Debug)]
pub struct CheckView {
    /// The answer as given.
    pub answer: CheckAnswer,
    /// Who asked.
    pub actor: String,
    /// What people call them.
    pub actor_title: String,
    /// For which organ.
    pub organ: Option<String>,
    /// When.
    pub at: Moment,
    /// What for.
    pub purpose: String,
    /// 办件编号.
    pub case_number: String,
    /// Code by which the subject's file opens.
    pub obligations: Vec<ObligationView>,
    /// What was answered.
    pub feedbacks: Vec<FeedbackRow>,
}

/// The board within the actor's scope.
///
/// # Errors
/// [`Code::NotPermitted`], or [`Code::FieldInvalid`] for an unknown state.
pub async fn board(office: &Arc<Office>, actor: &Actor, filter: BoardFilter) -> Result<Board, Error> {
    let scope = Scope::of(Action::SeeLoopBoard, actor)?;
    if let Some(state) = filter.state.as_deref().filter(|state| !["open", "overdue", "due", "closed"].contains(state)) {
        let words = format!("状态 `{}` 应为 open、overdue、due 或 closed", crate::check::run::shorten(state));
        return Err(Refusal::field(Code::FieldInvalid, "state", words).into());
    }
    let (today, pack, counting) = (office.today(), office.pack(), Arc::clone(office));
    office
        .read(move |connection| {
            let figures = crate::figure::loop_figures(connection, &counting, &pack, &scope)?;
            let wanted = ObligationFilter {
                state: filter.state.as_deref(),
                today,
                organ: scope.organ(),
                area: scope.area(),
                after: 0,
                limit: filter.limit,
            };
            let rows = xinzhi_store::check::obligations(connection, &wanted)?;
            Ok(Board { figures, obligations: rows.into_iter().map(|row| view(&pack, row, today)).collect(), today })
        })
        .await
}

fn view(pack: &Pack, row: ObligationRow, today: Day) -> ObligationView {
    let mut given: Vec<FeedbackOutcome> = row.outcome.into_iter().collect();
    if row.acknowledged {
        given.push(FeedbackOutcome::Acknowledged);
    }
    let title = pack.measures.iter().find(|m| m.id == row.measure).map_or_else(|| row.measure.clone(), |m| m.title.clone());
    let matter = pack.matters.iter().find(|m| m.id == row.matter).map_or_else(|| row.matter.clone(), |m| m.title.clone());
    ObligationView {
        check: row.check,
        measure: row.measure,
        measure_title: title,
        kind: row.kind,
        state: row.state,
        body: row.body,
        subject_name: row.subject_name,
        matter_title: matter,
        case_number: row.case_number,
        due: row.due,
        light: light(row.due, &given, today),
        closed_at: row.closed_at,
    }
}

/// One check with its obligations and answers.
///
/// # Errors
/// [`Code::NotFound`] also where it is outside the actor's scope.
pub async fn of_check(office: &Arc<Office>, actor: &Actor, id: CheckId) -> Result<CheckView, Error> {
    let scope = Scope::of(Action::SeeLoopBoard, actor)?;
    let (today, pack) = (office.today(), office.pack());
    office
        .read(move |connection| {
            let row = xinzhi_store::check::by_id(connection, id)?.ok_or(Code::NotFound)?;
            if !scope.covers_work(row.organ.as_deref(), row.area.as_deref()) {
                return Err(Code::NotFound.into());
            }
            check_view(connection, &pack, row, today)
        })
        .await
}

pub(crate) fn check_view(connection: &mut Connection, pack: &Pack, row: CheckRow, today: Day) -> Result<CheckView, Error> {
    let answer = serde_json::from_str(&row.answer).map_err(|e| Error::inconsistent(format!("answer of check {}: {e}", row.check.0)))?;
    let obligations = xinzhi_store::check::obligations_of(connection, row.check)?;
    let feedbacks = xinzhi_store::check::feedbacks(connection, row.check)?;
    let names = Names::of(connection, [row.actor.as_str()])?;
    Ok(CheckView {
        answer,
        actor_title: names.title(&row.actor).to_owned(),
        actor: row.actor,
        organ: row.organ,
        at: row.at,
        purpose: row.purpose,
        case_number: row.case_number,
        obligations: obligations.into_iter().map(|row| view(pack, row, today)).collect(),
        feedbacks,
    })
}
