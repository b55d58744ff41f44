//! From Arrow to what the kernel's room reads: cells as a page of a file has them. An `int64` or `date32` column without nulls is
//! handed on where it lies; a word is copied once, one of a dictionary once for all its rows. What a null slot holds is never looked at.

use arrow_array::cast::AsArray;
use arrow_array::ffi_stream::{FFI_ArrowArrayStream, RecordBatchStreamReader};
use arrow_array::types::{Date32Type, Int64Type};
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType, PrimitiveArray, RecordBatch, RecordBatchReader};
use arrow_buffer::{Buffer, NullBuffer};
use arrow_schema::{ArrowError, DataType, SchemaRef};
use bytes::Bytes;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use xinzhi_columnar::schema::{Content, Shape};
use xinzhi_columnar::{HeldCells, HeldPiece, HeldTable, HeldType};

use crate::refused;

/// An Arrow table.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    pub(crate) schema: SchemaRef,
    pub(crate) batches: Vec<RecordBatch>,
}

impl Taken {
    /// Reads whatever offers an Arrow stream.
    pub(crate) fn from_python(object: &Bound<'_, PyAny>) -> PyResult<Taken> {
        let capsule = object.call_method0("__arrow_c_stream__")?.cast_into::<PyCapsule>()?;
        let pointer = capsule.pointer_checked(Some(c"arrow_array_stream"))?;
        // SAFETY: a capsule of this name holds such a struct, properly made and aligned (the Arrow PyCapsule interface says so), and
        // nobody else reads it: taking it over leaves a released stream behind, as the interface asks.
        let stream = unsafe { FFI_ArrowArrayStream::from_raw(pointer.as_ptr().cast()) };
        Taken::from_stream(stream).map_err(|fault| refused(format!("传入的数据不是可读的 Arrow 表（{fault}），请核对")))
    }

    fn from_stream(stream: FFI_ArrowArrayStream) -> Result<Taken, ArrowError> {
        let reader = RecordBatchStreamReader::try_new(stream)?;
        Ok(Taken { schema: reader.schema(), batches: reader.collect::<Result<_, _>>()? })
    }

    /// The table as its reader wants it: of all columns the types, of the wanted ones the cells.
    pub(crate) fn held(&self, name: &str, wanted: &[Shape]) -> HeldTable {
        let fields = self.schema.fields();
        let columns = fields.iter().map(|field| (field.name().clone(), held_type(field.data_type()))).collect::<Vec<_>>();
        let read = |(name, found): &(String, HeldType)| match found {
            HeldType::Other(_) => None,
            HeldType::Nothing => wanted.iter().find(|shape| shape.name == *name).map(|shape| shape.content),
            HeldType::Content(content) => wanted.iter().any(|shape| shape.name == *name && shape.content == *content).then_some(*content),
        };
        let read: Vec<Option<Content>> = columns.iter().map(read).collect();
        let piece = |batch: &RecordBatch| HeldPiece {
            rows: batch.num_rows(),
            cells: batch.columns().iter().zip(&read).map(|(array, content)| content.and_then(|content| cells(array, content))).collect(),
        };
        HeldTable { name: name.to_owned(), columns, pieces: self.batches.iter().map(piece).collect() }
    }
}

/// What the kernel's room calls a type of Arrow.
fn held_type(found: &DataType) -> HeldType {
    match found {
        DataType::Null => HeldType::Nothing,
        DataType::Int64 => HeldType::Content(Content::Number),
        DataType::Date32 => HeldType::Content(Content::Day),
        found if is_word(found) => HeldType::Content(Content::Word),
        DataType::List(element) | DataType::LargeList(element)
            if is_word(element.data_type()) || *element.data_type() == DataType::Null =>
        {
            HeldType::Content(Content::Words)
        }
        other => HeldType::Other(other.to_string()),
    }
}

fn is_word(found: &DataType) -> bool {
    match found {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, value) => matches!(**value, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View),
        _ => false,
    }
}

/// None where the array is not what its type says, which its reader then tells.
fn cells(array: &ArrayRef, content: Content) -> Option<HeldCells> {
    if *array.data_type() == DataType::Null {
        return Some(HeldCells { known: Some(vec![0; array.len()]), ..HeldCells::default() });
    }
    match content {
        Content::Number => numbers(array.as_primitive_opt::<Int64Type>()?, |value| value.to_le_bytes()),
        Content::Day => numbers(array.as_primitive_opt::<Date32Type>()?, |value| value.to_le_bytes()),
        Content::Word => {
            let known = known(array.logical_nulls().as_ref(), array.len());
            let words = words(array, filled(known.as_deref(), array.len()))?;
            Some(HeldCells { known, ..words })
        }
        Content::Words => match array.data_type() {
            DataType::List(_) => lists(array, array.as_list_opt::<i32>()?.offsets().inner(), array.as_list_opt::<i32>()?.values()),
            _ => lists(array, array.as_list_opt::<i64>()?.offsets().inner(), array.as_list_opt::<i64>()?.values()),
        },
        Content::Small | Content::Flag => None,
    }
}

