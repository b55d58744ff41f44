//! 统计: every number is compared with a count made here from what was done, and with the list that lies behind it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;
use std::path::Path;

use calamine::Reader;
use serde_json::{Value, json};
use xinzhi_core::actor::{Actor, Role};
use xinzhi_core::identifier::ResidentId;
use xinzhi_office::{Office, organ};
use xinzhi_rules::Pack;
use xinzhi_rules::load::Files;
use xinzhi_rules::model::{Field, FieldIx, FieldKind, Need};

use crate::support::files::{Company, FINE, Penalty, REVOKED, company, honours, penalties, registration, serious_list};
use crate::support::town::{Caller, MARKET, Town, each_database, encoded, word};

pub(super) fn install(town: &Town, pack: &str) {
    let files = Files::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("packs").join(pack)).unwrap();
    town.wait(town.office.install_pack(pack, files)).unwrap();
}

pub(super) fn figure(town: &Town, who: &Caller, query: &str) -> Value {
    town.get(who, &format!("/api/v1/figures/{query}")).ok()
}

/// The value of a column of some cells.
fn of(cells: &Value, column: &str) -> Value {
    let cells = cells.as_array().unwrap_or_else(|| panic!("{cells}"));
    cells.iter().find(|cell| cell["column"] == column).unwrap_or_else(|| panic!("no {column}: {cells:?}"))["value"].clone()
}

/// One column by group.
pub(super) fn column(figure: &Value, column: &str) -> BTreeMap<String, Value> {
    let groups = figure["groups"].as_array().unwrap().iter();
    groups.map(|group| (group["key"].as_str().unwrap_or("-").to_owned(), of(&group["cells"], column))).collect()
}

fn counts<const N: usize>(expected: [(&str, i64); N]) -> BTreeMap<String, Value> {
    expected.into_iter().map(|(key, count)| (key.to_owned(), json!(count))).collect()
}

/// What is owed, as this test knows it.
struct Debt {
    organ: String,
    kind: &'static str,
    due: &'static str,
    closed: Option<&'static str>,
}

/// Two organs ask in two months; some answer in time, some late, some never.
fn owed(town: &Town) -> Vec<Debt> {
    let [good, bad] = [company(1), company(2)];
    let centre = town.program(Role::Centre);
    town.import(&centre, "registration", &registration(&[&good, &bad]));
    town.import(&centre, "cf-2018", &penalties(&[(&bad, REVOKED)]));
    town.import(&centre, "honour", &honours(&[(&good, "示政〔2026〕1号", "省级", "2026-05-01")]));
    let market = town.program(Role::Department);
    let other =
        town.program_as(Actor { organ: Some("示范县卫生健康局".to_owned()), is_person: false, ..town.actor(Role::Department) });
    // The board is looked at after every act, so that what is counted on is compared with what is counted by hand in the end.
    let look = || town.get(&market, "/api/v1/checks").ok();
    look();
    let give = |who: &Caller, check: &Value, measure: &str, outcome: &str| {
        let body = json!({"measure": measure, "outcome": outcome, "officer": "陈静", "reason": "已经核实，本次不实施"});
        town.post(who, &format!("/api/v1/checks/{}/feedback", check["id"]), &body).ok();
        look();
    };
    let debt = |organ: &str, kind, due, closed| Debt { organ: organ.to_owned(), kind, due, closed };
    // Monday 2026-11-23: five working days lead to 2026-11-30.
    let (first, second) = (town.check(&market, &good.code).ok(), town.check(&market, &bad.code).ok());
    assert_eq!(second["measures"].as_array().unwrap().len(), 3, "{second}");
    look();
    let third = town.check(&other, &good.code).ok();
    town.advance_days(3);
    give(&market, &first, "green-channel", "applied");
    give(&market, &second, "market-access-limit", "not_applied");
    give(&market, &second, "strengthened-supervision", "acknowledged");
    town.advance_days(6);
    // Wednesday 2026-12-02, after the due day; what is asked now is due on 2026-12-09.
    give(&other, &third, "green-channel", "applied");
    let fourth = town.check(&market, &good.code).ok();
    town.check(&other, &good.code).ok();
    town.advance_days(1);
    give(&market, &fourth, "green-channel", "applied");
    let health = "示范县卫生健康局";
    vec![
        debt(MARKET, "incentive", "2026-11-30", Some("2026-11-26")),
        debt(MARKET, "restriction", "2026-11-30", Some("2026-11-26")),
        debt(MARKET, "supervision", "2026-11-30", None),
        debt(MARKET, "restriction", "2026-11-30", None),
        debt(health, "incentive", "2026-11-30", Some("2026-12-02")),
        debt(MARKET, "incentive", "2026-12-09", Some("2026-12-03")),
        debt(health, "incentive", "2026-12-09", None),
    ]
}

