//! From items to a table: broken down, added up, compared with the month before, and with everything hidden that could point to a
//! person. Pure: the same items, figure and view give the same table.

use std::collections::{BTreeMap, BTreeSet};

use xinzhi_core::{AreaCode, Day};
use xinzhi_rules::Pack;
use xinzhi_rules::figure::{Dimension, Figure, FigureKind, Only, Population, State};

use super::item::{Item, grade_key, subject_kind};
use super::month::Month;
use crate::permission::Scope;

/// Fewer natural persons than this are not told.
const PERSONS_MIN: i64 = 10;

/// How a figure is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// By what it is broken down.
    pub by: Dimension,
    /// Of which months.
    pub months: Months,
    /// Of evaluations, at the end of which month; the last one where none is named.
    pub month: Option<Month>,
}

/// Of which months a figure is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Months {
    /// Those of the figure for a trend, everything otherwise.
    Usual,
    /// Everything.
    All,
    /// So many, up to the running one or the one before.
    Last(u32),
}

/// Which of a group a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// What a count counts, or the part of a share.
    Of,
    /// The whole of a share.
    Among,
    /// What a median is taken of.
    Lasting,
    /// One state.
    State(State),
}

impl Part {
    /// The word in an address.
    pub fn word(self) -> String {
        match self {
            Part::Of => "of".to_owned(),
            Part::Among => "among".to_owned(),
            Part::Lasting => "lasting".to_owned(),
            Part::State(state) => grade_key(state),
        }
    }

    /// What is counted in it.
    pub(crate) fn takes(self, figure: &Figure, item: &Item) -> bool {
        match (self, &figure.kind) {
            (Part::Of, FigureKind::Count { of } | FigureKind::Share { of, .. }) => item.is_any(of),
            (Part::Among, FigureKind::Share { among, .. }) => item.is_any(among),
            (Part::Lasting, _) => item.days.is_some(),
            (Part::State(state), FigureKind::Count { of }) => item.is(state) && item.is_any(of),
            (Part::State(state), _) => item.is(state),
            (Part::Of | Part::Among, _) => true,
        }
    }
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Stable word.
    pub id: String,
    /// Chinese title.
    pub title: String,
    /// What its numbers count; none for a share or a median, which count nothing themselves.
    pub part: Option<Part>,
}

/// What stands in a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// How many.
    Count(i64),
    /// In thousandths, truncated.
    Share(i64),
    /// Days in the middle; of two, the fewer.
    Days(i64),
    /// There is nothing to tell: no whole, no middle.
    Nothing,
    /// Not told, because so few persons are in it.
    Hidden,
}

/// A number with what became of it since the month before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The number.
    pub value: Value,
    /// More or less than a month before, where that is known.
    pub change: Option<i64>,
}

/// A line of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// What it is found by; none where what it would be grouped by is not known.
    pub key: Option<String>,
    /// What it is called.
    pub title: String,
    /// In the order of the columns.
    pub cells: Vec<Cell>,
    /// Whether it counts natural persons.
    pub persons: bool,
}

/// A figure broken down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// How it is looked at.
    pub view: View,
    /// First and last month that are counted, where months are counted at all.
    pub span: (Option<Month>, Option<Month>),
    /// Columns.
    pub columns: Vec<Column>,
    /// Lines.
    pub groups: Vec<Group>,
    /// All lines together; none for a trend of evaluations, whose months are the same subjects again.
    pub total: Option<Vec<Cell>>,
    /// Everything in the reader's scope whatever the span: the number of the figure today.
    pub overall: Vec<Cell>,
    /// How many of those lie before the span and after it: in the number of today and in no line.
    pub outside: (i64, i64),
}

impl Table {
    /// The code of an area or place that is called by its name; two may have the same.
    pub fn code<'g>(&self, group: &'g Group) -> Option<&'g str> {
        let named = matches!(self.view.by, Dimension::Area | Dimension::Place);
        group.key.as_deref().filter(|key| named && *key != group.title)
    }
}

/// Who looks at which figure how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask<'a> {
    pub(crate) figure: &'a Figure,
    pub(crate) pack: &'a Pack,
    pub(crate) view: View,
    pub(crate) scope: &'a Scope,
    /// The area of whoever looks.
    pub(crate) base: &'a AreaCode,
    /// What areas or places are called, by code.
    pub(crate) names: &'a BTreeMap<String, String>,
    pub(crate) today: Day,
}

