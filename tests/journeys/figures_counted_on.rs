//! 统计: what is counted on from what was counted before is what a count of everything gives, and what each subject's page says.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use xinzhi_core::actor::Role;
use xinzhi_core::record::BatchId;
use xinzhi_office::Office;
use xinzhi_office::figure::{Asked, count_ahead, is_ahead, show, shown_figures};
use xinzhi_office::import::{self, Ruling};

use super::figures::{column, county, figure, install};
use crate::support::files::{Company, FINE, Penalty, company, penalties, registration, serious_list};
use crate::support::town::{Caller, Town, each_database, encoded};

/// 经营异常名录 of companies, by number.
fn abnormal(rows: &[(&Company, &str)]) -> String {
    let mut out = "主体名称,统一社会信用代码,列入决定文书号,列入日期,列入原因,列入决定机关,移出日期\n".to_owned();
    for (Company { name, code, .. }, number) in rows {
        out += &format!("{name},{code},{number},2026-07-10,未按规定期限公示年度报告,示范县市场监督管理局,\n");
    }
    out
}

/// Everything that figures tell, by every breakdown.
fn everything(town: &Town) -> Vec<String> {
    everything_in(town, &town.office)
}

fn everything_in(town: &Town, office: &Arc<Office>) -> Vec<String> {
    let asked = |by: Option<&str>| Asked { by: by.map(str::to_owned), ..Default::default() };
    let actor = town.actor(Role::Centre);
    let mut all = Vec::new();
    for shown in town.wait(shown_figures(office, &actor)).unwrap() {
        for by in &shown.figure.by {
            let table = town.wait(show(office, &actor, &shown.figure.id, &asked(Some(by.word())))).unwrap().table;
            all.push(format!("{} {}: {table:?}", shown.figure.id, by.word()));
        }
    }
    all
}

/// What is counted on from what was counted before is what a count of everything gives, after each sort of act.
#[test]
fn figures_counted_on_are_those_of_an_office_that_counts_everything_anew() {
    for mut town in [Town::on_sqlite(), Town::on_postgres()] {
        install(&town, "cangnan-market");
        // Whoever opens the office again has nothing that was counted before.
        let same = |town: &mut Town, after: &str| {
            let counted_on = everything(town);
            town.reopen();
            let anew = everything(town);
            counted_on.iter().zip(&anew).for_each(|(on, anew)| assert_eq!(on, anew, "after {after}"));
            assert!(anew.len() > 30 && counted_on.len() == anew.len());
            anew
        };
        let companies = county(&town);
        same(&mut town, "a county was there");
        let (centre, person) = (town.program(Role::Centre), town.actor(Role::Centre));
        let fine = |number, day| Penalty { number, day, ..FINE };
        let batch = town.import(&centre, "cf-2018", &penalties(&[(&companies[3], fine("示市监罚〔2026〕31号", "2026-11-12"))]));
        same(&mut town, "records were committed");
        // The same row again in another batch: it stands where the first is recalled.
        town.import(&centre, "cf-2018", &penalties(&[(&companies[3], fine("示市监罚〔2026〕31号", "2026-11-12"))]));
        same(&mut town, "a row was repeated");
        let recall = |town: &Town, batch: &Value| {
            town.post(&centre, &format!("/api/v1/batches/{}/recall", batch["id"]), &json!({"reason": "报送有误"})).ok();
        };
        recall(&town, &batch);
        same(&mut town, "a batch was recalled and revived by another");
        let new = [company(7), Company { area: "330899102001", ..company(8) }];
        let registered = town.import(&centre, "registration", &registration(&[&new[0], &new[1]]));
        same(&mut town, "subjects were registered");
        // Another content of the same document waits; a person takes it in.
        let other = Penalty { fine: "2", ..fine("示市监罚〔2026〕31号", "2026-11-12") };
        let waiting = town.import(&centre, "cf-2018", &penalties(&[(&companies[3], other)]));
        assert_eq!(waiting["counts"]["quarantined"], 1, "{waiting}");
        let ruling = Ruling { accept: true, reason: "已核对".to_owned(), code: None };
        town.wait(import::rule(&town.office, &person, (BatchId(waiting["id"].as_i64().unwrap()), 2), &ruling)).unwrap();
        same(&mut town, "a row was taken in");
        // The area of a subject moves, and with it all its records.
        let moved = Company { area: "330899102001", ..companies[0].clone() };
        let waiting = town.import(&centre, "registration", &registration(&[&moved]));
        assert_eq!(waiting["counts"]["quarantined"], 1, "{waiting}");
        town.wait(import::rule(&town.office, &person, (BatchId(waiting["id"].as_i64().unwrap()), 2), &ruling)).unwrap();
        same(&mut town, "a subject moved");
        recall(&town, &registered);
        same(&mut town, "registrations were recalled");
        let check = town.check(&centre, &companies[0].code).ok();
        same(&mut town, "a check was made");
        if let Some(measure) = check["measures"].get(0) {
            let answer = json!({"measure": measure["measure"], "outcome": "not_applied", "officer": "陈静", "reason": "本次不实施"});
            town.post(&centre, &format!("/api/v1/checks/{}/feedback", check["id"]), &answer).ok();
        }
        let before = same(&mut town, "a check was answered");
        // What silence says changes for everybody: nobody was ever found abnormal, as far as this file goes.
        town.import(&centre, "abnormal", &abnormal(&[(&companies[1], "示异〔2026〕1号")]));
        assert_ne!(same(&mut town, "more was reported"), before);
        town.import(
            &centre,
            "stall-registration",
            "摊位编号,摊位名称,市场名称,所属行政区划,登记日期,登记单位\nCN-01-001,甲,灵溪农贸市场,330899101001,2026-01-05,示范市场开办者\n",
        );
        same(&mut town, "a stall was registered");
        town.advance_days(40);
        same(&mut town, "time passed");
    }
}

