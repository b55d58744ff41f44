//! `xinzhi columns`: what an office knows at a position as a table set, for programs that have no office.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::ExitCode;

use indicatif::ProgressBar;
use xinzhi_columnar::{RecordColumns, SetHead, SetWriter, SubjectColumns};
use xinzhi_core::SubjectId;
use xinzhi_core::journal::Position;
use xinzhi_office::Office;
use xinzhi_office::projection::{self as held, Ground, HeldSubject};
use xinzhi_rules::model::KindIx;

use crate::arguments::Columns;
use crate::door;
use crate::projection::{CHUNK, SPAN, columns};

pub fn run(arguments: &Columns) -> anyhow::Result<ExitCode> {
    let office = door::open_to_read(&arguments.place)?;
    let ground = held::ground(&office, &Office::operator(), arguments.known.map(Position))?;
    let writer = SetWriter::begin(&arguments.out, &ground.pack)?;
    let bar = ProgressBar::new(u64::try_from(ground.last.0)?);
    let (mut notes, mut part) = (Vec::new(), Part::default());
    let (mut after, mut subjects) = (0, 0);
    while after < ground.last.0 {
        let last = (after + CHUNK).min((after / SPAN + 1) * SPAN).min(ground.last.0);
        for subject in held::held(&office, &ground, (SubjectId(after), SubjectId(last)))? {
            part.add(&ground, &subject);
        }
        if (last % SPAN == 0 || last == ground.last.0) && !part.subjects.numbers.is_empty() {
            subjects += part.subjects.numbers.len();
            notes.push(writer.partition(notes.len(), &part.subjects, &part.kinds)?);
            part = Part::default();
        }
        bar.set_position(u64::try_from(last)?);
        after = last;
    }
    // What was reported of kinds that only earlier packs had means nothing to whoever reads the set by this one.
    let known = |kind: &str| ground.pack.record_kinds.iter().any(|known| known.id == kind);
    let covered = held::covered(&office, &ground)?.into_iter().filter(|row| row.stay.until.is_none() && known(&row.kind));
    let coverage = columns::coverage(&covered.collect::<Vec<_>>()).columns;
    let digest = writer.finish(&SetHead { position: Some(ground.position.0), coverage }, notes)?;
    bar.finish_and_clear();
    crate::say::of(Some(&arguments.out), |said| {
        writeln!(said, "{}\t{subjects} 个主体，账簿第 {} 笔，摘要 {digest}", arguments.out.display(), ground.position.0)
    })?;
    Ok(ExitCode::SUCCESS)
}

/// A partition being put together.
#[derive(Default)]
struct Part {
    subjects: SubjectColumns,
    kinds: BTreeMap<KindIx, RecordColumns>,
}

impl Part {
    /// A subject with what holds at the position. One of whom no place is known lies somewhere in the office: a set can say so only by its area.
    fn add(&mut self, ground: &Ground, subject: &HeldSubject) {
        let described = subject.described.last();
        let area = described.and_then(|described| described.area.as_deref()).unwrap_or(ground.area.as_str());
        self.subjects.numbers.push(subject.subject.0);
        self.subjects.kinds.push_text(Some(&subject.kind));
        self.subjects.areas.push_text(Some(area));
        self.subjects.industries.push_text(described.and_then(|described| described.industry.as_deref()));
        self.subjects.codes.push_text(subject.code.as_deref());
        for held in subject.facts.iter().filter(|held| held.stay.until.is_none()) {
            let Some(kind) = ground.pack.record_kind(held.fact.kind) else { continue };
            self.kinds.entry(held.fact.kind).or_insert_with(|| RecordColumns::of(kind)).push(subject.subject.0, &held.fact);
        }
    }
}