impl Ask<'_> {
    /// Whether it evaluates: its months are not parts of a sum.
    pub(crate) fn evaluates(&self) -> bool {
        matches!(self.figure.counts, Population::Evaluations { .. })
    }

    fn last_month(&self) -> Month {
        Month::of(self.today).plus(if self.figure.whole_months { -1 } else { 0 })
    }

    /// First and last month counted; none where there is no limit.
    pub(crate) fn span(&self) -> (Option<Month>, Option<Month>) {
        let last = self.last_month();
        if self.evaluates() && (self.view.by != Dimension::Month || self.view.months == Months::All) {
            let month = self.view.month.unwrap_or(last);
            return (Some(month), Some(month));
        }
        if !self.figure.counts.dimensions().contains(&Dimension::Month) {
            return (None, None);
        }
        // A span that the reader chooses would tell a few persons by subtraction, and evaluations are made for the figure's months alone.
        let free = !self.persons_at_all() && !self.evaluates();
        let months = match self.view.months {
            Months::Last(months) if free => Some(months),
            Months::Usual | Months::Last(_) if self.view.by == Dimension::Month => Some(self.figure.months),
            Months::Usual | Months::Last(_) | Months::All => None,
        };
        let until = (months.is_some() || self.figure.whole_months).then_some(last);
        (months.and_then(|months| i32::try_from(months).ok()).map(|months| last.plus(1 - months)), until)
    }

    fn in_span(&self, item: &Item) -> bool {
        let (from, until) = self.span();
        let Some(month) = item.month else { return true };
        from.is_none_or(|from| month >= from) && until.is_none_or(|until| month <= until)
    }

    /// Whether an item is counted at all, whatever the span.
    fn counts(&self, item: &Item) -> bool {
        item.within(self.scope, self.figure.counts) && item.passes(&self.figure.filter, self.pack)
    }

    /// Whether an item is behind a number: of a group, or of all where none is named.
    pub(crate) fn takes(&self, item: &Item, group: Option<&Option<String>>, part: Part) -> bool {
        let whole = self.keeps_the_whole(part);
        let fits = |wanted: &Option<String>| whole || item.group(self.view.by, self.base) == *wanted;
        self.counts(item) && self.in_span(item) && group.is_none_or(fits) && part.takes(self.figure, item)
    }

    /// A reason is a property of the part alone: its whole is everything.
    fn keeps_the_whole(&self, part: Part) -> bool {
        part == Part::Among && self.view.by == Dimension::Reason
    }

    /// Whether a line counts natural persons: because the figure counts nobody else, or because the line is theirs.
    fn persons(&self, key: Option<&str>) -> bool {
        let person = |id: &str| subject_kind(self.pack, id).is_some_and(|kind| kind.person);
        self.only_persons() || (self.view.by == Dimension::Subject && key.is_some_and(person))
    }

    fn only_persons(&self) -> bool {
        self.figure.filter.iter().any(|only| match only {
            Only::Subjects(kinds) => kinds.iter().any(|ix| self.pack.subject_kind(*ix).is_some_and(|kind| kind.person)),
            _ => false,
        })
    }

    fn persons_at_all(&self) -> bool {
        self.only_persons() || self.view.by == Dimension::Subject
    }
}

/// Sums of one line.
#[derive(Clone, Debug, Default)]
struct Tally {
    parts: Vec<i64>,
    days: BTreeMap<i64, i64>,
}

impl Tally {
    fn add(&mut self, ask: &Ask<'_>, columns: &[Column], item: &Item) {
        self.parts.resize(columns.len(), 0);
        for (sum, column) in self.parts.iter_mut().zip(columns) {
            if column.part.is_some_and(|part| part.takes(ask.figure, item)) {
                *sum += item.many;
            }
        }
        if let Some(days) = item.days {
            *self.days.entry(days).or_insert(0) += item.many;
        }
    }

    /// The fewer of the days in the middle.
    fn middle(&self) -> Option<i64> {
        let all: i64 = self.days.values().sum();
        let mut seen = 0;
        self.days
            .iter()
            .find(|(_, many)| {
                seen += **many;
                seen * 2 >= all
            })
            .map(|(days, _)| *days)
    }