/// 1 where a row is filled; none where all are.
fn known(nulls: Option<&NullBuffer>, rows: usize) -> Option<Vec<u8>> {
    let nulls = nulls.filter(|nulls| nulls.null_count() > 0 && nulls.len() == rows)?;
    Some(nulls.iter().map(u8::from).collect())
}

/// The filled rows.
fn filled(known: Option<&[u8]>, rows: usize) -> Vec<usize> {
    match known {
        None => (0..rows).collect(),
        Some(known) => (0..rows).zip(known).filter(|(_, known)| **known == 1).map(|(row, _)| row).collect(),
    }
}

/// Memory of Arrow, lent as bytes.
struct Lent(Buffer);

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        self.0.as_slice()
    }
}

fn numbers<T: ArrowPrimitiveType, const WIDTH: usize>(
    array: &PrimitiveArray<T>,
    bytes: impl Fn(T::Native) -> [u8; WIDTH],
) -> Option<HeldCells> {
    let known = known(array.nulls(), array.len());
    let Some(mask) = &known else {
        let plain = Bytes::from_owner(Lent(array.values().inner().clone()));
        return Some(HeldCells { plain, entries: array.len(), ..HeldCells::default() });
    };
    let cells = array.values().iter().zip(mask).filter(|(_, known)| **known == 1);
    let plain: Vec<u8> = cells.flat_map(|(value, _)| bytes(*value)).collect();
    Some(HeldCells { entries: plain.len() / WIDTH, plain: plain.into(), known, ..HeldCells::default() })
}

/// The words of some rows, none of which is null. Of a dictionary only the words that occur, since what is left in one after
/// a selection is nobody's value.
fn words(array: &ArrayRef, rows: Vec<usize>) -> Option<HeldCells> {
    let Some(dictionary) = array.as_any_dictionary_opt() else {
        let (plain, entries) = plain(array, &rows)?;
        return Some(HeldCells { plain, entries, ..HeldCells::default() });
    };
    if rows.is_empty() {
        return Some(HeldCells::default());
    }
    let keys = dictionary.normalized_keys();
    let mut places: Vec<Option<u32>> = vec![None; dictionary.values().len()];
    let (mut used, mut positions) = (Vec::new(), Vec::with_capacity(rows.len()));
    for row in rows {
        let key = *keys.get(row)?;
        let place = places.get_mut(key)?;
        if place.is_none() {
            *place = Some(u32::try_from(used.len()).ok()?);
            used.push(key);
        }
        positions.push((*place)?);
    }
    let (plain, entries) = plain(dictionary.values(), &used)?;
    Some(HeldCells { plain, entries, positions: Some(positions), ..HeldCells::default() })
}

fn plain(array: &ArrayRef, rows: &[usize]) -> Option<(Bytes, usize)> {
    let mut out = Vec::new();
    let mut put = |word: &str| {
        out.extend_from_slice(&u32::try_from(word.len()).ok()?.to_le_bytes());
        out.extend_from_slice(word.as_bytes());
        Some(())
    };
    match array.data_type() {
        DataType::Utf8 => {
            let array = array.as_string_opt::<i32>()?;
            rows.iter().try_for_each(|row| put(array.value(*row)))?;
        }
        DataType::LargeUtf8 => {
            let array = array.as_string_opt::<i64>()?;
            rows.iter().try_for_each(|row| put(array.value(*row)))?;
        }
        DataType::Utf8View => {
            let array = array.as_string_view_opt()?;
            rows.iter().try_for_each(|row| put(array.value(*row)))?;
        }
        _ => return None,
    }
    Some((out.into(), rows.len()))
}

fn lists<O: Copy + TryInto<usize>>(array: &ArrayRef, offsets: &[O], values: &ArrayRef) -> Option<HeldCells> {
    let known = known(array.nulls(), array.len());
    let nulls = values.logical_nulls();
    let (mut elements, mut lengths) = (Vec::new(), Vec::new());
    for row in filled(known.as_deref(), array.len()) {
        let (from, to): (usize, usize) = ((*offsets.get(row)?).try_into().ok()?, (*offsets.get(row + 1)?).try_into().ok()?);
        lengths.push(u32::try_from(to.checked_sub(from)?).ok()?);
        elements.extend(from..to);
    }
    if nulls.is_some_and(|nulls| elements.iter().any(|element| *element < nulls.len() && nulls.is_null(*element))) {
        return Some(HeldCells { known, hollow: true, ..HeldCells::default() });
    }
    if elements.is_empty() {
        return Some(HeldCells { known, lengths, ..HeldCells::default() });
    }
    Some(HeldCells { known, lengths, ..words(values, elements)? })
}