/// Part and whole by group, counted by hand on 2026-12-03.
fn by_hand(debts: &[Debt], group: impl Fn(&Debt) -> String, part: impl Fn(&Debt) -> bool) -> BTreeMap<String, (i64, i64)> {
    let mut sums: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    for debt in debts {
        let sum = sums.entry(group(debt)).or_default();
        let whole = debt.closed.is_some() || debt.due < "2026-12-03";
        *sum = (sum.0 + i64::from(whole && part(debt)), sum.1 + i64::from(whole));
    }
    sums
}

fn parts_and_wholes(figure: &Value) -> BTreeMap<String, (i64, i64)> {
    let whole = column(figure, "among");
    let part = column(figure, "of");
    let pairs = part.into_iter().map(|(key, part)| (key.clone(), (part.as_i64().unwrap(), whole[&key].as_i64().unwrap())));
    pairs.filter(|(key, (_, whole))| !key.starts_with("20") || *whole > 0).collect()
}

#[test]
fn the_closed_share_is_the_board_s_and_what_a_count_by_hand_gives() {
    each_database(|town| {
        let debts = owed(town);
        let centre = town.program(Role::Centre);
        let closed = |debt: &Debt| debt.closed.is_some();
        for (by, group) in [
            ("organ", (|debt: &Debt| debt.organ.clone()) as fn(&Debt) -> String),
            ("kind", |debt| debt.kind.to_owned()),
            ("month", |debt| debt.due.get(..7).unwrap().to_owned()),
        ] {
            let shown = figure(town, &centre, &format!("closed-share?by={by}"));
            assert_eq!(parts_and_wholes(&shown), by_hand(&debts, group, closed), "{by}");
        }
        let in_time = |debt: &Debt| debt.closed.is_some_and(|day| day <= debt.due);
        let timely = figure(town, &centre, "timely-feedback?by=organ");
        assert_eq!(parts_and_wholes(&timely), by_hand(&debts, |debt| debt.organ.clone(), in_time));
        let shares = column(&timely, "share");
        assert_eq!((&shares[MARKET], &shares["示范县卫生健康局"]), (&json!(600), &json!(0)), "three of five; late is not in time");

        // Three days twice, nine days, one day: of two in the middle the fewer.
        let days = figure(town, &centre, "feedback-days?by=organ");
        assert_eq!(column(&days, "days"), counts([(MARKET, 3), ("示范县卫生健康局", 9)]));

        // One implementation: the board, the page of the board and the figure tell the same.
        let board = town.get(&centre, "/api/v1/checks").ok();
        let overall = &figure(town, &centre, "closed-share")["figure"]["overall"];
        assert_eq!(of(overall, "share"), board["closed_share"]);
        let closed = board["executed"].as_i64().unwrap() + board["not_executed"].as_i64().unwrap();
        assert_eq!((of(overall, "of"), of(overall, "among")), (json!(closed), json!(closed + board["overdue"].as_i64().unwrap())));
        assert_eq!(board["owed"], 7);

        // Checks by month and matter.
        let checks = figure(town, &centre, "checks?by=organ");
        assert_eq!(column(&checks, "of"), counts([(MARKET, 3), ("示范县卫生健康局", 2)]));
        let trend = column(&figure(town, &centre, "checks?by=month&months=2"), "of");
        assert_eq!(trend, counts([("2026-11", 3), ("2026-12", 2)]));
        assert_eq!(town.doctor(), []);
    });
}

/// What an answer changes shows at once, although what was counted is kept.
#[test]
fn e10_a_figure_is_as_new_as_the_last_act() {
    each_database(|town| {
        let [good, bad] = [company(1), company(2)];
        let centre = town.program(Role::Centre);
        town.import(&centre, "registration", &registration(&[&good, &bad]));
        let graded = |town: &Town| of(&figure(town, &centre, "market-grades?by=subject")["figure"]["overall"], "0");
        assert_eq!(graded(town), json!(0));
        town.import(&centre, "cf-2018", &penalties(&[(&bad, FINE)]));
        let batch = town.import(&centre, "honour", &honours(&[(&good, "示政〔2026〕1号", "省级", "2026-05-01")]));
        let known = town.evaluation(&centre, &good.code);
        assert_eq!(graded(town), json!(i64::from(known["grade"] == "A")), "{known}");
        assert_eq!(known["grade"], "A");
        assert_eq!(of(&figure(town, &centre, "accepted-records")["figure"]["overall"], "of"), json!(4));
        town.post(&centre, &format!("/api/v1/batches/{}/recall", batch["id"]), &json!({"reason": "报送有误"})).ok();
        assert_eq!(graded(town), json!(0), "a recalled honour grades nobody");
        assert_eq!(of(&figure(town, &centre, "accepted-records")["figure"]["overall"], "of"), json!(3));
    });
}

