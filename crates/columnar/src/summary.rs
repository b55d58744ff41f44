//! A run in one table: how many got which grade, by kind and by township; why others got none; what each dimension amounts to on
//! average; and who moved since an earlier run.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde_json::{Value, json};
use xinzhi_core::text::shown;
use xinzhi_core::{Digest, Points};
use xinzhi_rules::Pack;
use xinzhi_rules::model::Scorecard;

use crate::fault::Fault;
use crate::standings::{Earlier, Pin, REASONS, Standings};

/// No grade, as people read it.
pub const UNGRADED: &str = "未评级";
/// Not in the other result.
pub const ABSENT: &str = "不在列";
/// Subjects without a known township.
const NOWHERE: &str = "";
/// Digits of the code of a township: six of the county, three of its own.
const TOWNSHIP: usize = 9;

/// Counts by grade in the scorecard's order, then of those without one.
pub type Counts = Vec<u64>;

/// Sum of points in thousandths and how many have them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mean {
    /// Thousandths.
    pub sum: i64,
    /// How many.
    pub many: u64,
}

/// The summary of a run.
#[derive(Debug)]
pub struct Summary<'a> {
    pack: &'a Pack,
    card: &'a Scorecard,
    earlier: Option<&'a Earlier>,
    names: Option<&'a BTreeMap<String, String>>,
    /// How many subjects were evaluated.
    pub subjects: u64,
    /// Of all.
    pub grades: Counts,
    /// Whose grade something else than points gave.
    pub forced: u64,
    /// In the order of [`REASONS`].
    pub reasons: Vec<u64>,
    /// By position of the subject kind.
    pub kinds: BTreeMap<usize, Counts>,
    /// By code of the township; empty where none is known.
    pub townships: BTreeMap<String, Counts>,
    /// Points of those who have them.
    pub points: Mean,
    /// What each dimension enters into those points.
    pub dimensions: Vec<Mean>,
    /// From the earlier grade to the present one.
    pub moved: BTreeMap<(String, String), u64>,
    /// The next row of the earlier result.
    next: usize,
    kinship: Kinship,
    /// Whether all rows were counted.
    ended: bool,
}

/// Whether the earlier result is about the same subjects. Numbers alone do not tell: every office and every set begins with 1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Kinship {
    /// Nobody has the same number yet whose code is known to both.
    #[default]
    Unknown,
    /// Both were made of one set, or the codes of all who have one agree.
    Same,
    /// A number stands for two subjects: the code that it has here.
    Strangers(i64, String),
}

impl<'a> Summary<'a> {
    /// An empty one.
    pub fn new(pack: &'a Pack, card: &'a Scorecard, earlier: Option<&'a Earlier>) -> Summary<'a> {
        Summary {
            pack,
            card,
            earlier,
            names: None,
            subjects: 0,
            grades: vec![0; card.grades.len() + 1],
            forced: 0,
            reasons: vec![0; REASONS.len()],
            kinds: BTreeMap::new(),
            townships: BTreeMap::new(),
            points: Mean::default(),
            dimensions: vec![Mean::default(); card.dimensions.len()],
            moved: BTreeMap::new(),
            next: 0,
            kinship: Kinship::Unknown,
            ended: false,
        }
    }

    /// The same of the set with this digest: a result of that very set needs no codes to be compared with.
    #[must_use]
    pub fn reading(self, tables: Option<Digest>) -> Summary<'a> {
        let same = self.earlier.is_some_and(|earlier| earlier.is_of(tables));
        Summary { kinship: if same { Kinship::Same } else { self.kinship }, ..self }
    }

