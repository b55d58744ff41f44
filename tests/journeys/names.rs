//! What pages say to a clerk: names instead of accounts and codes, each thing once, nothing that only a programmer knows.

use serde_json::{Value, json};
use xinzhi_core::actor::{Actor, Role};
use xinzhi_core::identifier::ResidentId;
use xinzhi_office::{Office, organ};

use super::figures::install;
use crate::support::files::{Company, FINE, Penalty, company, honours, penalties, registration, sole_trader};
use crate::support::town::{Caller, Town, each_database, encoded};

/// The part of a page between an id and the end of its section.
fn section<'h>(html: &'h str, id: &str) -> &'h str {
    let from = html.split(&format!("id=\"{id}\"")).nth(1).unwrap_or_else(|| panic!("no {id}: {html}"));
    from.split("</section>").next().unwrap()
}

/// A company that the green channel is open to: another one was fined.
fn praised(town: &Town, program: &Caller, firm: &Company) {
    let other = company(2);
    town.import(program, "registration", &registration(&[firm, &other]));
    town.import(program, "cf-2018", &penalties(&[(&other, FINE)]));
    town.import(program, "honour", &honours(&[(firm, "示政〔2026〕1号", "省级", "2026-05-01")]));
}

#[test]
fn whoever_did_something_is_called_by_name_and_not_by_account() {
    each_database(|town| {
        let company = company(1);
        let clerk = Actor { title: "王小明".to_owned(), ..town.actor(Role::Department) };
        let program = Actor { title: "行政审批系统".to_owned(), is_person: false, ..town.actor(Role::Department) };
        let accounts = [clerk.name.clone(), program.name.clone()];
        let (who, machine) = (town.person_as(clerk.clone()), town.program_as(program));
        let batch = town.import(&machine, "registration", &registration(&[&company]));
        let check = town.check(&machine, &company.code).ok();
        let pages = ["/desk/batches".to_owned(), format!("/desk/batches/{}", batch["id"]), format!("/desk/checks/{}", check["id"])];
        for path in pages {
            let page = town.get(&who, &path).text();
            assert!(page.contains("行政审批系统"), "{path}: {page}");
            assert!(!accounts.iter().any(|account| page.contains(account)), "{path}: {page}");
        }
        let path = format!("/desk/subjects/{}?purpose={}", company.code, encoded("日常监管"));
        town.get(&who, &path);
        let page = town.get(&who, &path).text();
        let history = section(&page, "history");
        assert!(history.contains("王小明") && history.contains("行政审批系统"), "{history}");
        assert!(!accounts.iter().any(|account| page.contains(account)), "{page}");

        let packs = town.get(&town.person(Role::System), "/admin/packs").text();
        assert!(packs.contains("本机操作员") && !packs.contains(">cli<"), "{packs}");
    });
}

