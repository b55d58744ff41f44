//! Tables in memory: they become the columns that their files become, and what contradicts itself is refused by table and column.

use bytes::Bytes;
use xinzhi_core::record::Class;
use xinzhi_rules::Pack;
use xinzhi_rules::model::FieldKind;

use super::support::*;
use crate::coverage::Reported;
use crate::partition::{Partition, Wanted};
use crate::schema::{self, Content};
use crate::{HeldCells, HeldPart, HeldPiece, HeldTable, HeldType};

fn known<T>(cells: &[Option<T>]) -> Option<Vec<u8>> {
    Some(cells.iter().map(|cell| u8::from(cell.is_some())).collect())
}

fn numbers(cells: &[Option<i64>]) -> HeldCells {
    let plain: Vec<u8> = cells.iter().flatten().flat_map(|cell| cell.to_le_bytes()).collect();
    HeldCells { known: known(cells), entries: plain.len() / 8, plain: plain.into(), ..HeldCells::default() }
}

fn days(cells: &[Option<i64>]) -> HeldCells {
    let plain: Vec<u8> = cells.iter().flatten().flat_map(|cell| i32::try_from(*cell).unwrap().to_le_bytes()).collect();
    HeldCells { known: known(cells), entries: plain.len() / 4, plain: plain.into(), ..HeldCells::default() }
}

fn plain<'w>(words: impl Iterator<Item = &'w str>) -> (usize, Bytes) {
    let (mut count, mut out) = (0, Vec::new());
    for word in words {
        out.extend(u32::try_from(word.len()).unwrap().to_le_bytes());
        out.extend(word.as_bytes());
        count += 1;
    }
    (count, out.into())
}

/// Words in the order of rows, or each once and positions.
fn words(cells: &[Option<&str>], once: bool) -> HeldCells {
    let filled: Vec<&str> = cells.iter().flatten().copied().collect();
    if !once {
        let (entries, plain) = plain(filled.iter().copied());
        return HeldCells { known: known(cells), entries, plain, ..HeldCells::default() };
    }
    let mut list = filled.clone();
    list.sort_unstable();
    list.dedup();
    let positions = filled.iter().map(|word| u32::try_from(list.binary_search(word).unwrap()).unwrap()).collect();
    let (entries, plain) = plain(list.into_iter());
    HeldCells { known: known(cells), entries, plain, positions: Some(positions), ..HeldCells::default() }
}

fn lists(cells: &[Option<Vec<&str>>]) -> HeldCells {
    let (entries, plain) = plain(cells.iter().flatten().flatten().copied());
    let lengths = cells.iter().flatten().map(|list| u32::try_from(list.len()).unwrap()).collect();
    HeldCells { known: known(cells), entries, plain, lengths, ..HeldCells::default() }
}

fn table(name: &str, columns: Vec<(&str, Content, Vec<HeldCells>)>, rows: &[usize]) -> HeldTable {
    let pieces = rows
        .iter()
        .enumerate()
        .map(|(piece, rows)| HeldPiece { rows: *rows, cells: columns.iter().map(|(_, _, cells)| Some(cells[piece].clone())).collect() });
    HeldTable {
        name: name.to_owned(),
        pieces: pieces.collect(),
        columns: columns.iter().map(|(name, content, _)| ((*name).to_owned(), HeldType::Content(*content))).collect(),
    }
}

fn who_table() -> HeldTable {
    let codes: Vec<String> = WHO.iter().map(|(number, _, _)| format!("T-{number}")).collect();
    let columns = vec![
        ("subject", Content::Number, vec![numbers(&WHO.map(|(number, _, _)| Some(number)))]),
        ("kind", Content::Word, vec![words(&WHO.map(|(_, kind, _)| Some(kind)), false)]),
        ("area", Content::Word, vec![words(&WHO.map(|(_, _, area)| area), true)]),
        ("code", Content::Word, vec![words(&codes.iter().map(|code| Some(code.as_str())).collect::<Vec<_>>(), false)]),
    ];
    table("subjects", columns, &[WHO.len()])
}

/// Penalties in two pieces, the first of one row.
fn penalty_table(pack: &Pack, rows: &[Row]) -> HeldTable {
    let kind = pack.record_kind(PENALTY).unwrap();
    let pieces = [&rows[..1], &rows[1..]];
    let each = |cells: &dyn Fn(&[Row]) -> HeldCells| pieces.iter().map(|rows| cells(rows)).collect::<Vec<_>>();
    let class = |row: &Row| row.class.and_then(|class| Class::from_number(i64::from(class))).map(Class::title);
    let mut columns = vec![
        ("subject", Content::Number, each(&|rows| numbers(&rows.iter().map(|row| Some(row.subject)).collect::<Vec<_>>()))),
        ("day", Content::Day, each(&|rows| days(&rows.iter().map(|row| Some(row.day)).collect::<Vec<_>>()))),
        ("class", Content::Word, each(&|rows| words(&rows.iter().map(class).collect::<Vec<_>>(), true))),
    ];
    for field in &kind.fields {
        let Some(content) = schema::content(field) else { continue };
        let value = |row: &Row| row.fields.iter().find(|(code, _)| *code == field.code).map(|(_, value)| *value);
        let cells = each(&|rows| match &field.kind {
            FieldKind::Choice(choices) => {
                let title = |place: i64| choices.values[usize::try_from(place).unwrap()].title.as_str();
                words(&rows.iter().map(|row| value(row).map(title)).collect::<Vec<_>>(), false)
            }
            FieldKind::Choices(choices) => {
                let titles = |set: i64| (0..choices.values.len()).filter(move |place| set >> place & 1 == 1);
                let list = |set: i64| titles(set).map(|place| choices.values[place].title.as_str()).collect::<Vec<_>>();
                lists(&rows.iter().map(|row| value(row).map(list)).collect::<Vec<_>>())
            }
            FieldKind::Day { .. } => days(&rows.iter().map(value).collect::<Vec<_>>()),
            _ => numbers(&rows.iter().map(value).collect::<Vec<_>>()),
        });
        columns.push((&field.code, content, cells));
    }
    table("administrative-penalty", columns, &[1, rows.len() - 1])
}