    /// The same with areas told by what they are called, by code; where there is no name the code alone is told.
    #[must_use]
    pub fn naming(self, names: &'a BTreeMap<String, String>) -> Summary<'a> {
        Summary { names: Some(names), ..self }
    }

    /// Counts the next rows.
    pub fn add(&mut self, rows: &Standings) {
        let width = self.grades.len();
        let grade = |row: usize| rows.grade(row).map_or(width - 1, |grade| grade.min(width - 1));
        let mut places = vec![vec![0_u64; width]; rows.areas.list.len()];
        let mut nowhere = vec![0; width];
        for row in 0..rows.len() {
            let grade = grade(row);
            bump(&mut self.grades, grade, 1);
            let counts = rows.areas.at(row).and_then(|place| places.get_mut(place)).unwrap_or(&mut nowhere);
            bump(counts, grade, 1);
            if let Some(kind) = rows.kind(row) {
                bump(self.kinds.entry(kind).or_insert_with(|| vec![0; width]), grade, 1);
            }
            if let Some(reason) = rows.reasons.at(row) {
                bump(&mut self.reasons, usize::from(reason), 1);
            }
        }
        let area = |place: usize| rows.areas.list.get(place).map(|word| String::from_utf8_lossy(word).into_owned()).unwrap_or_default();
        let places = places.into_iter().enumerate().map(|(place, counts)| (area(place), counts));
        for (area, counts) in
            places.chain(std::iter::once((NOWHERE.to_owned(), nowhere))).filter(|(_, counts)| counts.iter().any(|many| *many > 0))
        {
            let township: String = area.chars().take(TOWNSHIP).collect();
            let to = self.townships.entry(township).or_insert_with(|| vec![0; width]);
            counts.into_iter().enumerate().for_each(|(grade, many)| bump(to, grade, many));
        }
        self.subjects += wide(rows.len());
        self.forced += wide(rows.forced.iter().filter(|forced| **forced).count());
        let known = rows.points.known.as_deref();
        self.points.add(&rows.points.values, known);
        self.dimensions.iter_mut().zip(&rows.dimensions).for_each(|(mean, cells)| mean.add(&cells.values, known));
        if let Some(earlier) = self.earlier {
            (0..rows.len()).for_each(|row| self.move_on(earlier, (rows, row), grade(row)));
        }
    }

    /// Both results rise by subject: one walk over the earlier one finds everybody.
    fn move_on(&mut self, earlier: &Earlier, (rows, row): (&Standings, usize), grade: usize) {
        let Some(subject) = rows.subjects.get(row).copied() else { return };
        while let Some((number, before)) = earlier.at(self.next) {
            match number.cmp(&subject) {
                Ordering::Greater => break,
                Ordering::Equal => {
                    self.recognise(earlier.has_code(self.next, rows.code(row)), (subject, rows.code(row)));
                    self.next += 1;
                    return self.moves(before.unwrap_or(UNGRADED), self.grade(grade));
                }
                Ordering::Less => {
                    self.next += 1;
                    self.moves(before.unwrap_or(UNGRADED), ABSENT);
                }
            }
        }
        self.moves(ABSENT, self.grade(grade));
    }

    /// What two codes of one number say about all of them: one contradiction and the numbers are of different subjects.
    fn recognise(&mut self, same: Option<bool>, (subject, code): (i64, Option<&[u8]>)) {
        self.kinship = match (&self.kinship, same) {
            (Kinship::Unknown, Some(true)) => Kinship::Same,
            (Kinship::Unknown | Kinship::Same, Some(false)) => {
                Kinship::Strangers(subject, shown(&String::from_utf8_lossy(code.unwrap_or_default())))
            }
            _ => return,
        };
    }

    /// Why it cannot be compared with the earlier result, as far as rows were counted: after [`Summary::finish`] also where nobody is
    /// known to be the same. Then nothing is told of moves.
    pub fn strangers(&self) -> Option<Fault> {
        let earlier = self.earlier?;
        let again = "请换成同一单位或同一表集的结果，或不作比较";
        match &self.kinship {
            Kinship::Strangers(subject, code) => Some(earlier.fault(format!(
                "不能与这次的结果比较：编号 {subject} 的主体在这次的结果中代码是 `{code}`，在该文件中是另一个，两份结果的主体不是同一批；{again}"
            ))),
            Kinship::Unknown if self.ended && self.subjects > 0 && !earlier.is_empty() => Some(earlier.fault(format!(
                "不能与这次的结果比较：没有一个主体的编号和代码在两份结果中都相同，无法确认是同一批主体；{again}；\
                 表集中的主体没有代码的，请在 subjects.parquet 的 code 列写明后重新评价"
            ))),
            Kinship::Unknown | Kinship::Same => None,
        }
    }

    fn compared(&self) -> Option<&'a Earlier> {
        self.earlier.filter(|_| self.strangers().is_none())
    }

