//! What is behind a number: exactly what it counted, one by one.

use std::sync::Arc;

use xinzhi_core::actor::Actor;
use xinzhi_core::check::CheckId;
use xinzhi_core::record::{BatchId, RecordId};
use xinzhi_core::{Code, Refusal, SubjectId};
use xinzhi_rules::Pack;
use xinzhi_rules::figure::{Dimension, FigureKind, Population, State};
use xinzhi_store::Connection;

use super::item::{Item, Texts};
use super::kept::Counted;
use super::populations::{self, About, InForce};
use super::show::{Asked, Wanted, count, wanted};
use super::table::{Ask, Part, Value, table, title};
use crate::area::AreaNames;
use crate::{Error, Office};

/// Lines of one page: no call returns more subjects (A4).
pub const LIST_PAGE: usize = 20;

/// What no group is called in an address.
const NO_GROUP: &str = "-";

/// One of what was counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Where it can be looked at.
    pub href: Option<String>,
    /// In the order of the columns.
    pub cells: Vec<String>,
    /// How many of the counted it stands for: one, or the rows of a batch.
    pub many: i64,
}

/// A page of what was counted.
#[derive(Clone, Debug)]
pub struct Listing {
    /// Title of the figure.
    pub figure: String,
    /// What is listed, in words.
    pub title: String,
    /// How many were counted.
    pub total: i64,
    /// What one is called.
    pub unit: String,
    /// Columns.
    pub columns: Vec<&'static str>,
    /// Lines of this page.
    pub lines: Vec<Line>,
    /// Whether there are more behind it.
    pub more: bool,
    /// The last page, where the one that was asked for is behind it.
    pub last: Option<usize>,
}

/// Lists what is behind a number of a figure: `group` as its address says it, everything where there is none; `part` by its word.
///
/// # Errors
/// As [`super::show`], and [`Code::NotFound`] for what is not told because so few persons are in it.
pub async fn list(
    office: &Arc<Office>,
    actor: &Actor,
    (id, asked): (&str, &Asked),
    (group, part): (Option<String>, &str),
    page: usize,
) -> Result<Listing, Error> {
    let wanted = wanted(office, actor, id, asked)?;
    let part = part.to_owned();
    count(office, wanted, move |connection, wanted, counted| {
        let ask = wanted.ask();
        let table = table(&ask, &counted.items);
        let column = table.columns.iter().position(|column| column.part.is_some_and(|known| known.word() == part));
        let unknown = || Refusal::field(Code::FieldInvalid, "part", "没有这一列，请从统计表中的数字进入");
        let column = column.ok_or_else(unknown)?;
        let part = table.columns.get(column).and_then(|column| column.part).ok_or_else(unknown)?;
        let key = group.map(|group| (group != NO_GROUP).then_some(group));
        let cells = match &key {
            None => table.total.as_ref().or(Some(&table.overall)),
            Some(key) => table.groups.iter().find(|group| group.key == *key).map(|group| &group.cells),
        };
        if cells.and_then(|cells| cells.get(column)).is_some_and(|cell| cell.value == Value::Hidden) {
            let words = "涉及的自然人不足十人，不显示数量，也不列出明细";
            return Err(Refusal::detail(Code::NotFound, words).into());
        }
        let takes = |item: &Item| ask.takes(item, key.as_ref(), part);
        let total = counted.items.iter().filter(|item| takes(item)).map(|item| item.many).sum();
        // A line may stand for the many rows of a batch, of which the total tells no number of lines.
        let counts_lines = wanted.figure.counts != Population::Rows || only_refused(&ask, part);
        let lines = counts_lines.then(|| usize::try_from(total).unwrap_or(0));
        let mut pager = Pager::new(page, lines, &takes);
        let columns = walk(connection, (wanted, counted), &mut pager, part)?;
        let more = pager.lines.len() > LIST_PAGE;
        let behind = lines.unwrap_or(pager.passed);
        let last = (pager.lines.is_empty() && behind > 0).then(|| behind.div_ceil(LIST_PAGE));
        pager.lines.truncate(LIST_PAGE);
        let group = key.as_ref().map(|key| coded(&ask, key.as_deref()));
        let title = entitled(group, table.columns.get(column).map_or("", |column| without_unit(&column.title)));
        Ok(Listing {
            figure: wanted.figure.title.clone(),
            title,
            total,
            unit: wanted.figure.unit.clone(),
            columns,
            lines: pager.lines,
            more,
            last,
        })
    })
    .await
}

