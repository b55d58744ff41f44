//! A projection brought to the journal's head.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use indicatif::ProgressBar;
use tempfile::TempDir;
use xinzhi_columnar::partition::Whole;
use xinzhi_columnar::projection::{ASIDE, EDITION, Head, Layer, LayerColumns};
use xinzhi_columnar::{Fault, Projection};
use xinzhi_core::SubjectId;
use xinzhi_core::journal::Position;
use xinzhi_office::Office;
use xinzhi_office::projection::{self as held, Changes, Ground, HeldFact, Since};

use super::columns;

/// How many numbers of subjects a partition spans.
pub const SPAN: i64 = 16_384;
/// Subjects read at once: with their records they are a few megabytes.
pub const CHUNK: i64 = 2_000;
/// Layers of a partition beyond which it is written anew.
const LAYERS_MAX: usize = 8;
/// It is also written anew once what was added is more than this part of the first layer.
const PART_MAX: u64 = 4;

/// A projection that may be read, held until it is dropped.
#[derive(Debug)]
pub struct Ready {
    /// The folder.
    pub projection: Projection,
    /// What it says of itself.
    pub head: Head,
    /// What it stands on.
    pub ground: Ground,
    /// How it came to be.
    pub how: How,
}

/// How a projection came to the journal's head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum How {
    /// It was there.
    Same,
    /// What changed since a position was added.
    Followed {
        /// The position before.
        since: i64,
        /// Records that became known.
        records: usize,
        /// Earlier ones that ended.
        ended: usize,
        /// Partitions that got another layer.
        added: usize,
        /// Partitions that were written anew.
        rewritten: usize,
    },
    /// Everything was written; why, where there was one before.
    Made(Option<&'static str>),
}

/// Brings the projection to the journal's head.
///
/// # Errors
/// Where it is another office's, or something cannot be read or written: then what it was still counts.
pub fn follow(office: &Office, root: &Path, bar: &ProgressBar) -> anyhow::Result<Ready> {
    let (projection, ground) = enter(office, root)?;
    let Some(head) = projection.head()? else {
        projection.sweep(None)?;
        return made(office, (projection, ground), (1, None), bar);
    };
    if head.office != ground.office {
        anyhow::bail!("`{}` 是另一单位的列存投影，没有改动：请用 --projection 另指一个目录", root.display());
    }
    projection.sweep(Some(&head))?;
    let next = head.generation + 1;
    if let Some(why) = outdated(office, &head, &ground)? {
        return made(office, (projection, ground), (next, Some(why)), bar);
    }
    if head.position == ground.position.0 {
        return Ok(Ready { projection, head, ground, how: How::Same });
    }
    match held::changes(office, &ground, Position(head.position))? {
        Since::Many => made(office, (projection, ground), (next, Some("变动的记录很多，从头制作更快")), bar),
        Since::Few(changes) => added(office, (projection, ground), head, &changes),
    }
}

/// Writes everything anew.
///
/// # Errors
/// Where it is another office's, or something cannot be read or written: then what it was still counts.
pub fn rebuild(office: &Office, root: &Path, bar: &ProgressBar) -> anyhow::Result<Ready> {
    let (projection, ground) = enter(office, root)?;
    match projection.head() {
        Ok(Some(head)) if head.office != ground.office => {
            anyhow::bail!("`{}` 是另一单位的列存投影，没有改动：请用 --projection 另指一个目录", root.display())
        }
        Ok(Some(head)) => {
            projection.sweep(Some(&head))?;
            made(office, (projection, ground), (head.generation + 1, Some("按要求重建")), bar)
        }
        Ok(None) => {
            projection.sweep(None)?;
            made(office, (projection, ground), (1, None), bar)
        }
        Err(fault @ Fault::Disk { .. }) => Err(fault.into()),
        // Whatever it said, nobody can read it: nothing of it is kept.
        Err(_) => {
            projection.sweep(None)?;
            made(office, (projection, ground), (1, Some("原有的清单无法解读")), bar)
        }
    }
}