    fn cells(&self, columns: &[Column], before: Option<&Tally>) -> Vec<Cell> {
        let part = |wanted: Part| -> i64 {
            let position = columns.iter().position(|column| column.part == Some(wanted));
            position.and_then(|position| self.parts.get(position)).copied().unwrap_or(0)
        };
        let cell = |(index, column): (usize, &Column)| {
            let count = self.parts.get(index).copied().unwrap_or(0);
            let value = match (column.part, column.id.as_str()) {
                (Some(_), _) => Value::Count(count),
                (None, "share") => (part(Part::Of) * 1000).checked_div(part(Part::Among)).map_or(Value::Nothing, Value::Share),
                (None, _) => self.middle().map_or(Value::Nothing, Value::Days),
            };
            let change = before.filter(|_| column.part.is_some()).map(|before| count - before.parts.get(index).copied().unwrap_or(0));
            Cell { value, change }
        };
        columns.iter().enumerate().map(cell).collect()
    }
}

fn columns(ask: &Ask<'_>) -> Vec<Column> {
    let figure = ask.figure;
    let column = |id: &str, title: String, part: Option<Part>| Column { id: id.to_owned(), title, part };
    let named = |states: &[State]| states.iter().map(|state| figure.state_title(ask.pack, *state)).collect::<Vec<_>>().join("、");
    match (&figure.kind, figure.counts) {
        (FigureKind::Count { of }, Population::Evaluations { scorecard, .. }) if ask.view.by != Dimension::Grade => {
            let grades = ask.pack.scorecard(scorecard).map_or(0, |card| card.grades.len());
            let all = (0..grades).map(State::Grade).chain([State::Ungraded]);
            let shown = all.filter(|state| of.is_empty() || of.contains(state));
            let mut columns: Vec<Column> =
                shown.map(|state| column(&grade_key(state), figure.state_title(ask.pack, state), Some(Part::State(state)))).collect();
            columns.push(column("of", "合计".to_owned(), Some(Part::Of)));
            columns
        }
        (FigureKind::Count { .. }, _) => vec![column("of", format!("数量（{}）", figure.unit), Some(Part::Of))],
        (FigureKind::Share { of, among }, _) => {
            let whole =
                if among.is_empty() { format!("全部（{}）", figure.unit) } else { format!("{}（{}）", named(among), figure.unit) };
            vec![
                column("of", format!("{}（{}）", named(of), figure.unit), Some(Part::Of)),
                column("among", whole, Some(Part::Among)),
                column("share", figure.title.clone(), None),
            ]
        }
        (FigureKind::Median, _) => {
            vec![
                column("lasting", format!("数量（{}）", figure.unit), Some(Part::Lasting)),
                column("days", "中位数（天）".to_owned(), None),
            ]
        }
    }
}

/// Breaks a figure down.
pub(crate) fn table(ask: &Ask<'_>, items: &[Item]) -> Table {
    let columns = columns(ask);
    let mine: Vec<&Item> = items.iter().filter(|item| ask.counts(item)).collect();
    let span = ask.span();
    let shown: Vec<&Item> = mine.iter().copied().filter(|item| ask.in_span(item)).collect();
    let mut tallies: BTreeMap<Option<String>, Tally> = BTreeMap::new();
    for item in &shown {
        tallies.entry(item.group(ask.view.by, ask.base)).or_default().add(ask, &columns, item);
    }
    let whole = tally(ask, &columns, &shown);
    if ask.view.by == Dimension::Reason {
        only_what_has_a_reason(&mut tallies, &columns, &whole);
    }
    let before = before(ask, &columns, &mine);
    let mut groups = groups(ask, &columns, (&tallies, &before));
    let adds_up = !(ask.evaluates() && ask.view.by == Dimension::Month);
    let mut total = adds_up.then(|| whole.cells(&columns, total_before(ask, &columns, &mine).as_ref()));
    let everything = Ask { view: View { months: Months::All, month: None, ..ask.view }, ..*ask };
    let all: Vec<&Item> = mine.iter().copied().filter(|item| everything.in_span(item)).collect();
    let mut overall = tally(ask, &columns, &all).cells(&columns, None);
    hide(&mut groups, &mut total, &columns);
    if ask.only_persons() {
        hide_cells(&mut overall, &columns);
    }
    let outside = outside(ask, &columns, &all);
    Table { view: ask.view, span, columns, groups, total, overall, outside }
}