fn person_number(body: &str) -> String {
    format!("{body}{}", ResidentId::check_character(body).unwrap())
}

const PERSON_HEADER: &str = "行政相对人名称,行政相对人类别,统一社会信用代码,自然人证件类型,自然人证件号码,行政处罚决定书文号,违法行为类型,违法事实,处罚依据,处罚类别,处罚内容,罚款金额（万元）,处罚决定日期,处罚机关\n";

/// Penalties of residents, `count` of them.
fn fined(count: usize) -> String {
    let row = |n: usize| {
        let number = person_number(&format!("3308251970{:02}01{:03}", n % 12 + 1, n + 1));
        format!(
            "司马无忌,自然人,,身份证,{number},示市监罚〔2026〕9{n:02}号,销售,销售不合格商品,《产品质量法》第四十九条,罚款,罚款五千元,0.5,2026-09-01,{MARKET}\n"
        )
    };
    PERSON_HEADER.to_owned() + &(0..count).map(row).collect::<String>()
}

/// A county with everything that is counted: companies in two townships and nowhere, penalties early, late and refused, fined
/// residents, checks answered and not, a decision.
pub(super) fn county(town: &Town) -> Vec<Company> {
    let companies: Vec<Company> = (1..=6)
        .map(|n| match n {
            5 => Company { area: "330899102001", ..company(n) },
            6 => Company { area: "", ..company(n) },
            n => company(n),
        })
        .collect();
    let centre = town.program(Role::Centre);
    town.import(&centre, "registration", &registration(&companies.iter().collect::<Vec<_>>()));
    let market = town.program(Role::Department);
    let on = |number, day| Penalty { number, day, ..FINE };
    let rows = [
        (&companies[0], on("示市监罚〔2026〕11号", "2026-11-12")),
        (&companies[1], on("示市监罚〔2026〕12号", "2026-11-11")),
        (&companies[4], on("示市监罚〔2026〕13号", "2026-11-20")),
        (&companies[1], on("示市监罚〔2026〕14号", "2026-13-01")),
        (&companies[1], on("示市监罚〔2026〕15号", "2026-13-02")),
        (&companies[1], Penalty { fine: "很多", ..on("示市监罚〔2026〕16号", "2026-11-02") }),
    ];
    let batch = town.import(&market, "cf-2018", &penalties(&rows));
    assert_eq!(
        batch["counts"],
        json!({"read": 6, "accepted": 3, "duplicate": 0, "refused": 3, "quarantined": 0}),
        "{:?}",
        town.verdicts(&market, &batch)
    );
    town.import(&centre, "cf-2018", &fined(3));
    town.import(&centre, "honour", &honours(&[(&companies[0], "示政〔2026〕1号", "省级", "2026-05-01")]));
    town.import(&centre, "serious-list", &serious_list(&[(&companies[2], "示税列〔2026〕1号", "2026-06-01", "2027-03-31")]));
    let person = town.person(Role::Department);
    let body = json!({"subject": companies[2].code, "matter": "procurement-bid", "purpose": "政府采购", "case": "CG2026-9"});
    let check = town.post(&market, "/api/v1/checks", &body).ok();
    let decision = json!({"measure": "procurement-limit", "outcome": "applied", "officer": "李芳", "notice": "2026-11-23",
        "document": {"number": "示财采〔2026〕8号", "organ": "示范县财政局", "date": "2026-11-20"}});
    town.post(&person, &format!("/api/v1/checks/{}/feedback", check["id"]), &decision).ok();
    for code in [&companies[0].code, &companies[0].code, &companies[4].code] {
        town.check(&market, code).ok();
    }
    town.check(&town.program(Role::Township), &companies[3].code).ok();
    companies
}

/// Links to lists on a page with the number that each stands behind.
fn linked(html: &str) -> Vec<(String, i64)> {
    let anchors = html.split("<a href=\"").skip(1).filter(|rest| rest.starts_with("/desk/figures/") && rest.contains("/list?"));
    let number = |rest: &str| {
        let (href, after) = rest.split_once("\">").unwrap();
        // The days of a median count nothing themselves.
        let text = after.split('<').next().filter(|text| !text.ends_with('天'))?;
        let count = text.split(' ').next().unwrap().parse::<i64>();
        Some((href.replace("&#38;", "&").replace("&amp;", "&"), count.ok()?))
    };
    anchors.filter_map(number).collect()
}

