//! Relations: what a row says of another subject is known, holds and falls with its record, is shown on both sides, and reaches no rule.

use std::path::Path;

use serde_json::{Value, json};
use xinzhi_core::actor::{Actor, Role};
use xinzhi_core::identifier::ResidentId;
use xinzhi_core::record::BatchId;
use xinzhi_office::import::{self, Ruling};
use xinzhi_rules::load::Files;

use crate::support::database::{attempt, force, force_unchecked, number, unguard};
use crate::support::files::{Company, PENALTY_HEADER, REVOKED, company, penalties, registration};
use crate::support::town::{Caller, Town, each_database, encoded, word};

fn market() -> Files {
    Files::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("packs/cangnan-market")).unwrap()
}

fn install(town: &Town) {
    town.wait(town.office.install_pack("cangnan-market", market())).unwrap();
}

/// A stall's row: number, operator's code, first day, last day.
type Stall<'a> = (&'a str, &'a str, &'a str, &'a str);

/// 摊位登记 in a township of the county.
fn stalls(rows: &[Stall<'_>]) -> String {
    in_area("330899101001", rows)
}

fn in_area(area: &str, rows: &[Stall<'_>]) -> String {
    let mut out = "摊位编号,摊位名称,经营者证照代码,所属行政区划,登记日期,撤摊日期,登记单位\n".to_owned();
    for (code, operator, from, until) in rows {
        out += &format!("{code},{code}号摊,{operator},{area},{from},{until},示范市场开办者\n");
    }
    out
}

fn relations(town: &Town, who: &Caller, code: &str) -> Vec<Value> {
    let all = town.file(who, code, "relations");
    assert_eq!(all["more"], false, "{all}");
    all["relations"].as_array().unwrap().clone()
}

fn at(town: &Town, who: &Caller, code: &str, query: &str) -> Vec<Value> {
    let path = format!("/api/v1/subjects/{code}/relations?purpose={}&{query}", encoded("日常监管"));
    town.get(who, &path).ok()["relations"].as_array().unwrap().clone()
}

/// What a relation says: title, code, whether it holds.
fn short(relation: &Value) -> (String, String, bool) {
    (word(&relation["title"]), word(&relation["code"]), relation["in_force"].as_bool().unwrap())
}

fn recall(town: &Town, who: &Caller, batch: &Value) {
    town.post(who, &format!("/api/v1/batches/{}/recall", batch["id"]), &json!({"reason": "报错了文件"})).ok();
}

fn page(town: &Town, who: &Caller, path: &str) -> String {
    let answer = town.get(who, path);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.text()
}

#[test]
fn a_stated_relation_stands_on_both_sides_and_falls_with_its_batch() {
    each_database(|town| {
        let [known, unknown] = [company(1), company(9)];
        let (centre, officer, system) = (town.program(Role::Centre), town.person(Role::Centre), town.person(Role::System));
        install(town);
        town.import(&centre, "registration", &registration(&[&known]));
        let rows = [("CN-01-001", known.code.as_str(), "2026-01-05", ""), ("CN-01-002", unknown.code.as_str(), "2026-02-01", "2026-05-31")];
        let staged = town.upload(&centre, "stall-registration", &stalls(&rows)).ok();
        assert_eq!(relations(town, &centre, &known.code), [] as [Value; 0], "a staged row says nothing yet");
        town.post(&centre, &format!("/api/v1/batches/{}/commit", staged["id"]), &Value::Null).ok();

        let of_stall = relations(town, &centre, "CN-01-001");
        assert_eq!(of_stall.iter().map(short).collect::<Vec<_>>(), [("经营者".to_owned(), known.code.clone(), true)]);
        let one = &of_stall[0];
        assert_eq!(
            (&one["name"], &one["kind"], &one["from"], &one["until"]),
            (&json!(known.name), &json!("企业"), &json!("2026-01-05"), &Value::Null)
        );
        assert_eq!(
            (&one["own_record"], &one["record_kind"], &one["batch"], &one["row"]),
            (&json!(true), &json!("摊位登记"), &staged["id"], &json!(2))
        );
        assert!(word(&one["basis"][0]).contains("食品安全法》第六十一条"), "{one}");
        let of_company = relations(town, &centre, &known.code);
        assert_eq!(of_company.iter().map(short).collect::<Vec<_>>(), [("经营的场所".to_owned(), "CN-01-001".to_owned(), true)]);
        assert_eq!((&of_company[0]["own_record"], &of_company[0]["record"]), (&json!(false), &one["record"]));
        assert_eq!(
            relations(town, &centre, "CN-01-002").iter().map(short).collect::<Vec<_>>(),
            [("经营者".to_owned(), unknown.code.clone(), false)]
        );
        let whole = town.get(&centre, &format!("/api/v1/subjects/CN-01-001?purpose={}", encoded("日常监管"))).ok();
        assert_eq!((&whole["relations"], &whole["relations_more"]), (&json!(of_stall), &json!(false)), "the file tells the same");

        let purpose = encoded("日常监管");
        let shown = page(town, &officer, &format!("/desk/subjects/CN-01-001?purpose={purpose}"));
        let link = format!("<a href=\"/desk/subjects/{}\">{}</a>", known.code, known.name);
        assert!(shown.contains("<h2>关系</h2>") && shown.contains(&link) && shown.contains("存续"), "{shown}");
        let shown = page(town, &officer, &format!("/desk/subjects/{}?purpose={purpose}", unknown.code));
        assert!(
            shown.contains("经营的场所") && shown.contains("CN-01-002号摊") && shown.contains("已结束") && shown.contains("2026-05-31"),
            "{shown}"
        );
        let seen = page(town, &system, "/admin/seen");
        let counted = |page: &str, title: &str| {
            let line =
                page.split("<tr>").find(|line| line.contains(&format!(">{title}</th>"))).unwrap_or_else(|| panic!("{page}")).to_owned();
            assert!(line.contains("农贸市场与信用街区规则包") && line.contains("》"), "{line}");
            line.split("data-label=\"存续\">").nth(1).unwrap().split('<').next().unwrap().to_owned()
        };
        assert_eq!((counted(&seen, "经营者"), counted(&seen, "所在街区")), ("1".to_owned(), "0".to_owned()));
        assert!(!seen.contains(&known.name) && !seen.contains("CN-01-001"), "numbers, no business data (A9)");

        // Whoever was only named by others gets its name from its own first row, without a remark.
        assert_eq!(town.get(&centre, &format!("/api/v1/subjects/{}?purpose={purpose}", unknown.code)).ok()["name"], "企业");
        let named = town.import(&centre, "registration", &registration(&[&unknown]));
        let told: Vec<String> = town.verdicts(&centre, &named).into_iter().flat_map(|(_, _, codes)| codes).collect();
        assert!(!told.contains(&"name.differs".to_owned()), "{told:?}");
        assert_eq!(relations(town, &centre, "CN-01-002")[0]["name"], json!(unknown.name));
        assert_eq!(town.get(&centre, &format!("/api/v1/subjects?q={}", encoded("9号商贸"))).ok()[0]["code"], json!(unknown.code));

        recall(town, &centre, &staged);
        for code in [known.code.as_str(), unknown.code.as_str(), "CN-01-001", "CN-01-002"] {
            assert_eq!(relations(town, &centre, code), [] as [Value; 0], "{code}");
        }
        assert_eq!(counted(&page(town, &system, "/admin/seen"), "经营者"), "0");
        assert!(page(town, &officer, &format!("/desk/subjects/CN-01-001?purpose={purpose}")).contains("没有登记关系"));
        assert_eq!(town.doctor(), []);
    });
}

#[test]
fn the_past_is_read_as_it_was_known_and_a_newer_version_takes_its_place() {
    each_database(|town| {
        let [first, second] = [company(1), company(2)];
        let centre = town.program(Role::Centre);
        install(town);
        town.import(&centre, "registration", &registration(&[&first, &second]));
        let before = town.head();
        town.import(&centre, "stall-registration", &stalls(&[("CN-01-001", &first.code, "2026-01-05", "2026-06-30")]));
        let then = town.head();
        let holds = |query: &str| at(town, &centre, "CN-01-001", query).iter().map(short).collect::<Vec<_>>();
        let operator = |company: &Company, holds| ("经营者".to_owned(), company.code.clone(), holds);
        for (day, in_force) in [("2026-01-04", false), ("2026-01-05", true), ("2026-06-30", true), ("2026-07-01", false)] {
            assert_eq!(holds(&format!("as_of={day}")), [operator(&first, in_force)], "{day}");
        }
        assert_eq!(holds(&format!("known={before}")), []);

        // The same stall with another operator is a correction, which waits for a person.
        let corrected = town.import(&centre, "stall-registration", &stalls(&[("CN-01-001", &second.code, "2026-07-01", "")]));
        assert_eq!(corrected["counts"]["quarantined"], 1, "{corrected}");
        assert_eq!(holds("as_of=2026-06-01"), [operator(&first, true)], "nothing changes by itself");
        let place = (BatchId(corrected["id"].as_i64().unwrap()), 2);
        let ruling = Ruling { accept: true, reason: "换了经营者".to_owned(), code: None };
        town.wait(import::rule(&town.office, &town.actor(Role::Centre), place, &ruling)).unwrap();
        assert_eq!(holds(""), [operator(&second, true)]);
        assert_eq!((relations(town, &centre, &first.code).len(), relations(town, &centre, &second.code).len()), (0, 1));
        assert_eq!(holds(&format!("known={then}&as_of=2026-06-01")), [operator(&first, true)], "what was known stays known");

        let path = format!("/api/v1/subjects/CN-01-001/relations?purpose={}", encoded("日常监管"));
        assert!(town.get(&centre, &format!("{path}&as_of=2026-02-30")).refused(422, "field_invalid").contains("查询日"));
        town.get(&centre, "/api/v1/subjects/CN-01-001/relations?purpose=x").refused(422, "field_invalid");
        assert_eq!(town.doctor(), []);
    });
}

#[test]
fn a_row_that_repeated_a_recalled_one_stands_in_with_its_relations() {
    each_database(|town| {
        let company = company(1);
        let centre = town.program(Role::Centre);
        install(town);
        town.import(&centre, "registration", &registration(&[&company]));
        let file = stalls(&[("CN-01-001", &company.code, "2026-01-05", "")]);
        let first = town.import(&centre, "stall-registration", &file);
        let again = town.import(&centre, "stall-registration", &file);
        assert_eq!(again["counts"]["duplicate"], 1);
        recall(town, &centre, &first);
        let standing = relations(town, &centre, &company.code);
        assert_eq!((standing.len(), &standing[0]["batch"]), (1, &again["id"]), "{standing:?}");
        assert_eq!(town.doctor(), []);
        recall(town, &centre, &again);
        assert_eq!(relations(town, &centre, &company.code), [] as [Value; 0]);
        assert_eq!(town.doctor(), []);
    });
}

#[test]
fn d6_a_wrong_other_side_sends_the_row_back_and_leaves_nothing_behind() {
    each_database(|town| {
        let company = company(1);
        let centre = town.program(Role::Centre);
        install(town);
        let mut wrong: Vec<char> = company.code.chars().collect();
        let last = wrong.last_mut().unwrap();
        *last = if *last == '0' { '1' } else { '0' };
        let wrong: String = wrong.into_iter().collect();
        let person = format!("33082519850607002{}", ResidentId::check_character("33082519850607002").unwrap());
        let rows = [
            ("CN-01-001", wrong.as_str(), "2026-01-05", ""),
            ("CN-01-002", "11230500001755309F", "2026-01-05", ""),
            ("CN-01-003", person.as_str(), "2026-01-05", ""),
            ("CN-01-004", company.code.as_str(), "2026-06-01", "2026-05-31"),
            ("CN-01-005", "", "2026-01-05", ""),
        ];
        let batch = town.import(&centre, "stall-registration", &stalls(&rows));
        assert_eq!(
            batch["counts"],
            json!({"read": 5, "accepted": 1, "duplicate": 0, "refused": 4, "quarantined": 0}),
            "{:?}",
            town.verdicts(&centre, &batch)
        );
        let codes: Vec<String> = town.verdicts(&centre, &batch).into_iter().flat_map(|(_, _, codes)| codes).collect();
        assert_eq!(codes, ["code.check_digit", "relation.kind", "code.person_number_misplaced", "relation.reversed"]);
        let told = town.get(&centre, &format!("/api/v1/batches/{}/verdicts", batch["id"])).text();
        assert!(told.contains("对方应为企业、个体工商户、农民专业合作社") && !told.contains(&person), "{told}");
        assert_eq!(number(town, "select count(*) from relation"), 0);
        assert_eq!(number(town, "select count(*) from subject"), 1, "nobody was created for a row that went back");
        // A shop names its street by the pack's own number, and a wrong one is told by its form.
        let shops = "街区编号,铺号,商铺名称,经营者证照代码,所属行政区划,登记日期,登记单位\n";
        let rows = [
            format!("QX-01,0001,甲店,{},330899101001,2026-01-05,青溪镇人民政府\n", company.code),
            "QX-1,0002,乙店,,330899101001,2026-01-05,青溪镇人民政府\n".to_owned(),
        ];
        let batch = town.import(&centre, "shop-registration", &format!("{shops}{}", rows.concat()));
        assert_eq!(
            (&batch["counts"]["accepted"], &batch["counts"]["refused"]),
            (&json!(1), &json!(1)),
            "{:?}",
            town.verdicts(&centre, &batch)
        );
        let both: Vec<_> = relations(town, &centre, "QX-01-0001").iter().map(short).collect();
        assert_eq!(both, [("经营者".to_owned(), company.code.clone(), true), ("所在街区".to_owned(), "QX-01".to_owned(), true)]);
        assert_eq!(short(&relations(town, &centre, "QX-01")[0]), ("街区内的商铺".to_owned(), "QX-01-0001".to_owned(), true));
        assert_eq!(town.doctor(), []);
    });
}

#[test]
fn a_record_may_stand_on_either_side_of_a_relation() {
    each_database(|town| {
        let centre = town.program(Role::Centre);
        let turned = |(path, text): (&str, &str)| {
            let text = match path {
                "subjects/relations.yaml" => text.replace("of: [shop]\n  to: [street]", "of: [street]\n  to: [shop]"),
                "catalog/shop-registration.yaml" => text.replace("relation: street, ", "relation: street, side: to, "),
                _ => text.to_owned(),
            };
            (path.to_owned(), text)
        };
        town.wait(town.office.install_pack("cangnan-market", market().iter().map(turned).collect())).unwrap();
        let shop = "街区编号,铺号,商铺名称,所属行政区划,登记日期,登记单位\nQX-01,0001,甲店,330899101001,2026-01-05,青溪镇人民政府\n";
        town.import(&centre, "shop-registration", shop);
        let told = |code: &str| relations(town, &centre, code).iter().map(short).collect::<Vec<_>>();
        assert_eq!(told("QX-01-0001"), [("街区内的商铺".to_owned(), "QX-01".to_owned(), true)], "as the one on the other side reads it");
        assert_eq!(told("QX-01"), [("所在街区".to_owned(), "QX-01-0001".to_owned(), true)]);
        assert_eq!(town.doctor(), []);
    });
}

#[test]
fn l8_what_one_side_did_changes_no_check_and_no_evaluation_of_the_other() {
    each_database(|town| {
        let company = company(1);
        let centre = town.program(Role::Centre);
        install(town);
        town.import(&centre, "registration", &registration(&[&company]));
        town.import(&centre, "stall-registration", &stalls(&[("CN-01-001", &company.code, "2026-01-05", "")]));
        let of_stall = || {
            let body = json!({"subject": "CN-01-001", "matter": "market-patrol-plan", "purpose": "日常巡查", "case": "XC1"});
            let measures = town.post(&centre, "/api/v1/checks", &body).ok()["measures"].clone();
            let mut evaluation = town.evaluation(&centre, "CN-01-001");
            // As of which position it is known goes up with whatever happens.
            evaluation.as_object_mut().unwrap().remove("known");
            (measures, evaluation, town.file(&centre, "CN-01-001", "measures"), town.file(&centre, "CN-01-001", "records"))
        };
        let of_company = || {
            let measures = town.check(&centre, &company.code).ok()["measures"].clone();
            let evaluation = town.evaluation(&centre, &company.code);
            (measures, (evaluation["points"].clone(), evaluation["indicators"].clone()), town.file(&centre, &company.code, "records"))
        };
        let (stall, other) = (of_stall(), of_company());
        town.import(&centre, "cf-2018", &penalties(&[(&company, REVOKED)]));
        assert_ne!(of_company(), other, "the penalty is the company's");
        assert_eq!(of_stall(), stall, "and nothing of it is the stall's");

        let other = of_company();
        let recheck = "FC_DXBH,FC_TZBH,FC_SDRQ,FC_ZGQX,FC_WTLB,FC_JG,FC_GH,FC_RQ,FC_DW\nCN-01-001,T1,2026-11-16,2026-11-20,食品安全,未整改,017,2026-11-21,示范市场开办者\n";
        town.import(&centre, "recheck-stall", recheck);
        assert_ne!(of_stall(), stall, "what was not mended is the stall's");
        assert_eq!(of_company(), other, "and nothing of it is the company's");
        assert_eq!(town.doctor(), []);
    });
}

/// The crates that decide do not know the word.
#[test]
fn l8_no_room_that_decides_names_a_relation() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for room in ["apply", "evaluate"] {
        let mut folders = vec![root.join("crates").join(room).join("src")];
        let mut files = 0;
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                match (path.is_dir(), path.file_name().unwrap() == "tests") {
                    (true, false) => folders.push(path),
                    (true, true) => {}
                    (false, _) => {
                        files += 1;
                        let text = std::fs::read_to_string(&path).unwrap();
                        assert!(!text.to_lowercase().contains("relation"), "{}", path.display());
                    }
                }
            }
        }
        assert!(files > 5, "{room}");
    }
}