/// An office that is never closed and counts on from what it had counted on from before.
struct Watch<'a> {
    town: &'a Town,
    centre: Caller,
    before: Vec<String>,
}

impl Watch<'_> {
    fn new(town: &Town) -> (Watch<'_>, Vec<Company>) {
        let companies = county(town);
        let mut watch = Watch { town, centre: town.program(Role::Centre), before: Vec::new() };
        watch.same("a county was there", &[]);
        (watch, companies)
    }

    /// It says what a reader says who has counted nothing yet, and of some figures something else than before.
    fn same(&mut self, after: &str, changes: &[&str]) {
        let counted_on = everything(self.town);
        let anew = everything_in(self.town, &self.town.reader());
        assert!(anew.len() > 20 && counted_on.len() == anew.len());
        counted_on.iter().zip(&anew).for_each(|(on, anew)| assert_eq!(on, anew, "after {after}"));
        let of = |all: &[String], id: &str| all.iter().filter(|line| line.starts_with(&format!("{id} "))).cloned().collect::<Vec<_>>();
        for id in changes {
            assert_ne!(of(&anew, id), of(&self.before, id), "{after}: {id}");
        }
        self.before = anew;
    }

    fn import(&self, source: &str, file: &str) -> Value {
        self.town.import(&self.centre, source, file)
    }

    fn recall(&self, batch: &Value) {
        let path = format!("/api/v1/batches/{}/recall", batch["id"]);
        self.town.post(&self.centre, &path, &json!({"reason": "报送有误"})).ok();
    }

    /// A row that says otherwise than one that is known waits for a person, who takes it in.
    fn take_in(&self, source: &str, file: &str) {
        let waiting = self.import(source, file);
        assert_eq!(waiting["counts"]["quarantined"], 1, "{waiting}");
        let ruling = Ruling { accept: true, reason: "已核对".to_owned(), code: None };
        let row = (BatchId(waiting["id"].as_i64().unwrap()), 2);
        self.town.wait(import::rule(&self.town.office, &self.town.actor(Role::Centre), row, &ruling)).unwrap();
    }

    fn ask(&self, company: &Company, (matter, purpose): (&str, &str)) -> Value {
        let body = json!({"subject": company.code, "matter": matter, "purpose": purpose, "case": "SP2026-00018"});
        self.town.post(&self.centre, "/api/v1/checks", &body).ok()
    }

    fn answer(&self, check: &Value, outcome: &str) {
        for measure in check["measures"].as_array().unwrap() {
            let body = json!({"measure": measure["measure"], "outcome": outcome, "officer": "陈静", "reason": "已经核实，本次不实施"});
            self.town.post(&self.centre, &format!("/api/v1/checks/{}/feedback", check["id"]), &body).ok();
        }
    }
}