/// What a list says it holds, and what stands on all its pages: lines, or the rows of batches.
fn listed(town: &Town, who: &Caller, href: &str) -> (i64, i64) {
    let (mut said, mut found) = (0, 0);
    for page in 1.. {
        let answer = town.get(who, &format!("{href}&page={page}"));
        let html = answer.text();
        assert_eq!(answer.status, 200, "{href}: {html}");
        said = html.split("<p class=\"today\">共 ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
        let lines: Vec<&str> = html.split("<tbody>").nth(1).map_or(Vec::new(), |body| body.split("<tr>").skip(1).collect());
        assert!(lines.len() <= 20, "{href}: {} lines", lines.len());
        for line in lines {
            let rows = line.split("data-label=\"行数\">").nth(1).map(|rest| rest.split('<').next().unwrap().parse::<i64>().unwrap());
            found += rows.unwrap_or(1);
        }
        if !html.contains("下一页") {
            return (said, found);
        }
    }
    (said, found)
}

#[test]
fn a4_behind_every_number_is_a_list_of_exactly_what_it_counts() {
    each_database(|town| {
        county(town);
        let centre = town.person(Role::Centre);
        let figures = town.get(&centre, "/api/v1/figures").ok();
        let mut tried = 0;
        for shown in figures.as_array().unwrap() {
            let id = word(&shown["id"]);
            for by in shown["by"].as_array().unwrap() {
                let page = town.get(&centre, &format!("/desk/figures/{id}?by={}", word(by)));
                assert_eq!(page.status, 200, "{id} {by}: {}", page.text());
                for (href, number) in linked(&page.text()) {
                    assert_eq!(listed(town, &centre, &href), (number, number), "{id} {by}: {href}");
                    tried += 1;
                }
            }
        }
        assert!(tried > 150, "only {tried} numbers were tried");
    });
}

#[test]
fn a_list_of_many_is_read_in_pages_of_twenty() {
    each_database(|town| {
        let centre = town.person(Role::Centre);
        let companies: Vec<Company> = (1..=45).map(company).collect();
        town.import(&town.program(Role::Centre), "registration", &registration(&companies.iter().collect::<Vec<_>>()));
        let page = town.get(&centre, "/desk/figures/market-grades?by=area").text();
        let (href, number) = linked(&page).into_iter().next().unwrap();
        assert_eq!((number, listed(town, &centre, &href)), (45, (45, 45)));
        // Behind the last page it is said, with a way back; at the end itself it is not.
        for (page, behind) in [("3", false), ("4", true), ("9999", true)] {
            let html = town.get(&centre, &format!("{href}&page={page}")).text();
            assert_eq!(html.contains("这一页在最后一页之后"), behind, "{page}: {html}");
            assert!(html.contains("共 45 ") && !html.contains("没有符合条件的"), "{page}: {html}");
            let back = html.split("<a href=\"").find(|rest| rest.contains(">查看最后一页</a>")).map(|rest| rest.split('"').next().unwrap());
            let back = back.map(|back| town.get(&centre, &back.replace("&#38;", "&")).text());
            assert_eq!(back.map(|page| page.contains("第 41 行起，本页 5 行")), behind.then_some(true), "{html}");
        }
        // A line stands for all rows of a batch: the last page is that of the lines, of which there is one.
        let rows = "/desk/figures/refused-share/list?by=source&part=among";
        assert!(town.get(&centre, rows).text().contains("第 1 行起，本页 1 行"));
        let html = town.get(&centre, &format!("{rows}&page=3")).text();
        assert!(html.contains("共 45 ") && html.contains("page=1\">查看最后一页"), "{html}");
    });
}

#[test]
fn deliveries_are_in_time_to_the_working_day_and_rows_sent_back_have_their_reasons() {
    each_database(|town| {
        county(town);
        let centre = town.program(Role::Centre);
        // Known on Monday 2026-11-23: the seventh working day after 11-12 and the eighth after 11-11.
        let delivery = figure(town, &centre, "timely-delivery?by=source");
        assert_eq!(parts_and_wholes(&delivery)["cf-2018"], (2, 6), "two of the companies' three; the residents' are of September");
        let refused = figure(town, &centre, "refused-share?by=reason");
        let expected = counts([("处罚决定日期：日期不符", 2), ("罚款金额（万元）：金额不符", 1)]);
        assert_eq!(column(&refused, "of"), expected);
        let read: i64 = 6 + 6 + 3 + 1 + 1;
        assert!(column(&refused, "among").values().all(|whole| *whole == json!(read)), "a reason is compared with everything: {refused}");
        let by_organ = figure(town, &centre, "refused-share?by=organ");
        assert_eq!(column(&by_organ, "share")[MARKET], json!(500));
        let in_force = figure(town, &centre, "measures-in-force");
        assert_eq!(column(&in_force, "of").get("restriction"), Some(&json!(1)), "{in_force}");
        // What runs is nobody's check: its line leads to whom it concerns. A plain number has no name beside that of its group.
        let list = town.get(&town.person(Role::Centre), "/desk/figures/measures-in-force/list?by=kind&group=restriction&part=of").text();
        assert!(list.contains("：惩戒</h1>") && list.contains("<a href=\"/desk/subjects/91330899"), "{list}");
    });
}

#[test]
fn c2_grades_are_those_that_each_subject_has_alone() {
    each_database(|town| {
        let companies = county(town);
        let centre = town.program(Role::Centre);
        let mut expected: BTreeMap<(String, String), i64> = BTreeMap::new();
        for company in &companies {
            let evaluation = town.evaluation(&centre, &company.code);
            let grade = evaluation["grade"].as_str().unwrap_or("not_evaluable").to_owned();
            let area = company.area.get(..9).unwrap_or("-").to_owned();
            *expected.entry((area, grade)).or_insert(0) += 1;
        }
        let shown = figure(town, &centre, "market-grades?by=area");
        let names: BTreeMap<&str, &str> = [("0", "A"), ("1", "B"), ("2", "C"), ("3", "D"), ("not_evaluable", "not_evaluable")].into();
        let mut found: BTreeMap<(String, String), i64> = BTreeMap::new();
        for (id, name) in names {
            for (area, count) in column(&shown, id).into_iter().filter(|(_, count)| *count != json!(0)) {
                found.insert((area, name.to_owned()), count.as_i64().unwrap());
            }
        }
        assert_eq!(found, expected, "{shown}");
        assert!(found.keys().map(|(_, grade)| grade).collect::<BTreeSet<_>>().len() >= 2, "{found:?}");
        // Three residents were fined; nobody of them is graded (C2).
        assert_eq!(of(&shown["total"], "of"), json!(companies.len()));
        let subjects = figure(town, &centre, "market-grades?by=subject");
        assert_eq!(column(&subjects, "of"), counts([("enterprise", 6)]));
    });
}

#[test]
fn each_role_sees_the_figures_of_its_own_reach() {
    each_database(|town| {
        let companies = county(town);
        let reads = |who: &Caller, query: &str| figure(town, who, query);
        let (market, other) = (
            town.program(Role::Department),
            town.program_as(Actor { organ: Some("示范县卫生健康局".to_owned()), is_person: false, ..town.actor(Role::Department) }),
        );
        let centre = town.program(Role::Centre);
        let checks = |who: &Caller| of(&reads(who, "checks")["figure"]["overall"], "of");
        assert_eq!([checks(&centre), checks(&market), checks(&other)], [json!(5), json!(4), json!(0)]);
        assert_eq!(column(&reads(&market, "checks?by=organ"), "of"), counts([(MARKET, 4)]), "no other organ is named");
        let township = town.program(Role::Township);
        assert_eq!(checks(&township), json!(4), "checks of companies in the township and the township's own");
        // A township sees its own villages and nobody else's.
        let grades = column(&reads(&township, "market-grades?by=area"), "of");
        assert_eq!(grades, counts([("330899101001", 4)]));
        assert_eq!(column(&reads(&centre, "market-grades?by=area"), "of"), counts([("330899101", 4), ("330899102", 1), ("-", 1)]));
        let person = town.person(Role::Township);
        let list = town.get(&person, "/desk/figures/market-grades/list?by=area&part=of").text();
        assert!(list.contains(&companies[0].name) && !list.contains(&companies[4].name) && !list.contains(&companies[5].name), "{list}");
        let page = town.get(&person, "/desk/figures").text();
        assert!(page.contains("市场主体等级分布") && !page.contains("退回率"), "rows are for those who see batches");
        town.get(&township, "/api/v1/figures/refused-share").refused(403, "not_permitted");
        for role in [Role::Counter, Role::Legal, Role::Audit, Role::System] {
            let who = town.person(role);
            town.get(&who, "/api/v1/figures").refused(403, "not_permitted");
            let page = town.get(&who, "/desk/figures/checks/list?part=of");
            assert_eq!(page.status, 403, "{role:?}");
            assert!(!companies.iter().any(|company| page.text().contains(&company.name)));
        }
    });
}

#[test]
fn areas_are_called_by_their_names_and_codes_stand_beside() {
    each_database(|town| {
        county(town);
        let operator = Office::operator();
        // Two townships of one name can be told apart by their codes; what nobody named is called by its code.
        for code in ["330899101", "330899102"] {
            town.wait(organ::record_area(&town.office, &operator, (code, "青溪镇"), false)).unwrap().unwrap();
        }
        let (centre, person) = (town.program(Role::Centre), town.person(Role::Centre));
        let shown = figure(town, &centre, "market-grades?by=area");
        let groups = shown["groups"].as_array().unwrap();
        let called: Vec<(Value, Value)> = groups.iter().map(|group| (group["key"].clone(), group["title"].clone())).collect();
        let expected = [("330899101", "青溪镇"), ("330899102", "青溪镇")].map(|(key, title)| (json!(key), json!(title)));
        assert_eq!(called, [&expected[..], &[(Value::Null, json!("区划不明"))]].concat());
        let page = town.get(&person, "/desk/figures/market-grades?by=area").text();
        for code in ["330899101", "330899102"] {
            assert!(page.contains(&format!(">青溪镇 <span class=\"line\">{code}</span></th>")), "{code}: {page}");
        }
        let list = town.get(&person, "/desk/figures/market-grades/list?by=area&group=330899101&part=of").text();
        assert!(list.contains("青溪镇（330899101）"), "{list}");
        let bytes = town.get(&person, "/desk/figures/market-grades/data.xlsx?by=area").bytes;
        let mut workbook = calamine::Xlsx::new(Cursor::new(bytes)).unwrap();
        let sheet = workbook.worksheet_range("统计").unwrap();
        let firsts: Vec<String> = sheet.rows().filter_map(|row| row.first()).map(ToString::to_string).collect();
        assert!(firsts.contains(&"青溪镇（330899101）".to_owned()) && firsts.contains(&"青溪镇（330899102）".to_owned()), "{firsts:?}");
        let village = figure(town, &town.program(Role::Township), "market-grades?by=area");
        assert_eq!(village["groups"][0]["title"], "330899101001");
    });
}

#[test]
fn few_natural_persons_are_nowhere_told() {
    each_database(|town| {
        let companies: Vec<Company> = (1..=12).map(company).collect();
        let (program, centre) = (town.program(Role::Centre), town.person(Role::Centre));
        town.import(&program, "registration", &registration(&companies.iter().collect::<Vec<_>>()));
        town.import(&program, "cf-2018", &fined(9));
        let shown = figure(town, &program, "accepted-records?by=subject");
        let hidden = |cells: &Value| cells[0]["hidden"].as_bool().unwrap();
        let resident = shown["groups"].as_array().unwrap().iter().find(|group| group["key"] == "resident").unwrap().clone();
        assert!(hidden(&resident["cells"]) && resident["cells"][0]["value"].is_null(), "{resident}");
        let others: Vec<bool> = shown["groups"].as_array().unwrap().iter().map(|group| hidden(&group["cells"])).collect();
        assert!(others.iter().all(|hidden| *hidden), "21 less 12 companies would be the nine: {shown}");
        let page = town.get(&centre, "/desk/figures/accepted-records?by=subject").text();
        assert!(page.contains("少于 10") && !linked(&page).iter().any(|(href, _)| href.contains("group=resident")), "{page}");
        let list = town.get(&centre, "/desk/figures/accepted-records/list?by=subject&group=resident&part=of");
        assert_eq!(list.status, 404, "{}", list.text());
        assert!(!list.text().contains("司马"), "no name comes with the refusal");
        // The tenth makes them many.
        town.import(&program, "cf-2018", &fined(10));
        let shown = figure(town, &program, "accepted-records?by=subject");
        assert_eq!(column(&shown, "of"), counts([("enterprise", 12), ("resident", 10)]));
    });
}

/// The first sheet as lines of texts.
fn sheet(bytes: Vec<u8>) -> Vec<Vec<String>> {
    let mut book: calamine::Xlsx<_> = calamine::Xlsx::new(Cursor::new(bytes)).unwrap();
    let range = book.worksheet_range_at(0).unwrap().unwrap();
    range.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect()
}

#[test]
fn x7_a_workbook_holds_what_the_page_shows_and_no_formula() {
    each_database(|town| {
        let evil = "=HYPERLINK(\"http://x\")";
        let company = company(1);
        let organ = Actor { organ: Some(evil.to_owned()), is_person: false, ..town.actor(Role::Department) };
        let centre = town.program(Role::Centre);
        town.import(&centre, "registration", &registration(&[&company]));
        town.check(&town.program_as(organ), &company.code).ok();
        town.check(&town.program(Role::Department), &company.code).ok();
        let answer = town.get(&town.person(Role::Centre), "/desk/figures/checks/data.xlsx?by=organ");
        assert_eq!((answer.status, answer.kind.as_str()), (200, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"));
        let lines = sheet(answer.bytes);
        assert_eq!(lines[0][0], "信用核查次数");
        assert_eq!(lines[1][0], word(&figure(town, &centre, "checks?by=organ")["finding"]));
        let table: Vec<(&str, &str)> = lines[5..].iter().map(|line| (line[0].as_str(), line[1].as_str())).collect();
        let head = ("部门", "数量（次）");
        let mut rows = [(evil, "1"), (MARKET, "1")];
        rows.sort_unstable();
        assert_eq!(table, [head, rows[0], rows[1], ("合计", "2")], "a formula is a text");
        let share = sheet(town.get(&town.person(Role::Centre), "/desk/figures/closed-share/data.xlsx?by=organ").bytes);
        assert_eq!(share[5][1..], ["已办结（项）", "已办结、已逾期（项）", "闭环率"]);
    });
}

/// A file of a source with one row about the stall CN-09-001, its required fields filled with what comes first.
fn harmless(pack: &Pack, source: &str) -> String {
    let kind = pack.record_kind(pack.source_by_id(source).unwrap().kind).unwrap();
    let code = &kind.roles.party_code[0];
    let value = |(ix, field): (usize, &Field)| match &field.kind {
        _ if code.contains(&FieldIx(ix)) => "CN-09-001".to_owned(),
        FieldKind::Choice(choices) | FieldKind::Choices(choices) => choices.values[0].title.clone(),
        FieldKind::Integer { min, .. } => min.to_string(),
        FieldKind::Day { .. } => "2026-11-02".to_owned(),
        _ => format!("甲{ix}"),
    };
    let needed =
        || kind.fields.iter().enumerate().filter(|(ix, field)| matches!(field.need, Need::Required) || code.contains(&FieldIx(*ix)));
    let head: Vec<&str> = needed().map(|(_, field)| field.title.as_str()).collect();
    format!("{}\n{}\n", head.join(","), needed().map(value).collect::<Vec<_>>().join(","))
}

/// Stalls of two markets; what a recheck found decides the grade.
fn market(town: &Town) -> Vec<&'static str> {
    install(town, "cangnan-market");
    let centre = town.program(Role::Centre);
    let stalls = ["CN-01-001", "CN-01-002", "CN-01-003", "CN-02-001"];
    let row = |(n, code): (usize, &&str)| {
        let market = match code.get(..5).unwrap() {
            "CN-01" => "灵溪农贸市场",
            "CN-02" => "龙港农贸市场",
            _ => "金乡农贸市场",
        };
        // The last stall opened in November.
        let day = if n == 3 { "2026-11-02" } else { "2026-01-05" };
        format!("{code},摊位{n},{market},33089910{}001,{day},示范市场开办者\n", n % 2 + 1)
    };
    let rows: String = stalls.iter().chain(&["CN-09-001"]).enumerate().map(row).collect();
    town.import(&centre, "stall-registration", &format!("摊位编号,摊位名称,市场名称,所属行政区划,登记日期,登记单位\n{rows}"));
    let recheck =
        |code: &str, notice: &str, sort: &str, day: &str| format!("{code},{notice},{day},{day},{sort},未整改,017,{day},示范市场开办者\n");
    let found = [
        recheck("CN-01-001", "T1", "食品安全", "2026-09-10"),
        recheck("CN-01-001", "T2", "食品安全", "2026-10-10"),
        recheck("CN-01-002", "T3", "食品安全", "2026-10-12"),
        recheck("CN-01-002", "T4", "计量", "2026-10-13"),
        recheck("CN-01-002", "T5", "环境卫生", "2026-10-14"),
    ];
    let head = "FC_DXBH,FC_TZBH,FC_SDRQ,FC_ZGQX,FC_WTLB,FC_JG,FC_GH,FC_RQ,FC_DW";
    town.import(&centre, "recheck-stall", &format!("{head}\n{}", found.concat()));
    let pack = town.office.pack();
    // The other kinds are reported as complete: all that they hold is about a stall of a third market.
    for source in ["market-patrol", "rapid-food-test", "price-marking-check", "scale-check", "sanitation-patrol", "complaint-closed"] {
        town.import(&centre, source, &harmless(&pack, source));
    }
    stalls.into()
}

#[test]
fn the_monthly_board_shows_what_each_stall_had_at_the_end_of_each_month() {
    each_database(|town| {
        let stalls = market(town);
        let centre = town.program(Role::Centre);
        let grades = ["A", "B", "C", "D"];
        let purpose = encoded("日常监管");
        let graded = |code: &str, day: &str| -> Option<String> {
            let path = format!("/api/v1/subjects/{code}/evaluations?purpose={purpose}&scorecard=stall-monthly&as_of={day}");
            town.get(&centre, &path).ok()[0]["grade"].as_str().map(str::to_owned)
        };
        // By hand: each stall alone on the last day of the month; the last one was not there before November.
        let expected = |month: &str, day: &str, market: &str| -> Vec<i64> {
            let there = |code: &&&str| code.starts_with(market) && (month >= "2026-11" || **code != "CN-02-001");
            let found: Vec<Option<String>> = stalls.iter().filter(there).map(|code| graded(code, day)).collect();
            let count = |grade: Option<&str>| i64::try_from(found.iter().filter(|one| one.as_deref() == grade).count()).unwrap();
            grades.iter().map(|grade| count(Some(grade))).chain([count(None)]).collect()
        };
        town.advance_days(10);
        // It is the third of December: the last whole month is November.
        let months = [("2026-08", "2026-08-31"), ("2026-09", "2026-09-30"), ("2026-10", "2026-10-31"), ("2026-11", "2026-11-30")];
        let ids = ["0", "1", "2", "3", "not_evaluable"];
        let mut seen = BTreeSet::new();
        let mut before: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
        for (month, day) in months {
            let board = figure(town, &centre, &format!("stall-board?by=place&month={month}"));
            for (market, prefix) in [("灵溪农贸市场", "CN-01"), ("龙港农贸市场", "CN-02")] {
                let wanted = expected(month, day, prefix);
                let group = board["groups"].as_array().unwrap().iter().find(|group| group["key"] == market);
                let cells = |what: &str| -> Vec<i64> {
                    let find = |id: &&str| {
                        group.and_then(|group| group["cells"].as_array().unwrap().iter().find(|cell| cell["column"] == **id).cloned())
                    };
                    ids.iter().map(|id| find(id).map_or(0, |cell| cell[what].as_i64().unwrap())).collect()
                };
                assert_eq!(cells("value"), wanted, "{month} {market}: {board}");
                if let Some(before) = before.get(market) {
                    let change: Vec<i64> = wanted.iter().zip(before).map(|(now, before)| now - before).collect();
                    assert_eq!(cells("change"), change, "{month} {market}: {board}");
                }
                seen.insert(wanted.clone());
                before.insert(market, wanted);
            }
        }
        assert!(seen.len() >= 4, "the grades move: {seen:?}");
        let board = figure(town, &centre, "stall-board");
        assert_eq!((&board["by"], &board["through"]), (&json!("place"), &json!("2026-11")));
        let trend = figure(town, &centre, "stall-board?by=month");
        assert_eq!(trend["total"], Value::Null);
        assert_eq!(column(&trend, "of")["2026-10"], json!(4));
        assert_eq!(column(&trend, "of")["2026-11"], json!(5));
        let page = town.get(&town.person(Role::Centre), "/desk/figures/stall-board").text();
        assert!(page.contains("灵溪农贸市场") && page.contains("2026-11-30 "), "{page}");
        let refused = town.get(&centre, "/api/v1/figures/stall-board?month=2026-12");
        assert!(refused.refused(422, "field_invalid").contains("2026-12"), "the running month is no whole one");
    });
}

#[test]
fn x9_what_cannot_be_shown_is_refused_in_a_sentence() {
    let town = Town::on_sqlite();
    let centre = town.program(Role::Centre);
    let refused = |path: &str| town.get(&centre, &format!("/api/v1/figures/{path}"));
    assert!(refused("no-such").refused(404, "not_found").contains("统计指标"));
    assert!(refused("checks?by=grade").refused(422, "field_invalid").contains("month、matter、organ、area"));
    for months in ["0", "37", "-1", "x", "", "999999999999"] {
        assert!(refused(&format!("checks?months={months}")).refused(422, "field_invalid").contains("1 到 36"), "{months}");
    }
    assert!(refused("checks?month=2026-10").refused(422, "field_invalid").contains("评价"));
    assert!(refused("market-grades?month=2026-13").refused(422, "field_invalid").contains("YYYY-MM"));
    assert!(refused("market-grades?month=2020-01").refused(422, "field_invalid").contains("2020-01"));
    let person = town.person(Role::Centre);
    let list = town.get(&person, "/desk/figures/checks/list?part=punish");
    assert_eq!(list.status, 422, "{}", list.text());
    let empty = town.get(&person, "/desk/figures/checks/list?by=organ&group=nobody&part=of").text();
    assert!(empty.contains("没有符合条件的"), "{empty}");
}

#[test]
fn an_empty_office_has_pages_that_say_what_will_be_there() {
    each_database(|town| {
        let page = town.get(&town.person(Role::Centre), "/desk/figures").text();
        assert!(page.contains("闭环率") && page.contains("有了可以统计的内容后"), "{page}");
    });
}
