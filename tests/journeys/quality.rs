//! 数据质量: the numbers add up, agree with an independent count, end at the borders of a role, and go back to the department as a list.

use std::collections::BTreeMap;

use calamine::{Data, Reader, Xlsx};
use serde_json::{Value, json};
use xinzhi_core::actor::{Actor, Role};
use xinzhi_core::{AreaCode, Day};
use xinzhi_office::quality::{self, Span};

use crate::support::database::{force, number};
use crate::support::files::{Company, FINE, PENALTY_HEADER, Penalty, company, penalties, penalty_row, registration};
use crate::support::town::{Caller, MARKET, TOWNSHIP, Town, each_database, encoded, form, word};

const TAX: &str = "示范县税务局";
/// An identity number with a valid check digit.
const PERSON: &str = "11010519491231002X";

fn tax(town: &Town) -> Caller {
    town.person_as(Actor { organ: Some(TAX.to_owned()), ..town.actor(Role::Department) })
}

/// Penalties of every sort: in time, late, flawed in two ways, waiting, twice.
fn file(company: &Company) -> String {
    let of = |number, day| Penalty { number, day, ..FINE };
    let rows = [
        of("A1", "2026-11-20"),
        of("A2", "2026-11-12"),
        of("A3", "2026-11-11"),
        of("A3", "2026-11-11"),
        of("A4", "2026-13-01"),
        of("A5", "昨天"),
        Penalty { fine: "很多", ..of("A6", "2026-13-02") },
        Penalty { content: "罚款五千元，当事人 11010519491231002X", ..of("A7", "2026-11-20") },
    ];
    penalties(&rows.map(|penalty| (company, penalty)))
}

fn import(town: &Town, who: &Caller, source: &str, file: &str) -> Value {
    let staged = town.upload(who, source, file).ok();
    town.post(who, &format!("/api/v1/batches/{}/commit", staged["id"]), &Value::Null).ok();
    staged
}

fn total(counts: &Value) -> i64 {
    ["accepted", "duplicate", "refused", "quarantined"].iter().map(|key| counts[key].as_i64().unwrap()).sum()
}

#[test]
fn e9_the_numbers_add_up_and_agree_with_an_independent_count() {
    each_database(|town| {
        let company = company(1);
        let (market, other, centre) = (town.person(Role::Department), tax(town), town.person(Role::Centre));
        import(town, &market, "registration", &registration(&[&company]));
        import(town, &market, "cf-2018", &file(&company));
        import(town, &other, "cf-2018", &penalties(&[(&company, Penalty { number: "B1", day: "2026-10-09", organ: TAX, ..FINE })]));
        let told = town.get(&centre, "/api/v1/quality").ok();
        assert_eq!((&told["from"], &told["through"]), (&json!("2026-10-01"), &json!("2026-11-23")));
        let lines = told["lines"].as_array().unwrap();
        let keys: Vec<(String, String)> = lines.iter().map(|line| (word(&line["organ"]), word(&line["source"]))).collect();
        let of = |organ: &str, source: &str| (organ.to_owned(), source.to_owned());
        assert_eq!(keys, [of(MARKET, "cf-2018"), of(MARKET, "registration"), of(TAX, "cf-2018")]);
        let mut sum = 0;
        for line in lines {
            assert_eq!(line["counts"]["read"], total(&line["counts"]), "{line}");
            sum += line["counts"]["read"].as_i64().unwrap();
        }
        assert_eq!((told["total"]["read"].as_i64(), total(&told["total"])), (Some(sum), sum));
        assert_eq!(sum, number(town, "select cast(sum(rows_read) as bigint) from batch"));
        assert_eq!(told["total"]["refused"].as_i64().unwrap(), number(town, "select count(*) from verdict where outcome = 'refused'"));

        let fines = &lines[0];
        assert_eq!(fines["counts"], json!({"read": 8, "accepted": 3, "duplicate": 1, "refused": 3, "quarantined": 1}));
        // Of Monday 2026-11-23: the 20th is one working day away, the 12th seven, the 11th eight.
        assert_eq!(fines["timeliness"], json!({"term": 7, "records": 3, "in_time": 2, "share": 666, "median": 7}));
        assert_eq!(lines[1]["timeliness"], Value::Null, "the catalogue says nothing of registrations");
        assert_eq!(
            (&lines[2]["timeliness"]["in_time"], &lines[2]["timeliness"]["median"]),
            (&json!(0), &json!(32)),
            "31 weekdays and a worked Saturday"
        );

        let reasons = fines["reasons"].as_array().unwrap();
        let reason = |code: &str| reasons.iter().find(|r| r["code"] == code).unwrap_or_else(|| panic!("{code}: {fines}"));
        assert_eq!(
            (&reasons[0]["code"], &reasons[0]["rows"], &reasons[0]["field"]),
            (&json!("date.invalid"), &json!(3), &json!("处罚决定日期"))
        );
        assert_eq!((&reason("money.invalid")["rows"], &reason("money.invalid")["outcome"]), (&json!(1), &json!("refused")));
        assert_eq!(reason("text.person_number")["outcome"], "quarantined");
        let path = format!(
            "/desk/quality/rows?from=2026-10-01&through=2026-11-23&organ={}&source=cf-2018&outcome=refused&reason=date.invalid&field={}",
            encoded(MARKET),
            encoded("处罚决定日期")
        );
        let page = town.get(&centre, &path).text();
        assert_eq!(page.matches("data-label=\"行号\"").count(), 3, "the number opens into as many rows: {page}");

        // Outside the days, and taken back.
        let none = town.get(&centre, "/api/v1/quality?from=2026-10-01&through=2026-11-22").ok();
        assert_eq!((none["total"]["read"].as_i64(), none["lines"].as_array().unwrap().len()), (Some(0), 0));
        town.post(&other, "/api/v1/batches/3/recall", &json!({"reason": "报错了"})).ok();
        let after = town.get(&centre, &format!("/api/v1/quality?organ={}", encoded(TAX))).ok();
        assert_eq!(after["lines"].as_array().unwrap().len(), 0, "what was recalled does not count: {after}");
    });
}

