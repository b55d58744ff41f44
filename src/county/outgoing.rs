//! One department file: rows go in clean, come out with the planted defects, and are counted.

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};

use xinzhi_core::{Day, Span};

use super::Delivery;
use super::defects::{Defect, Places, Planted, Planting};
use super::dice::{Dice, Stream};
use super::layout::{COLLECTED, Layout};
use super::organs::Organ;
use super::sheet::{Format, Row, Sheet, WORKBOOK_ROWS_MAX};

/// How a department writes the days of its documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DayStyle {
    /// `2026-03-01`.
    Dashes,
    /// `2026/3/1`, as spreadsheets write it on saving.
    Slashes,
    /// `20260301`.
    Digits,
}

impl DayStyle {
    fn write(self, day: Day) -> String {
        let (year, month, date) = (day.year(), day.month(), day.day_of_month());
        match self {
            DayStyle::Dashes => day.to_string(),
            DayStyle::Slashes => format!("{year}/{month}/{date}"),
            DayStyle::Digits => format!("{year:04}{month:02}{date:02}"),
        }
    }
}

/// How a department keeps a file.
#[derive(Clone, Copy, Debug)]
pub struct Habit {
    pub layout: &'static Layout,
    pub supplier: Organ,
    pub format: Format,
    /// Whether the headers are Chinese words instead of field codes.
    pub in_words: bool,
    /// Whether a column says when each row was collected.
    pub stamped: bool,
    pub days: DayStyle,
}

impl Habit {
    /// A workbook that would be too long is saved as CSV instead.
    pub fn for_rows(self, rows: usize) -> Habit {
        let too_long = self.format == Format::Xlsx && rows > WORKBOOK_ROWS_MAX;
        Habit { format: if too_long { Format::Utf8Mark } else { self.format }, ..self }
    }

    /// Which defects its file can have.
    pub fn fits(self, defect: Defect) -> bool {
        defect.fits(&self.layout.roles, self.format == Format::Gbk)
    }
}

/// A file being filled.
#[derive(Debug)]
pub struct Outgoing {
    habit: Habit,
    path: PathBuf,
    sheet: Sheet,
    planting: Planting,
    next: usize,
    due: Vec<Defect>,
    places: Places,
    dice: Dice,
    through: Day,
    seen: usize,
    first: Option<Row>,
    added: Vec<Row>,
    rows: usize,
    planted: Planted,
}

/// Where and under which seed files are written.
#[derive(Clone, Copy, Debug)]
pub struct Desk<'a> {
    pub out: &'a Path,
    pub seed: u64,
    pub through: Day,
}

impl Outgoing {
    /// Opens `stem` with the ending of the format, in the folder of the desk.
    pub fn open(desk: Desk<'_>, stem: &str, habit: Habit, planting: Planting) -> io::Result<Outgoing> {
        let path = desk.out.join(format!("{stem}.{}", habit.format.ending()));
        Outgoing::open_at(desk, path, habit, planting)
    }

    /// Opens the file and writes the header.
    pub fn open_at(desk: Desk<'_>, path: PathBuf, habit: Habit, planting: Planting) -> io::Result<Outgoing> {
        let mut sheet = Sheet::create(&path, habit.format)?;
        let extra = habit.stamped.then_some(&COLLECTED);
        let header = |(code, words): &(&'static str, &'static str)| if habit.in_words { *words } else { *code };
        sheet.row(&habit.layout.columns.iter().chain(extra).map(header).collect::<Vec<_>>())?;
        let stem = path.file_stem().unwrap_or_default().as_encoded_bytes();
        let salt = stem.iter().fold(0_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(*byte)));
        Ok(Outgoing {
            habit,
            path,
            sheet,
            planting,
            next: 0,
            due: Vec::new(),
            places: Places::of(habit.layout),
            dice: Dice::new(desk.seed, Stream::Defects, salt >> 8),
            through: desk.through,
            seen: 0,
            first: None,
            added: Vec::new(),
            rows: 0,
            planted: Planted::new(),
        })
    }

    /// Takes a clean row of a document of `day`.
    pub fn put(&mut self, mut row: Row, day: Day) -> io::Result<()> {
        if self.habit.days != DayStyle::Dashes {
            self.places.write_day(&mut row, self.habit.days.write(day));
        }
        if self.habit.stamped {
            row.push(Cow::Owned(self.collected(day).to_string()));
        }
        while let Some((_, defect)) = self.planting.at.get(self.next).filter(|(at, _)| *at <= self.seen) {
            self.due.push(*defect);
            self.next += 1;
        }
        if self.first.is_none() && self.planting.added > 0 {
            self.first = Some(row.clone());
        }
        self.spoil_one(&mut row);
        self.seen += 1;
        self.emit(&row)
    }

    /// Gives the row the first due defect that it can have.
    fn spoil_one(&mut self, row: &mut Row) {
        for place in 0..self.due.len() {
            let Some(defect) = self.due.get(place).copied() else { break };
            let mut copy = defect.adds_a_row().then(|| row.clone());
            let target = copy.as_mut().unwrap_or(row);
            if self.places.spoil(defect, target, &mut self.dice, self.through) {
                self.added.extend(copy);
                self.due.remove(place);
                self.count(defect.name());
                return;
            }
        }
    }

    /// When the row reached the platform: mostly within a working week, sometimes far too late.
    fn collected(&mut self, day: Day) -> Day {
        let is_late = self.dice.chance(80);
        let days = if is_late { self.dice.between(16, 60) } else { self.dice.between(0, 6) };
        let arrived = day.plus_days(i32::try_from(days).unwrap_or(0));
        if is_late && arrived <= self.through {
            self.count("late-report");
        }
        arrived.min(self.through)
    }

    /// Counts something that a reader of the file may want to find again.
    pub fn count(&mut self, what: &'static str) {
        *self.planted.entry(what).or_default() += 1;
    }

    fn emit(&mut self, row: &Row) -> io::Result<()> {
        self.rows += 1;
        self.sheet.row(row)
    }

    /// Appends the added rows and closes the file.
    pub fn finish(mut self, covers: Option<Span>) -> io::Result<Delivery> {
        // A correction that found no row to contradict becomes a repetition, so that the file keeps its promised length.
        let missing = self.planting.added.saturating_sub(self.added.len());
        let spare = self.first.take();
        for row in spare.iter().cycle().take(missing) {
            self.added.push(row.clone());
            self.count(Defect::DuplicateRow.name());
        }
        for row in std::mem::take(&mut self.added) {
            self.emit(&row)?;
        }
        self.sheet.finish()?;
        let Outgoing { habit, path, rows, planted, .. } = self;
        Ok(Delivery { path, source: habit.layout.source, supplier: habit.supplier.name(), covers, rows, planted })
    }
}
