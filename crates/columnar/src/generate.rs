//! A synthetic table set for any pack, for trials and measurements: lawful values, and the unevenness of real registers. Most subjects
//! have few records and some have many; some cells are empty; some kinds are not reported everywhere. Nobody in it exists.
//!
//! Everything about a subject is drawn from (seed, subject) alone, so that neither the number of threads nor the size of partitions
//! changes a record.

use std::collections::BTreeMap;
use std::path::Path;

use bytes::Bytes;
use xinzhi_core::record::Class;
use xinzhi_core::{AreaCode, Day, Digest, Fen, Span};
use xinzhi_evaluate::Plan;
use xinzhi_rules::model::{Choices, FieldIx, FieldKind, KindIx, Nature, Need, RecordKind, ScorecardIx, SubjectKindIx};
use xinzhi_rules::{Pack, class_of};

use crate::cells::Cells;
use crate::coverage::CoverageRow;
use crate::dice::Dice;
use crate::fault::Fault;
use crate::manifest::PartitionNote;
use crate::ordered;
use crate::set::{FieldCells, RecordColumns, SetHead, SetWriter, SubjectColumns};

/// How large a set.
#[derive(Clone, Debug)]
pub struct Size {
    /// How many subjects.
    pub subjects: u64,
    /// How many records of all kinds together.
    pub records: u64,
    /// What makes this set another than the next.
    pub seed: u64,
    /// Subjects of a partition.
    pub partition_subjects: u64,
    /// The day up to which records fall; a few lie after it.
    pub through: Day,
    /// The area that everybody lies in: a county, whose townships are made up.
    pub area: AreaCode,
    /// How many partitions are made at the same time.
    pub threads: usize,
    /// Only whom this scorecard evaluates, with what it reads: of the same number of records, as many more say something to it.
    pub scorecard: Option<ScorecardIx>,
}

/// Years of records.
const YEARS: i32 = 6;
/// The same in days.
const SPAN_DAYS: i32 = YEARS * 365;
/// Days after the last one on which the few later records lie.
const LATER_DAYS: i32 = 60;
/// The days that belong to a record, such as those of its end, lie up to as many days after it.
const RELATED_DAYS: (i32, i32) = (30, 1_200);
/// Of a thousand cells that may be empty, as many are.
const EMPTY: u64 = 50;
/// Of a thousand records, as many have a day after the last one.
const LATER: u64 = 3;
/// Townships, and villages of each.
const TOWNSHIPS: u64 = 16;
const VILLAGES: u64 = 20;
/// The weight of the subject with most records, against one with the least.
const SPREAD: u64 = 4_096;

/// Writes a set.
///
/// # Errors
/// [`Fault`] where the pack has nothing to generate or the set cannot be written.
pub fn generate(pack: &Pack, size: &Size, target: &Path, mut told: impl FnMut(usize, usize)) -> Result<Digest, Fault> {
    bounded(size.through)?;
    let world = World::new(pack, size)?;
    let writer = SetWriter::begin(target, pack)?;
    let many = usize::try_from(size.subjects.div_ceil(size.partition_subjects.max(1))).unwrap_or(usize::MAX);
    let starts = world.starts(many);
    let mut notes: Vec<PartitionNote> = Vec::with_capacity(many);
    ordered::each(
        many,
        size.threads,
        |index| world.partition(index, starts.get(index).copied().unwrap_or_default(), &writer),
        |note| {
            notes.push(note);
            told(notes.len(), many);
            Ok(())
        },
    )?;
    let head = SetHead { position: None, coverage: world.coverage() };
    writer.finish(&head, notes)
}

/// Makes sure that no day would be one that a record may not carry.
fn bounded(through: Day) -> Result<(), Fault> {
    let first = Day::EARLIEST.plus_days(SPAN_DAYS - 1);
    let last = Day::LONG_TERM.plus_days(-(LATER_DAYS + RELATED_DAYS.0 + RELATED_DAYS.1 - 1));
    if (first..=last).contains(&through) { Ok(()) } else { Err(Fault::Through { through, first, last }) }
}

/// Where a partition begins: the weight of all subjects before it.
#[derive(Clone, Copy, Debug, Default)]
struct Start {
    weight: u128,
}