#[test]
fn a_role_sees_what_is_its_own_and_bad_days_are_told() {
    each_database(|town| {
        let company = company(1);
        let (market, other, centre) = (town.person(Role::Department), tax(town), town.person(Role::Centre));
        import(town, &market, "cf-2018", &file(&company));
        let lines = |who: &Caller, query: &str| town.get(who, &format!("/api/v1/quality{query}")).ok()["lines"].as_array().unwrap().len();
        let asked = format!("?organ={}", encoded(MARKET));
        assert_eq!([lines(&centre, ""), lines(&market, ""), lines(&other, ""), lines(&other, &asked)], [1, 1, 0, 0]);
        let township = town.person(Role::Township);
        assert_eq!(lines(&township, ""), 0, "the batch reports for the county, not for the township");
        let page = town.get(&other, &format!("/desk/quality{asked}"));
        assert!(page.status == 200 && page.text().contains("没有生效的批次"));
        let rows = town.get(&other, &format!("/desk/quality/rows{asked}"));
        assert!(rows.status == 200 && !rows.text().contains("批次 1"), "{}", rows.text());
        assert_eq!(sheet(&town.get(&other, &format!("/desk/quality/{}.xlsx", encoded(MARKET))).bytes).len(), 1, "only its head");
        for role in [Role::Counter, Role::Legal, Role::Audit, Role::System] {
            let who = town.person(role);
            town.get(&who, "/api/v1/quality").refused(403, "not_permitted");
            for path in ["", "/rows", "/x.xlsx"] {
                assert_eq!(town.get(&who, &format!("/desk/quality{path}")).status, 403, "{role:?} {path}");
            }
        }
        for (query, field) in [
            ("?from=2026-02-30", "from"),
            ("?through=x", "through"),
            ("?from=2026-11-02&through=2026-11-01", "through"),
            ("?from=2020-01-01", "from"),
        ] {
            let refused = town.get(&centre, &format!("/api/v1/quality{query}"));
            refused.refused(422, "field_invalid");
            assert_eq!(refused.json()["field"], field, "{query}");
            let page = town.get(&centre, &format!("/desk/quality{query}"));
            assert!(page.status == 422 && page.text().contains("有 1 处需要改正"), "{query}");
        }
        for query in ["?colour=red", "?from=", "?from=2026-11-01&from=2026-11-02"] {
            town.get(&centre, &format!("/api/v1/quality{query}")).refused(422, "field_invalid");
        }
        assert_eq!(town.get(&centre, "/desk/quality/nothing").status, 404);
    });
}