    fn moves(&mut self, before: &str, now: &str) {
        match self.moved.get_mut(&(before.to_owned(), now.to_owned())) {
            Some(many) => *many += 1,
            None => _ = self.moved.insert((before.to_owned(), now.to_owned()), 1),
        }
    }

    /// Counts those of the earlier result that nobody asked for again.
    pub fn finish(&mut self) {
        self.ended = true;
        let Some(earlier) = self.earlier else { return };
        while let Some((_, before)) = earlier.at(self.next) {
            self.next += 1;
            self.moves(before.unwrap_or(UNGRADED), ABSENT);
        }
    }

    fn grade(&self, position: usize) -> &'a str {
        self.card.grades.get(position).map_or(UNGRADED, |grade| grade.name.as_str())
    }

    fn columns(&self) -> Vec<&'a str> {
        (0..self.grades.len()).map(|position| self.grade(position)).collect()
    }

    /// One object for programs.
    pub fn json(&self, pin: &Pin<'_>) -> Value {
        let counts = |counts: &Counts| -> Value {
            self.columns()
                .into_iter()
                .zip(counts)
                .map(|(name, many)| (name.to_owned(), json!(many)))
                .collect::<serde_json::Map<_, _>>()
                .into()
        };
        let kind = |position: &usize| self.pack.subject_kinds.get(*position).map_or("", |kind| kind.id.as_str()).to_owned();
        let kinds: serde_json::Map<String, Value> = self.kinds.iter().map(|(position, of)| (kind(position), counts(of))).collect();
        let townships: serde_json::Map<String, Value> = self.townships.iter().map(|(code, of)| (code.clone(), counts(of))).collect();
        let reasons: serde_json::Map<String, Value> = REASONS
            .iter()
            .zip(&self.reasons)
            .filter(|(_, many)| **many > 0)
            .map(|((word, _), many)| ((*word).to_owned(), json!(many)))
            .collect();
        let dimensions: Vec<Value> = self
            .card
            .dimensions
            .iter()
            .zip(&self.dimensions)
            .map(|(dimension, mean)| json!({ "title": dimension.title, "mean": mean.thousandths() }))
            .collect();
        let moved: Vec<Value> = self.moved.iter().map(|((from, to), many)| json!({ "from": from, "to": to, "subjects": many })).collect();
        json!({
            "scorecard": self.card.id,
            "as_of": pin.as_of.to_string(),
            "pack": self.pack.id,
            "pack_digest": self.pack.digest.to_string(),
            "tables": pin.tables.map(|digest| digest.to_string()),
            "position": pin.position,
            "subjects": self.subjects,
            "grades": counts(&self.grades),
            "forced": self.forced,
            "reasons": reasons,
            "kinds": kinds,
            "townships": townships,
            "mean_points": self.points.thousandths(),
            "dimensions": dimensions,
            "moved": self.compared().map(|earlier| json!({ "since": earlier.as_of, "grades": moved })),
        })
    }

    /// Aligned text for people.
    pub fn text(&self) -> String {
        let mut out = String::new();
        let heads = |first: &str| {
            std::iter::once(first.to_owned())
                .chain(self.columns().into_iter().map(str::to_owned))
                .chain(["合计".to_owned()])
                .collect::<Vec<_>>()
        };
        let row = |name: String, counts: &Counts| {
            std::iter::once(name)
                .chain(counts.iter().map(u64::to_string))
                .chain([counts.iter().sum::<u64>().to_string()])
                .collect::<Vec<_>>()
        };
        let kind = |position: &usize| self.pack.subject_kinds.get(*position).map_or("", |kind| kind.title.as_str()).to_owned();
        let mut kinds = vec![heads("主体类别")];
        kinds.extend(self.kinds.iter().map(|(position, counts)| row(kind(position), counts)));
        kinds.push(row("全部".to_owned(), &self.grades));
        table(&mut out, &kinds);
        let mut townships = vec![heads("乡镇街道")];
        let name = |code: &String| match self.names.and_then(|names| names.get(code)) {
            _ if code.is_empty() => "（未知）".to_owned(),
            Some(name) => format!("{code} {name}"),
            None => code.clone(),
        };
        townships.extend(self.townships.iter().map(|(code, counts)| row(name(code), counts)));
        table(&mut out, &townships);
        let mut dimensions = vec![vec!["维度".to_owned(), "平均分".to_owned()]];
        let mean = |title: &str, mean: &Mean| mean.thousandths().map(|mean| vec![title.to_owned(), Points(mean).to_string()]);
        dimensions.extend(self.card.dimensions.iter().zip(&self.dimensions).filter_map(|(dimension, of)| mean(&dimension.title, of)));
        dimensions.extend(mean("总分", &self.points));
        table(&mut out, &dimensions);
        let mut reasons = vec![vec!["没有分数的原因".to_owned(), "主体".to_owned()]];
        reasons.extend(
            REASONS
                .iter()
                .zip(&self.reasons)
                .filter(|(_, many)| **many > 0)
                .map(|((_, title), many)| vec![(*title).to_owned(), many.to_string()]),
        );
        if reasons.len() > 1 {
            table(&mut out, &reasons);
        }
        if let Some(earlier) = self.compared() {
            out.push_str(&format!("与 {} 的结果比较：行为原等级，列为现等级\n", earlier.as_of));
            self.matrix(&mut out);
        }
        out
    }

    fn matrix(&self, out: &mut String) {
        let order = |name: &str| (self.columns().iter().position(|known| *known == name).unwrap_or(usize::MAX), name == ABSENT);
        let sorted = |mut names: Vec<String>| {
            names.sort_by_key(|name| order(name));
            names.dedup();
            names
        };
        let from = sorted(self.moved.keys().map(|(from, _)| from.clone()).collect());
        let to = sorted(self.moved.keys().map(|(_, to)| to.clone()).collect());
        let mut rows = vec![std::iter::once("原＼现".to_owned()).chain(to.iter().cloned()).collect::<Vec<_>>()];
        for from in from {
            let many = |to: &String| self.moved.get(&(from.clone(), to.clone())).copied().unwrap_or(0).to_string();
            rows.push(std::iter::once(from.clone()).chain(to.iter().map(many)).collect());
        }
        table(out, &rows);
    }
}

