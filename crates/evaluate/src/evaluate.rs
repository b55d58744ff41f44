//! From facts to an evaluation: compile, feed, run, explain.

use xinzhi_core::Day;
use xinzhi_rules::fact::Fact;
use xinzhi_rules::model::{Pack, ScorecardIx, SubjectKindIx};

use crate::columns::ColumnsFault;
use crate::coverage::Coverage;
use crate::explain::{Run, explain};
use crate::feed::Feed;
use crate::kernel;
use crate::plan::{Plan, PlanFault};
use crate::result::{Evaluation, Standing};

/// By which scorecard of which pack, and on which day.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The pack, which the caller pins by its digest.
    pub pack: &'a Pack,
    /// One of its scorecards.
    pub card: ScorecardIx,
    /// The day that windows and fades count back from.
    pub as_of: Day,
}

/// One subject as evaluation sees it: no name, no code, no place (F2).
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// What kind of subject.
    pub kind: SubjectKindIx,
    /// Its usable records: none in dispute, none closed.
    pub facts: &'a [Fact],
    /// What has been reported about subjects of its area.
    pub coverage: &'a Coverage,
}

/// Why there is no evaluation at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A natural person is never evaluated (C2).
    #[error("自然人不作公共信用评价")]
    Person,
    /// The scorecard is not meant for this kind.
    #[error("评价模型 `{scorecard}` 不适用于此类主体，请选用适用的模型")]
    NotApplicable {
        /// Id of the scorecard.
        scorecard: String,
    },
    /// The scorecard does not compile.
    #[error(transparent)]
    Plan(#[from] PlanFault),
    /// The columns contradict one another.
    #[error(transparent)]
    Columns(#[from] ColumnsFault),
}

/// Evaluates one subject and explains the result: a population of one through the kernel.
///
/// # Errors
/// [`Fault`] where the scorecard does not apply to the subject or cannot be compiled.
pub fn evaluate(question: &Question<'_>, subject: &Subject<'_>) -> Result<Evaluation, Fault> {
    applicable(question, subject.kind)?;
    let plan = Plan::compile(question.pack, question.card)?;
    let feed = Feed::new(&plan, [subject.facts]);
    let population = feed.population(&[subject.coverage])?.with_kinds(vec![subject.kind])?;
    let (totals, watch) = kernel::watched(&plan, &population, question.as_of)?;
    let run = Run { plan: &plan, feed: &feed, totals: &totals, watch: &watch, subject };
    explain(question, &run).ok_or_else(|| PlanFault::Scorecard(question.card.0).into())
}

/// Evaluates many subjects at once, without explanations; each answer is the one that [`evaluate`] gives for it alone.
///
/// # Errors
/// [`Fault`] where the scorecard cannot be compiled; subjects to whom it does not apply have their own inside.
pub fn evaluate_many(question: &Question<'_>, subjects: &[Subject<'_>]) -> Result<Vec<Result<Standing, Fault>>, Fault> {
    let one = |standings: Vec<Standing>| standings.into_iter().next().ok_or(ColumnsFault::Coverage.into());
    let standings = evaluate_days(question, &[question.as_of], subjects)?;
    Ok(standings.into_iter().map(|standings| standings.and_then(one)).collect())
}

/// The same on each of some days instead of the question's, over columns that are made once: of each subject its standings, by day.
///
/// # Errors
/// As [`evaluate_many`].
pub fn evaluate_days(question: &Question<'_>, days: &[Day], subjects: &[Subject<'_>]) -> Result<Vec<Result<Vec<Standing>, Fault>>, Fault> {
    let plan = Plan::compile(question.pack, question.card)?;
    let judged: Vec<Result<&Subject<'_>, Fault>> = subjects.iter().map(|s| applicable(question, s.kind).map(|()| s)).collect();
    let evaluated = || judged.iter().filter_map(|subject| subject.as_ref().ok());
    let feed = Feed::new(&plan, evaluated().map(|subject| subject.facts));
    let coverages: Vec<&Coverage> = evaluated().map(|subject| subject.coverage).collect();
    let population = feed.population(&coverages)?.with_kinds(evaluated().map(|subject| subject.kind).collect())?;
    let mut standings: Vec<Vec<Standing>> = evaluated().map(|_| Vec::with_capacity(days.len())).collect();
    kernel::over(&plan, &population, days, |first, totals| {
        for (subject, standings) in standings.iter_mut().skip(first).enumerate().take(totals.first().map_or(0, kernel::Totals::subjects)) {
            standings.extend(totals.iter().filter_map(|totals| totals.standing(&plan, subject)));
        }
        Ok::<(), Fault>(())
    })?;
    let mut standings = standings.into_iter().filter(|standings| standings.len() == days.len());
    let answer = |subject: Result<&Subject<'_>, Fault>| subject.and_then(|_| standings.next().ok_or(ColumnsFault::Coverage.into()));
    Ok(judged.into_iter().map(answer).collect())
}

/// Whether the scorecard evaluates subjects of a kind; natural persons never (C2).
pub(crate) fn applicable(question: &Question<'_>, kind: SubjectKindIx) -> Result<(), Fault> {
    let scorecard = question.pack.scorecards.get(question.card.0).ok_or(PlanFault::Scorecard(question.card.0))?;
    let known = question.pack.subject_kinds.get(kind.0);
    if known.is_some_and(|kind| kind.person) {
        return Err(Fault::Person);
    }
    if known.is_none() || !scorecard.subjects.contains(&kind) {
        return Err(Fault::NotApplicable { scorecard: scorecard.id.clone() });
    }
    Ok(())
}
