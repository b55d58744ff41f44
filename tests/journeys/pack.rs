//! The pack that the binary carries keeps its own promises.

use std::path::Path;

use xinzhi_office::pack;
use xinzhi_rules::load::{Files, load};

#[test]
fn every_case_of_the_own_pack_holds() {
    let pack = pack::load("national", &pack::own_files()).unwrap();
    assert!(pack.cases.len() >= 30, "only {} cases", pack.cases.len());
    assert_eq!(pack::run_cases(&pack).unwrap(), Vec::<String>::new());
}

/// Packs that lie beside the own one stand on it or on nothing, and their cases run as those of an office that has both.
#[test]
fn every_case_of_every_pack_of_the_house_holds() {
    let house = Path::new(env!("CARGO_MANIFEST_DIR")).join("packs");
    let mut tried = 0;
    for folder in std::fs::read_dir(&house).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        let id = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let own = Files::read(&folder).unwrap();
        let bases = own.extends().into_iter().map(|base| (base.clone(), Files::read(&house.join(base)).unwrap()));
        let parts: Vec<(String, Files)> = bases.chain([(id.clone(), own)]).collect();
        let pack = load(&parts[0].0, &Files::union(&parts)).unwrap_or_else(|faults| panic!("{id}: {faults:?}"));
        assert_eq!(pack::run_cases(&pack).unwrap(), Vec::<String>::new(), "{id}");
        tried += pack.cases.len();
    }
    assert!(tried >= 200, "only {tried} cases");
}

#[test]
fn l1_w6_l10_every_measure_of_the_own_pack_has_basis_review_term_and_way_out() {
    let pack = pack::load("national", &pack::own_files()).unwrap();
    assert!(!pack.measures.is_empty());
    for measure in &pack.measures {
        assert!(!measure.basis.is_empty(), "{}", measure.id);
        assert!(measure.term_months > 0 && measure.term_months <= 36, "{}", measure.id);
        assert!(measure.way_out.chars().count() >= 8, "{}", measure.id);
        assert!(measure.review_by.to_string().as_str() <= "2027-12-31", "{}", measure.id);
    }
}

/// A measure without a basis cannot get in, whichever way it is written.
#[test]
fn l1_l3_a_pack_with_an_unfounded_measure_is_refused_whole() {
    let own = pack::own_files();
    let spoil = |from: &str, to: &str| {
        let mut hit = false;
        let changed = own.iter().map(|(path, text)| {
            let spoilt = if path.starts_with("measures/") { text.replacen(from, to, 1) } else { text.to_owned() };
            hit |= spoilt != text;
            (path.to_owned(), spoilt)
        });
        let files = changed.collect();
        assert!(hit, "`{from}` stands in no measure");
        pack::load("national", &files).map(|pack| pack.digest).unwrap_err().to_string()
    };
    let law = "basis: [licence-law-78, licence-law-79, food-safety-law-135, restriction-list-2024]";
    for (to, word) in [("basis: []", "依据"), ("basis: [own-model-2026]", "自定模型"), ("basis: [no-such-law]", "no-such-law")] {
        let refused = spoil(law, to);
        assert!(refused.contains("measures/restrictions.yaml") && refused.contains(word), "{to}: {refused}");
    }
    assert!(spoil("term: 36 months", "term: 37 months").contains("36"));
    let refused = spoil("  list_item: 基础清单 1\n", "");
    assert!(refused.contains("list_item"), "{refused}");
}