#[test]
fn areas_and_places_have_their_names_and_codes_are_called_codes() {
    each_database(|town| {
        install(town, "cangnan-market");
        let (company, program) = (company(1), town.program(Role::Centre));
        town.import(&program, "registration", &registration(&[&company]));
        town.wait(organ::record_area(&town.office, &Office::operator(), ("330899101001", "柳溪村"), false)).unwrap().unwrap();
        town.wait(organ::record_area(&town.office, &Office::operator(), ("330899101", "青溪镇"), false)).unwrap().unwrap();
        let clerk = town.person(Role::Township);
        let subject = Actor { subject: Some(town.subject(&company.code)), ..town.actor(Role::Subject) };
        let file = format!("/desk/subjects/{}?purpose={}", company.code, encoded("日常监管"));
        for (who, path) in [(&clerk, file.as_str()), (&town.person_as(subject), "/my")] {
            let page = town.get(who, path).text();
            assert!(page.contains("区划 柳溪村（330899101001）"), "{path}: {page}");
            assert!(page.contains("行业 零售业（5212）"), "{path}: {page}");
        }
        let found = town.get(&clerk, &format!("/desk/search?q={}", encoded(&company.name))).text();
        assert!(found.contains("柳溪村 <span class=\"line\">330899101001</span>"), "{found}");
        let list = town.get(&clerk, "/desk/figures/market-grades/list?by=area&part=of").text();
        assert!(list.contains("柳溪村（330899101001）"), "{list}");
        assert!(town.get(&clerk, "/desk/figures").text().contains("青溪镇（330899101）及其以下"));

        let street = "街区编号,街区名称,所属行政区划,登记日期,登记单位\nQX-01,滨江街区,330899101001,2026-01-05,示范县综合行政执法局\n";
        let shop = format!(
            "一铺一码,街区编号,商铺名称,经营者证照代码,业态,所属行政区划,登记日期,登记单位,商铺状态\nQX-01-0001,QX-01,甲记,{},餐饮,330899101001,2026-01-05,示范县综合行政执法局,在营\n",
            company.code
        );
        for (source, file) in [("street-registration", street.to_owned()), ("shop-registration", shop)] {
            let batch = town.import(&program, source, &file);
            assert_eq!(batch["counts"]["accepted"], 1, "{source}: {:?}", town.verdicts(&program, &batch));
        }
        let centre = town.person(Role::Centre);
        let board = town.get(&centre, "/desk/figures/shop-board?by=place").text();
        assert!(board.contains("滨江街区 <span class=\"line\">QX-01</span>"), "{board}");
    });
}

#[test]
fn what_was_not_collected_is_unknown_and_not_zero() {
    each_database(|town| {
        let (bare, known) = (company(1), company(2));
        let program = town.program(Role::Centre);
        town.import(&program, "registration", &registration(&[&bare, &known]));
        let clerk = town.person(Role::Centre);
        let dimensions = |town: &Town| {
            let page = town.get(&clerk, &format!("/desk/subjects/{}?purpose={}", bare.code, encoded("日常监管"))).text();
            let all: Vec<String> =
                page.split("<details class=\"dimension\"").skip(1).map(|one| one.split("</summary>").next().unwrap().to_owned()).collect();
            all.iter().map(|one| one.contains(">未知</span>")).collect::<Vec<bool>>()
        };
        assert!(dimensions(town).iter().all(|unknown| *unknown) && !dimensions(town).is_empty());
        town.import(&program, "cf-2018", &penalties(&[(&known, FINE)]));
        assert!(dimensions(town).iter().any(|unknown| !unknown), "penalties are reported: of them there are none");
        assert!(dimensions(town).iter().any(|unknown| *unknown), "nothing else is");
    });
}

#[test]
fn a_row_is_told_once_what_is_wrong_and_with_which_row_it_repeats() {
    each_database(|town| {
        let (company, program, clerk) = (company(1), town.program(Role::Centre), town.person(Role::Centre));
        town.import(&program, "registration", &registration(&[&company]));
        let number = |number| Penalty { number, ..FINE };
        let body = "33080219700101001";
        let in_text = format!("罚款，公民身份号码 {body}{}", ResidentId::check_character(body).unwrap());
        let rows = [
            (&company, number("示市监罚〔2026〕41号")),
            (&company, Penalty { fine: "很多", ..number("示市监罚〔2026〕42号") }),
            (&company, number("示市监罚〔2026〕41号")),
            (&company, Penalty { content: "罚款三千元", fine: "0.3", ..number("示市监罚〔2026〕41号") }),
            (&company, Penalty { content: &in_text, ..number("示市监罚〔2026〕43号") }),
        ];
        let batch = town.import(&program, "cf-2018", &penalties(&rows));
        let page = town.get(&clerk, &format!("/desk/batches/{}", batch["id"])).text();
        assert!(page.contains("<b>罚款金额（万元）</b> “<code>很多</code>”"), "{page}");
        assert!(page.contains("与本文件第 2 行内容相同，不重复登记"), "{page}");
        assert!(page.contains("与本文件第 2 行是同一文书而内容不同，视为更正申请"), "{page}");
        // What another file brought is no row of this one.
        let again = town.import(&program, "cf-2018", &penalties(&rows[..1]));
        let page = town.get(&clerk, &format!("/desk/batches/{}", again["id"])).text();
        assert!(page.contains("与已有记录内容相同，不重复登记"), "{page}");
        let waiting = town.get(&clerk, "/desk/waiting").text();
        assert!(waiting.contains("<b>处罚内容</b>的文字中含有公民身份号码") && !waiting.contains("处罚内容 的"), "{waiting}");
    });
}

