//! A projection held against the database: nothing is changed, and what is wrong is a sentence each.

use std::collections::BTreeSet;
use std::path::Path;

use xinzhi_columnar::Projection;
use xinzhi_columnar::partition::{RecordLine, Whole};
use xinzhi_columnar::projection::{Head, LayerColumns, PROJECTION};
use xinzhi_core::SubjectId;
use xinzhi_core::journal::Position;
use xinzhi_office::Office;
use xinzhi_office::doctor::Finding;
use xinzhi_office::projection::{self as held, Ground, HeldFact};
use xinzhi_rules::Pack;

use super::columns;

/// What to do about any of the faults.
const REMEDY: &str = "请运行 xinzhi projection rebuild 重建";

/// Examines the projection at `root`: whose it is and how far it followed, every byte of its files, and what one partition says, or with
/// `whole` what all say. None where there is no projection.
///
/// # Errors
/// A fault of the database.
pub fn examine(office: &Office, root: &Path, whole: bool) -> anyhow::Result<Option<Finding>> {
    if !root.join(PROJECTION).exists() {
        return Ok(None);
    }
    let mut finding = Finding { invariant: "D1 W4", title: "列存投影与账簿和记录一致", looked_at: 0, faults: Vec::new() };
    let projection = Projection::enter(root, || eprintln!("列存投影正由另一个进程使用，等它结束"))?;
    match projection.head() {
        Ok(Some(head)) => look(office, &projection, (&head, whole), &mut finding)?,
        Ok(None) => {}
        Err(fault) => finding.faults.push(fault.to_string()),
    }
    Ok(Some(finding))
}

fn look(office: &Office, projection: &Projection, (head, whole): (&Head, bool), finding: &mut Finding) -> anyhow::Result<()> {
    finding.looked_at += i64::try_from(head.files().count())?;
    finding.faults.extend(projection.spoilt(head).into_iter().map(|words| format!("列存投影的{words}，{REMEDY}")));
    let now = held::ground(office, &Office::operator(), None)?;
    if head.office != now.office {
        finding.faults.push("列存投影属于另一单位，请移走该目录".to_owned());
        return Ok(());
    }
    let (last, seal) = held::sealed_at(office, Position(head.position))?;
    if head.position > last.0 {
        finding.faults.push(format!("列存投影跟到账簿第 {} 笔，而账簿只到第 {} 笔，{REMEDY}", head.position, last.0));
        return Ok(());
    }
    if seal.as_deref() != Some(head.seal.as_str()) {
        finding.faults.push(format!("列存投影所跟的账簿第 {} 笔与库中的不是同一笔，{REMEDY}", head.position));
        return Ok(());
    }
    // What a file cannot say need not be compared.
    if !finding.faults.is_empty() {
        return Ok(());
    }
    let pack = match held::pack_of(office, &head.pack_digest) {
        Ok(pack) => pack,
        Err(fault) => {
            finding.faults.push(format!("列存投影按本单位从未装入的规则包制作（{fault}），{REMEDY}"));
            return Ok(());
        }
    };
    let ground = Ground { position: Position(head.position), pack, seal: head.seal.clone(), ..now };
    compare(office, projection, (head, &ground, whole), finding)
}

