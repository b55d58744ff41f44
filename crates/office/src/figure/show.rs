//! A figure as somebody may see it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use xinzhi_core::actor::Actor;
use xinzhi_core::journal::Position;
use xinzhi_core::{AreaCode, Code, Day, Refusal};
use xinzhi_rules::Pack;
use xinzhi_rules::figure::{Dimension, Figure, MONTHS_MAX, Population};
use xinzhi_store::Connection;

use super::finding::{finding, head, notes};
use super::kept::{Counted, counted, still};
use super::month::Month;
use super::table::{Ask, Cell, Months, Table, Value, View, table};
use crate::area::AreaNames;
use crate::permission::{Action, Reach, Scope, reach};
use crate::{Error, Office};

/// How a figure is asked for, as an address says it; what is left out is as the figure has it.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// Word of a dimension.
    pub by: Option<String>,
    /// A number of months, or `all`.
    pub months: Option<String>,
    /// Of evaluations: at the end of which month, as `2026-10`.
    pub month: Option<String>,
}

/// A figure broken down for somebody.
#[derive(Clone, Debug)]
pub struct Shown {
    /// What the pack says of it.
    pub figure: Figure,
    /// The pack in force.
    pub pack: Arc<Pack>,
    /// Its numbers.
    pub table: Table,
    /// What they show, in a sentence.
    pub finding: String,
    /// What its lines do not say, as sentences.
    pub notes: Vec<String>,
    /// Months at whose end it can be looked at, newest first; empty for what is no evaluation.
    pub months: Vec<Month>,
    /// The day on which it was counted.
    pub today: Day,
    /// What was known.
    pub position: Position,
    /// How far the reader sees.
    pub scope: Scope,
}

impl Shown {
    /// The number that a line is about: its share, its days, its count.
    pub fn head(&self, cells: &[Cell]) -> Value {
        head(&self.table, cells)
    }

    /// Whether its numbers are compared with those of a month before.
    pub fn compares(&self) -> bool {
        let lines = self.table.groups.iter().map(|group| &group.cells).chain(&self.table.total);
        lines.flatten().any(|cell| cell.change.is_some())
    }
}

/// What a reader may see and how it is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) figure: Figure,
    pub(crate) pack: Arc<Pack>,
    pub(crate) view: View,
    pub(crate) scope: Scope,
    pub(crate) base: AreaCode,
    /// What areas or places are called, where it is broken down by them.
    pub(crate) names: BTreeMap<String, String>,
    pub(crate) today: Day,
}

impl Wanted {
    pub(crate) fn ask(&self) -> Ask<'_> {
        let Wanted { figure, pack, view, scope, base, names, today } = self;
        Ask { figure, pack, view: *view, scope, base, names, today: *today }
    }
}

/// Whether a role may see figures of what is counted: rows are for those who see batches.
fn may_see(counts: Population, actor: &Actor) -> bool {
    !matches!(counts, Population::Rows) || reach(Action::SeeBatches, actor.role) != Reach::Nothing
}

/// Checks what is asked for.
pub(crate) fn wanted(office: &Office, actor: &Actor, id: &str, asked: &Asked) -> Result<Wanted, Error> {
    let scope = Scope::of(Action::SeeFigures, actor)?;
    let (pack, today) = (office.pack(), office.today());
    let figure = pack.figure_by_id(id).filter(|figure| today <= figure.review_by);
    let figure = figure.ok_or_else(|| Refusal::detail(Code::NotFound, "没有这一统计指标，或者它所在的规则包已到审查期限"))?.clone();
    if !may_see(figure.counts, actor) {
        return Err(Code::NotPermitted.into());
    }
    let view = view(&figure, asked)?;
    let base = scope.area().and_then(AreaCode::parse).unwrap_or_else(|| office.row().area.clone());
    Ok(Wanted { figure, pack, view, scope, base, names: BTreeMap::new(), today })
}

fn view(figure: &Figure, asked: &Asked) -> Result<View, Refusal> {
    let by = match &asked.by {
        None => figure.by.first().copied().unwrap_or(Dimension::Month),
        Some(word) => Dimension::from_word(word).filter(|by| figure.by.contains(by)).ok_or_else(|| {
            let known: Vec<&str> = figure.by.iter().map(|by| by.word()).collect();
            Refusal::field(Code::FieldInvalid, "by", format!("划分方式应为 {} 之一", known.join("、")))
        })?,
    };
    let months = match asked.months.as_deref() {
        None => Months::Usual,
        Some("all") => Months::All,
        Some(text) => {
            let number = text.parse().ok().filter(|months| (1..=MONTHS_MAX).contains(months));
            let words = || Refusal::field(Code::FieldInvalid, "months", format!("月数应为 1 到 {MONTHS_MAX} 的整数，或 all"));
            Months::Last(number.ok_or_else(words)?)
        }
    };
    let month = match asked.month.as_deref() {
        None => None,
        Some(text) => {
            let evaluates = matches!(figure.counts, Population::Evaluations { .. });
            let words = || Refusal::field(Code::FieldInvalid, "month", "月份应写成 YYYY-MM，并且只用于评价等级的指标");
            Some(Month::parse(text).filter(|_| evaluates).ok_or_else(words)?)
        }
    };
    Ok(View { by, months, month })
}

