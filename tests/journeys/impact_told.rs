//! How an assessment of rules is told: who is evaluated no more, which draft is which, what was asked for wrongly.

use std::collections::BTreeSet;
use std::io::Cursor;

use calamine::{Data, Range, Reader};
use xinzhi_core::actor::Role;
use xinzhi_core::identifier::Uscc;
use xinzhi_office::impact::{self, Asked, Comparison, How, Impact, MEMBERS_MIN, Proposal};
use xinzhi_office::{Office, organ, pack};
use xinzhi_rules::load::Files;

use super::impact::{CARD, against, assessed, county, draft, harder, proposed, write_pack};
use crate::support::binary::{self, Server, text, xinzhi};
use crate::support::files::{Company, FINE, Penalty, company, penalties, registration};
use crate::support::town::{Town, each_database};

/// Sole traders are evaluated no more, and everybody else begins with ten points less.
fn without_traders() -> Files {
    let files = draft(&[
        (CARD, "subjects: [enterprise, sole_trader, cooperative]", "subjects: [enterprise, cooperative]"),
        (CARD, "base: 800", "base: 790"),
    ]);
    // Its cases evaluate sole traders.
    files.iter().filter(|(path, _)| !path.starts_with("cases/")).map(|(path, text)| (path.to_owned(), text.to_owned())).collect()
}

const TRADERS: i64 = 45;

/// The `number`th of another kind: its code begins with other digits.
fn other(kind: &str, number: u32) -> Company {
    let enterprise = company(number);
    let code = Uscc::with_check_character(&format!("{kind}{}", enterprise.code.get(2..17).unwrap())).unwrap().as_str().to_owned();
    Company { code, ..enterprise }
}

/// The county with forty more enterprises, as many co-operatives, and [`TRADERS`] sole traders.
fn larger_county(town: &Town) {
    county(town);
    let centre = town.program(Role::Centre);
    for (kind, digits, first, many) in [("企业", "91", 100, 40), ("农民专业合作社", "93", 200, 40), ("个体工商户", "92", 300, TRADERS)]
    {
        let companies: Vec<Company> = (first..).take(usize::try_from(many).unwrap()).map(|number| other(digits, number)).collect();
        let rows = registration(&companies.iter().collect::<Vec<_>>()).replace(",企业,", &format!(",{kind},"));
        town.import(&centre, "registration", &rows);
    }
}

fn sheet(bytes: &[u8], name: &str) -> Range<Data> {
    let mut book: calamine::Xlsx<_> = calamine::Xlsx::new(Cursor::new(bytes.to_vec())).unwrap();
    book.worksheet_range(name).unwrap()
}

/// The cells of one column below its head.
fn column(sheet: &Range<Data>, head: &str) -> Vec<String> {
    let place = sheet.rows().next().unwrap().iter().position(|cell| *cell == *head);
    let place = place.unwrap_or_else(|| panic!("no column {head}: {:?}", sheet.rows().next()));
    sheet.rows().skip(1).map(|row| row[place].to_string()).collect()
}