const LICENCE: (&str, &str) = ("food-licence", "行政许可");
const BID: (&str, &str) = ("procurement-bid", "政府采购");

/// What a check tells holds until the next one at the same matter, and while its records stand; so does what was decided.
#[test]
fn measures_counted_on_are_those_counted_anew() {
    each_database(|town| {
        let (mut watch, companies) = Watch::new(town);
        let first = watch.import("abnormal", &abnormal(&[(&companies[1], "示异〔2026〕41号")]));
        watch.same("a company was found abnormal", &["accepted-records"]);
        let told = watch.ask(&companies[1], LICENCE);
        watch.same("a check told of supervision", &["checks", "measures-in-force"]);
        let supervised = |measure: &Value| measure["kind"] == "supervision" && measure["state"] == "in_force";
        assert!(told["measures"].as_array().unwrap().iter().any(supervised), "{told}");
        watch.ask(&companies[1], BID);
        watch.same("the same was asked at another matter", &["checks"]);
        watch.recall(&first);
        watch.same("what it rested on was recalled", &["measures-in-force", "accepted-records"]);
        let again = watch.import("abnormal", &abnormal(&[(&companies[1], "示异〔2026〕42号")]));
        watch.same("it was found so again", &["accepted-records"]);
        watch.ask(&companies[1], LICENCE);
        watch.same("a check told of it", &["measures-in-force"]);
        watch.recall(&again);
        watch.ask(&companies[1], LICENCE);
        watch.same("it was recalled, and the next check told nothing of it", &["measures-in-force"]);

        watch.take_in("registration", &registration(&[&Company { area: "330899102001", ..companies[2].clone() }]));
        watch.same("a subject with a decision moved", &["accepted-records", "market-grades", "measures-in-force"]);
        watch.take_in("serious-list", &serious_list(&[(&companies[2], "示税列〔2026〕1号", "2026-06-01", "2027-02-28")]));
        watch.same("the cause of a decision was corrected", &["measures-in-force"]);

        let owed = watch.ask(&companies[3], LICENCE);
        watch.same("more is owed", &["checks"]);
        watch.answer(&told, "acknowledged");
        watch.same("answers were acknowledged", &[]);
        watch.answer(&owed, "acknowledged");
        watch.answer(&owed, "not_applied");
        watch.answer(&told, "not_applied");
        watch.same("answers were final", &["closed-share", "accepted-records"]);
        assert_eq!(town.doctor(), []);
    });
}

/// Of whom only staged rows tell, nobody knows anything yet; many at once are counted as one is.
#[test]
fn subjects_counted_on_are_those_counted_anew() {
    each_database(|town| {
        let (mut watch, _) = Watch::new(town);
        let new = [company(21), Company { area: "330899102001", ..company(22) }];
        let staged = town.upload(&watch.centre, "registration", &registration(&[&new[0], &new[1]])).ok();
        watch.same("rows were staged", &[]);
        let more = watch.import("registration", &registration(&[&company(23)]));
        watch.same("others were registered meanwhile", &["market-grades"]);
        town.post(&watch.centre, &format!("/api/v1/batches/{}/commit", staged["id"]), &Value::Null).ok();
        watch.same("what was staged was committed", &["market-grades", "accepted-records"]);
        watch.recall(&more);
        watch.same("a registration was recalled", &["market-grades"]);

        // A statement takes thirty-two.
        let many: Vec<Company> = (31..=75).map(company).collect();
        watch.import("registration", &registration(&many.iter().collect::<Vec<_>>()));
        watch.same("many were registered", &["market-grades", "accepted-records"]);
        let numbers: Vec<String> = (0..many.len()).map(|n| format!("示异〔2026〕5{n:02}号")).collect();
        let rows: Vec<(&Company, &str)> = many.iter().zip(&numbers).map(|(company, number)| (company, number.as_str())).collect();
        let batch = watch.import("abnormal", &abnormal(&rows));
        watch.same("many were found abnormal", &["accepted-records"]);
        many.iter().for_each(|company| drop(watch.ask(company, LICENCE)));
        watch.same("many were told", &["measures-in-force"]);
        watch.recall(&batch);
        watch.same("what many were told of fell", &["measures-in-force", "accepted-records"]);
        town.advance_days(1);
        watch.same("a day passed", &[]);
        assert_eq!(town.doctor(), []);
    });
}

