//! What the fuzz targets share: a file as a department sends it, read and judged to its last row.
//!
//! A target panics where a promise is broken: a fault of ours, a row without an outcome, a refusal without a sentence, a text that does not
//! come back as it was.

use std::io::Cursor;
use std::path::Path;
use std::sync::OnceLock;

use xinzhi_collect::table::{self, Format, Limits, Options};
use xinzhi_collect::{Encoding, Judge, Judged, Mapping, Row};
use xinzhi_core::Day;
use xinzhi_core::record::Outcome;
use xinzhi_rules::Pack;
use xinzhi_rules::load::{Files, load};

/// The pack by which files are judged.
pub fn pack() -> &'static Pack {
    static PACK: OnceLock<Pack> = OnceLock::new();
    PACK.get_or_init(|| load("national", &files("packs/national")).expect("the national pack is sound"))
}

/// The files of a pack of the repository.
pub fn files(folder: &str) -> Files {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the targets lie in the repository");
    Files::read(&root.join(folder)).expect("the folder is a pack")
}

/// Reads a file and judges every row by the source that the first byte chooses; the second declares an encoding or none.
pub fn judge_all(choice: [u8; 2], format: Format, bytes: &[u8]) {
    let pack = pack();
    let [source, encoding] = choice;
    let source = &pack.sources[usize::from(source) % pack.sources.len()];
    let encoding = [None, Some(Encoding::Utf8), Some(Encoding::Gb18030)][usize::from(encoding) % 3];
    let options = Options { format: Some(format), encoding, limits: Limits { rows_max: 1_000, ..Limits::HOUSE }, ..Options::undeclared() };
    let mut table = match table::open(Cursor::new(bytes.to_vec()), &options) {
        Ok(table) => table,
        Err(fault) => return assert_sentence(&fault.to_string()),
    };
    let judge = match Mapping::of(pack, source, &table.header) {
        Ok(mapping) => Judge::new(pack, source, mapping, Day::new(2026, 11, 23).expect("a day")),
        Err(fault) => return assert_sentence(&fault.to_string()),
    };
    let judge = judge.expect("the pack is checked");
    let (mut row, mut last) = (Row::default(), 0);
    loop {
        match table.next(&mut row) {
            Ok(true) => {}
            Ok(false) => return,
            Err(fault) => return assert_sentence(&fault.to_string()),
        }
        assert!(row.number > last, "row {} after row {last}", row.number);
        last = row.number;
        assert_judged(&judge.judge(&row));
    }
}

fn assert_judged(judged: &Judged) {
    for remark in &judged.remarks {
        assert_sentence(&remark.sentence);
    }
    match judged.outcome {
        Outcome::Refused => assert!(judged.candidate.is_none() && !judged.remarks.is_empty(), "{judged:?}"),
        _ => {
            let candidate = judged.candidate.as_ref().expect("what is not refused may become a record");
            let open: serde_json::Value = serde_json::from_str(&candidate.open).expect("open fields are JSON");
            assert!(open.is_object(), "{open}");
        }
    }
}

/// The library that reads workbooks panics at some of them, on a thread of its own, where the product contains it: such a panic ends in a
/// sentence and is no find. Every other one is.
pub fn contain_the_reader_of_workbooks() {
    let find = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if std::thread::current().name() != Some("sheet") {
            find(info);
        }
    }));
}

/// What a sender is told is a sentence in Chinese.
pub fn assert_sentence(words: &str) {
    assert!(words.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)), "{words:?}");
}