#[test]
fn a_township_sees_what_was_reported_for_it() {
    each_database(|town| {
        let market = Actor { area: AreaCode::parse(TOWNSHIP), ..town.actor(Role::Department) };
        let rows = penalties(&[(&company(1), FINE)]);
        let options = xinzhi_office::import::Options {
            encoding: xinzhi_office::import::Encoding::parse("utf-8"),
            ..xinzhi_office::import::Options::undeclared()
        };
        let delivery = xinzhi_office::import::Delivery {
            source: "cf-2018".to_owned(),
            file_name: "镇.csv".to_owned(),
            area: AreaCode::parse(TOWNSHIP),
            covers: None,
            options,
            once: None,
        };
        let batch = xinzhi_office::import::stage(&town.office, &market, &delivery, std::io::Cursor::new(rows), &mut |_| ()).unwrap();
        town.wait(xinzhi_office::import::commit(&town.office, &market, batch, None)).unwrap();
        let told = town.get(&town.person(Role::Township), "/api/v1/quality").ok();
        assert_eq!(told["total"]["read"], 1, "{told}");
        let neighbour = Actor { area: AreaCode::parse("330899102"), ..town.actor(Role::Township) };
        assert_eq!(town.get(&town.person_as(neighbour), "/api/v1/quality").ok()["total"]["read"], 0);
    });
}

/// The rows of the first sheet, as texts; a cell that is no text fails.
fn sheet(bytes: &[u8]) -> Vec<Vec<String>> {
    let mut book: Xlsx<_> = Xlsx::new(std::io::Cursor::new(bytes.to_vec())).unwrap();
    let range = book.worksheet_range_at(0).unwrap().unwrap();
    let text = |cell: &Data| match cell {
        Data::String(text) => text.clone(),
        Data::Empty => String::new(),
        other => panic!("{other:?} is no text"),
    };
    range.rows().map(|row| row.iter().map(text).collect()).collect()
}

#[test]
fn x7_a6_the_list_that_goes_back_names_rows_and_remedies_and_hides_what_identifies() {
    each_database(|town| {
        let company = company(1);
        let market = town.person(Role::Department);
        let mut csv = file(&company);
        csv += &penalty_row((&company.code, "=HYPERLINK(\"http://x\")"), &Penalty { number: "A8", day: "=1+1", ..FINE });
        csv += &penalty_row((PERSON, &company.name), &Penalty { number: "A9", ..FINE });
        assert!(csv.starts_with(PENALTY_HEADER));
        let named = form(&[("source", "cf-2018"), ("encoding", "utf-8")], csv.as_bytes());
        let staged = town.upload_form(&market, &town.fresh_key(), &named).ok();
        town.post(&market, &format!("/api/v1/batches/{}/commit", staged["id"]), &Value::Null).ok();

        let answer = town.get(&market, &format!("/desk/quality/{}.xlsx?from=2026-11-01&through=2026-11-30", encoded(MARKET)));
        let rows = sheet(&answer.bytes);
        assert_eq!(rows[0], ["单位", "批次", "文件", "行号", "结果", "字段", "问题", "怎样处理"]);
        let mut said: BTreeMap<i64, Vec<&Vec<String>>> = BTreeMap::new();
        for row in &rows[1..] {
            said.entry(row[3].parse().unwrap()).or_default().push(row);
        }
        let counts = &staged["counts"];
        let flawed = counts["refused"].as_i64().unwrap() + counts["quarantined"].as_i64().unwrap();
        assert_eq!(i64::try_from(said.len()).unwrap(), flawed, "each row that did not get through, and no other: {rows:?}");
        assert_eq!(said[&8].len(), 2, "both faults of a row: {:?}", said[&8]);
        assert!(said[&6][0][6].contains("2026-13-01") && said[&6][0][7].starts_with('请'), "{:?}", said[&6]);
        assert_eq!((said[&9][0][4].as_str(), said[&9][0][5].as_str()), ("待核实", "处罚内容"));
        assert!(rows.iter().flatten().all(|text| !text.contains(PERSON)), "{rows:?}");
        // Every cell was read back as a text; none is a formula.
        let mut book: Xlsx<_> = Xlsx::new(std::io::Cursor::new(answer.bytes.clone())).unwrap();
        assert!(book.worksheet_formula("请核对后重新报送").unwrap().is_empty());
    });
}

