//! Whom a count is made of. Many subjects count alike, so each way of counting is kept once and of a subject only which one is its own:
//! four bytes each, and a copy shares what nobody changed.

use std::collections::BTreeMap;
use std::sync::Arc;

use xinzhi_core::SubjectId;

/// Subjects of one block.
const BLOCK: i64 = 4_096;
/// The way of a subject that does not count.
const NOBODY: u32 = u32::MAX;

/// Subjects, each with the way in which it counts.
#[derive(Clone, Debug)]
pub(crate) struct Census<T> {
    /// By number divided by [`BLOCK`]: the ways of the subjects of a block.
    blocks: BTreeMap<i64, Arc<[u32]>>,
    /// Each way, and how many subjects have it.
    ways: Vec<(Arc<T>, i64)>,
    places: BTreeMap<Arc<T>, u32>,
}

impl<T> Default for Census<T> {
    fn default() -> Census<T> {
        Census { blocks: BTreeMap::new(), ways: Vec::new(), places: BTreeMap::new() }
    }
}

/// Block of a subject, and its place in there.
fn place(subject: SubjectId) -> (i64, usize) {
    (subject.0.div_euclid(BLOCK), usize::try_from(subject.0.rem_euclid(BLOCK)).unwrap_or(0))
}

impl<T: Ord> Census<T> {
    /// How a subject counts.
    pub(crate) fn way(&self, subject: SubjectId) -> Option<&Arc<T>> {
        let (block, at) = place(subject);
        self.at(*self.blocks.get(&block)?.get(at)?)
    }

    fn at(&self, way: u32) -> Option<&Arc<T>> {
        self.ways.get(usize::try_from(way).ok()?).map(|(way, _)| way)
    }

    /// Lets a subject count in a way from now on, or not at all.
    pub(crate) fn put(&mut self, subject: SubjectId, way: Option<T>) {
        let number = way.map_or(NOBODY, |way| self.number(way));
        let (block, at) = place(subject);
        if number == NOBODY && !self.blocks.contains_key(&block) {
            return;
        }
        let size = usize::try_from(BLOCK).unwrap_or(0);
        let block = Arc::make_mut(self.blocks.entry(block).or_insert_with(|| std::iter::repeat_n(NOBODY, size).collect()));
        let Some(slot) = block.get_mut(at) else { return };
        let before = std::mem::replace(slot, number);
        self.add(before, -1);
        self.add(number, 1);
    }

    fn number(&mut self, way: T) -> u32 {
        if let Some(known) = self.places.get(&way) {
            return *known;
        }
        // As many ways as there are subjects at most, and nobody has four thousand million of those.
        let number = u32::try_from(self.ways.len()).unwrap_or(NOBODY);
        let way = Arc::new(way);
        self.ways.push((Arc::clone(&way), 0));
        self.places.insert(way, number);
        number
    }

    fn add(&mut self, way: u32, many: i64) {
        if let Some((_, sum)) = usize::try_from(way).ok().and_then(|way| self.ways.get_mut(way)) {
            *sum += many;
        }
    }

    /// Every way that somebody counts in, in order, with how many do.
    pub(crate) fn ways(&self) -> impl Iterator<Item = (&T, i64)> {
        let many = |place: &u32| self.ways.get(usize::try_from(*place).ok()?).map(|(_, many)| *many);
        self.places.iter().filter_map(move |(way, place)| Some((&**way, many(place)?))).filter(|(_, many)| *many > 0)
    }

    /// Every subject that counts, in order, with its way.
    pub(crate) fn subjects(&self) -> impl Iterator<Item = (SubjectId, &T)> {
        self.blocks.iter().flat_map(move |(block, ways)| {
            (block * BLOCK..).zip(ways.iter()).filter_map(|(number, way)| Some((SubjectId(number), &**self.at(*way)?)))
        })
    }

    /// The last subject that counts.
    pub(crate) fn last(&self) -> Option<SubjectId> {
        self.blocks.iter().rev().find_map(|(block, ways)| {
            let at = ways.iter().rposition(|way| *way != NOBODY)?;
            Some(SubjectId(block * BLOCK + i64::try_from(at).ok()?))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(census: &Census<&'static str>) -> Vec<(&'static str, i64)> {
        census.ways().map(|(way, many)| (*way, many)).collect()
    }

    #[test]
    fn subjects_count_in_the_way_that_they_were_put_in_last() {
        let mut census = Census::default();
        assert_eq!((census.last(), counted(&census)), (None, vec![]));
        census.put(SubjectId(1), None);
        for (subject, way) in [(1, "a"), (4_095, "b"), (4_096, "a"), (9_000_000, "c"), (0, "b")] {
            census.put(SubjectId(subject), Some(way));
        }
        let earlier = census.clone();
        census.put(SubjectId(4_096), Some("b"));
        census.put(SubjectId(9_000_000), None);
        census.put(SubjectId(0), Some("b"));
        assert_eq!(counted(&census), [("a", 1), ("b", 3)]);
        assert_eq!(counted(&earlier), [("a", 2), ("b", 2), ("c", 1)], "a copy is not changed with it");
        let of = |census: &Census<&'static str>| census.subjects().map(|(subject, way)| (subject.0, *way)).collect::<Vec<_>>();
        assert_eq!(of(&census), [(0, "b"), (1, "a"), (4_095, "b"), (4_096, "b")]);
        assert_eq!(of(&earlier), [(0, "b"), (1, "a"), (4_095, "b"), (4_096, "a"), (9_000_000, "c")]);
        assert_eq!((census.last(), earlier.last()), (Some(SubjectId(4_096)), Some(SubjectId(9_000_000))));
        assert_eq!((census.way(SubjectId(2)), census.way(SubjectId(1)).map(|way| **way)), (None, Some("a")));
        assert!(census.blocks.get(&0).zip(earlier.blocks.get(&0)).is_some_and(|(one, other)| **one == **other));
        let same = census.clone();
        assert!(census.blocks.iter().zip(&same.blocks).all(|(one, other)| Arc::ptr_eq(one.1, other.1)), "a copy shares what is the same");
    }
}