/// How many of what the number of today counts lie before the first month that is shown, and after the last one.
fn outside(ask: &Ask<'_>, columns: &[Column], all: &[&Item]) -> (i64, i64) {
    if ask.only_persons() {
        return (0, 0);
    }
    let counted = columns.iter().rev().find_map(|column| column.part);
    let (from, until) = ask.span();
    let many = |lies: &dyn Fn(Month) -> bool| -> i64 {
        let there = |item: &&&Item| item.month.is_some_and(lies) && counted.is_some_and(|part| part.takes(ask.figure, item));
        all.iter().filter(there).map(|item| item.many).sum()
    };
    (many(&|month| from.is_some_and(|from| month < from)), many(&|month| until.is_some_and(|until| month > until)))
}

fn tally(ask: &Ask<'_>, columns: &[Column], items: &[&Item]) -> Tally {
    let mut tally = Tally::default();
    items.iter().for_each(|item| tally.add(ask, columns, item));
    tally
}

/// What was not sent back has no reason; what was is compared with everything.
fn only_what_has_a_reason(tallies: &mut BTreeMap<Option<String>, Tally>, columns: &[Column], whole: &Tally) {
    tallies.remove(&None);
    let among = columns.iter().position(|column| column.part == Some(Part::Among));
    for tally in tallies.values_mut() {
        if let Some((own, all)) = among.and_then(|at| tally.parts.get_mut(at).zip(whole.parts.get(at))) {
            *own = *all;
        }
    }
}

/// Of evaluations by anything but the month: the same a month before, where that was evaluated.
fn before(ask: &Ask<'_>, columns: &[Column], mine: &[&Item]) -> Option<BTreeMap<Option<String>, Tally>> {
    let earlier = earlier(ask, mine)?;
    let mut tallies: BTreeMap<Option<String>, Tally> = BTreeMap::new();
    for item in &earlier {
        tallies.entry(item.group(ask.view.by, ask.base)).or_default().add(ask, columns, item);
    }
    Some(tallies)
}

fn total_before(ask: &Ask<'_>, columns: &[Column], mine: &[&Item]) -> Option<Tally> {
    earlier(ask, mine).map(|earlier| tally(ask, columns, &earlier))
}