#[test]
fn who_is_evaluated_no_more_is_said_and_counts_in_no_other_share() {
    each_database(|town| {
        larger_county(town);
        let asked = against(&proposed(town, without_traders()));
        let found = assessed(town, &asked);
        assert!(found.finding.contains("不再评价 45 个、改为可以评价 0 个"), "{}", found.finding);
        let card = &found.cards[0];
        assert_eq!((card.moves.lost, card.moves.compared()), (TRADERS, 85));

        // Everybody who is still evaluated becomes worse: between them there is no gap, and the one that there is has its own ratio.
        let by_kind = &card.breakdowns.iter().find(|by| by.by == "kind").unwrap().groups;
        let told: Vec<(&str, Comparison, Comparison)> =
            by_kind.iter().map(|group| (group.title.as_str(), group.worse.comparison, group.lost.comparison)).collect();
        let expected = [
            ("农民专业合作社", Comparison::Even, Comparison::Low),
            ("企业", Comparison::Even, Comparison::Low),
            ("个体工商户", Comparison::Nothing, Comparison::High),
        ];
        assert!(TRADERS >= MEMBERS_MIN && told.len() == 3, "{told:?}");
        assert!(expected.iter().all(|group| told.contains(group)), "{told:?}");

        let subjects = card.alterations.iter().find(|of| of.id == "subjects").unwrap();
        assert_eq!(subjects.alone.unwrap().lost, TRADERS);
        let book = town.wait(impact::workbook(&town.office, &Office::operator(), &asked)).unwrap();
        let causes = sheet(&book, "指标");
        let place = column(&causes, "规则").iter().position(|title| title == "评价对象").unwrap();
        assert_eq!(column(&causes, "只改这一处：不再评价")[place], "45");
        let groups = sheet(&book, "分组");
        assert!(column(&groups, "不再评价").contains(&"45".to_owned()));
        let list = sheet(&book, "清单");
        assert_eq!(column(&list, "新规则").iter().filter(|cell| *cell == "不作评价").count(), 10, "of either kind half a page");
        let foot = column(&list, "名称").pop().unwrap();
        assert!(foot.contains("变差的主体共 85 个，不再评价的主体共 45 个，改为可以评价的主体共 0 个"), "{foot}");

        let new = found.pin.new.clone();
        let back = assessed(town, &Asked { old: Some(new), new: Some(found.pin.old.clone()), ..Asked::default() });
        assert!(back.finding.contains("不再评价 0 个、改为可以评价 45 个"), "{}", back.finding);
    });
}

#[test]
fn the_rows_of_a_page_add_up_and_its_numbers_are_those_of_the_file() {
    each_database(|town| {
        larger_county(town);
        let new = proposed(town, without_traders());
        let legal = town.person(Role::Legal);
        let html = town.get(&legal, &format!("/rules/impact?new={new}&card=market-entity&by=kind")).text();
        // A row of the table of groups: the first number is the sum of the five that follow.
        let rows: Vec<Vec<i64>> = html
            .split("id=\"groups\"")
            .nth(1)
            .unwrap()
            .split("<tr>")
            .filter(|row| row.contains("data-label=\"可以评价\""))
            .map(|row| {
                let number = |cell: &str| {
                    let inner = cell.split_once('>').unwrap().1;
                    let inner = inner.strip_prefix("<a").map_or(inner, |link| link.split_once('>').unwrap().1);
                    inner.split('<').next().unwrap().trim().parse().unwrap_or_else(|_| panic!("{cell}"))
                };
                row.split("<td class=\"num\"").skip(1).map(number).collect()
            })
            .collect();
        assert_eq!(rows.len(), 3, "{html}");
        assert!(rows.iter().all(|row| row.len() == 6 && row[0] == row[1..].iter().sum::<i64>()), "{rows:?}");
        for words in ["能否评价的率比", "<th scope=\"col\" class=\"num\">B 良好</th>"] {
            assert!(html.contains(words), "{words}: {html}");
        }

        let answer = town.get(&legal, &format!("/rules/impact/data.json?new={new}"));
        assert_eq!((answer.status, answer.kind.as_str()), (200, "application/json"));
        let told: Impact = serde_json::from_slice(&answer.bytes).unwrap();
        assert_eq!(told, *assessed(town, &against(&new)));
    });
}

