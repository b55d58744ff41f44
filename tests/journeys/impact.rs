//! 规则影响评估: what a draft would do to a county of which it is known by hand who wins and who loses.

use std::io::Cursor;
use std::sync::Arc;

use calamine::Reader;
use serde_json::{Value, json};
use xinzhi_core::actor::Role;
use xinzhi_core::identifier::ResidentId;
use xinzhi_office::impact::{self, Asked, Comparison, Gain, How, Impact, Moves, Proposal, States};
use xinzhi_office::{Office, pack};
use xinzhi_rules::load::Files;

use crate::support::binary::{self, Server, text, xinzhi};
use crate::support::files::{Company, FINE, REVOKED, company, honours, penalties, registration, serious_list};
use crate::support::town::{Caller, MARKET, Town, each_database};

/// The pack of the house with some of its text replaced; each replacement must hit.
pub(super) fn draft(changes: &[(&str, &str, &str)]) -> Files {
    let mut hits = vec![false; changes.len()];
    let files = pack::own_files();
    let changed = files.iter().map(|(path, text)| {
        let mut text = text.to_owned();
        for ((file, from, to), hit) in changes.iter().zip(&mut hits) {
            if path == *file && text.contains(from) {
                text = text.replace(from, to);
                *hit = true;
            }
        }
        (path.to_owned(), text)
    });
    let changed = changed.collect();
    assert!(hits.iter().all(|hit| *hit), "{hits:?}");
    changed
}

pub(super) const CARD: &str = "scorecards/market-entity.yaml";

/// An ordinary penalty costs 120 instead of 20, an honour of the province is worth 40 instead of 70, and A begins at 800 instead of 850.
pub(super) fn harder() -> Files {
    draft(&[
        (CARD, "一般: -20, 严重: -120", "一般: -120, 严重: -120"),
        (CARD, "省级: 70", "省级: 40"),
        (CARD, "from: 850", "from: 800"),
        (
            CARD,
            "{ title: 注册资本, record: 市场主体登记, field: 注册资本（万元）, bands: [ 0, 100 万元, 1000 万元 ] }",
            "{ title: 登记状态, record: 市场主体登记, field: 登记状态 }",
        ),
    ])
}

/// Five companies, three of them in one township, and a fined resident of whom nothing may be seen.
pub(super) fn county(town: &Town) -> Vec<Company> {
    let companies: Vec<Company> =
        (1..=5).map(|n| if n > 3 { Company { area: "330899102001", ..company(n) } } else { company(n) }).collect();
    let centre = town.program(Role::Centre);
    town.import(&centre, "registration", &registration(&companies.iter().collect::<Vec<_>>()));
    town.import(&centre, "cf-2018", &penalties(&[(&companies[0], FINE), (&companies[1], REVOKED)]));
    town.import(&centre, "honour", &honours(&[(&companies[2], "示政〔2026〕1号", "省级", "2026-05-01")]));
    town.import(&centre, "serious-list", &serious_list(&[(&companies[4], "示税列〔2026〕1号", "2026-06-01", "2027-03-31")]));
    let body = "33082519700101001";
    let number = format!("{body}{}", ResidentId::check_character(body).unwrap());
    let head = "行政相对人名称,行政相对人类别,自然人证件类型,自然人证件号码,行政处罚决定书文号,违法行为类型,违法事实,处罚依据,处罚类别,处罚内容,罚款金额（万元）,处罚决定日期,处罚机关\n";
    let row = format!(
        "司马无忌,自然人,身份证,{number},示市监罚〔2026〕77号,销售,销售不合格商品,《产品质量法》第四十九条,罚款,罚款五千元,0.5,2026-09-01,{MARKET}\n"
    );
    town.import(&centre, "cf-2018", &(head.to_owned() + &row));
    companies
}

/// Hands a draft in, which must be sound; returns its digest.
pub(super) fn proposed(town: &Town, files: Files) -> String {
    match town.wait(impact::propose(&town.office, &Office::operator(), "national", files)).unwrap() {
        Proposal::Sound { digest } => digest,
        fault @ (Proposal::Faulty { .. } | Proposal::Misplaced { .. }) => panic!("{fault:?}"),
    }
}