/// A subject kind, and what records its subjects have, each with the sum of weights up to it.
struct KindOfSubject {
    id: Bytes,
    kinds: Vec<(u64, KindIx)>,
}

struct World<'a> {
    pack: &'a Pack,
    size: &'a Size,
    subject_kinds: Vec<KindOfSubject>,
    through: i64,
    weight: u128,
    areas: Vec<Bytes>,
}

impl<'a> World<'a> {
    fn new(pack: &'a Pack, size: &'a Size) -> Result<World<'a>, Fault> {
        let plan = size.scorecard.map(|card| Plan::compile(pack, card)).transpose()?;
        let is_read = |kind: usize| plan.as_ref().is_none_or(|plan| plan.reads().contains_key(&KindIx(kind)));
        let card = size.scorecard.and_then(|card| pack.scorecard(card));
        let is_evaluated = |kind: usize| card.is_none_or(|card| card.subjects.contains(&SubjectKindIx(kind)));
        let subject_kinds: Vec<KindOfSubject> = pack
            .subject_kinds
            .iter()
            .enumerate()
            .filter(|(ix, kind)| !kind.person && is_evaluated(*ix))
            .filter_map(|(ix, kind)| {
                let mut sum = 0;
                let about = |record: &RecordKind| record.subjects.iter().any(|subject| subject.0 == ix);
                let kinds: Vec<(u64, KindIx)> = pack
                    .record_kinds
                    .iter()
                    .enumerate()
                    .filter(|(place, record)| about(record) && is_read(*place))
                    .map(|(place, record)| {
                        sum += often(place, record);
                        (sum, KindIx(place))
                    })
                    .collect();
                (!kinds.is_empty()).then(|| KindOfSubject { id: Bytes::copy_from_slice(kind.id.as_bytes()), kinds })
            })
            .collect();
        if subject_kinds.is_empty() || size.subjects == 0 {
            return Err(Fault::Pack {
                kind: pack.id.clone(), what: "没有自然人以外的主体可以生成，请核对规则包和主体数量".to_owned()
            });
        }
        let mut world = World { pack, size, subject_kinds, through: size.through.number(), weight: 0, areas: areas(&size.area) };
        world.weight = (0..size.subjects).map(|subject| u128::from(weight(size.seed, subject))).sum();
        Ok(world)
    }

    fn starts(&self, partitions: usize) -> Vec<Start> {
        let mut starts = Vec::with_capacity(partitions);
        let mut so_far = 0;
        for subject in 0..self.size.subjects {
            if subject.is_multiple_of(self.size.partition_subjects.max(1)) {
                starts.push(Start { weight: so_far });
            }
            so_far += u128::from(weight(self.size.seed, subject));
        }
        starts
    }

    /// How many records the subjects have whose weights come to this.
    fn records_of(&self, weight: u128) -> u64 {
        u64::try_from(u128::from(self.size.records) * weight / self.weight.max(1)).unwrap_or(u64::MAX)
    }

    fn partition(&self, index: usize, start: Start, writer: &SetWriter<'_>) -> Result<PartitionNote, Fault> {
        let first = u64::try_from(index).unwrap_or(u64::MAX).saturating_mul(self.size.partition_subjects.max(1));
        let last = first.saturating_add(self.size.partition_subjects.max(1)).min(self.size.subjects);
        let mut kinds: BTreeMap<KindIx, RecordColumns> =
            self.pack.record_kinds.iter().enumerate().map(|(ix, kind)| (KindIx(ix), empty(kind))).collect();
        let mut subjects = SubjectColumns::default();
        subjects.kinds.list = self.subject_kinds.iter().map(|kind| kind.id.clone()).collect();
        subjects.areas.list = self.areas.clone();
        subjects.industries.list = industries();
        let mut weight_so_far = start.weight;
        let mut values = Vec::new();
        for subject in first..last {
            let mut dice = Dice::new(self.size.seed, subject);
            let about = self.subject(subject, &mut dice, &mut subjects);
            let from = self.records_of(weight_so_far);
            weight_so_far += u128::from(weight(self.size.seed, subject));
            for record in from..self.records_of(weight_so_far) {
                let Some((ix, kind)) = about.and_then(|about| about.draw(&mut dice)).and_then(|ix| Some((ix, self.pack.record_kind(ix)?)))
                else {
                    continue;
                };
                let Some(columns) = kinds.get_mut(&ix) else { continue };
                let day = self.day(&mut dice);
                self.values(kind, day, &mut dice, &mut values);
                columns.subject.push(number(subject));
                columns.record.push(i64::try_from(record).unwrap_or(i64::MAX).saturating_add(1));
                columns.day.push(short(day));
                columns.class.push(class_of(kind, &values).filter(|_| kind.nature == Nature::Adverse).and_then(class_number));
                for (field, cells) in &mut columns.fields {
                    cells.push(values.get(field.0).copied().flatten());
                }
            }
        }
        writer.partition(index, &subjects, &kinds)
    }

    /// Draws who a subject is.
    fn subject(&self, subject: u64, dice: &mut Dice, columns: &mut SubjectColumns) -> Option<&KindOfSubject> {
        let kind = dice.early(self.subject_kinds.len());
        columns.numbers.push(number(subject));
        columns.kinds.cells.push(u32::try_from(kind).ok());
        let village = dice.early(usize::try_from(TOWNSHIPS * VILLAGES).unwrap_or(1));
        // A few are known to the county only, a few to nobody.
        let area = match dice.below(100) {
            0..3 => None,
            3 => Some(0),
            _ => Some(village + 1),
        };
        columns.areas.cells.push(area.and_then(|area| u32::try_from(area).ok()));
        let industry = dice.early(columns.industries.list.len());
        columns.industries.cells.push((dice.below(1000) >= EMPTY).then(|| u32::try_from(industry).ok()).flatten());
        columns.codes.push(Some(format!("SYN{subject:015}").into()));
        self.subject_kinds.get(kind)
    }

    /// Of the last years, the recent ones more often.
    fn day(&self, dice: &mut Dice) -> i64 {
        if dice.below(1000) < LATER {
            return self.through + 1 + signed(dice.below(u64::from(LATER_DAYS.unsigned_abs())));
        }
        let span = u64::from(SPAN_DAYS.unsigned_abs());
        self.through - signed(dice.below(span).min(dice.below(span + span / 2)))
    }

    /// Draws every field that rules may read, as rules see it.
    fn values(&self, kind: &RecordKind, day: i64, dice: &mut Dice, values: &mut Vec<Option<i64>>) {
        values.clear();
        values.resize(kind.fields.len(), None);
        for (place, (field, slot)) in kind.fields.iter().zip(values).enumerate() {
            let drawn = match &field.kind {
                FieldKind::Choice(choices) => Some(signed(wide(dice.early(choices.values.len())))),
                FieldKind::Choices(choices) => Some(several(choices, dice)),
                FieldKind::Integer { min, max } => Some(between(*min, *max, dice)),
                FieldKind::Money(_) => Some(amount(dice)),
                FieldKind::Day { future } => {
                    let related = self.related(kind, FieldIx(place), day, dice);
                    related.map(|related| if *future { related } else { related.min(day.max(self.through)) })
                }
                FieldKind::Text | FieldKind::Uscc | FieldKind::OrgCode | FieldKind::PersonNumber => continue,
            };
            let filled = matches!(field.need, Need::Required) || dice.below(1000) >= EMPTY;
            *slot = drawn.filter(|_| filled);
        }
    }

    /// A day that belongs to a record of `day`: the day itself, the ends of its time on a list, or some day after it.
    fn related(&self, kind: &RecordKind, field: FieldIx, day: i64, dice: &mut Dice) -> Option<i64> {
        let listed = kind.list.as_ref();
        if kind.roles.document_date == Some(field) || listed.is_some_and(|list| list.from == field) {
            return Some(day);
        }
        let (least, most) = RELATED_DAYS;
        let later = day + i64::from(least) + signed(dice.below(u64::from(most.unsigned_abs())));
        let gone = later <= self.through || dice.below(10) == 0;
        (listed.is_none_or(|list| list.until != Some(field)) || gone).then_some(later)
    }

    /// Nearly everything is reported for the whole county, some kinds not by some townships, a few not at all or not lately.
    fn coverage(&self) -> Vec<CoverageRow> {
        let from = self.size.through.plus_months(-12 * (YEARS + 1));
        let mut rows = Vec::new();
        for (place, kind) in self.pack.record_kinds.iter().enumerate() {
            let mut dice = Dice::new(self.size.seed ^ u64::MAX, wide(place));
            let row =
                |area: Option<AreaCode>, until: Day| CoverageRow { area, kind: kind.id.clone(), span: Span { from, until: Some(until) } };
            match dice.below(20) {
                // Nobody reports it.
                0 if place > 0 => {}
                // It ended a year ago.
                1 if place > 0 => rows.push(row(None, self.size.through.plus_months(-12))),
                2..6 => {
                    let silent = dice.below(TOWNSHIPS);
                    let reporting = (0..TOWNSHIPS).filter(|town| *town != silent && *town != (silent + 5) % TOWNSHIPS);
                    rows.extend(reporting.map(|town| row(township(&self.size.area, town), self.size.through)));
                }
                6 | 7 => rows.push(row(None, self.size.through)),
                _ => rows.push(row(Some(self.size.area.clone()), self.size.through)),
            }
        }
        rows
    }
}