/// The county with forty wholesalers of whom nothing is reported, and forty retailers who were fined.
fn two_trades(town: &Town) {
    county(town);
    let centre = town.program(Role::Centre);
    let trade = |first: u32| (first..first + 40).map(company).collect::<Vec<Company>>();
    let (wholesale, retail) = (trade(100), trade(200));
    let rows = |companies: &[Company]| registration(&companies.iter().collect::<Vec<_>>());
    town.import(&centre, "registration", &rows(&wholesale).replace(",5212,", ",5112,"));
    town.import(&centre, "registration", &rows(&retail));
    let numbers: Vec<String> = (0..40).map(|number| format!("示市监罚〔2026〕{}号", 100 + number)).collect();
    let fines: Vec<(&Company, Penalty<'_>)> = retail.iter().zip(&numbers).map(|(of, number)| (of, Penalty { number, ..FINE })).collect();
    town.import(&centre, "cf-2018", &penalties(&fines));
}

#[test]
fn gains_that_are_uneven_raise_an_alarm_though_nobody_loses() {
    each_database(|town| {
        two_trades(town);
        // Whoever has 800 points becomes A: all wholesalers, and of the retailers one of 45.
        let new = proposed(town, draft(&[(CARD, "from: 850", "from: 800")]));
        let found = assessed(town, &against(&new));
        let card = &found.cards[0];
        assert_eq!((card.moves.worse, card.moves.grade_better), (0, 41));
        let by = |by: &str| card.breakdowns.iter().find(|known| known.by == by).unwrap();
        let told = |group: &impact::Group| {
            (group.title.clone(), group.worse.comparison, group.better.thousandths, group.better.comparison, group.grade_better)
        };
        let trades: Vec<_> = by("industry").groups.iter().map(told).collect();
        let ratio = |thousandths, comparison| impact::Ratio { thousandths: Some(thousandths), comparison };
        let (more, less) = (ratio(45_000, Comparison::High), ratio(22, Comparison::Low));
        assert_eq!(
            trades,
            [
                ("51 批发业".to_owned(), Comparison::Nothing, Some(45_000), Comparison::High, more),
                ("52 零售业".to_owned(), Comparison::Nothing, Some(22), Comparison::Low, less),
            ]
        );
        let alarms = |by: &impact::Breakdown<impact::Group>| (by.alarms().loses, by.alarms().wins);
        assert_eq!((alarms(by("kind")), alarms(by("area")), alarms(by("industry"))), ((0, 0), (0, 0), (0, 4)), "two townsmen are too few");

        // What A brings is as uneven.
        let measures = found.measure_groups.iter().find(|by| by.by == "industry").unwrap();
        let told: Vec<_> =
            measures.groups.iter().map(|group| (group.subjects, group.burdened, group.relieved, group.relieved_ratio.comparison)).collect();
        assert_eq!(told, [(40, 0, 40, Comparison::High), (45, 0, 1, Comparison::Low)]);
        let words = "有 6 处组间差距须关注（受损不均 0 处，受益不均 6 处）";
        assert!(found.finding.contains(words), "{}", found.finding);

        let book = town.wait(impact::workbook(&town.office, &Office::operator(), &against(&new))).unwrap();
        let groups = sheet(&book, "分组");
        let place = column(&groups, "组").iter().position(|title| title == "52 零售业").unwrap();
        assert_eq!(column(&groups, "等级上升的率比")[place], "0.022");
        assert!(groups.rows().nth(place + 1).unwrap().iter().any(|cell| *cell == "低于 0.8，等级上升偏少，须关注"));
        let groups = sheet(&book, "措施分组");
        let place = column(&groups, "组").iter().position(|title| title == "51 批发业").unwrap();
        assert_eq!(column(&groups, "新增激励或终止惩戒")[place], "40");

        // The page opens where somebody should look, and says of the other tabs that there is nothing.
        let legal = town.person(Role::Legal);
        let page = |query: &str| town.get(&legal, &format!("/rules/impact?new={new}{query}")).text();
        let html = page("");
        assert!(html.contains("aria-current=\"page\">行业（代码前两位） 4</a>"), "{html}");
        for words in [">主体类型 0</a>", ">区域 0</a>", "高于 1.25，变好偏多，须关注", "各组变好的比例", "没有主体变差。", words]
        {
            assert!(html.contains(words), "{words}: {html}");
        }
        assert!(page("&card=market-entity&by=kind").contains("aria-current=\"page\">主体类型 0</a>"), "a tab that is asked for");
        // Behind the numbers of measures by group are whom they count (A4).
        let list = |query: &str| town.get(&legal, &format!("/rules/impact/list?new={new}&by=industry&{query}"));
        let html = list("group=51&part=relieved").text();
        assert!(html.contains("共 40 个主体") && html.contains("绿色通道、容缺受理：生效中"), "{html}");
        assert!(list("group=52&part=relieved").text().contains("共 1 个主体"));
        assert!(list("group=52").text().contains("共 45 个主体"));
        assert_eq!((list("group=99&part=relieved").status, list("group=51&part=worse").status), (404, 404));

        // The way back takes away what the way there gives.
        let back = assessed(town, &Asked { old: Some(new.clone()), new: Some(found.pin.old.clone()), ..Asked::default() });
        assert!(back.finding.contains("（受损不均 6 处，受益不均 0 处）"), "{}", back.finding);
    });
}

#[test]
fn a_list_names_grades_and_areas_and_says_what_of_its_address_is_wrong() {
    each_database(|town| {
        county(town);
        let named = town.wait(organ::record_area(&town.office, &Office::operator(), ("330899101", "白石镇"), false)).unwrap();
        assert_eq!(named, Ok(()));
        let new = proposed(town, harder());
        let centre = town.person(Role::Centre);
        let list = |query: &str| town.get(&centre, &format!("/rules/impact/list?new={new}&card=market-entity&{query}"));
        let html = list("from=1&to=2").text();
        for words in ["由“B 良好”到“C 一般”", "B 良好，780 分", "白石镇"] {
            assert!(html.contains(words), "{words}: {html}");
        }
        assert!(!html.contains("330899101"), "a code where there is a name: {html}");
        let book = town.get(&centre, &format!("/rules/impact/data.xlsx?new={new}"));
        let rows = sheet(&book.bytes, "清单");
        assert_eq!((column(&rows, "区域")[0].as_str(), column(&rows, "区划代码")[0].as_str()), ("白石镇", "330899101001"));
        let page = town.get(&centre, &format!("/rules/impact?new={new}&card=market-entity&by=industry")).text();
        assert!(page.contains(">52 零售业</th>") && page.contains(">其中等级下降 <a href="), "{page}");

        for (query, field) in [("from=a", "from（旧等级的位置）"), ("to=-1", "to（新等级的位置）"), ("page=x", "page（第几页）")]
        {
            let answer = list(query);
            assert_eq!(answer.status, 422, "{query}");
            assert!(answer.text().contains(field), "{query}: {}", answer.text());
        }
        for query in ["from=77", "to=77&from=0", "part=nosuch", "part=more", "part=alone", "alteration=nosuch&part=alone"] {
            assert_eq!(list(query).status, 404, "{query}");
        }
        let behind = list("part=same&page=9999");
        assert_eq!(behind.status, 200);
        let html = behind.text();
        assert!(html.contains("共 2 个主体") && html.contains("这一页在最后一页之后") && html.contains("page=1\""), "{html}");
        assert!(!html.contains("没有符合条件的"), "{html}");
    });
}

#[test]
fn drafts_are_told_apart_by_digest_time_and_what_they_change() {
    each_database(|town| {
        county(town);
        let drafts = [harder(), draft(&[(CARD, "from: 850", "from: 840")])].map(|files| proposed(town, files));
        let centre = town.person(Role::Centre);
        let html = town.get(&centre, "/rules/impact").text();
        let handed_in = town.office.now().to_minute();
        for (digest, changes) in drafts.iter().zip(["“等级界限”等 5 处改动", "改动“等级界限”"]) {
            let short = digest.get(..12).unwrap();
            let option = format!(">{short} 草案：全国基础规则包，{handed_in} 提交，{changes}</option>");
            assert!(html.contains(&option), "{option}: {html}");
            assert!(html.contains(&format!("<b>{short} “全国基础规则包”的草案代替现行规则</b>")), "{html}");
        }
        assert!(html.contains("现行：全国基础规则包 2026.1 版</option>"), "{html}");
        assert!(!html.contains("national 2026.1"), "an id where there is a title: {html}");

        // What is not there any more: nobody at a page is told of a command line.
        let gone = town.get(&centre, &format!("/rules/impact?new={}", "0".repeat(64))).text();
        assert!(gone.contains("草案只保留到服务重启") && !gone.contains("再提交一次"), "{gone}");
    });
}

#[test]
fn packs_are_called_the_same_wherever_they_are_named() {
    each_database(|town| {
        county(town);
        let newer = draft(&[("pack.yaml", "version: \"2026.1\"", "version: \"2026.2\"")]);
        let found = assessed(town, &against(&proposed(town, newer.clone())));
        let (earlier, later) = ("全国基础规则包 2026.1 版", "全国基础规则包 2026.2 版");
        assert_eq!((found.old.title.as_str(), found.new.title.as_str()), (earlier, later));
        town.wait(town.office.install_pack("national", newer)).unwrap();
        let centre = town.person(Role::Centre);
        let html = town.get(&centre, "/rules/impact").text();
        assert!(html.contains(&format!("现行：{later}</option>")) && html.contains(&format!("此前：{earlier}</option>")), "{html}");
        assert!(town.get(&centre, "/rules").text().contains(later));
    });
}

#[test]
fn a_day_behind_the_review_compares_nobody_and_says_so() {
    each_database(|town| {
        county(town);
        let new = proposed(town, harder());
        let legal = town.person(Role::Legal);
        let html = town.get(&legal, &format!("/rules/impact?new={new}&day=2029-01-01")).text();
        assert!(html.contains("评价日 2029-01-01 已过复核期限，全部主体不作评价，无从比较"), "{html}");
        assert!(!html.contains("没有主体的等级、得分或措施因此改变") && !html.contains("--as-of"), "{html}");
        // One side alone: everybody loses what the other gives.
        let overdue = proposed(town, draft(&[("pack.yaml", "review_by: 2027-12-31", "review_by: 2026-10-31")]));
        let found = assessed(town, &against(&overdue));
        assert!(found.finding.contains("不再评价 5 个、改为可以评价 0 个"), "{}", found.finding);
    });
}

#[test]
fn a_pack_that_is_not_installed_is_told_to_be_an_addition() {
    each_database(|town| {
        county(town);
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("packs/minneapolis");
        let files = xinzhi_rules::load::named(&folder).unwrap().1;
        let propose = |id: &str, files| town.wait(impact::propose(&town.office, &Office::operator(), id, files));
        let Proposal::Sound { digest } = propose("minneapolis", files).unwrap() else { panic!("minneapolis is at fault") };
        let found = assessed(town, &against(&digest));
        assert!(
            found.finding.starts_with("旧规则中没有规则包“明尼阿波利斯餐饮检查（试验数据）”（minneapolis），按新增评估；"),
            "{}",
            found.finding
        );
        let back = assessed(town, &Asked { old: Some(digest), new: Some(found.pin.old.clone()), ..Asked::default() });
        assert!(back.finding.starts_with("新规则中没有规则包“明尼阿波利斯餐饮检查（试验数据）”"), "{}", back.finding);
        // What was found out when the draft was handed in holds for that direction alone.
        let hows = |of: &Impact| of.differences.iter().map(|difference| difference.how).collect::<BTreeSet<_>>();
        assert_eq!((hows(&found), hows(&back)), (BTreeSet::from([How::Added]), BTreeSet::from([How::Removed])));
        assert_eq!(found.differences.len(), back.differences.len());

        let misplaced = propose("national-2027", pack::own_files()).unwrap();
        assert_eq!(misplaced, Proposal::Misplaced { in_force: vec!["national".to_owned()] });
        let refused = propose("empty", Files::default()).unwrap_err().to_string();
        assert!(refused.contains("没有 pack.yaml"), "{refused}");
    });
}

#[test]
fn a_folder_that_is_no_pack_or_has_no_place_is_refused_at_the_command_line() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    binary::found(&data, None);
    let data = data.to_str().unwrap();
    let refused = |args: &[&str]| {
        let output = xinzhi(&[&["pack", "diff"], args, &["--data", data]].concat());
        assert!(!output.status.success(), "{args:?}: {}", text(&output.stdout));
        text(&output.stdout) + &text(&output.stderr)
    };
    let empty = place.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    let words = refused(&[empty.to_str().unwrap()]);
    assert!(words.contains("empty 中没有 pack.yaml"), "{words}");
    let next_year = write_pack(place.path(), "national-2027", &harder());
    let national = write_pack(&place.path().join("drafts"), "national", &harder());
    for (args, id) in [(vec![next_year.as_str()], "national-2027"), (vec![&national, "--as", "nosuch"], "nosuch")] {
        let words = refused(&args);
        assert!(words.contains(&format!("现行的规则包有 national，没有 {id}")) && words.contains("--as 指明"), "{words}");
        assert!(!words.contains("duplicate-id"), "{words}");
    }
    binary::told(&["pack", "diff", &next_year, "--as", "national", "--data", data]);

    // More than a server takes, although every file is small enough.
    let many = std::path::Path::new(&national);
    let line = "# 说明\n".repeat(110_000);
    for number in 0..65 {
        std::fs::write(many.join(format!("note-{number}.yaml")), &line).unwrap();
    }
    let server = Server::start(std::path::Path::new(data));
    let words = refused(&[&national]);
    assert!(words.contains("64 MiB"), "{words}");
    drop(server);
}