pub(super) fn assessed(town: &Town, asked: &Asked) -> Arc<Impact> {
    town.wait(impact::show(&town.office, &Office::operator(), asked)).unwrap()
}

pub(super) fn against(new: &str) -> Asked {
    Asked { new: Some(new.to_owned()), ..Asked::default() }
}

fn now(town: &Town) -> String {
    town.office.pack().digest.to_string()
}

#[test]
fn who_wins_and_who_loses_is_what_a_count_by_hand_gives() {
    each_database(|town| {
        county(town);
        let found = assessed(town, &against(&proposed(town, harder())));
        let card = found.cards.iter().find(|card| card.id == "market-entity").unwrap();
        // By hand: 780 B → 680 C, 680 C → 680 C, 870 A → 840 A, 800 B → 800 A, on the list D → D.
        let none = [0; 5];
        let expected = [[1, 0, 0, 0, 0], [1, 0, 1, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 1, 0], none];
        assert_eq!(card.matrix, expected.map(|row| row.to_vec()), "{:?}", card.rows);
        assert_eq!(card.rows, ["A", "B", "C", "D", "不作评价"]);
        assert_eq!(card.moves, Moves { better: 1, worse: 2, same: 2, lost: 0, found: 0, grade_better: 1, grade_worse: 1, ungraded: 0 });
        let points = card.points.unwrap();
        assert_eq!((points.subjects, points.sum, points.least, points.p50, points.most), (5, -130_000, -100_000, 0, 0));
        assert_eq!((found.subjects, card.subjects), (5, 5), "the resident is nobody here (C2)");

        // One at a time: the penalty lowers the first, the honour the third, the grades lift the fourth.
        let altered = |id: &str| card.alterations.iter().find(|of| of.id == id).unwrap_or_else(|| panic!("{id}: {:?}", card.alterations));
        let alone = |id: &str| altered(id).alone.map(|moves| (moves.grade_worse, moves.grade_better)).unwrap();
        assert_eq!(
            card.alterations.iter().map(|of| of.id.as_str()).collect::<Vec<_>>(),
            ["indicator:penalty", "indicator:honour", "grades"]
        );
        assert_eq!(alone("indicator:penalty"), (1, 0));
        assert_eq!(alone("indicator:honour"), (1, 0), "B alone, although A together with the other grades");
        assert_eq!(alone("grades"), (0, 1));
        let gains = |id: &str| (altered(id).more.unwrap(), altered(id).less.unwrap());
        assert_eq!(gains("indicator:penalty"), (Gain::default(), Gain { subjects: 1, sum: -100_000 }));
        assert_eq!(gains("indicator:honour"), (Gain::default(), Gain { subjects: 1, sum: -30_000 }));
        assert_eq!(card.together, 0);
        let penalty = altered("indicator:penalty");
        assert!(penalty.before.as_ref().unwrap().contains("一般 -20 分") && penalty.after.as_ref().unwrap().contains("一般 -120 分"));

        let by = |by: &str| &card.breakdowns.iter().find(|known| known.by == by).unwrap_or_else(|| panic!("{by}")).groups;
        let area: Vec<(&str, i64, i64, Comparison)> =
            by("area").iter().map(|g| (g.key.as_str(), g.moves.all(), g.moves.worse, g.worse.comparison)).collect();
        assert_eq!(area, [("330899101", 3, 2, Comparison::Few), ("330899102", 2, 0, Comparison::Few)]);
        assert_eq!(by("industry").iter().map(|g| (g.key.as_str(), g.moves.all())).collect::<Vec<_>>(), [("52", 5)]);
        assert_eq!(by("group:0").iter().map(|g| (g.title.as_str(), g.moves.all())).collect::<Vec<_>>(), [("存续", 5)]);
        assert_eq!(by("group:1").iter().map(|g| (g.key.as_str(), g.moves.all())).collect::<Vec<_>>(), [("-", 5)], "nobody said how large");

        // Measures follow the grades; the proposal on the revoked licence stays one.
        let measure = |id: &str| found.measures.iter().find(|row| row.matter == "food-licence" && row.measure == id).unwrap();
        let (one, nobody) = (States { in_force: 1, proposed: 0 }, States::default());
        let counts = |id| (measure(id).begins, measure(id).ends, measure(id).changes, measure(id).stays);
        assert_eq!(counts("green-channel"), (one, nobody, nobody, one));
        assert_eq!(counts("strengthened-supervision"), (one, nobody, nobody, one));
        assert_eq!(counts("market-access-limit"), (nobody, nobody, nobody, States { in_force: 0, proposed: 1 }));
        for row in found.measures.iter().filter(|row| row.kind == xinzhi_core::measure::MeasureKind::Restriction) {
            assert_eq!((row.begins.in_force, row.changes.in_force), (0, 0), "a restriction is only ever proposed: {row:?}");
        }
        let words: Vec<(How, &str)> = found.differences.iter().map(|of| (of.how, of.title.as_str())).collect();
        let changed = ["等级界限", "行政处罚", "守信荣誉"].map(|title| (How::Changed, title));
        assert_eq!(words, [changed.as_slice(), &[(How::Removed, "注册资本"), (How::Added, "登记状态")]].concat());
    });
}