#[test]
fn c1_l8_no_person_stands_on_a_side_of_a_relation() {
    each_database(|town| {
        let centre = town.program(Role::Centre);
        // No pack can open it,
        let edited = |find: &str, replace: &str| -> Files {
            let edit = |(path, text): (&str, &str)| {
                let text = if path == "subjects/relations.yaml" { text.replacen(find, replace, 1) } else { text.to_owned() };
                (path.to_owned(), text)
            };
            market().iter().map(edit).collect()
        };
        for (find, replace, words) in [
            ("to: [enterprise, sole_trader, cooperative]", "to: [enterprise, sole_trader, resident]", "自然人不得作为关系的一方"),
            ("of: [shop]", "of: [shop, resident]", "自然人不得作为关系的一方"),
            ("of: [shop]\n  to: [street]", "of: [shop, resident]\n  to: [street, resident]", "自然人与自然人之间的关系一律不得登记"),
        ] {
            let refused = town.wait(town.office.install_pack("cangnan-market", edited(find, replace))).unwrap_err().to_string();
            assert!(refused.contains(words), "{refused}");
        }
        // and no SQL either.
        install(town);
        let company = company(1);
        town.import(&centre, "stall-registration", &stalls(&[("CN-01-001", &company.code, "2026-01-05", "")]));
        let number_of = format!("33082519850607002{}", ResidentId::check_character("33082519850607002").unwrap());
        let header = PENALTY_HEADER.replace("统一社会信用代码,行政处罚", "自然人证件号码,行政处罚");
        let row = format!(
            "司马无忌,自然人,{number_of},示市监罚〔2026〕31号,销售,销售不合格商品,《产品质量法》第四十九条,罚款,罚款五千元,0.5,2026-09-01,,示范县市场监督管理局,,示范县市场监督管理局,\n"
        );
        let batch = town.import(&centre, "cf-2018", &(header + &row));
        assert_eq!(batch["counts"]["accepted"], 1, "{:?}", town.verdicts(&centre, &batch));
        let person = number(town, "select subject_id from subject where person = 1");
        let (theirs, stall) = (
            number(town, "select record_id from record where kind = 'administrative-penalty'"),
            number(town, "select record_id from record where kind = 'stall-registration'"),
        );
        let other = number(town, "select other_id from relation");
        for (record, other) in [(stall, person), (theirs, other)] {
            let refused = attempt(town, &format!("insert into relation values ({record}, 'x', {other}, '2026-01-05', null)")).unwrap_err();
            assert!(refused.contains("a natural person stands on no side of a relation"), "{refused}");
        }
        assert_eq!(relations(town, &centre, &number_of), [] as [Value; 0]);
        let page = page(town, &town.person(Role::Centre), &format!("/desk/subjects/{}?purpose={}", company.code, encoded("日常监管")));
        assert!(page.contains("<h2>关系</h2>"));
        assert_eq!(town.doctor(), []);
    });
}

