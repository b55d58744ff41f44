//! Tables in memory, shared among threads: cut where subjects begin. A cut only says who looks at which rows; whether rows rise and
//! belong to somebody is judged in each part as it is in a file.

use std::collections::BTreeMap;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, RecordBatch};

use crate::take::Taken;

/// Subjects that go through together.
const PART: usize = 16_384;
const SUBJECT: &str = "subject";

/// Subjects and the records of each kind.
#[derive(Debug)]
pub(crate) struct Whole {
    pub(crate) subjects: Taken,
    /// By id of the record kind; none where nobody has a record.
    pub(crate) kinds: BTreeMap<String, Option<Taken>>,
}

impl Whole {
    /// The parts in the order of subjects; together they hold every row once. A table that cannot be cut is one part, so that it is
    /// refused for what is wrong with it.
    pub(crate) fn cut(self) -> Vec<Whole> {
        let Some(borders) = self.borders().filter(|borders| !borders.is_empty()) else { return vec![self] };
        let Some(subjects) = cut(&self.subjects, &borders) else { return vec![self] };
        let mut parts: Vec<Whole> = subjects.into_iter().map(|subjects| Whole { subjects, kinds: BTreeMap::new() }).collect();
        for (kind, table) in &self.kinds {
            let Some(table) = table else {
                parts.iter_mut().for_each(|part| drop(part.kinds.insert(kind.clone(), None)));
                continue;
            };
            let Some(tables) = cut(table, &borders) else { return vec![self] };
            for (part, table) in parts.iter_mut().zip(tables) {
                part.kinds.insert(kind.clone(), Some(table));
            }
        }
        parts
    }

    /// The first subject of every part but the first.
    fn borders(&self) -> Option<Vec<i64>> {
        let numbers: Vec<i64> = subjects(&self.subjects)?.into_iter().flatten().copied().collect();
        let rising = numbers.is_sorted_by(|a, b| a < b);
        rising.then(|| numbers.iter().step_by(PART).skip(1).copied().collect())
    }
}

/// The numbers of subjects, batch by batch; none where the column is not what it should be.
fn subjects(table: &Taken) -> Option<Vec<&[i64]>> {
    let column = table.schema.index_of(SUBJECT).ok()?;
    let numbers = |batch: &'_ RecordBatch| {
        let array = batch.columns().get(column)?.as_primitive_opt::<Int64Type>()?;
        (array.null_count() == 0).then_some(array.len())
    };
    table.batches.iter().map(numbers).collect::<Option<Vec<usize>>>()?;
    table.batches.iter().map(|batch| Some(&**batch.columns().get(column)?.as_primitive_opt::<Int64Type>()?.values())).collect()
}

/// One table more than there are borders.
fn cut(table: &Taken, borders: &[i64]) -> Option<Vec<Taken>> {
    let numbers = subjects(table)?;
    let mut parts: Vec<Vec<RecordBatch>> = vec![Vec::new(); borders.len() + 1];
    for (batch, numbers) in table.batches.iter().zip(numbers) {
        let mut from = 0;
        for (place, part) in parts.iter_mut().enumerate() {
            // Rows before the border, and never fewer than those before the last one: no row is taken twice, whatever the order.
            let to = borders.get(place).map_or(numbers.len(), |border| numbers.partition_point(|number| number < border)).max(from);
            if to > from {
                part.push(batch.slice(from, to - from));
            }
            from = to;
        }
    }
    Some(parts.into_iter().map(|batches| Taken { schema: table.schema.clone(), batches }).collect())
}
