//! A scorecard of a pack on a day, compiled once, asked many times: over a table set, one partition of it, or tables in memory. The
//! interpreter is let go of while it runs.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::RecordBatch;
use pyo3::prelude::*;
use self_cell::self_cell;
use xinzhi_columnar::schema;
use xinzhi_columnar::{Fault, HeldPart, HeldTable, Pin, Reported, Run, Standings, StandingsWriter, TableSet};
use xinzhi_core::Day;
use xinzhi_rules::model::{self, ScorecardIx};

use crate::cut::Whole;
use crate::give::{Frame, Rows};
use crate::take::Taken;
use crate::{pack, refused};

self_cell!(
    struct Compiled {
        owner: Arc<model::Pack>,

        #[covariant]
        dependent: Run,
    }
);

/// A table set that is open, and what is run over it.
struct Opened<'p> {
    set: TableSet<'p>,
    run: Run<'p>,
}

self_cell!(
    struct OpenSet {
        owner: Arc<model::Pack>,

        #[covariant]
        dependent: Opened,
    }
);

/// A compiled scorecard.
#[pyclass(frozen, module = "xinzhi")]
pub(crate) struct Evaluator {
    compiled: Compiled,
    card: ScorecardIx,
    as_of: Day,
    frame: Arc<Frame>,
}

#[pymethods]
impl Evaluator {
    #[new]
    fn new(pack: &pack::Pack, scorecard: &str, as_of: &str) -> PyResult<Evaluator> {
        let pack = Arc::clone(&pack.pack);
        let as_of = Day::parse(as_of).map_err(|fault| refused(format!("as_of `{as_of}` {fault}")))?;
        let ids = || pack.scorecards.iter().map(|card| card.id.as_str()).collect::<Vec<_>>().join("、");
        let (card, found) =
            pack.scorecard_by_id(scorecard).ok_or_else(|| refused(format!("规则包中没有评价模型 `{scorecard}`，可用的有：{}", ids())))?;
        // No set stands behind tables in memory.
        let pin = Pin { pack: &pack, card: found, as_of, position: None, tables: None };
        let frame = Arc::new(Frame::new(&pack, found, pin.said()));
        let compiled = Compiled::try_new(Arc::clone(&pack), |pack| Run::alone(pack, card, as_of)).map_err(refused)?;
        Ok(Evaluator { compiled, card, as_of, frame })
    }

    /// The columns that are read of each record kind: names and types, by id of the kind.
    #[getter]
    fn columns(&self) -> BTreeMap<&str, Vec<(String, &'static str)>> {
        let needs = self.compiled.borrow_dependent().needs().into_iter();
        needs.map(|(kind, shapes)| (kind, shapes.into_iter().map(|shape| (shape.name, shape.content.name())).collect())).collect()
    }

    /// No rows, for their schema.
    fn nothing(&self) -> Rows {
        Rows { schema: self.frame.schema.clone(), batches: Vec::new() }
    }

    /// Evaluates tables in memory, each of which offers an Arrow stream: the subjects and the coverage, then by kind the records; none
    /// for a kind of which nobody has a record.
    fn evaluate(
        &self,
        py: Python<'_>,
        envelope: (Bound<'_, PyAny>, Bound<'_, PyAny>),
        kinds: BTreeMap<String, Option<Bound<'_, PyAny>>>,
        threads: usize,
    ) -> PyResult<Rows> {
        let (subjects, coverage) = envelope;
        let pack = self.compiled.borrow_owner();
        if let Some(stranger) = kinds.keys().find(|id| !pack.record_kinds.iter().any(|kind| kind.id == **id)) {
            return Err(refused(format!("规则包 {} 没有信息种类 `{stranger}`，请核对传入的表名", pack.id)));
        }
        let run = self.compiled.borrow_dependent();
        // What the scorecard does not read need not be looked at.
        let needs: BTreeMap<&str, Vec<schema::Shape>> = run.needs().into_iter().collect();
        let kinds = kinds.iter().filter(|(id, _)| needs.contains_key(id.as_str()));
        let take = |(id, table): (&String, &Option<Bound<'_, PyAny>>)| -> PyResult<(String, Option<Taken>)> {
            Ok((id.clone(), table.as_ref().map(Taken::from_python).transpose()?))
        };
        let whole = Whole { subjects: Taken::from_python(&subjects)?, kinds: kinds.map(take).collect::<PyResult<_>>()? };
        let coverage = Taken::from_python(&coverage)?;
        py.detach(|| {
            let reported = Reported::held(&coverage.held("coverage", &schema::coverage()), pack)?;
            let parts = whole.cut();
            let make = |index: usize| Ok(parts.get(index).map_or_else(nobody, |part| held(part, &needs)));
            let mut batches = Vec::with_capacity(parts.len());
            run.over_held((parts.len(), threads), &reported, make, |rows| self.frame.take(&rows, &mut batches))?;
            Ok(batches)
        })
        .map(|batches| Rows { schema: self.frame.schema.clone(), batches })
        .map_err(|fault: Fault| refused(fault))
    }