/// What the files say and what the database says, as known at the position up to which the files have followed.
fn compare(
    office: &Office,
    projection: &Projection,
    (head, ground, whole): (&Head, &Ground, bool),
    finding: &mut Finding,
) -> anyhow::Result<()> {
    let stored = columns::coverage(&held::covered(office, ground)?);
    let told = projection.covered(head, &ground.pack);
    let known = |kind: &str| ground.pack.record_kinds.iter().any(|known| known.id == kind);
    let stored = stored.columns.into_iter().zip(stored.stays.known).filter(|(row, _)| known(&row.kind));
    match told {
        Err(fault) => finding.faults.push(fault.to_string()),
        Ok(told) if told.columns.iter().cloned().zip(told.stays.known.iter().copied()).ne(stored) => {
            finding.faults.push(format!("列存投影的报送覆盖与库中不符，{REMEDY}"));
        }
        Ok(_) => {}
    }
    let all: BTreeSet<u32> = head.partition_of(ground.last.0).map(|last| 0..=last).into_iter().flatten().collect();
    let all: Vec<u32> = all.into_iter().chain(head.partitions.keys().copied()).collect::<BTreeSet<u32>>().into_iter().collect();
    // Another one each time that something has happened; always the same for the same state.
    let place = usize::try_from(head.position)?.checked_rem(all.len()).and_then(|place| all.get(place)).copied();
    for partition in if whole { all } else { place.into_iter().collect() } {
        let layers = head.partitions.get(&partition).map_or(&[][..], Vec::as_slice);
        match Whole::read(projection.root(), layers, &ground.pack) {
            Err(fault) => finding.faults.push(fault.to_string()),
            Ok(told) => {
                finding.looked_at += i64::try_from(told.records.values().map(Vec::len).sum::<usize>())?;
                let (stored, facts) = stored_partition(office, (head, ground), partition)?;
                let places = format!("列存投影的分区 part={partition:05}");
                finding.faults.extend(subjects_differ(&told, &stored).map(|words| format!("{places} {words}，{REMEDY}")));
                finding.faults.extend(records_differ(&told, &facts, &ground.pack).map(|words| format!("{places} {words}，{REMEDY}")));
            }
        }
    }
    Ok(())
}

fn stored_partition(office: &Office, (head, ground): (&Head, &Ground), partition: u32) -> anyhow::Result<(LayerColumns, Vec<HeldFact>)> {
    let (mut after, end) = head.range(partition);
    let mut columns = LayerColumns::default();
    let mut facts = Vec::new();
    while after < end.min(ground.last.0) {
        let last = (after + super::CHUNK).min(end);
        for subject in held::held(office, ground, (SubjectId(after), SubjectId(last)))? {
            columns::subject(&mut columns, &subject);
            facts.extend(subject.facts);
        }
        after = last;
    }
    Ok((columns, facts))
}

fn subjects_differ(told: &Whole, stored: &LayerColumns) -> Option<String> {
    let lines = |held: &xinzhi_columnar::projection::Held<xinzhi_columnar::SubjectColumns>| {
        let row = |(row, number): (usize, &i64)| {
            let words = held.columns.words(row).map(|word| word.map(<[u8]>::to_vec));
            (*number, held.stays.known.get(row).copied(), held.stays.until.at(row), words)
        };
        held.columns.numbers.iter().enumerate().map(row).collect::<Vec<_>>()
    };
    let (told, stored) = (lines(&told.subjects), lines(&stored.subjects));
    let first = told.iter().zip(&stored).find(|(told, stored)| told != stored).map(|(told, stored)| told.0.min(stored.0));
    let longer = told.get(stored.len()).or(stored.get(told.len())).map(|line| line.0);
    first.or(longer).map(|subject| format!("所记主体 {subject} 的辖区、行业、代码或起止与库中不符"))
}

fn records_differ(told: &Whole, facts: &[HeldFact], pack: &Pack) -> Option<String> {
    for (index, kind) in pack.record_kinds.iter().enumerate() {
        let ix = xinzhi_rules::model::KindIx(index);
        let readable: Vec<usize> =
            kind.fields.iter().enumerate().filter(|(_, field)| field.kind.rules_may_read()).map(|(place, _)| place).collect();
        let line = |held: &HeldFact| -> Option<RecordLine> {
            let fact = &held.fact;
            let fields = readable.iter().map(|place| fact.values.get(*place).copied().flatten()).collect();
            let day = i32::try_from(fact.day.number()).ok()?;
            Some((held.subject.0, fact.record.0, day, columns::positions(held.stay), fact.class.map(|class| class.number()), fields))
        };
        let mut stored: Vec<RecordLine> = facts.iter().filter(|held| held.fact.kind == ix).filter_map(line).collect();
        stored.sort();
        let told = told.records.get(&ix).map_or(&[][..], Vec::as_slice);
        let first = told.iter().zip(&stored).find(|(told, stored)| told != stored).map(|(told, stored)| told.1.min(stored.1));
        let longer = told.get(stored.len()).or(stored.get(told.len())).map(|line| line.1);
        if let Some(record) = first.or(longer) {
            let (told, stored) = (told.len(), stored.len());
            return Some(format!("的`{}`与库中不符：投影 {told} 条，库中 {stored} 条，首个不同的是记录 {record}", kind.title));
        }
    }
    None
}