/// Figures are counted before anybody asks, and what happens after that is in them all the same.
#[test]
fn e10_what_was_counted_ahead_is_as_new_as_the_last_act() {
    for mut town in [Town::on_sqlite(), Town::on_postgres()] {
        let companies = county(&town);
        let ahead = || {
            (0..600).any(|_| {
                town.wait(async { tokio::time::sleep(Duration::from_millis(100)).await });
                is_ahead(&town.office).unwrap()
            })
        };
        assert!(!is_ahead(&town.office).unwrap(), "nobody asked for anything yet");
        let counting = count_ahead(&town.office).unwrap();
        assert!(ahead(), "it is counted without being asked");
        assert_eq!(everything(&town), everything_in(&town, &town.reader()));
        let centre = town.program(Role::Centre);
        town.import(&centre, "abnormal", &abnormal(&[(&companies[1], "示异〔2026〕1号")]));
        town.check(&centre, &companies[0].code).ok();
        assert!(!is_ahead(&town.office).unwrap(), "something happened");
        assert_eq!(everything(&town), everything_in(&town, &town.reader()));
        assert!(is_ahead(&town.office).unwrap());
        town.advance_days(1);
        assert!(!is_ahead(&town.office).unwrap(), "it is another day");
        assert_eq!(everything(&town), everything_in(&town, &town.reader()));
        // The office is let go of, and opens again.
        drop(counting);
        town.reopen();
    }
}

/// By area a subject counts where its page says that it is, and by what was reported there.
#[test]
fn a_subject_counts_in_the_area_that_its_page_tells() {
    each_database(|town| {
        let firms = [company(1), company(2)];
        let (centre, person) = (town.program(Role::Centre), town.actor(Role::Centre));
        let batch = town.import(&centre, "registration", &registration(&[&firms[0], &firms[1]]));
        let by_area = |town: &Town| column(&figure(town, &centre, "market-grades?by=area"), "of");
        let tells = |town: &Town, firm: &Company| {
            let path = format!("/api/v1/subjects/{}?purpose={}", firm.code, encoded("日常监管"));
            town.get(&centre, &path).ok()["area"].clone()
        };
        assert_eq!(by_area(town), [("330899101".to_owned(), json!(2))].into());

        // An officer takes in that one of them moved.
        let moved = Company { area: "330899102001", ..firms[0].clone() };
        let waiting = town.import(&centre, "registration", &registration(&[&moved]));
        assert_eq!(waiting["counts"]["quarantined"], 1, "{waiting}");
        let ruling = Ruling { accept: true, reason: "已核对".to_owned(), code: None };
        town.wait(import::rule(&town.office, &person, (BatchId(waiting["id"].as_i64().unwrap()), 2), &ruling)).unwrap();
        assert_eq!(tells(town, &moved), "330899102001");
        assert_eq!(by_area(town), [("330899101".to_owned(), json!(1)), ("330899102".to_owned(), json!(1))].into());
        let found = town.get(&centre, &format!("/api/v1/subjects?q={}", moved.code)).ok();
        assert_eq!(found[0]["area"], "330899102001", "it is found where it is: {found}");

        // What told where the other one is was taken back: nobody knows, here as there.
        town.import(&centre, "cf-2018", &penalties(&[(&firms[1], FINE)]));
        town.post(&centre, &format!("/api/v1/batches/{}/recall", batch["id"]), &json!({"reason": "报送有误"})).ok();
        assert_eq!(tells(town, &firms[1]), Value::Null);
        assert_eq!(by_area(town), [("330899102".to_owned(), json!(1)), ("-".to_owned(), json!(1))].into());
    });
}
