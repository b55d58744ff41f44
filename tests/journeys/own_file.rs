//! A subject sees everything that is kept about it: each table that names subjects is either in its own file or says here why not (A8, N1).

use serde_json::json;
use xinzhi_core::actor::{Actor, Role};
use xinzhi_office::subject::{self, SubjectFile};

use crate::support::database::{number, tables_with};
use crate::support::files::{FINE, REVOKED, company, honours, penalties, registration, serious_list};
use crate::support::recipient::{MEASURES, World, subscribe};
use crate::support::town::{Town, each_database};

/// What becomes of the rows of a table that carry a subject's number.
enum Fate {
    /// They are in its own file: this many of those it shows.
    Shown(fn(&SubjectFile) -> usize),
    /// They hold nothing beyond what is shown, or nothing that says anything.
    Beside(&'static str),
}

/// Every table with a subject. A new one fails the walk until somebody has decided what its subject sees of it.
fn fates() -> Vec<(&'static str, Fate)> {
    use Fate::{Beside, Shown};
    vec![
        ("access", Shown(|file| file.accesses.iter().filter(|access| access.what != "push").count())),
        ("account", Beside("the account by which the subject itself signs in, shown to it on its own page")),
        ("check_event", Shown(|file| file.checks.len())),
        ("decision", Shown(|file| file.decisions.len())),
        ("journal", Shown(|file| file.history.iter().filter(|entry| entry.draft.subject == Some(file.subject)).count())),
        ("push_event", Shown(|file| file.accesses.iter().filter(|access| access.what == "push").count())),
        ("record", Shown(|file| file.records.len())),
        ("record_of_subject", Beside("an index over `record`")),
        ("search_pending", Beside("tokens of the subject's own name, on their way into the index")),
        ("subject", Shown(|file| usize::from(!file.name.is_empty() && !file.kind.is_empty()))),
        ("subject_alias", Shown(|file| file.aliases.len())),
        ("subject_code", Shown(|file| usize::from(!file.code.is_empty()))),
        ("subject_key", Beside("the key that seals its identifying fields; it says nothing")),
        ("subject_search", Beside("tokens of the subject's own name and code")),
    ]
}

/// A company about which each of these tables has rows, more reads than a page of the staff shows.
fn plant(town: &Town) -> String {
    let company = company(1);
    let (centre, person) = (town.program(Role::Centre), town.person(Role::Department));
    subscribe(town, &centre, &MEASURES);
    town.import(&centre, "registration", &registration(&[&company]));
    town.import(&centre, "cf-2018", &penalties(&[(&company, FINE), (&company, REVOKED)]));
    town.import(&centre, "honour", &honours(&[(&company, "示政〔2026〕1号", "国家级", "2026-05-01")]));
    town.import(&centre, "serious-list", &serious_list(&[(&company, "示税列〔2026〕1号", "2026-06-01", "2027-03-31")]));
    // Under another name, so that there is an alias.
    let other = registration(&[&company]).replace(&company.name, "示范县旧名商贸有限公司").replace(",ZC", ",B").replace("2015-", "2014-");
    town.import(&centre, "registration", &other);
    let body = json!({"subject": company.code, "matter": "procurement-bid", "purpose": "政府采购", "case": "CG2026-9"});
    let check = town.post(&person, "/api/v1/checks", &body).ok();
    let told = json!({"measure": "procurement-limit", "outcome": "applied", "officer": "李芳", "notice": "2026-11-23",
        "document": {"number": "示财采〔2026〕8号", "organ": "示范县财政局", "date": "2026-11-20"}});
    town.post(&person, &format!("/api/v1/checks/{}/feedback", check["id"]), &told).ok();
    assert!(!World::new().told(town).is_empty(), "a recipient is told of the restriction");
    for _ in 0..60 {
        town.file(&centre, &company.code, "records");
    }
    company.code
}

#[test]
fn a8_n1_a_subject_sees_every_row_about_it_and_no_table_is_forgotten() {
    each_database(|town| {
        let fates = fates();
        let mut listed: Vec<&str> = fates.iter().map(|(table, _)| *table).collect();
        // The index of SQLite is no table with columns.
        listed.retain(|table| *table != "subject_search" || !town.is_sqlite());
        assert_eq!(tables_with(town, "subject_id"), listed, "say what its subject sees of a new table, or why it need not");

        let code = plant(town);
        let id = town.subject(&code);
        let own = Actor { subject: Some(id), ..town.actor(Role::Subject) };
        let file = town.wait(subject::open_file(&town.office, &own, "", "本人查询")).unwrap();
        assert!(file.accesses.len() > 60, "its own file shows more than a page of the staff: {}", file.accesses.len());
        let mut compared = 0;
        for (table, fate) in fates {
            let seen = match fate {
                Fate::Shown(count) => i64::try_from(count(&file)).unwrap(),
                Fate::Beside(why) => {
                    assert!(why.len() > 20, "{table}");
                    continue;
                }
            };
            // An event that was never tried has not left the house, and one code names the subject.
            let only = match table {
                "push_event" => {
                    " and exists (select 1 from push_delivery d where d.subscription_id = t.subscription_id
                    and d.sequence = t.sequence and (d.tries > 0 or d.accepted_at is not null))"
                }
                "subject_code" => " and t.scheme = 'uscc'",
                _ => "",
            };
            let stored = number(town, &format!("select count(*) from {table} t where t.subject_id = {}{only}", id.0));
            assert_eq!(seen, stored, "{table}");
            compared += usize::from(stored > 0);
        }
        assert!(compared >= 8, "only {compared} tables had rows to compare");
        assert!(!file.measures.is_empty(), "and the measures that follow from them");
        let obligations = number(town, "select count(*) from obligation");
        let shown: usize = file.checks.iter().map(|check| check.obligations.len()).sum();
        assert_eq!(i64::try_from(shown).unwrap(), obligations, "each answer that is owed about it stands with its check");
    });
}