#[test]
fn the_same_rules_make_no_difference_and_the_way_back_mirrors_the_way_there() {
    each_database(|town| {
        county(town);
        let (old, new) = (now(town), proposed(town, harder()));
        assert_eq!(proposed(town, pack::own_files()), old, "the own pack in its own place");
        let same = assessed(town, &against(&old));
        assert!(same.finding.contains("没有差别"), "{}", same.finding);
        assert_eq!((same.differences.len(), same.moving().len()), (0, 0));
        for card in &same.cards {
            assert_eq!(card.moves.all(), card.moves.same, "{}", card.id);
            assert!(card.alterations.is_empty() && card.breakdowns.iter().all(|by| by.alarms().all() == 0));
            assert!(card.points.is_none_or(|points| (points.least, points.most) == (0, 0)));
        }

        let there = assessed(town, &against(&new));
        let back = assessed(town, &Asked { old: Some(new), new: Some(old), ..Asked::default() });
        for (there, back) in there.cards.iter().zip(&back.cards) {
            let turned: Vec<Vec<i64>> =
                (0..there.columns.len()).map(|column| there.matrix.iter().map(|row| row[column]).collect()).collect();
            assert_eq!((&back.matrix, &back.rows, &back.columns), (&turned, &there.columns, &there.rows));
            let Moves { better, worse, same, lost, found, grade_better, grade_worse, ungraded } = there.moves;
            let turned = Moves {
                better: worse,
                worse: better,
                same,
                lost: found,
                found: lost,
                grade_better: grade_worse,
                grade_worse: grade_better,
                ungraded,
            };
            assert_eq!(back.moves, turned);
            let spread = there.points.zip(back.points);
            assert!(spread.is_none_or(|(a, b)| (a.sum, a.least, a.p5, a.p25, a.p50) == (-b.sum, -b.most, -b.p95, -b.p75, -b.p50)));
            for (a, b) in there.alterations.iter().zip(&back.alterations) {
                let turned = |gain: Option<Gain>| gain.map(|gain| Gain { sum: -gain.sum, ..gain });
                assert_eq!((&a.id, turned(a.more), turned(a.less)), (&b.id, b.less, b.more));
            }
        }
        for (a, b) in there.measures.iter().zip(&back.measures) {
            assert_eq!((&a.measure, a.begins, a.ends, a.stays), (&b.measure, b.ends, b.begins, b.stays));
        }
    });
}