/// A projection for one question, by other packs than those in force; it goes when it is dropped.
///
/// # Errors
/// Where something cannot be read or written.
pub fn aside(office: &Office, beside: &Projection, ground: Ground, bar: &ProgressBar) -> anyhow::Result<(Ready, TempDir)> {
    let folder = tempfile::Builder::new().prefix(ASIDE).tempdir_in(beside.root())?;
    let projection = Projection::enter(folder.path(), || {})?;
    Ok((made(office, (projection, ground), (1, None), bar)?, folder))
}

/// The folder first, then the journal: whoever had it before may have followed further than what was read before.
fn enter(office: &Office, root: &Path) -> anyhow::Result<(Projection, Ground)> {
    let projection = Projection::enter(root, || eprintln!("列存投影正由另一个进程使用，等它结束"))?;
    let ground = held::ground(office, &Office::operator(), None)?;
    Ok((projection, ground))
}

/// Why what there is cannot be followed further.
fn outdated(office: &Office, head: &Head, ground: &Ground) -> anyhow::Result<Option<&'static str>> {
    if head.pack_digest != ground.pack.digest.to_string() {
        return Ok(Some("规则包已更换"));
    }
    if held::sealed_at(office, Position(head.position))?.1.as_deref() != Some(head.seal.as_str()) {
        return Ok(Some("账簿不是它所跟的那一本：数据库已退回到较早的备份"));
    }
    Ok((head.span != SPAN || head.area != ground.area.as_str()).then_some("分区方式或辖区不同"))
}

fn headed(projection: &Projection, ground: &Ground, (office, generation): (&Office, u64), partitions: Partitions) -> anyhow::Result<Head> {
    let covered = columns::coverage(&held::covered(office, ground)?);
    let (coverage, coverage_note) = projection.coverage(generation, &covered)?;
    let head = Head {
        edition: EDITION.to_owned(),
        office: ground.office.clone(),
        area: ground.area.as_str().to_owned(),
        pack: ground.pack.id.clone(),
        pack_digest: ground.pack.digest.to_string(),
        position: ground.position.0,
        seal: ground.seal.clone(),
        span: SPAN,
        generation,
        coverage,
        coverage_note,
        partitions,
    };
    projection.publish(&head)?;
    Ok(head)
}

type Partitions = BTreeMap<u32, Vec<Layer>>;

/// Everything, a partition at a time.
fn made(
    office: &Office,
    (projection, ground): (Projection, Ground),
    (generation, why): (u64, Option<&'static str>),
    bar: &ProgressBar,
) -> anyhow::Result<Ready> {
    bar.set_length(u64::try_from(ground.last.0)?);
    let mut partitions = Partitions::new();
    for place in 0..=u32::try_from((ground.last.0 - 1).max(0) / SPAN)? {
        let columns = whole(office, &ground, place, bar)?;
        if !columns.is_empty() {
            partitions.insert(place, vec![projection.layer(&ground.pack, (place, generation), &columns)?]);
        }
    }
    let head = headed(&projection, &ground, (office, generation), partitions)?;
    bar.finish_and_clear();
    Ok(Ready { projection, head, ground, how: How::Made(why) })
}

/// All that was known of a partition.
fn whole(office: &Office, ground: &Ground, place: u32, bar: &ProgressBar) -> anyhow::Result<LayerColumns> {
    let mut columns = LayerColumns::default();
    let mut after = i64::from(place) * SPAN;
    let end = (after + SPAN).min(ground.last.0);
    while after < end {
        let last = (after + CHUNK).min(end);
        for subject in held::held(office, ground, (SubjectId(after), SubjectId(last)))? {
            columns::subject(&mut columns, &subject);
            columns::facts(&mut columns, &ground.pack, &subject.facts);
        }
        bar.set_position(u64::try_from(last)?);
        after = last;
    }
    Ok(columns)
}

/// What changed, by partition.
#[derive(Default)]
struct Piece<'c> {
    facts: Vec<&'c HeldFact>,
    /// Whose, which, since when.
    ended: Vec<(i64, i64, i64)>,
    described: BTreeSet<i64>,
}