impl KindOfSubject {
    fn draw(&self, dice: &mut Dice) -> Option<KindIx> {
        let (all, _) = self.kinds.last()?;
        let at = dice.below(*all);
        self.kinds.iter().find(|(sum, _)| at < *sum).map(|(_, kind)| *kind)
    }
}

/// How often a kind is met: the first ones of a catalogue most, lists seldom.
fn often(place: usize, kind: &RecordKind) -> u64 {
    let weight = 8_000 / (wide(place) + 2);
    if kind.list.is_some() { weight / 8 + 1 } else { weight + 1 }
}

/// How many records a subject has against others: one over a number drawn evenly, as in every register that was ever counted.
fn weight(seed: u64, subject: u64) -> u64 {
    let mut dice = Dice::new(!seed, subject);
    SPREAD * 16 / (1 + dice.below(SPREAD))
}

fn several(choices: &Choices, dice: &mut Dice) -> i64 {
    let many = choices.values.len().min(62);
    (0..=dice.below(3)).fold(0, |set, _| set | 1 << dice.early(many))
}

/// Near the lower end most of the time.
fn between(min: i64, max: i64, dice: &mut Dice) -> i64 {
    let span = max.abs_diff(min);
    let reach = if dice.below(10) < 8 { span / 16 } else { span };
    min.saturating_add(signed(dice.below(reach.saturating_add(1)))).min(max)
}

