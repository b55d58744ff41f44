//! A result as Arrow: the columns of a standings file, in its order, of its types, with its words beside them.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{ArrayRef, BooleanArray, Int32Array, Int64Array, RecordBatch, RecordBatchIterator};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use xinzhi_columnar::Standings;
use xinzhi_columnar::cells::Cells;
use xinzhi_columnar::schema::Content;
use xinzhi_columnar::standings::{REASONS, shapes};
use xinzhi_rules::model::{Pack, Scorecard};

/// What a result is made of besides its rows.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) schema: SchemaRef,
    kinds: Vec<String>,
    grades: Vec<String>,
}

impl Frame {
    pub(crate) fn new(pack: &Pack, card: &Scorecard, words: Vec<(String, String)>) -> Frame {
        let field = |shape: xinzhi_columnar::schema::Shape| {
            let found = match shape.content {
                Content::Number => DataType::Int64,
                Content::Small => DataType::Int32,
                Content::Day => DataType::Date32,
                Content::Word | Content::Words => DataType::Utf8,
                Content::Flag => DataType::Boolean,
            };
            Field::new(shape.name, found, !shape.required)
        };
        let fields: Vec<Field> = shapes(card).into_iter().map(field).collect();
        Frame {
            schema: Arc::new(Schema::new_with_metadata(fields, words.into_iter().collect::<HashMap<_, _>>())),
            kinds: pack.subject_kinds.iter().map(|kind| kind.id.clone()).collect(),
            grades: card.grades.iter().map(|grade| grade.name.clone()).collect(),
        }
    }

    /// The rows of a partition.
    pub(crate) fn batch(&self, rows: &Standings) -> Result<RecordBatch, ArrowError> {
        let named = |list: &[String], at: Option<usize>| at.and_then(|at| list.get(at)).cloned();
        let text = |word: Option<&[u8]>| word.map(|word| String::from_utf8_lossy(word).into_owned());
        let reason = |row: usize| rows.reasons.at(row).and_then(|at| REASONS.get(usize::from(at))).map(|(word, _)| (*word).to_owned());
        let words = |word: &dyn Fn(usize) -> Option<String>| -> ArrayRef {
            let mut out = StringBuilder::with_capacity(rows.len(), rows.len() * 8);
            (0..rows.len()).for_each(|row| out.append_option(word(row)));
            Arc::new(out.finish())
        };
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(Int64Array::from_iter_values(rows.subjects.iter().copied())),
            words(&|row| text(rows.code(row))),
            words(&|row| named(&self.kinds, rows.kind(row))),
            words(&|row| text(rows.area(row))),
            words(&reason),
            numbers(&rows.points),
            words(&|row| named(&self.grades, rows.grade(row))),
            Arc::new(BooleanArray::from(rows.forced.clone())),
            Arc::new(Int32Array::from_iter_values(rows.assessed.iter().copied())),
            numbers(&rows.amounts),
        ];
        columns.extend(rows.dimensions.iter().map(numbers));
        RecordBatch::try_new(self.schema.clone(), columns)
    }
}

fn numbers(cells: &Cells<i64>) -> ArrayRef {
    Arc::new(Int64Array::from_iter((0..cells.values.len()).map(|row| cells.at(row))))
}

/// Rows of a result; read by whoever reads an Arrow stream.
#[pyclass(frozen, module = "xinzhi")]
pub(crate) struct Rows {
    pub(crate) schema: SchemaRef,
    pub(crate) batches: Vec<RecordBatch>,
}

#[pymethods]
impl Rows {
    fn __len__(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    /// The Arrow PyCapsule interface. The reader may ask for another schema; it gets this one, as the interface allows.
    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_stream__<'py>(&self, py: Python<'py>, requested_schema: Option<Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyCapsule>> {
        drop(requested_schema);
        let batches: Vec<Result<RecordBatch, ArrowError>> = self.batches.iter().cloned().map(Ok).collect();
        let reader = RecordBatchIterator::new(batches, self.schema.clone());
        PyCapsule::new_with_value(py, FFI_ArrowArrayStream::new(Box::new(reader)), c"arrow_array_stream")
    }
}