fn read(pack: &Pack, part: &HeldPart) -> Result<Partition, String> {
    let needs = everything(pack).into_iter().filter(|(kind, _)| *kind == PENALTY).collect();
    let wanted = Wanted { pack, needs: &needs, reported: &Reported::default() };
    Partition::held(part, wanted).map_err(|fault| fault.to_string())
}

fn part(pack: &Pack) -> HeldPart {
    let penalties = penalty_table(pack, &penalties());
    HeldPart { subjects: who_table(), kinds: [("administrative-penalty".to_owned(), Some(penalties))].into() }
}

#[test]
fn a_table_in_memory_becomes_the_columns_that_its_file_becomes() {
    let made = made(&penalties());
    let from_file = made.read().unwrap().remove(0);
    let from_memory = read(&made.pack, &part(&made.pack)).unwrap();
    assert_eq!(from_memory.subjects.numbers, from_file.subjects.numbers);
    assert_eq!(from_memory.subjects.kinds, from_file.subjects.kinds);
    let starts = |partition: &Partition| partition.population().unwrap().kind(PENALTY).unwrap().starts.to_vec();
    assert_eq!(starts(&from_memory), starts(&from_file));
    let mut columns = vec!["class"];
    columns.extend(["CF_XDR_LB", "CF_CFLB", "CF_NR_FK", "CF_JDRQ", "CF_CS", "CF_BM"]);
    for column in columns {
        let expected = cells(&from_file, PENALTY, column, &made.pack);
        assert_eq!(cells(&from_memory, PENALTY, column, &made.pack), expected, "{column}");
        assert!(expected.contains(&None), "{column} shows nothing about empty cells");
    }
}

#[test]
fn a_kind_of_which_nothing_is_said_is_not_a_kind_without_records() {
    let pack = pack();
    let mut part = part(&pack);
    part.kinds.insert("administrative-penalty".to_owned(), None);
    assert_eq!(read(&pack, &part).unwrap().records(), 0);
    part.kinds.clear();
    assert!(read(&pack, &part).unwrap_err().starts_with("表 `administrative-penalty` 没有传入"));
}

#[test]
fn what_contradicts_itself_is_refused_by_table_and_column() {
    let pack = pack();
    let refusal = |column: &str, spoil: &dyn Fn(&mut HeldCells)| {
        let mut part = part(&pack);
        let table = part.kinds.get_mut("administrative-penalty").unwrap().as_mut().unwrap();
        let place = table.columns.iter().position(|(name, _)| name == column).unwrap();
        spoil(table.pieces[1].cells[place].as_mut().unwrap());
        read(&pack, &part).unwrap_err()
    };
    let short = |cells: &mut HeldCells| cells.known.as_mut().unwrap().truncate(1);
    let many = |cells: &mut HeldCells| cells.entries += 1;
    let astray = |cells: &mut HeldCells| cells.positions = Some(vec![7; cells.positions.as_ref().unwrap().len()]);
    let damaged = "的行数与内容前后不符，请核对传入的数据";
    for (column, said) in [
        ("CF_NR_FK", refusal("CF_NR_FK", &many)),
        ("CF_CS", refusal("CF_CS", &|cells| cells.plain = cells.plain.slice(1..))),
        ("CF_BM", refusal("CF_BM", &|cells| cells.known = Some(vec![1, 0]))),
        ("class", refusal("class", &astray)),
        ("CF_XDR_LB", refusal("CF_XDR_LB", &short)),
        ("CF_CFLB", refusal("CF_CFLB", &|cells| cells.lengths.push(0))),
    ] {
        assert_eq!(said, format!("表 `administrative-penalty` 的列 `{column}` {damaged}"));
    }
    assert!(refusal("CF_CFLB", &|cells| cells.hollow = true).contains("的列 `CF_CFLB` 的列表中有空元素"));
    // A category that no row has is nothing against the rows; one that a row has is.
    let more = |used: bool| {
        move |cells: &mut HeldCells| {
            let (_, stranger) = plain(["特别严重"].into_iter());
            cells.plain = [cells.plain.as_ref(), stranger.as_ref()].concat().into();
            if used {
                *cells.positions.as_mut().unwrap().last_mut().unwrap() = u32::try_from(cells.entries).unwrap();
            }
            cells.entries += 1;
        }
    };
    let with = |used: bool| {
        let mut part = part(&pack);
        let table = part.kinds.get_mut("administrative-penalty").unwrap().as_mut().unwrap();
        let place = table.columns.iter().position(|(name, _)| name == "class").unwrap();
        more(used)(table.pieces[1].cells[place].as_mut().unwrap());
        read(&pack, &part)
    };
    assert!(with(false).is_ok());
    assert!(with(true).unwrap_err().contains("的列 `class` 含有规则包没有列出的取值 `特别严重`"));
    assert!(refusal("day", &|cells| cells.known = Some(vec![0, 1, 1])).contains("的列 `day`"));
}