/// What a group is called, an area with its code.
fn coded(ask: &Ask<'_>, key: Option<&str>) -> String {
    let title = title(ask, key);
    match key.filter(|key| matches!(ask.view.by, Dimension::Area | Dimension::Place) && *key != title) {
        Some(code) => format!("{title}（{code}）"),
        None => title,
    }
}

/// `已办结（项）` is the head of a column; of a list the unit stands with the number.
fn without_unit(title: &str) -> &str {
    title.split('（').next().unwrap_or(title)
}

/// What is listed: a group, a column, or both. That the column is a number says nothing beside its group.
fn entitled(group: Option<String>, column: &str) -> String {
    match group {
        None if column == NUMBER => "全部".to_owned(),
        None => column.to_owned(),
        Some(group) if column == NUMBER => group,
        Some(group) => format!("{group}，{column}"),
    }
}

/// The column of a plain count, without its unit.
const NUMBER: &str = "数量";

/// Keeps the lines of one page and one more, which tells that there is another page.
struct Pager<'a> {
    skip: usize,
    /// Lines of the pages before.
    passed: usize,
    /// Lines that may still be found: behind the last one nothing is read.
    left: usize,
    lines: Vec<Line>,
    takes: &'a dyn Fn(&Item) -> bool,
}

impl<'a> Pager<'a> {
    /// Of a list that has so many lines, where that is known: for a page behind all of them nothing is read at all.
    fn new(page: usize, lines: Option<usize>, takes: &'a dyn Fn(&Item) -> bool) -> Pager<'a> {
        let skip = page.saturating_sub(1).saturating_mul(LIST_PAGE);
        let left = lines.map_or(usize::MAX, |lines| if skip < lines { lines } else { 0 });
        Pager { skip, passed: 0, left, lines: Vec::new(), takes }
    }

    fn full(&self) -> bool {
        self.lines.len() > LIST_PAGE || self.left == 0
    }

    /// Takes one in where it belongs to the list and to the page; the line is made only then.
    fn offer(&mut self, item: &Item, line: impl FnOnce() -> Result<Line, Error>) -> Result<(), Error> {
        if self.full() || !(self.takes)(item) {
            return Ok(());
        }
        self.left -= 1;
        if self.skip > 0 {
            self.skip -= 1;
            self.passed += 1;
            return Ok(());
        }
        self.lines.push(line()?);
        Ok(())
    }
}

type Found<'a> = (&'a Wanted, &'a Counted);

fn walk(connection: &mut Connection, found: Found<'_>, pager: &mut Pager<'_>, part: Part) -> Result<Vec<&'static str>, Error> {
    let (wanted, counted) = found;
    match wanted.figure.counts {
        Population::Obligations => obligations(connection, wanted, pager),
        Population::Checks => checks(connection, wanted, pager),
        Population::Rows if only_refused(&wanted.ask(), part) => refused(connection, wanted, pager),
        Population::Rows => batches(connection, wanted, pager),
        Population::Records => records(connection, wanted, pager),
        Population::Measures => measures(connection, wanted, pager),
        Population::Evaluations { .. } => evaluations(connection, (wanted, counted), pager),
    }
}