/// What is made of a count, on the connection that it was read on.
type Made<T, F> = Result<T, (Wanted, F)>;

/// Counts on a connection, by one consistent state. What is counted anew is counted by one of those who ask; whoever needs no count waits
/// for nobody, and whoever waits holds no connection.
pub(crate) async fn count<T, F>(office: &Arc<Office>, wanted: Wanted, then: F) -> Result<T, Error>
where
    T: Send + 'static,
    F: FnOnce(&mut Connection, &Wanted, &Counted) -> Result<T, Error> + Send + 'static,
{
    let reader = Arc::clone(office);
    let first = office.read(move |connection| match still(connection, &reader, &wanted.pack, &wanted.figure)? {
        Some(counted) => made(connection, wanted, &counted, then).map(Made::Ok),
        None => Ok(Made::Err((wanted, then))),
    });
    let (wanted, then) = match first.await? {
        Ok(made) => return Ok(made),
        Err(left) => left,
    };
    {
        let _waiting = office.figures.wait();
        let turn = office.figures.turn(&wanted.figure);
        let _counting = turn.lock().await;
        let (counting, pack, figure) = (Arc::clone(office), Arc::clone(&wanted.pack), wanted.figure.clone());
        office.read(move |connection| counted(connection, &counting, &pack, &figure).map(drop)).await?;
    }
    let reader = Arc::clone(office);
    office
        .read(move |connection| {
            let counted = counted(connection, &reader, &wanted.pack, &wanted.figure)?;
            made(connection, wanted, &counted, then)
        })
        .await
}

fn made<T>(
    connection: &mut Connection,
    mut wanted: Wanted,
    counted: &Counted,
    then: impl FnOnce(&mut Connection, &Wanted, &Counted) -> Result<T, Error>,
) -> Result<T, Error> {
    match wanted.view.by {
        Dimension::Area => wanted.names = AreaNames::read(connection)?.into_map(),
        Dimension::Place => wanted.names = places(connection, &wanted.pack, counted)?,
        _ => {}
    }
    then(connection, &wanted, counted)
}

/// What places are called that have a number of the pack's own, as streets have; others are named by what they are found by.
fn places(connection: &mut Connection, pack: &Pack, counted: &Counted) -> Result<BTreeMap<String, String>, Error> {
    let keys: BTreeSet<&str> = counted.items.iter().filter_map(|item| item.place.as_deref()).collect();
    let mut names = BTreeMap::new();
    for key in keys {
        for scheme in pack.subject_kinds.iter().filter(|kind| !kind.person).filter_map(|kind| kind.scheme.as_ref()) {
            let Some(code) = scheme.parse(key) else { continue };
            if let Some(row) = xinzhi_store::subject::by_code(connection, &scheme.id, &code)?.filter(|row| !row.person) {
                names.insert(key.to_owned(), row.name);
                break;
            }
        }
    }
    Ok(names)
}

/// One figure.
///
/// # Errors
/// [`Code::NotPermitted`], [`Code::NotFound`] for an unknown figure, [`Code::FieldInvalid`] for a view that it does not have.
pub async fn show(office: &Arc<Office>, actor: &Actor, id: &str, asked: &Asked) -> Result<Shown, Error> {
    let wanted = wanted(office, actor, id, asked)?;
    count(office, wanted, |connection, wanted, counted| {
        let months: Vec<Month> =
            counted.standings().into_iter().flat_map(|standings| &standings.months).rev().map(|(month, _)| *month).collect();
        if let Some(month) = wanted.view.month.filter(|month| !months.contains(month)) {
            return Err(Refusal::field(
                Code::FieldInvalid,
                "month",
                format!("{month} 没有评价：请选近 {} 个月中评价模型已施行的月份", wanted.figure.months),
            )
            .into());
        }
        let ask = wanted.ask();
        let table = table(&ask, &counted.items);
        let (finding, notes) = (finding(&ask, &table), notes(&ask, &table));
        let position = xinzhi_store::journal::head(connection)?;
        let Wanted { figure, pack, scope, today, .. } = wanted.clone();
        Ok(Shown { figure, pack, table, finding, notes, months, today, position, scope })
    })
    .await
}

/// Every figure that the actor may see, in the order of the packs, each as it is looked at first.
///
/// # Errors
/// [`Code::NotPermitted`].
pub async fn shown_figures(office: &Arc<Office>, actor: &Actor) -> Result<Vec<Shown>, Error> {
    Scope::of(Action::SeeFigures, actor)?;
    let (pack, today) = (office.pack(), office.today());
    let mut all = Vec::new();
    for figure in pack.figures.iter().filter(|figure| may_see(figure.counts, actor) && today <= figure.review_by) {
        all.push(show(office, actor, &figure.id, &Asked::default()).await?);
    }
    Ok(all)
}
