//! The county as a reader of its files finds it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use xinzhi_collect::{Judge, Mapping, Options, Row};
use xinzhi_core::identifier::{NO_CODE, OrgCode, Uscc};
use xinzhi_core::money::Unit;
use xinzhi_core::record::Outcome;
use xinzhi_core::{Day, Fen};
use xinzhi_rules::{Files, Pack};

use super::layout::{ABNORMAL, COMMITMENT, HONOUR, INSPECTION, LEGACY, LICENCE, Layout, PENALTY, REGISTRATION, SERIOUS};
use super::*;

fn size(subjects: usize, records: usize) -> Size {
    Size { subjects, records, seed: 7, through: Day::new(2026, 11, 22).unwrap(), years: 3 }
}

fn county(size: &Size, out: &Path) -> Vec<Delivery> {
    write(size, out, &mut |_, _| {}).unwrap()
}

/// Header and rows of a CSV in whichever encoding it has.
fn read(path: &Path) -> (Vec<String>, Vec<Vec<String>>) {
    let bytes = std::fs::read(path).unwrap();
    let text = match std::str::from_utf8(&bytes) {
        Ok(text) => text.trim_start_matches('\u{feff}').to_owned(),
        Err(_) => {
            let (text, broken) = encoding_rs::GBK.decode_without_bom_handling(&bytes);
            assert!(!broken, "{}", path.display());
            text.into_owned()
        }
    };
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().iter().map(str::to_owned).collect();
    (header, reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect())
}

/// Column of a file, by field code or words.
fn column(layout: &Layout, code: &str) -> usize {
    layout.columns.iter().position(|(c, _)| *c == code).unwrap()
}

fn bytes(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    files.map(|file| (file.file_name().into_string().unwrap(), std::fs::read(file.path()).unwrap())).collect()
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    let (one, two, three) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    county(&size(600, 3000), one.path());
    county(&size(600, 3000), two.path());
    county(&Size { seed: 8, ..size(600, 3000) }, three.path());
    let (first, second, third) = (bytes(one.path()), bytes(two.path()), bytes(three.path()));
    assert!(first.keys().any(|name| name.ends_with(".xlsx")));
    assert_eq!(first, second);
    assert_ne!(first["01-registration.csv"], third["01-registration.csv"]);
}

#[test]
fn e9_the_promised_number_of_records_is_written_and_every_file_has_the_rows_it_states() {
    for (subjects, records) in [(1, 0), (1, 1), (40, 7), (500, 90), (3000, 1500), (800, 9000)] {
        let folder = tempfile::tempdir().unwrap();
        let deliveries = county(&size(subjects, records), folder.path());
        let rows: usize = deliveries.iter().filter(|d| d.source != "registration").map(|d| d.rows).sum();
        assert_eq!(rows, records, "{subjects} subjects");
        assert_eq!(deliveries.first().map(|d| d.source), Some("registration"));
        for delivery in &deliveries {
            assert!(delivery.rows > 0, "{}", delivery.path.display());
            if delivery.path.extension().is_some_and(|e| e == "csv") {
                assert_eq!(read(&delivery.path).1.len(), delivery.rows, "{}", delivery.path.display());
            }
        }
    }
}

#[test]
fn progress_rises_to_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    let mut seen = Vec::new();
    write(&size(2000, 6000), folder.path(), &mut |done, total| seen.push((done, total))).unwrap();
    assert!(seen.is_sorted() && seen.len() > 2, "{seen:?}");
    assert_eq!(seen.last(), Some(&(8000, 8000)));
}

#[test]
fn a_county_without_subjects_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    assert!(write(&size(0, 10), folder.path(), &mut |_, _| {}).is_err());
}

#[test]
fn every_header_is_known_to_the_national_pack() {
    let catalog = [
        (&REGISTRATION, include_str!("../../packs/national/catalog/registration.yaml")),
        (&PENALTY, include_str!("../../packs/national/catalog/administrative-penalty.yaml")),
        (&LICENCE, include_str!("../../packs/national/catalog/administrative-licence.yaml")),
        (&INSPECTION, include_str!("../../packs/national/catalog/inspection.yaml")),
        (&ABNORMAL, include_str!("../../packs/national/catalog/abnormal-list.yaml")),
        (&SERIOUS, include_str!("../../packs/national/catalog/serious-dishonesty-list.yaml")),
        (&HONOUR, include_str!("../../packs/national/catalog/honour.yaml")),
        (&COMMITMENT, include_str!("../../packs/national/catalog/commitment.yaml")),
    ];
    for (layout, yaml) in catalog {
        for (code, words) in layout.columns {
            assert!(yaml.contains(&format!("code: {code}")), "{code}");
            assert!(yaml.contains(words), "{words}");
        }
        let codes = yaml.matches("{ code: ").count() + yaml.matches("- code: ").count();
        assert_eq!(codes, layout.columns.len(), "{} leaves a field out", layout.source);
    }
    let legacy = include_str!("../../packs/national/sources/cf-legacy.yaml");
    for code in ["CF_CFLB1", "CF_XDR_ZDM", "CF_XDR_GSDJ", "CF_XDR_SFZ", "CF_FR", "CF_JG", "CF_XZJG"] {
        assert!(legacy.contains(code) && LEGACY.columns.iter().any(|(c, _)| *c == code), "{code}");
    }
}

