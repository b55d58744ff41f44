//! Two servers on one PostgreSQL database go by the same packs, whichever of them installed one.

use std::path::Path;

use serde_json::json;
use xinzhi_core::actor::Role;
use xinzhi_rules::load::Files;

use crate::support::files::{company, honours, registration};
use crate::support::town::{Caller, Town, word};

fn install(town: &Town, pack: &str) {
    let files = Files::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("packs").join(pack)).unwrap();
    town.wait(town.office.install_pack(pack, files)).unwrap();
}

fn matters(town: &Town) -> Vec<String> {
    let matters = town.get(&Caller::nobody(), "/api/v1/matters").ok();
    matters.as_array().unwrap().iter().map(|matter| word(&matter["id"])).collect()
}

#[test]
fn a_pack_that_one_server_installs_is_in_force_at_the_other_from_its_next_request_on() {
    let first = Town::on_postgres();
    let second = first.beside();
    let company = company(1);
    let centre = first.program(Role::Centre);
    first.import(&centre, "registration", &registration(&[&company]));
    second.import(&centre, "honour", &honours(&[(&company, "示政〔2026〕1号", "国家级", "2026-05-01")]));
    let before = second.check(&centre, &company.code).ok();
    assert_eq!(before["pin"]["pack"], first.office.pack().digest.to_string());
    assert!(!matters(&second).contains(&"stall-renewal".to_owned()));

    install(&first, "cangnan-market");
    assert_eq!(matters(&second), matters(&first));
    assert!(matters(&second).len() > 5, "{:?}", matters(&second));
    let after = second.check(&centre, &company.code).ok();
    assert_ne!(after["pin"]["pack"], before["pin"]["pack"]);
    assert_eq!(after["pin"]["pack"], first.office.pack().digest.to_string());

    // The other way round, noticed by a check first of all.
    install(&second, "zhejiang");
    let noticed = first.check(&centre, &company.code).ok();
    assert_eq!(noticed["pin"]["pack"], second.office.pack().digest.to_string());
    let page = first.get(&Caller::nobody(), "/rules/national/zj-enterprise-trial");
    assert_eq!(page.status, 200, "{}", page.text());

    // Both at once: each is refused or in force at both, and what each answers replays at the other.
    let listed = json!({"subject": company.code, "matter": "procurement-bid", "purpose": "政府采购", "case": "CG1"});
    second.post(&centre, "/api/v1/checks", &listed).ok();
    for town in [&first, &second] {
        assert_eq!(town.doctor(), []);
        assert_eq!(town.office.pack().digest, first.office.pack().digest);
    }
}