/// Amounts of every magnitude, in round numbers.
fn amount(dice: &mut Dice) -> i64 {
    let tens = u32::try_from(dice.below(6)).unwrap_or(0);
    let round = 10_000 * 10_i64.pow(tens);
    (signed(1 + dice.below(50)) * round / 5).min(Fen::MAX.0)
}

fn empty(kind: &RecordKind) -> RecordColumns {
    let fields = kind.fields.iter().enumerate().filter_map(|(place, field)| Some((FieldIx(place), FieldCells::of(&field.kind)?)));
    RecordColumns { class: Cells::default(), fields: fields.collect(), ..RecordColumns::default() }
}

fn township(county: &AreaCode, town: u64) -> Option<AreaCode> {
    AreaCode::parse(&format!("{county}{}", 101 + town))
}

/// The county, then every village of every township.
fn areas(county: &AreaCode) -> Vec<Bytes> {
    let villages = (0..TOWNSHIPS * VILLAGES).map(|place| format!("{county}{}{}", 101 + place % TOWNSHIPS, 201 + place / TOWNSHIPS));
    std::iter::once(county.to_string()).chain(villages).map(Bytes::from).collect()
}

fn industries() -> Vec<Bytes> {
    ('A'..='T').flat_map(|letter| (1..=3).map(move |number| format!("{letter}{number:02}"))).map(Bytes::from).collect()
}

/// Numbers of an office have gaps where persons and departments stand between the organisations.
fn number(subject: u64) -> i64 {
    signed(1 + subject + subject / 63)
}

fn class_number(class: Class) -> Option<u8> {
    u8::try_from(class.number()).ok()
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn wide(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

fn short(day: i64) -> i32 {
    i32::try_from(day).unwrap_or(0)
}