    /// Opens a table set.
    fn open(&self, py: Python<'_>, directory: PathBuf) -> PyResult<Tables> {
        py.detach(|| {
            let opened = OpenSet::try_new(Arc::clone(self.compiled.borrow_owner()), |pack| {
                let set = TableSet::open(&directory, pack)?;
                let run = Run::compile(&set, self.card, self.as_of)?;
                Ok::<_, Fault>(Opened { set, run })
            })?;
            Ok(Tables::new(opened, self.card, self.as_of))
        })
        .map_err(|fault: Fault| refused(fault))?
        .ok_or_else(|| refused("规则包中没有该评价模型，请重新装载规则包"))
    }
}

/// A table set that is open for one scorecard and day.
#[pyclass(frozen, module = "xinzhi")]
pub(crate) struct Tables {
    opened: OpenSet,
    card: ScorecardIx,
    as_of: Day,
    frame: Frame,
}

#[pymethods]
impl Tables {
    /// How many partitions it has.
    #[getter]
    fn partitions(&self) -> usize {
        self.opened.borrow_dependent().set.partitions()
    }

    /// SHA-256 of its `tables.json`, in hexadecimal.
    #[getter]
    fn digest(&self) -> Option<String> {
        self.opened.borrow_dependent().set.digest().map(|digest| digest.to_string())
    }

    /// Whether it was made by this very version of the pack.
    #[getter]
    fn same_pack(&self) -> bool {
        self.opened.borrow_dependent().set.same_pack()
    }

    /// Evaluates the whole set.
    fn evaluate(&self, py: Python<'_>, threads: usize) -> PyResult<Rows> {
        let Opened { set, run } = self.opened.borrow_dependent();
        py.detach(|| {
            let mut batches = Vec::with_capacity(set.partitions());
            run.over(set, threads, |rows| self.frame.take(&rows, &mut batches))?;
            Ok(batches)
        })
        .map(|batches| Rows { schema: self.frame.schema.clone(), batches })
        .map_err(|fault: Fault| refused(fault))
    }

    /// Evaluates one partition.
    fn partition(&self, py: Python<'_>, index: usize) -> PyResult<Rows> {
        let Opened { set, run } = self.opened.borrow_dependent();
        py.detach(|| {
            let mut batches = Vec::with_capacity(1);
            self.frame.take(&run.partition(set, index)?, &mut batches)?;
            Ok(batches)
        })
        .map(|batches| Rows { schema: self.frame.schema.clone(), batches })
        .map_err(|fault: Fault| refused(fault))
    }

    /// Evaluates some partitions into a standings file, which must not be there yet, and says how many rows it has.
    fn write(&self, py: Python<'_>, partitions: Vec<usize>, out: PathBuf) -> PyResult<usize> {
        let Opened { set, run } = self.opened.borrow_dependent();
        let pack = self.opened.borrow_owner();
        let Some(card) = pack.scorecard(self.card) else {
            return Err(refused("规则包中没有该评价模型，请重新装载规则包"));
        };
        let pin = Pin { pack, card, as_of: self.as_of, position: set.manifest().position, tables: set.digest() };
        py.detach(|| {
            let mut writer = StandingsWriter::begin(&out, &pin)?;
            let mut rows = 0;
            for index in partitions {
                let standings = run.partition(set, index)?;
                writer.append(&standings)?;
                rows += standings.len();
            }
            writer.finish()?;
            Ok(rows)
        })
        .map_err(|fault: Fault| refused(fault))
    }
}

impl Tables {
    fn new(opened: OpenSet, card: ScorecardIx, as_of: Day) -> Option<Tables> {
        let pack = opened.borrow_owner();
        let found = pack.scorecard(card)?;
        let set = &opened.borrow_dependent().set;
        let pin = Pin { pack, card: found, as_of, position: set.manifest().position, tables: set.digest() };
        let frame = Frame::new(pack, found, pin.said());
        Some(Tables { opened, card, as_of, frame })
    }
}

impl Frame {
    fn take(&self, rows: &Standings, batches: &mut Vec<RecordBatch>) -> Result<(), Fault> {
        let batch = self
            .batch(rows)
            .map_err(|fault| Fault::Held { table: "result".to_owned(), what: format!("无法写成 Arrow（{fault}）") })?;
        batches.push(batch);
        Ok(())
    }
}

fn held(part: &Whole, needs: &BTreeMap<&str, Vec<schema::Shape>>) -> HeldPart {
    let wanted = |id: &str| needs.get(id).map_or(&[][..], Vec::as_slice);
    let kinds = part.kinds.iter().map(|(id, table)| (id.clone(), table.as_ref().map(|table| table.held(id, wanted(id)))));
    HeldPart { subjects: part.subjects.held("subjects", &schema::subjects()), kinds: kinds.collect() }
}

/// For a part that is not there, which nobody asks for.
fn nobody() -> HeldPart {
    let subjects = HeldTable { name: "subjects".to_owned(), columns: Vec::new(), pieces: Vec::new() };
    HeldPart { subjects, kinds: BTreeMap::new() }
}