#[test]
fn every_kind_of_defect_is_planted_in_the_market_regulators_penalties_and_can_be_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let deliveries = county(&size(3000, 12_000), folder.path());
    let market = deliveries.iter().find(|d| d.source == "cf-2018" && d.path.to_string_lossy().contains("market")).unwrap();
    for defect in defects::Defect::ALL {
        assert!(market.planted.contains_key(defect.name()), "{}", defect.name());
    }
    let (_, rows) = read(&market.path);
    let count = |code: &str, test: &dyn Fn(&str) -> bool| rows.iter().filter(|row| test(&row[column(&PENALTY, code)])).count();
    let planted = |name: &str| market.planted.get(name).copied().unwrap_or(0);
    assert_eq!(count("CF_XDR_MC", &|name| name == "******"), planted("masked-name"));
    assert_eq!(count("CF_XDR_MC", &|name| name == "个体工商户"), planted("unnamed-sole-trader"));
    assert_eq!(count("CF_XDR_MC", &|name| name.contains('\u{200b}')), planted("zero-width"));
    assert_eq!(count("CF_CFJGDM", &|code| code == NO_CODE), planted("placeholder-organ"));
    assert_eq!(count("CF_NR_FK", &|sum| sum.chars().any(|c| ('０'..='９').contains(&c))), planted("full-width-money"));
    assert_eq!(count("CF_JDRQ", &|day| Day::parse(day).is_err()), planted("impossible-date"));
    assert_eq!(count("CF_JDRQ", &|day| Day::parse(day).is_ok_and(|d| d > size(1, 1).through)), planted("future-date"));
    assert_eq!(count("CF_SY", &|facts| facts.chars().count() > 5000), planted("overlong-text"));
    assert_eq!(count("CF_FR_ZJHM", &|number| number.ends_with("E+17")), planted("scientific-number"));
    let wrong = count("CF_XDR_SHXYM", &|code| !code.is_empty() && Uscc::parse(code).is_err());
    assert_eq!(wrong, planted("wrong-check-digit"));
}

/// How the front door judges the rows of a file: outcomes, and how often each remark is made.
fn judged(pack: &Pack, delivery: &Delivery, today: Day) -> (BTreeMap<&'static str, usize>, BTreeMap<String, usize>) {
    let source = pack.sources.iter().find(|source| source.id == delivery.source).unwrap();
    let file = std::fs::File::open(&delivery.path).unwrap();
    let mut table = xinzhi_collect::table::open(file, &Options::undeclared()).unwrap();
    let mapping = Mapping::of(pack, source, &table.header).unwrap();
    let judge = Judge::new(pack, source, mapping, today).unwrap();
    let (mut outcomes, mut remarks, mut row) = (BTreeMap::new(), BTreeMap::new(), Row::default());
    while table.next(&mut row).unwrap() {
        let judged = judge.judge(&row);
        *outcomes.entry(judged.outcome.title()).or_default() += 1;
        for remark in judged.remarks {
            *remarks.entry(remark.code).or_default() += 1;
        }
    }
    (outcomes, remarks)
}

#[test]
fn the_front_door_reads_every_file_and_stops_nothing_but_what_was_spoiled() {
    let folder = tempfile::tempdir().unwrap();
    let pack =
        xinzhi_rules::load("national", &Files::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("packs/national")).unwrap()).unwrap();
    let size = size(2500, 10_000);
    for delivery in county(&size, folder.path()) {
        let (outcomes, remarks) = judged(&pack, &delivery, size.through.plus_days(1));
        let stopped = delivery.rows - outcomes.get(Outcome::Accepted.title()).copied().unwrap_or(0);
        let spoiled: usize = delivery.planted.iter().filter(|(what, _)| STOPPED.contains(what)).map(|(_, count)| count).sum();
        assert!(stopped <= spoiled, "{}: {stopped} stopped, {spoiled} spoiled, {remarks:?}", delivery.path.display());
        assert!(!remarks.keys().any(|code| code.starts_with("choice.")), "{}: {remarks:?}", delivery.path.display());
        let planted = |what: &str| delivery.planted.get(what).copied().unwrap_or(0);
        let said = |code: &str| remarks.get(code).copied().unwrap_or(0);
        assert_eq!(said("party.masked"), planted("masked-name"), "{}", delivery.path.display());
        assert_eq!(said("date.invalid"), planted("impossible-date"), "{}", delivery.path.display());
        assert_eq!(said("money.differs"), planted("yuan-for-ten-thousand"), "{}", delivery.path.display());
    }
}