#[test]
fn whoever_should_have_reported_by_now_is_told_with_the_day() {
    each_database(|town| {
        let company = company(1);
        let (market, centre) = (town.person(Role::Department), town.person(Role::Centre));
        import(town, &market, "cf-2018", &penalties(&[(&company, FINE)]));
        let overdue = |who: &Caller| {
            let told = town.get(who, "/api/v1/quality").ok();
            let late = |o: &Value| (word(&o["organ"]), word(&o["source"]), o["last"].as_str().map(str::to_owned), word(&o["due"]));
            told["overdue"].as_array().unwrap().iter().map(late).collect::<Vec<_>>()
        };
        assert_eq!(overdue(&centre), []);
        // Reported on Monday 2026-11-23: a month later is Wednesday 2026-12-23, five working days after it the 30th.
        town.advance_days(37);
        assert_eq!(overdue(&town.person(Role::Centre)), [], "the last day is in time");
        town.advance_days(1);
        let (market, centre) = (town.person(Role::Department), town.person(Role::Centre));
        let own = (MARKET.to_owned(), "cf-2018".to_owned(), Some("2026-11-23".to_owned()), "2026-12-30".to_owned());
        assert_eq!(overdue(&market), std::slice::from_ref(&own), "a department is told of itself");
        let all = overdue(&centre);
        assert!(all.contains(&own) && all.iter().any(|o| o.1 == "xk-2018" && o.2.is_none()), "nobody ever reported licences: {all:?}");
        let page = town.get(&centre, "/desk/quality").text();
        assert!(page.contains("逾期未报") && page.contains("从未报送") && page.contains("2026-12-30"));
        import(town, &market, "cf-2018", &penalties(&[(&company, Penalty { number: "N2", ..FINE })]));
        assert_eq!(overdue(&market), []);
    });
}

#[test]
fn a_list_of_many_pages_of_rows_is_whole() {
    let town = Town::on_sqlite();
    let company = company(1);
    let market = town.actor(Role::Department);
    let who = town.person_as(market.clone());
    let bad = Penalty { day: "昨天", ..FINE };
    let mut csv = PENALTY_HEADER.to_owned();
    (0..3_000).for_each(|_| csv += &penalty_row((&company.code, &company.name), &bad));
    import(&town, &who, "cf-2018", &csv);
    let today = Day::parse("2026-11-23").unwrap();
    let bytes = town.wait(quality::workbook(&town.office, &market, Span::usual(today), MARKET)).unwrap();
    assert_eq!(sheet(&bytes).len(), 3_001, "more than a page of rows");
}

#[test]
fn a_large_list_is_cut_where_it_says_so() {
    const MOST: usize = 100_000;
    let town = Town::on_sqlite();
    let company = company(1);
    let who = town.person(Role::Department);
    let bad = Penalty { day: "昨天", ..FINE };
    let csv = penalties(&[(&company, bad)]);
    import(&town, &who, "cf-2018", &csv);
    let batch = number(&town, "select max(batch_id) from batch");
    let rows = format!(
        "with recursive n (i) as (select 3 union all select i + 1 from n where i < {} + 2)
        insert into verdict (batch_id, row_number, outcome, remarks)
            select v.batch_id, n.i, v.outcome, v.remarks from n, verdict v where v.batch_id = {batch} and v.row_number = 2",
        MOST
    );
    force(&town, &rows);
    let list = format!("/desk/quality/{}.xlsx?from=2026-11-01&through=2026-11-30", encoded(MARKET));
    for (path, words) in [(list, "只列出前 100000 行"), (format!("/api/v1/batches/{batch}/verdicts.xlsx"), "只列出前 100000 条说明")]
    {
        let (lines, last) = ends(&town.get(&who, &path).bytes);
        assert!(lines == MOST + 2 && last.contains(words), "{path}: {lines}: {last}");
    }
}

/// How many lines a sheet has, and the last of them.
fn ends(bytes: &[u8]) -> (usize, String) {
    let mut book: Xlsx<_> = Xlsx::new(std::io::Cursor::new(bytes.to_vec())).unwrap();
    let range = book.worksheet_range_at(0).unwrap().unwrap();
    let last: Vec<String> = range.rows().next_back().unwrap().iter().map(ToString::to_string).collect();
    (range.height(), last.join("|"))
}