fn earlier<'i>(ask: &Ask<'_>, mine: &[&'i Item]) -> Option<Vec<&'i Item>> {
    if !ask.evaluates() || ask.view.by == Dimension::Month {
        return None;
    }
    let month = ask.span().0?.plus(-1);
    let earlier: Vec<&Item> = mine.iter().copied().filter(|item| item.month == Some(month)).collect();
    (!earlier.is_empty()).then_some(earlier)
}

type Tallies = BTreeMap<Option<String>, Tally>;

fn groups(ask: &Ask<'_>, columns: &[Column], (tallies, before): (&Tallies, &Option<Tallies>)) -> Vec<Group> {
    let nothing = Tally::default();
    let gone = before.iter().flat_map(|before| before.keys());
    let keys: BTreeSet<&Option<String>> = tallies.keys().chain(gone).collect();
    let group = |key: Option<String>, cells: Vec<Cell>| {
        let persons = ask.persons(key.as_deref());
        Group { title: title(ask, key.as_deref()), key, cells, persons }
    };
    if ask.view.by == Dimension::Month {
        return months(ask, tallies)
            .into_iter()
            .map(|month| {
                let find = |month: Month| tallies.get(&Some(month.to_string()));
                let earlier = find(month.plus(-1)).filter(|_| ask.evaluates());
                group(Some(month.to_string()), find(month).unwrap_or(&nothing).cells(columns, earlier))
            })
            .collect();
    }
    let mut all: Vec<((i64, i64), Group)> = keys
        .into_iter()
        .map(|key| {
            let tally = tallies.get(key).unwrap_or(&nothing);
            let earlier = before.as_ref().map(|before| before.get(key).unwrap_or(&nothing));
            (weight(columns, tally), group(key.clone(), tally.cells(columns, earlier)))
        })
        .collect();
    if ask.view.by == Dimension::Grade {
        all.sort_by_key(|(_, group)| group.key.as_deref().and_then(|key| key.parse::<usize>().ok()).unwrap_or(usize::MAX));
    } else {
        // What is not known comes last, whatever its number.
        all.sort_by(|(a, one), (b, other)| (one.key.is_none(), b, &one.key).cmp(&(other.key.is_none(), a, &other.key)));
    }
    all.into_iter().map(|(_, group)| group).collect()
}

/// By what lines are put in order: the share or the days, then how many there are of it.
fn weight(columns: &[Column], tally: &Tally) -> (i64, i64) {
    let count = |part| columns.iter().position(|column| column.part == Some(part)).and_then(|at| tally.parts.get(at)).copied();
    let (of, among) = (count(Part::Of).unwrap_or(0), count(Part::Among));
    match among {
        Some(among) => ((of * 1000).checked_div(among).unwrap_or(-1), among),
        None => (tally.middle().filter(|_| count(Part::Lasting).is_some()).unwrap_or(of), of),
    }
}

/// The months of a trend, those without anything among them; of evaluations those that were evaluated.
fn months(ask: &Ask<'_>, tallies: &Tallies) -> Vec<Month> {
    let known: Vec<Month> = tallies.keys().flatten().filter_map(|key| Month::parse(key)).collect();
    let (Some(from), Some(until)) = ask.span() else { return known };
    let mut months = Vec::new();
    let mut month = from;
    while month <= until {
        if !ask.evaluates() || known.contains(&month) {
            months.push(month);
        }
        month = month.plus(1);
    }
    months
}

/// What a line is called.
pub(crate) fn title(ask: &Ask<'_>, key: Option<&str>) -> String {
    let pack = ask.pack;
    let Some(key) = key else {
        return match ask.view.by {
            Dimension::Area => "区划不明",
            Dimension::Source => "本系统产生",
            Dimension::Place => "场所不明",
            _ => "未填写",
        }
        .to_owned();
    };
    let found = match ask.view.by {
        Dimension::Month | Dimension::Organ | Dimension::Reason => None,
        Dimension::Area | Dimension::Place => ask.names.get(key).map(String::as_str),
        Dimension::Kind => match key {
            "incentive" => Some("激励"),
            "supervision" => Some("监管"),
            "restriction" => Some("惩戒"),
            id => pack.record_kind_by_name(id).map(|(_, kind)| kind.title.as_str()),
        },
        Dimension::Source => pack.source_by_id(key).map(|source| source.title.as_str()),
        Dimension::Subject => subject_kind(pack, key).map(|kind| kind.title.as_str()),
        Dimension::Matter => pack.matter_by_id(key).map(|matter| matter.title.as_str()),
        Dimension::Grade => {
            let state = key.parse().map_or(State::Ungraded, State::Grade);
            return ask.figure.state_title(pack, state);
        }
    };
    found.unwrap_or(key).to_owned()
}

/// Hides what counts so few natural persons that they could be told, and as much more as keeps it from being found by subtraction.
fn hide(groups: &mut [Group], total: &mut Option<Vec<Cell>>, columns: &[Column]) {
    if !groups.iter().any(|group| group.persons) {
        return;
    }
    for group in groups.iter_mut().filter(|group| group.persons) {
        hide_cells(&mut group.cells, columns);
    }
    let is_hidden = |group: &Group| group.cells.iter().any(|cell| cell.value == Value::Hidden);
    let hidden = groups.iter().filter(|group| is_hidden(group)).count();
    if hidden == 1 {
        let smallest = groups.iter_mut().filter(|group| !is_hidden(group) && sum(group) > 0).min_by_key(|group| sum(group));
        match (smallest, total) {
            (Some(group), _) => group.cells.iter_mut().for_each(conceal),
            (None, Some(total)) => total.iter_mut().for_each(conceal),
            (None, None) => {}
        }
    }
}

fn sum(group: &Group) -> i64 {
    group.cells.iter().map(|cell| if let Value::Count(count) = cell.value { count } else { 0 }).sum()
}

/// All of a line goes where one of its numbers, or what is left between them, is small.
fn hide_cells(cells: &mut [Cell], columns: &[Column]) {
    let small = |count: i64| (1..PERSONS_MIN).contains(&count);
    let count = |wanted: Part| {
        let at = columns.iter().position(|column| column.part == Some(wanted));
        at.and_then(|at| cells.get(at)).and_then(|cell| if let Value::Count(count) = cell.value { Some(count) } else { None })
    };
    let left = count(Part::Among).zip(count(Part::Of)).map(|(among, of)| among - of);
    let counts = cells.iter().filter_map(|cell| if let Value::Count(count) = cell.value { Some(count) } else { None });
    if counts.chain(left).any(small) {
        cells.iter_mut().for_each(conceal);
    }
}

fn conceal(cell: &mut Cell) {
    *cell = Cell { value: Value::Hidden, change: None };
}

#[cfg(test)]
mod tests;