/// What keeps a row out, or before a person.
const STOPPED: [&str; 9] = [
    "masked-name",
    "missing-code",
    "wrong-check-digit",
    "impossible-date",
    "full-width-money",
    "future-date",
    "person-number-in-text",
    "forbidden-content",
    "unnamed-sole-trader",
];

#[test]
fn department_codes_are_valid() {
    use super::organs::Organ;
    for organ in [
        Organ::Market,
        Organ::Environment,
        Organ::Transport,
        Organ::Emergency,
        Organ::Housing,
        Organ::Health,
        Organ::City,
        Organ::Fire,
        Organ::Farm,
        Organ::Labour,
        Organ::Land,
        Organ::Culture,
        Organ::Tax,
        Organ::Tobacco,
        Organ::Education,
        Organ::Reform,
        Organ::Court,
        Organ::Government,
        Organ::Command,
        Organ::Centre,
    ] {
        assert!(Uscc::parse(organ.code()).is_ok() && OrgCode::parse(organ.code().get(8..17).unwrap()).is_ok(), "{}", organ.name());
    }
}

#[test]
fn clean_penalties_agree_with_themselves() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cf.csv");
    let size = size(700, 4000);
    let delivery = write_cf(&size, Defects::None, &path).unwrap();
    assert!(delivery.planted.is_empty());
    let (header, rows) = read(&path);
    assert_eq!((header.len(), rows.len()), (30, 4000));
    let mut numbers = BTreeSet::new();
    for row in &rows {
        let at = |code: &str| row[column(&PENALTY, code)].as_str();
        assert!(Uscc::parse(at("CF_XDR_SHXYM")).is_ok() && Uscc::parse(at("CF_CFJGDM")).is_ok());
        assert!(numbers.insert((at("CF_CFJGDM").to_owned(), at("CF_WSH").to_owned())), "{}", at("CF_WSH"));
        let day = Day::parse(at("CF_JDRQ")).unwrap();
        assert!(!day.is_weekend() && day <= size.through && day > size.through.plus_months(-36), "{day}");
        assert!(at("CF_WSH").contains(&format!("〔{}〕", day.year())));
        assert!(!at("CF_SY").contains('{') && !at("CF_SY").contains('}'), "{}", at("CF_SY"));
        assert_eq!(at("CF_CFLB").contains("罚款"), !at("CF_NR_FK").is_empty());
        if let Ok(fine) = Fen::parse(at("CF_NR_FK"), Unit::TenThousandYuan) {
            assert!(at("CF_NR").contains(&format!("罚款{}元", fine.0 / 100)), "{}", at("CF_NR"));
        }
        if let Ok(taken) = Fen::parse(at("CF_NR_WFFF"), Unit::TenThousandYuan) {
            assert!(at("CF_NR").contains(&format!("没收违法所得{}元", money::yuan(taken.0))), "{}", at("CF_NR"));
        }
    }
}

#[test]
fn spoiled_bulk_files_keep_their_length_and_state_every_defect() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cf.csv");
    let delivery = write_cf(&size(700, 20_000), Defects::Usual, &path).unwrap();
    assert_eq!((delivery.rows, read(&path).1.len()), (20_000, 20_000));
    let planted: usize = delivery.planted.values().sum();
    assert!((150..=260).contains(&planted), "{planted}");
    assert_eq!(delivery.planted.len(), defects::Defect::ALL.len());
}

#[test]
fn amounts_are_written_as_departments_write_them() {
    assert_eq!(money::ten_thousand(200_000), "0.2");
    assert_eq!(money::ten_thousand(32_650), "0.03265");
    assert_eq!(money::ten_thousand(5_000_000), "5");
    assert_eq!((money::yuan(200_000), money::yuan(32_650), money::yuan(32_605)), ("2000".into(), "326.50".into(), "326.05".into()));
}

#[test]
fn a_market_names_traders_of_its_township_and_some_have_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let size = size(2000, 0);
    let deliveries = write_market(&size, folder.path()).unwrap();
    assert_eq!(deliveries.iter().map(|d| d.source).collect::<Vec<_>>(), ["street-registration", "shop-registration", "stall-registration"]);
    let yaml = [
        include_str!("../../packs/cangnan-market/catalog/street-registration.yaml"),
        include_str!("../../packs/cangnan-market/catalog/shop-registration.yaml"),
        include_str!("../../packs/cangnan-market/catalog/stall-registration.yaml"),
    ];
    for (delivery, yaml) in deliveries.iter().zip(yaml) {
        let (header, rows) = read(&delivery.path);
        assert!(header.iter().all(|title| yaml.contains(title)), "{header:?}");
        assert_eq!(rows.len(), delivery.rows);
        if let (Some(operator), Some(until)) =
            (header.iter().position(|t| t == "经营者证照代码"), header.iter().position(|t| t.starts_with('撤')))
        {
            assert!(rows.iter().all(|row| Uscc::parse(&row[operator]).is_ok_and(|code| code.as_str().starts_with('9'))));
            let ended = rows.iter().filter(|row| !row[until].is_empty()).count();
            assert!(ended < rows.len() / 2, "most are still kept");
        }
    }
}