#[test]
fn d1_the_same_pin_gives_the_same_bytes_whatever_else_happens() {
    each_database(|town| {
        let companies = county(town);
        let new = proposed(town, harder());
        let centre = town.program(Role::Centre);
        let asked = Asked { day: Some("2026-11-23".to_owned()), ..against(&new) };
        let bytes = |town: &Town| {
            let found = serde_json::to_string(&*assessed(town, &asked)).unwrap();
            (found, town.wait(impact::workbook(&town.office, &Office::operator(), &asked)).unwrap())
        };
        let first = bytes(town);
        // Looks and checks are entries, and change nothing that an outcome rests on; others in between push the kept one out.
        town.check(&centre, &companies[0].code).ok();
        town.evaluation(&centre, &companies[1].code);
        for day in ["2026-11-01", "2026-11-02", "2026-11-03", "2026-11-04", "2026-11-05"] {
            assessed(town, &Asked { day: Some(day.to_owned()), ..against(&new) });
        }
        let again = bytes(town);
        assert_eq!(first.0, again.0);
        assert!(first.1 == again.1, "the workbook differs");
        // A new fact is another position and another outcome.
        let batch = town.import(
            &centre,
            "cf-2018",
            &penalties(&[(&companies[3], crate::support::files::Penalty { number: "示市监罚〔2026〕9号", ..FINE })]),
        );
        let later = assessed(town, &asked);
        assert_ne!(serde_json::to_string(&*later).unwrap(), first.0);
        assert_eq!(later.cards[0].moves.worse, 3);
        town.post(&centre, &format!("/api/v1/batches/{}/recall", batch["id"]), &json!({"reason": "报送有误"})).ok();
        assert_eq!(assessed(town, &asked).cards[0].moves.worse, 2);
    });
}

/// What is added and taken away, and a model that only one of the packs has.
#[test]
fn what_only_one_of_the_packs_has_is_said() {
    each_database(|town| {
        county(town);
        let indicator = "      - id: honour\n        title: 守信荣誉\n";
        let files = draft(&[
            (CARD, "      - id: abnormal\n", "      - id: abnormal-list\n"),
            (CARD, indicator, "      - id: medal\n        title: 守信荣誉\n"),
            (CARD, "overrides:\n  - { when: { on_list: 严重失信主体名单 }, grade: D, basis: [opinions-2020-49, opinions-2019-35] }\n", ""),
            (
                "matters/county.yaml",
                "commitment-followup, market-access-limit, no-notice-commitment]",
                "commitment-followup, no-notice-commitment]",
            ),
        ]);
        // Its cases name what is gone.
        let files = files.iter().filter(|(path, _)| !path.starts_with("cases/")).map(|(path, text)| (path.to_owned(), text.to_owned()));
        let found = assessed(town, &against(&proposed(town, files.collect())));
        let card = &found.cards[0];
        let known: Vec<(&str, How)> = card.alterations.iter().map(|of| (of.id.as_str(), of.how)).collect();
        assert_eq!(
            known,
            [
                ("indicator:abnormal", How::Removed),
                ("indicator:honour", How::Removed),
                ("indicator:abnormal-list", How::Added),
                ("indicator:medal", How::Added),
                ("overrides", How::Changed),
            ]
        );
        // One way and the other: the medal alone gives the honoured company 140 points, the honour's absence takes its A.
        let alone = |id: &str| card.alterations.iter().find(|of| of.id == id).unwrap().alone.unwrap();
        assert_eq!((alone("indicator:honour").grade_worse, alone("indicator:medal").grade_worse), (1, 0));
        assert_eq!((alone("overrides").grade_better, card.moves.grade_better), (1, 1), "off the list it is B by its points");
        let gone = found.measures.iter().find(|row| row.measure == "market-access-limit").unwrap();
        assert_eq!((gone.how, gone.ends), (Some(How::Removed), States { in_force: 0, proposed: 1 }));

        let own = pack::own_files();
        let renamed = own.iter().map(|(path, text)| {
            let path = path.replace("market-entity", "market-body");
            (path, text.replace("market-entity", "market-body"))
        });
        let renamed = proposed(town, renamed.collect());
        let found = assessed(town, &against(&renamed));
        assert!(found.cards.is_empty());
        for words in ["（market-entity）只在旧规则中有", "（market-body）只在新规则中有"] {
            assert!(found.notes.iter().any(|note| note.contains(words)), "{words}: {:?}", found.notes);
        }
        let asked = Asked { scorecard: Some("market-body".to_owned()), ..against(&renamed) };
        let refused = town.wait(impact::show(&town.office, &Office::operator(), &asked)).unwrap_err().to_string();
        assert!(refused.contains("旧规则中没有评价模型 `market-body`"), "{refused}");
    });
}