impl Mean {
    fn add(&mut self, values: &[i64], known: Option<&[u8]>) {
        for (row, value) in values.iter().enumerate() {
            if known.is_none_or(|known| known.get(row) == Some(&1)) {
                self.count(*value);
            }
        }
    }

    pub(crate) fn count(&mut self, points: i64) {
        self.sum = self.sum.saturating_add(points);
        self.many += 1;
    }

    pub(crate) fn append(&mut self, other: Mean) {
        self.sum = self.sum.saturating_add(other.sum);
        self.many += other.many;
    }

    /// The mean, truncated toward zero; none where nobody has points.
    pub fn thousandths(&self) -> Option<i64> {
        self.sum.checked_div(i64::try_from(self.many).ok()?)
    }
}

/// Columns of text side by side; a Chinese character takes two places.
pub(crate) fn table(out: &mut String, rows: &[Vec<String>]) {
    let wide = |text: &str| text.chars().map(|letter| if letter.is_ascii() { 1 } else { 2 }).sum::<usize>();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> =
        (0..columns).map(|column| rows.iter().filter_map(|row| row.get(column)).map(|cell| wide(cell)).max().unwrap_or(0)).collect();
    for row in rows {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let gap = " ".repeat(width - wide(cell));
            // Words to the left, numbers to the right.
            line.push_str(&if column == 0 { format!("{cell}{gap}") } else { format!("  {gap}{cell}") });
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out.push('\n');
}

pub(crate) fn bump(counts: &mut [u64], place: usize, many: u64) {
    if let Some(count) = counts.get_mut(place) {
        *count += many;
    }
}

fn wide(many: usize) -> u64 {
    u64::try_from(many).unwrap_or(u64::MAX)
}