#[test]
fn the_journal_says_in_words_what_an_entry_refers_to() {
    each_database(|town| {
        let (company, program) = (company(1), town.program(Role::Centre));
        praised(town, &program, &company);
        let check = town.check(&program, &company.code).ok();
        let body = json!({"measure": "green-channel", "outcome": "acknowledged", "officer": "陈静"});
        town.post(&program, &format!("/api/v1/checks/{}/feedback", check["id"]), &body).ok();
        let title = town.office.pack().measure_by_id("green-channel").unwrap().title.clone();
        let page = town.get(&town.person(Role::Audit), "/admin/journal").text();
        assert!(page.contains(&format!("核查 {}，措施 {title}", check["id"])), "{page}");
        assert!(page.contains("读入 2 行，接收 2") && page.contains("规则包 全国基础规则包"), "{page}");
        assert!(!page.contains("{&#34;") && !page.contains("{&quot;"), "{page}");
    });
}

#[test]
fn numbers_of_a_trend_and_of_today_are_told_apart() {
    each_database(|town| {
        let (company, program) = (company(1), town.program(Role::Centre));
        praised(town, &program, &company);
        let answer = |check: &Value| {
            let body = json!({"measure": "green-channel", "outcome": "not_applied", "officer": "陈静", "reason": "本次不实施"});
            town.post(&program, &format!("/api/v1/checks/{}/feedback", check["id"]), &body).ok();
        };
        // A session ends while days pass: each page is opened by somebody who has just signed in.
        let page = |town: &Town, query: &str| town.get(&town.person(Role::Centre), &format!("/desk/figures/{query}")).text();
        answer(&town.check(&program, &company.code).ok());
        assert!(!page(town, "closed-share?by=month").contains("另有"), "everything is due this month");
        town.advance_days(3);
        // Due on 2026-12-03 and closed already: in the number of today, in no month up to now.
        answer(&town.check(&program, &company.code).ok());
        for query in ["closed-share?by=month", "timely-feedback?by=month"] {
            let page = page(town, query);
            assert!(page.contains("另有 1 项应反馈日在 2026-11 以后：计入“现为”，不在上列各行和合计中。"), "{query}: {page}");
        }
        assert!(!page(town, "closed-share?by=organ").contains("另有"), "an organ's number has no end");
        assert!(!page(town, "closed-share?by=organ").contains("docs/"), "a clerk has no such file");
        assert!(page(town, "market-grades?by=area").contains("增减（↑↓）与 2026-10-31 相比。"));
    });
}

#[test]
fn whoever_opens_the_file_of_a_sole_trader_chooses_the_purpose() {
    let town = Town::on_sqlite();
    let page = town.get(&town.person(Role::Centre), &format!("/desk/subjects/{}", sole_trader())).text();
    assert!(!page.contains(" checked"), "{page}");
}

#[test]
fn rule_packs_are_called_by_their_titles() {
    each_database(|town| {
        install(town, "cangnan-market");
        let company = company(1);
        town.import(&town.program(Role::Centre), "registration", &registration(&[&company]));
        let clerk = town.person(Role::Centre);
        for path in ["/".to_owned(), "/rules".to_owned(), format!("/desk/subjects/{}?purpose={}", company.code, encoded("日常监管"))] {
            let page = town.get(&clerk, &path).text();
            assert!(page.contains("全国基础规则包 2026.1 版、农贸市场与信用街区规则包 2026.1 版"), "{path}: {page}");
            assert!(!page.contains("cangnan-market 2026"), "{path}: {page}");
        }
    });
}