#[test]
fn a_day_outside_what_is_in_force_is_said_and_a_review_overdue_grades_nobody() {
    each_database(|town| {
        county(town);
        let later = proposed(town, draft(&[(CARD, "from: 2026-04-01", "from: 2027-01-01"), (CARD, "省级: 70", "省级: 40")]));
        let found = assessed(town, &against(&later));
        let card = &found.cards[0];
        assert!(
            card.notes.iter().any(|note| note.contains("自 2027-01-01 起施行") && note.contains("按它当日已经施行")),
            "{:?}",
            card.notes
        );
        assert_eq!(card.moves.worse, 1, "as if it were in force");
        let overdue = proposed(town, draft(&[("pack.yaml", "review_by: 2027-12-31", "review_by: 2026-10-31")]));
        let found = assessed(town, &against(&overdue));
        assert!(found.cards[0].notes.iter().any(|note| note.contains("须在 2026-10-31 前复核")), "{:?}", found.cards[0].notes);
        assert_eq!(found.cards[0].moves.lost, 5);
        for (day, words) in [("2026-13-01", "评价日"), ("昨天", "评价日")] {
            let asked = Asked { day: Some(day.to_owned()), ..against(&later) };
            let refused = town.wait(impact::show(&town.office, &Office::operator(), &asked)).unwrap_err().to_string();
            assert!(refused.contains(words) && refused.contains(day), "{refused}");
        }
        // Before anybody was registered.
        let asked = Asked { day: Some("2014-01-01".to_owned()), ..against(&later) };
        let found = assessed(town, &asked);
        assert_eq!(found.subjects, 0);
        assert!(found.notes.iter().any(|note| note.contains("还没有可以评价的主体")), "{:?}", found.notes);
    });
}

/// Links to lists on a page with the number that each stands behind.
fn linked(html: &str) -> Vec<(String, i64)> {
    let anchors = html.split("<a href=\"").skip(1).filter(|rest| rest.starts_with("/rules/impact/list?"));
    let number = |rest: &str| {
        let (href, after) = rest.split_once("\">").unwrap();
        let text = after.split('<').next().unwrap();
        // `下降 1 个，上升 0 个` counts both.
        let sum = |text: &str| text.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse::<i64>().ok()).sum::<i64>();
        let many =
            if text.starts_with("下降") { sum(text) } else { text.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap() };
        (href.replace("&#38;", "&").replace("&amp;", "&"), many)
    };
    anchors.map(number).collect()
}