#[test]
fn a_township_is_told_of_no_place_outside_and_a_subject_of_all_that_name_it() {
    each_database(|town| {
        let (inside, outside) = (company(1), Company { area: "330899102001", ..company(2) });
        let centre = town.program(Role::Centre);
        install(town);
        town.import(&centre, "registration", &registration(&[&inside, &outside]));
        let here = [("CN-01-001", inside.code.as_str(), "2026-01-05", ""), ("CN-01-002", outside.code.as_str(), "2026-01-05", "")];
        town.import(&centre, "stall-registration", &stalls(&here));
        town.import(&centre, "stall-registration", &in_area("330899102001", &[("CN-02-001", inside.code.as_str(), "2026-01-05", "")]));
        let township = town.program(Role::Township);
        let told = |who: &Caller, code: &str| relations(town, who, code).iter().map(|r| word(&r["code"])).collect::<Vec<_>>();
        assert_eq!(told(&centre, &inside.code).len(), 2);
        assert_eq!(told(&township, &inside.code), ["CN-01-001"], "a row is listed exactly when it may be opened");
        let named = relations(town, &township, "CN-01-002");
        assert_eq!(
            (&named[0]["code"], &named[0]["name"]),
            (&json!(outside.code), &Value::Null),
            "its own record has the code, and no more"
        );
        town.get(&township, &format!("/api/v1/subjects/CN-02-001/relations?purpose={}", encoded("日常监管"))).refused(403, "out_of_scope");

        let own = town.person_as(Actor { subject: Some(town.subject(&inside.code)), ..town.actor(Role::Subject) });
        assert_eq!(told(&own, &inside.code).len(), 2, "both name it");
        let mine = page(town, &own, "/my");
        assert!(mine.contains("经营的场所") && mine.contains("CN-02-001") && !mine.contains("href=\"/desk"), "{mine}");
        let looks =
            number(town, &format!("select count(*) from access where subject_id = {} and what = 'file'", town.subject(&inside.code).0));
        assert_eq!(looks, 4, "every look is recorded");
    });
}