/// Only rows that were sent back are kept one by one with what was said about them; of the others their batch is.
fn only_refused(ask: &Ask<'_>, part: Part) -> bool {
    match (&ask.figure.kind, part) {
        (FigureKind::Count { of } | FigureKind::Share { of, .. }, Part::Of) => of.as_slice() == [State::Refused],
        _ => false,
    }
}

fn measure_title(pack: &Pack, id: &str) -> String {
    pack.measure_by_id(id).map_or_else(|| id.to_owned(), |measure| measure.title.clone())
}

fn matter_title(pack: &Pack, id: &str) -> String {
    pack.matter_by_id(id).map_or_else(|| id.to_owned(), |matter| matter.title.clone())
}

fn one(href: Option<String>, cells: Vec<String>) -> Line {
    Line { href, cells, many: 1 }
}

fn obligations(connection: &mut Connection, wanted: &Wanted, pager: &mut Pager<'_>) -> Result<Vec<&'static str>, Error> {
    let (pack, mut texts, mut after) = (&wanted.pack, Texts::default(), (CheckId(i64::MAX), String::new()));
    while !pager.full() {
        let lines = xinzhi_store::figure::owed_lines(connection, (after.0, &after.1), populations::PAGE)?;
        let Some(last) = lines.last() else { break };
        after = (last.check, last.measure.clone());
        for line in &lines {
            let item = populations::obligation(&line.owed, wanted.today, &mut texts);
            pager.offer(&item, || {
                // What was executed or not is closed.
                let states = item.states.iter().flatten().filter(|state| **state != State::Closed);
                let states = states.map(|state| state.title(wanted.figure.counts));
                let cells = vec![
                    measure_title(pack, &line.measure),
                    line.subject_name.clone(),
                    matter_title(pack, &line.owed.matter),
                    line.case_number.clone(),
                    line.owed.due.to_string(),
                    states.collect::<Vec<_>>().join("、"),
                ];
                Ok(one(Some(format!("/desk/checks/{}#{}", line.check.0, line.measure)), cells))
            })?;
        }
    }
    Ok(vec!["措施", "主体", "事项", "办件编号", "应反馈日", "状态"])
}

fn checks(connection: &mut Connection, wanted: &Wanted, pager: &mut Pager<'_>) -> Result<Vec<&'static str>, Error> {
    let (mut texts, mut before) = (Texts::default(), CheckId(i64::MAX));
    while !pager.full() {
        let lines = xinzhi_store::figure::check_lines(connection, before, populations::PAGE)?;
        let Some(last) = lines.last() else { break };
        before = last.check;
        for line in &lines {
            let item = populations::check(&line.checked, &mut texts);
            pager.offer(&item, || {
                let organ = line.checked.organ.clone().unwrap_or_default();
                let matter = matter_title(&wanted.pack, &line.checked.matter);
                let cells = vec![
                    format!("核查 {}", line.check.0),
                    line.subject_name.clone(),
                    matter,
                    line.case_number.clone(),
                    organ,
                    line.checked.day.to_string(),
                ];
                Ok(one(Some(format!("/desk/checks/{}", line.check.0)), cells))
            })?;
        }
    }
    Ok(vec!["核查", "主体", "事项", "办件编号", "核查单位", "日期"])
}

fn refused(connection: &mut Connection, wanted: &Wanted, pager: &mut Pager<'_>) -> Result<Vec<&'static str>, Error> {
    let (batches, mut texts, mut after) = (populations::in_effect(connection)?, Texts::default(), (BatchId(i64::MAX), 0));
    while !pager.full() {
        let rows = xinzhi_store::figure::refused(connection, after, populations::PAGE)?;
        let Some(last) = rows.last() else { break };
        after = (last.batch, last.row);
        for row in &rows {
            let Some(batch) = batches.get(&row.batch) else { continue };
            let why = populations::why(row)?;
            let item = populations::delivered(batch, (State::Refused, 1), Some(&why), &mut texts);
            pager.offer(&item, || {
                let source = wanted.pack.source_by_id(&batch.source).map_or_else(|| batch.source.clone(), |source| source.title.clone());
                let cells = vec![
                    format!("批次 {} 第 {} 行", row.batch.0, row.row),
                    why.clone(),
                    source,
                    batch.organ.clone().unwrap_or_default(),
                    batch.at.day().to_string(),
                ];
                let href = format!("/desk/batches/{}?outcome=refused&after={}", row.batch.0, row.row - 1);
                Ok(one(Some(href), cells))
            })?;
        }
    }
    Ok(vec!["行", "退回原因", "数据来源", "报送单位", "生效日期"])
}

/// Batches with as many of their rows as were counted.
fn batches(connection: &mut Connection, wanted: &Wanted, pager: &mut Pager<'_>) -> Result<Vec<&'static str>, Error> {
    let mut texts = Texts::default();
    for batch in populations::in_effect(connection)?.values().rev() {
        let states = [
            (State::Accepted, batch.accepted),
            (State::Duplicate, batch.duplicate),
            (State::Quarantined, batch.quarantined),
            (State::Refused, batch.refused),
        ];
        let items = states.map(|state| populations::delivered(batch, state, None, &mut texts));
        let many: i64 = items.iter().filter(|item| (pager.takes)(item)).map(|item| item.many).sum();
        let Some(item) = items.iter().find(|item| (pager.takes)(item)).filter(|_| many > 0) else { continue };
        pager.offer(item, || {
            let source = wanted.pack.source_by_id(&batch.source).map_or_else(|| batch.source.clone(), |source| source.title.clone());
            let (organ, day) = (batch.organ.clone().unwrap_or_default(), batch.at.day().to_string());
            let cells = vec![format!("批次 {}", batch.batch.0), batch.file_name.clone(), source, organ, day, many.to_string()];
            Ok(Line { href: Some(format!("/desk/batches/{}", batch.batch.0)), cells, many })
        })?;
    }
    Ok(vec!["批次", "文件", "数据来源", "报送单位", "生效日期", "行数"])
}

fn records(connection: &mut Connection, wanted: &Wanted, pager: &mut Pager<'_>) -> Result<Vec<&'static str>, Error> {
    let (batches, mut texts, mut before) = (populations::in_effect(connection)?, Texts::default(), RecordId(i64::MAX));
    while !pager.full() {
        let lines = xinzhi_store::figure::record_lines(connection, before, populations::PAGE)?;
        let Some(last) = lines.last() else { break };
        before = last.record;
        for line in &lines {
            let (recorded, about) = (&line.handed_in, About::of(&line.party, &mut texts));
            let Some(item) = populations::record(&wanted.pack, &batches, (recorded, &about), &mut texts) else { continue };
            pager.offer(&item, || {
                let kind =
                    wanted.pack.record_kind_by_name(&recorded.kind).map_or_else(|| recorded.kind.clone(), |(_, kind)| kind.title.clone());
                let state = item.states.iter().flatten().next().map_or("", |state| state.title(wanted.figure.counts));
                let cells = vec![
                    kind,
                    line.subject_name.clone(),
                    line.document.clone(),
                    recorded.document_day.to_string(),
                    recorded.supplier.clone(),
                    state.to_owned(),
                ];
                Ok(one(recorded.batch.map(|batch| format!("/desk/batches/{}", batch.0)), cells))
            })?;
        }
    }
    Ok(vec!["信息种类", "主体", "文书号", "文书日期", "提供单位", "期限"])
}

fn measures(connection: &mut Connection, wanted: &Wanted, pager: &mut Pager<'_>) -> Result<Vec<&'static str>, Error> {
    let mut texts = Texts::default();
    for measure in populations::in_force(connection, &wanted.pack, wanted.today)? {
        let item = measure.item(&mut texts);
        pager.offer(&item, || {
            let (href, id, name, organ, from, until) = match &measure {
                InForce::Told(told) => {
                    let href = Some(format!("/desk/checks/{}#{}", told.check.0, told.measure));
                    (href, &told.measure, &told.subject_name, told.organ.clone().unwrap_or_default(), told.day, told.until)
                }
                InForce::Running(running) => {
                    let (from, until) = running.days;
                    let (_, code) = named(connection, running.subject)?;
                    let href = code.map(|code| format!("/desk/subjects/{code}"));
                    (href, &running.measure, &running.subject_name, running.organ.clone(), from, Some(until))
                }
            };
            let until = until.map_or_else(|| "至依据变化".to_owned(), |day| day.to_string());
            Ok(one(href, vec![measure_title(&wanted.pack, id), name.clone(), organ, from.to_string(), until]))
        })?;
    }
    Ok(vec!["措施", "主体", "单位", "自", "至"])
}

fn evaluations(connection: &mut Connection, (wanted, counted): Found<'_>, pager: &mut Pager<'_>) -> Result<Vec<&'static str>, Error> {
    let areas = AreaNames::read(connection)?;
    let Some(standings) = counted.standings() else { return Err(Error::inconsistent("a list of nobody's grades")) };
    for (subject, stands) in standings.census.subjects() {
        for (index, (month, day)) in standings.months.iter().enumerate() {
            let Some(item) = stands.item(index, *month) else { continue };
            pager.offer(&item, || {
                let grade = item.states.iter().flatten().next().map(|state| wanted.figure.state_title(&wanted.pack, *state));
                let (name, code) = named(connection, subject)?;
                let kind = item.subject.as_deref().and_then(|id| wanted.pack.subject_kind_by_id(id)).map_or("", |(_, kind)| &kind.title);
                let href = code.as_ref().map(|code| format!("/desk/subjects/{code}"));
                let cells = vec![
                    name,
                    code.unwrap_or_default(),
                    kind.to_owned(),
                    areas.said(stands.area.as_deref()),
                    grade.unwrap_or_default(),
                    day.to_string(),
                ];
                Ok(one(href, cells))
            })?;
        }
        if pager.full() {
            break;
        }
    }
    Ok(vec!["名称", "代码", "主体类型", "区域", "等级", "评价之日"])
}

/// Name of an organisation, and the code by which its file opens.
fn named(connection: &mut Connection, id: SubjectId) -> Result<(String, Option<String>), Error> {
    let row = xinzhi_store::subject::by_id(connection, id)?.ok_or_else(|| Error::inconsistent("an evaluated subject is gone"))?;
    let code = xinzhi_store::subject::codes(connection, id)?.into_iter().next().map(|(_, code)| code);
    Ok((row.name, code))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(pager: &mut Pager<'_>, items: usize) -> usize {
        let item = Item::default();
        (0..items).take_while(|_| !pager.full() && pager.offer(&item, || Ok(one(None, Vec::new()))).is_ok()).count()
    }

    #[test]
    fn nothing_is_read_behind_the_last_line() {
        let all = |_: &Item| true;
        // How many are looked at, and how many are on the page, where there may be a thousand others behind the lines of the list.
        let read = |page, lines| {
            let mut pager = Pager::new(page, lines, &all);
            (offered(&mut pager, 1_000), pager.lines.len(), pager.passed)
        };
        assert_eq!(read(1, Some(50)), (21, 21, 0), "one more tells that there is another page");
        assert_eq!(read(3, Some(50)), (50, 10, 40));
        assert_eq!((read(4, Some(50)), read(usize::MAX, Some(50)), read(1, Some(0))), ((0, 0, 0), (0, 0, 0), (0, 0, 0)));
        assert_eq!(read(3, Some(60)), (60, 20, 40), "a full last page");
        assert_eq!((read(4, Some(60)), read(1, Some(20))), ((0, 0, 0), (20, 20, 0)));
        assert_eq!(read(60, None), (1_000, 0, 1_000), "how many lines batches have is known at their end");
    }
}