/// What a list says it holds, and the lines of all its pages.
fn listed(town: &Town, who: &Caller, href: &str) -> (i64, i64) {
    let mut found = 0;
    for page in 1.. {
        let answer = town.get(who, &format!("{href}&page={page}"));
        let html = answer.text();
        assert_eq!(answer.status, 200, "{href}: {html}");
        assert!(!html.contains("司马") && !html.contains("自然人"), "{href}");
        let said: i64 = html.split("<p class=\"today\">共 ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
        let lines = html.split("<tbody>").nth(1).map_or(0, |body| body.split("<tr>").count() - 1);
        assert!(lines <= 20, "{href}: {lines} lines");
        found += i64::try_from(lines).unwrap();
        if !html.contains("下一页") {
            return (said, found);
        }
    }
    panic!("no end of {href}")
}

#[test]
fn a4_behind_every_number_of_an_assessment_is_a_list_of_twenty_at_most() {
    each_database(|town| {
        county(town);
        let more: Vec<Company> = (10..55).map(company).collect();
        town.import(&town.program(Role::Centre), "registration", &registration(&more.iter().collect::<Vec<_>>()));
        let new = proposed(town, harder());
        let centre = town.person(Role::Centre);
        let mut tried = 0;
        for by in ["kind", "area", "industry", "group:0"] {
            let page = town.get(&centre, &format!("/rules/impact?new={new}&card=market-entity&by={by}"));
            assert_eq!(page.status, 200, "{}", page.text());
            for (href, number) in linked(&page.text()) {
                assert_eq!(listed(town, &centre, &href), (number, number), "{by}: {href}");
                tried += 1;
            }
        }
        assert!(tried > 60, "only {tried} numbers were tried");
        let wrong = town.get(&centre, &format!("/rules/impact/list?new={new}&card=market-entity&by=area&group=999"));
        assert_eq!(wrong.status, 404);
        assert!(wrong.text().contains("没有这个数字"), "{}", wrong.text());
    });
}

#[test]
fn a9_the_centre_and_the_legal_review_see_an_assessment_and_nobody_else() {
    each_database(|town| {
        let companies = county(town);
        let new = proposed(town, harder());
        for role in Role::ALL {
            let subject = (role == Role::Subject).then(|| town.subject(&companies[0].code));
            let who = town.person_as(xinzhi_core::actor::Actor { subject, ..town.actor(role) });
            let may = matches!(role, Role::Centre | Role::Legal);
            for path in [
                "".to_owned(),
                format!("?new={new}"),
                format!("/data.xlsx?new={new}"),
                format!("/data.json?new={new}"),
                format!("/list?new={new}&card=market-entity&part=worse"),
            ] {
                let answer = town.get(&who, &format!("/rules/impact{path}"));
                assert_eq!(answer.status, if may { 200 } else { 403 }, "{role:?} {path}: {}", answer.text());
                assert!(may || !answer.text().contains(&companies[0].name), "{role:?} {path}");
            }
            let opens =
                town.get(&who, &format!("/rules/impact/list?new={new}&card=market-entity&part=worse")).text().contains("/desk/subjects/");
            assert_eq!(opens, role == Role::Centre, "{role:?}");
        }
        let centre = town.person(Role::Centre);
        for (query, words) in [("new=zz", "没有摘要为"), ("old=00&new=x", "没有摘要为"), (&format!("new={new}&day=2026-02-30"), "评价日")]
        {
            let answer = town.get(&centre, &format!("/rules/impact?{query}"));
            assert_eq!(answer.status, 422, "{query}");
            assert!(answer.text().contains(words) && answer.text().contains("有 1 处需要改正"), "{query}: {}", answer.text());
        }
    });
}

#[test]
fn faults_of_a_draft_are_told_with_line_and_column() {
    each_database(|town| {
        let files = draft(&[(CARD, "一般: -20, 严重: -120", "一般: 20, 严重: -120"), (CARD, "floor: -60", "floor: 60")]);
        let answer = town.wait(impact::propose(&town.office, &Office::operator(), "national", files)).unwrap();
        let Proposal::Faulty { faults } = answer else { panic!("{answer:?}") };
        assert!(faults.len() >= 3, "{faults:?}");
        assert!(faults.iter().all(|fault| fault.starts_with("scorecards/market-entity.yaml:")), "{faults:?}");
        assert!(faults.iter().all(|fault| fault.contains('^')) && faults.iter().any(|fault| fault.contains("错误[points-direction]")));
    });
}

pub(super) fn write_pack(folder: &std::path::Path, id: &str, files: &Files) -> String {
    let pack = folder.join(id);
    for (path, content) in files.iter() {
        let file = pack.join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, content).unwrap();
    }
    pack.to_str().unwrap().to_owned()
}

