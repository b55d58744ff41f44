//! From the numbers of subjects to their rows: where each subject's records begin in a column sorted by subject.

use crate::fault::Trouble;

/// Numbers may be this many times as far apart as there are subjects for a table of all numbers between to be worth its memory.
const SPREAD_MAX: u64 = 16;
/// No subject has this number.
const NOBODY: u32 = u32::MAX;

/// The subjects of a partition, asked for one file after another.
#[derive(Debug)]
pub(crate) struct Places<'a> {
    /// Rising.
    numbers: &'a [i64],
    /// By number less the first: the subject's place among the subjects. Empty where numbers lie too far apart.
    table: Vec<u32>,
    /// By place: one after the last row so far, 0 where there is none yet.
    ends: Vec<u32>,
    rows: u32,
    last: Option<i64>,
}

impl<'a> Places<'a> {
    pub fn new(numbers: &'a [i64]) -> Places<'a> {
        Places { numbers, table: table(numbers), ends: Vec::new(), rows: 0, last: None }
    }

    /// Before the first rows of a file.
    pub fn begin(&mut self) {
        self.ends.clear();
        self.ends.resize(self.numbers.len() + 1, 0);
        self.rows = 0;
        self.last = None;
    }

    /// The subjects of the next rows.
    pub fn add(&mut self, subjects: &[i64]) -> Result<(), Trouble> {
        let (Some(first), Some(last)) = (subjects.first(), subjects.last()) else { return Ok(()) };
        if !subjects.is_sorted() || self.last.is_some_and(|before| before > *first) {
            return Err(Trouble::Unsorted);
        }
        self.last = Some(*last);
        let after = u32::try_from(subjects.len()).ok().and_then(|many| self.rows.checked_add(many)).ok_or(Trouble::Damaged)?;
        if self.table.is_empty() {
            self.search(subjects)?
        } else {
            self.look_up(subjects)?
        }
        self.rows = after;
        Ok(())
    }

    /// Rows of one subject follow one another, so the last one to be written is its last one.
    fn look_up(&mut self, subjects: &[i64]) -> Result<(), Trouble> {
        let base = self.numbers.first().copied().unwrap_or(0);
        let mut stranger = None;
        for (end, subject) in (self.rows + 1..).zip(subjects) {
            let distance = usize::try_from(subject.wrapping_sub(base)).unwrap_or(usize::MAX);
            let place = self.table.get(distance).copied().unwrap_or(NOBODY);
            match usize::try_from(place).ok().and_then(|place| self.ends.get_mut(place + 1)) {
                Some(to) => *to = end,
                None => stranger = Some(*subject),
            }
        }
        stranger.map_or(Ok(()), |stranger| Err(Trouble::Stranger(stranger)))
    }

    fn search(&mut self, subjects: &[i64]) -> Result<(), Trouble> {
        let mut known: Option<(i64, usize)> = None;
        for (end, subject) in (self.rows + 1..).zip(subjects) {
            let place = match known {
                Some((same, place)) if same == *subject => place,
                _ => self.numbers.binary_search(subject).map_err(|_| Trouble::Stranger(*subject))?,
            };
            known = Some((*subject, place));
            if let Some(to) = self.ends.get_mut(place + 1) {
                *to = end;
            }
        }
        Ok(())
    }

    /// The first row of each subject and, at the end, how many rows there are.
    pub fn end(&mut self) -> Vec<u32> {
        let mut starts = std::mem::take(&mut self.ends);
        let mut so_far = 0;
        for end in &mut starts {
            so_far = so_far.max(*end);
            *end = so_far;
        }
        starts
    }
}

fn table(numbers: &[i64]) -> Vec<u32> {
    let (Some(first), Some(last)) = (numbers.first(), numbers.last()) else { return Vec::new() };
    let many = u64::try_from(numbers.len()).unwrap_or(u64::MAX);
    let distance = last.abs_diff(*first);
    let Some(length) = usize::try_from(distance).ok().filter(|_| distance / SPREAD_MAX <= many) else { return Vec::new() };
    let mut table = vec![NOBODY; length + 1];
    for (place, number) in (0_u32..).zip(numbers) {
        if let Some(slot) = usize::try_from(number.abs_diff(*first)).ok().and_then(|distance| table.get_mut(distance)) {
            *slot = place;
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::{Places, Trouble};

    fn starts(numbers: &[i64], groups: &[&[i64]]) -> Result<Vec<u32>, Trouble> {
        let mut places = Places::new(numbers);
        for _ in 0..2 {
            places.begin();
            for group in groups {
                places.add(group)?;
            }
            assert_eq!(places.end().len(), numbers.len() + 1);
        }
        places.begin();
        groups.iter().try_for_each(|group| places.add(group))?;
        Ok(places.end())
    }

    #[test]
    fn rows_are_found_whether_numbers_lie_close_or_far_apart() {
        for far in [1, 1_000_000] {
            let numbers = [2 * far, 3 * far, 5 * far, 6 * far];
            let rows: Vec<i64> = [3, 3, 3, 6].iter().map(|number| number * far).collect();
            assert_eq!(starts(&numbers, &[&rows]), Ok(vec![0, 0, 3, 3, 4]), "{far}");
            // A subject whose rows lie on both sides of a border between row groups.
            assert_eq!(starts(&numbers, &[&rows[..2], &rows[2..], &[]]), Ok(vec![0, 0, 3, 3, 4]), "{far}");
            assert_eq!(starts(&numbers, &[]), Ok(vec![0; 5]), "{far}");
        }
    }

    #[test]
    fn strangers_and_disorder_are_refused() {
        for far in [1, 1_000_000] {
            let numbers = [2 * far, 3 * far, 5 * far];
            for stranger in [far, 4 * far, 6 * far] {
                assert_eq!(starts(&numbers, &[&[stranger]]), Err(Trouble::Stranger(stranger)), "{far}");
            }
            assert_eq!(starts(&numbers, &[&[5 * far, 3 * far]]), Err(Trouble::Unsorted), "{far}");
            assert_eq!(starts(&numbers, &[&[5 * far], &[3 * far]]), Err(Trouble::Unsorted), "{far}");
        }
        assert_eq!(starts(&[-3, i64::MAX], &[&[i64::MIN]]), Err(Trouble::Stranger(i64::MIN)));
        assert_eq!(starts(&[], &[&[1]]), Err(Trouble::Stranger(1)));
    }
}