fn pieces<'c>(head: &Head, changes: &'c Changes) -> BTreeMap<u32, Piece<'c>> {
    let mut pieces: BTreeMap<u32, Piece<'c>> = BTreeMap::new();
    for held in &changes.facts {
        if let Some(place) = head.partition_of(held.subject.0) {
            pieces.entry(place).or_default().facts.push(held);
        }
    }
    for (subject, record, until) in &changes.ended {
        if let Some(place) = head.partition_of(subject.0) {
            pieces.entry(place).or_default().ended.push((subject.0, record.0, until.0));
        }
    }
    for subject in &changes.described {
        if let Some(place) = head.partition_of(subject.0) {
            pieces.entry(place).or_default().described.insert(subject.0);
        }
    }
    pieces
}

/// Adds a layer to each partition that a stretch of the journal touched; one of which much changed is written anew.
fn added(office: &Office, (projection, ground): (Projection, Ground), head: Head, changes: &Changes) -> anyhow::Result<Ready> {
    let generation = head.generation + 1;
    let mut partitions = head.partitions.clone();
    let (mut added, mut rewritten) = (0, 0);
    for (place, piece) in pieces(&head, changes) {
        let layers = partitions.entry(place).or_default();
        let (first, later) = head.weight(place);
        let more = u64::try_from(piece.facts.len() + piece.ended.len())?;
        let anew = layers.len() >= LAYERS_MAX || later.saturating_add(more).saturating_mul(PART_MAX) > first;
        let columns = if anew {
            whole(office, &ground, place, &ProgressBar::hidden())?
        } else {
            piece.columns(office, &ground, &Whole::numbers(projection.root(), layers)?)?
        };
        if anew {
            layers.clear();
            rewritten += 1;
        } else if !columns.is_empty() {
            added += 1;
        }
        if !columns.is_empty() {
            layers.push(projection.layer(&ground.pack, (place, generation), &columns)?);
        }
    }
    partitions.retain(|_, layers| !layers.is_empty());
    let how = How::Followed { since: head.position, records: changes.facts.len(), ended: changes.ended.len(), added, rewritten };
    let head = headed(&projection, &ground, (office, generation), partitions)?;
    Ok(Ready { projection, head, ground, how })
}

impl Piece<'_> {
    /// The columns of another layer of a partition that has these subjects already.
    fn columns(&self, office: &Office, ground: &Ground, there: &[i64]) -> anyhow::Result<LayerColumns> {
        let mut there: BTreeSet<i64> = there.iter().copied().collect();
        let mut columns = LayerColumns::default();
        for (subject, record, until) in self.ended.iter().filter(|(subject, ..)| there.contains(subject)) {
            columns.closings.subject.push(*subject);
            columns.closings.record.push(*record);
            columns.closings.until.push(*until);
        }
        let fresh = self.facts.iter().map(|held| held.subject.0).filter(|subject| !there.contains(subject));
        let told: BTreeSet<i64> = fresh.chain(self.described.iter().copied()).collect();
        for (after, last) in ranges(&told) {
            for subject in held::held(office, ground, (SubjectId(after), SubjectId(last)))? {
                columns::subject(&mut columns, &subject);
                there.insert(subject.subject.0);
            }
        }
        for held in self.facts.iter().filter(|held| there.contains(&held.subject.0)) {
            columns::facts(&mut columns, &ground.pack, std::slice::from_ref(*held));
        }
        Ok(columns)
    }
}

/// Numbers that follow one another, as ranges: after the first, up to the second.
fn ranges(numbers: &BTreeSet<i64>) -> Vec<(i64, i64)> {
    let mut ranges: Vec<(i64, i64)> = Vec::new();
    for number in numbers {
        match ranges.last_mut() {
            Some((after, last)) if *last + 1 == *number && *last - *after < CHUNK => *last = *number,
            _ => ranges.push((*number - 1, *number)),
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::ranges;

    #[test]
    fn numbers_that_follow_one_another_are_read_together() {
        let of = |numbers: &[i64]| ranges(&numbers.iter().copied().collect());
        assert_eq!(of(&[]), []);
        assert_eq!(of(&[1, 2, 3, 7, 9, 10]), [(0, 3), (6, 7), (8, 10)]);
        let many: Vec<i64> = (1..=4_100).collect();
        assert_eq!(of(&many), [(0, 2_000), (2_000, 4_000), (4_000, 4_100)]);
    }
}