#[test]
fn pack_diff_tells_text_json_and_a_workbook_with_and_without_a_server() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    binary::found(&data, None);
    let data = data.to_str().unwrap();
    let draft_folder = write_pack(&place.path().join("drafts"), "national", &harder());
    let own = write_pack(&place.path().join("packs"), "national", &pack::own_files());
    let file = |name: &str, content: String| {
        let path = place.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let empty = binary::told(&["pack", "diff", &draft_folder, "--data", data]);
    assert!(empty.contains("还没有可以评价的主体"), "{empty}");
    let companies: Vec<Company> = (1..=3).map(company).collect();
    let import = |source: &str, name: &str, content: String| {
        let file = file(name, content);
        binary::told(&["import", &file, "--source", source, "--encoding", "utf-8", "--covers", "2023-11-01..2026-11-22", "--data", data]);
    };
    import("registration", "dj.csv", registration(&companies.iter().collect::<Vec<_>>()));
    import("cf-2018", "cf.csv", penalties(&[(&companies[0], FINE)]));
    import("honour", "ry.csv", honours(&[(&companies[1], "示政〔2026〕1号", "省级", "2026-05-01")]));

    let xlsx = place.path().join("影响.xlsx");
    let day = ["--as-of", "2026-11-23", "--data", data];
    let words = binary::told(&[&["pack", "diff", &draft_folder, "--xlsx", xlsx.to_str().unwrap()], day.as_slice()].concat());
    for said in
        ["变差 2 个、变好 1 个", "等级迁移：行为旧等级，列为新等级", "引起改变的规则", "旧：行政处罚", "一般 -120 分", "29 CFR 1607.4(D)"]
    {
        assert!(words.contains(said), "{said}: {words}");
    }
    assert!(words.contains("：受损\n") && words.contains("：受益\n") && !words.contains("没有主体受"), "{words}");
    let milder = write_pack(&place.path().join("milder"), "national", &draft(&[(CARD, "一般: -20, 严重: -120", "一般: -15, 严重: -120")]));
    let milder = binary::told(&[&["pack", "diff", &milder], day.as_slice()].concat());
    assert!(milder.contains("：受益\n") && !milder.contains("：受损\n"), "no table of zeros: {milder}");
    assert!(milder.contains("没有主体受损（变差、等级下降或不再评价），不列各组受损的表"), "{milder}");
    let bytes = std::fs::read(&xlsx).unwrap();
    let again = xinzhi(&[&["pack", "diff", &draft_folder, "--xlsx", xlsx.to_str().unwrap()], day.as_slice()].concat());
    assert!(again.status.code() == Some(1) && text(&again.stderr).contains("已存在，不会覆盖"), "{:?}", again.stderr);
    assert!(std::fs::read(&xlsx).unwrap() == bytes);
    let mut book: calamine::Xlsx<_> = calamine::Xlsx::new(Cursor::new(bytes)).unwrap();
    assert_eq!(book.sheet_names(), ["说明", "等级迁移", "分组", "指标", "措施", "措施分组", "清单", "规则差别"]);
    let list = book.worksheet_range("清单").unwrap();
    assert_eq!(list.get_value((1, 0)).unwrap().to_string(), companies[0].name, "who loses most comes first");

    let json = |args: &[&str]| binary::json(&[args, day.as_slice(), &["--json"]].concat());
    let here = json(&["pack", "diff", &draft_folder]);
    assert_eq!(here["cards"][0]["moves"]["worse"], 2, "{here}");
    assert_eq!(json(&["pack", "diff", &own, &draft_folder])["pin"], here["pin"], "the old one named or not");
    let server = Server::start(std::path::Path::new(data));
    assert_eq!(json(&["pack", "diff", &draft_folder]), here, "a server answers the same");
    drop(server);
    let same = binary::told(&[&["pack", "diff", &own], day.as_slice()].concat());
    assert!(same.contains("没有差别"), "{same}");

    let refused = |args: &[&str]| {
        let output = xinzhi(&[&["pack", "diff"], args, &["--data", data]].concat());
        assert!(!output.status.success(), "{args:?}");
        text(&output.stdout) + &text(&output.stderr)
    };
    assert!(refused(&["no/such/folder"]).contains("no/such/folder"));
    assert!(refused(&[&draft_folder, "--scorecard", "no-such"]).contains("没有评价模型 `no-such`"));
    assert!(refused(&[&draft_folder, "--as-of", "2026-02-30"]).contains("评价日 `2026-02-30`"));
    let bad = write_pack(&place.path().join("bad"), "national", &draft(&[(CARD, "floor: -60", "floor: 60")]));
    let words = refused(&[&bad]);
    assert!(words.contains("scorecards/market-entity.yaml:") && words.contains("2 处错误"), "{words}");
    let beside = write_pack(&place.path().join("beside"), "another", &harder());
    assert!(refused(&[&beside]).contains("没有 another"), "beside the other it repeats every name");
    assert_eq!(json(&["pack", "diff", &beside, "--as", "national"])["pin"], here["pin"]);
    let installed: Value = binary::json(&["doctor", "--json", "--data", data]);
    assert_eq!(installed["sound"], true, "nothing was installed or written: {installed}");
}