#[test]
fn a4_a_file_names_no_more_than_nineteen_others() {
    each_database(|town| {
        let company = company(1);
        let centre = town.program(Role::Centre);
        install(town);
        town.import(&centre, "registration", &registration(&[&company]));
        let codes: Vec<String> = (1..=25).map(|n| format!("CN-01-{n:03}")).collect();
        // The last five go on, the others have ended.
        let until = |n: usize| if n < 20 { "2026-03-01" } else { "" };
        let rows: Vec<Stall<'_>> =
            codes.iter().enumerate().map(|(n, code)| (code.as_str(), company.code.as_str(), "2026-01-05", until(n))).collect();
        town.import(&centre, "stall-registration", &stalls(&rows));
        let all = town.file(&centre, &company.code, "relations");
        let lines = all["relations"].as_array().unwrap();
        assert_eq!((lines.len(), &all["more"]), (19, &json!(true)));
        assert_eq!(lines.iter().map(|line| line["in_force"] == true).collect::<Vec<_>>(), [vec![true; 5], vec![false; 14]].concat());
        let page = page(town, &town.person(Role::Centre), &format!("/desk/subjects/{}?purpose={}", company.code, encoded("日常监管")));
        assert!(page.contains("另有更多关系未列出"));
    });
}

#[test]
fn e12_l8_doctor_names_a_relation_that_its_record_does_not_state() {
    each_database(|town| {
        let [company, stranger] = [company(1), company(2)];
        let centre = town.program(Role::Centre);
        install(town);
        town.import(&centre, "registration", &registration(&[&company, &stranger]));
        let rows =
            [("CN-01-001", company.code.as_str(), "2026-01-05", "2026-06-30"), ("CN-01-002", stranger.code.as_str(), "2026-01-05", "")];
        town.import(&centre, "stall-registration", &stalls(&rows));
        assert_eq!(town.doctor(), []);
        let record = number(town, &format!("select record_id from relation where other_id = {}", town.subject(&company.code).0));
        let [own, other] = [&company, &stranger].map(|company| town.subject(&company.code).0);
        let stall = number(town, &format!("select subject_id from record where record_id = {record}"));
        let refused =
            attempt(town, &format!("insert into relation values ({record}, 'x', {own}, '2026-01-05', '2026-01-04')")).unwrap_err();
        assert!(refused.to_lowercase().contains("relation_in_order") || refused.to_lowercase().contains("check"), "{refused}");
        unguard(town, "relation");
        let back =
            format!("update relation set other_id = {own}, from_day = '2026-01-05', until_day = '2026-06-30' where record_id = {record}");
        let edits = [
            (format!("update relation set other_id = {other} where record_id = {record}"), back.clone(), "与其记录的内容不符"),
            (format!("update relation set from_day = '2025-01-05' where record_id = {record}"), back.clone(), "与其记录的内容不符"),
            (format!("update relation set until_day = '2026-12-31' where record_id = {record}"), back.clone(), "与其记录的内容不符"),
            (format!("update relation set other_id = {stall} where record_id = {record}"), back, "的双方是同一主体"),
            (
                format!("update subject set kind = 'agency' where subject_id = {own}"),
                format!("update subject set kind = 'enterprise' where subject_id = {own}"),
                "的主体类型与规则包所定不符",
            ),
            (
                format!("insert into relation values (999999, 'operator', {own}, '2026-01-05', null)"),
                "delete from relation where record_id = 999999".to_owned(),
                "没有说明它的记录",
            ),
            (
                format!("insert into relation values ({record}, 'street', 999999, '2026-01-05', null)"),
                "delete from relation where other_id = 999999".to_owned(),
                "的对方不在册",
            ),
        ];
        for (edit, undo, named) in edits {
            force_unchecked(town, &edit);
            let found: Vec<_> = town.doctor().into_iter().filter(|(invariant, _)| invariant.contains("L8 C1")).collect();
            assert_eq!(found.len(), 1, "{edit}: {found:?}");
            assert!(found[0].1.contains(named), "{edit}: {found:?}");
            force(town, &undo);
            assert_eq!(town.doctor(), [], "{undo}");
        }
    });
}
