//! The projection of an office: what everybody gets out of its files is what each is told alone, now and as known at any position, however
//! the files came to be.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use xinzhi_columnar::partition::Whole;
use xinzhi_columnar::{Earlier, Projection, Run, TableSet};
use xinzhi_core::actor::Role;
use xinzhi_core::record::BatchId;
use xinzhi_core::{Day, Fen, Points};
use xinzhi_office::import::{self, Ruling};
use xinzhi_store::Url;

use crate::support::binary::{found, program, text, xinzhi};
use crate::support::files::{Company, FINE, PENALTY_HEADER, Penalty, company, honours, penalties, penalty_row, registration, serious_list};
use crate::support::town::{Caller, Town, encoded, form};

const CARD: &str = "market-entity";
const DAY: &str = "2026-11-23";

/// Tells a journey on both databases, each with a town that can be put aside.
fn each(journey: impl Fn(&mut Town) + Sync) {
    std::thread::scope(|scope| {
        let journey = &journey;
        let threads = [Town::on_sqlite as fn() -> Town, Town::on_postgres].map(|town| scope.spawn(move || journey(&mut town())));
        let failed = threads.map(|thread| thread.join().is_err());
        assert_eq!(failed, [false, false], "failed on SQLite, on PostgreSQL; see above");
    });
}

/// The command line beside a town, with results in a folder of their own.
struct Desk {
    place: Vec<String>,
    root: PathBuf,
    results: tempfile::TempDir,
}

impl Desk {
    fn at(url: &Url) -> Desk {
        let data = url.directory().to_str().unwrap().to_owned();
        let mut place = vec!["--data".to_owned(), data];
        if let Url::Postgres { url, .. } = url {
            place.extend(["--database".to_owned(), url.clone()]);
        }
        Desk { place, root: url.directory().join("projection"), results: tempfile::tempdir().unwrap() }
    }

    fn arguments<'a>(&'a self, words: &[&'a str]) -> Vec<&'a str> {
        words.iter().copied().chain(self.place.iter().map(String::as_str)).collect()
    }

    fn run(&self, words: &[&str]) -> Output {
        xinzhi(&self.arguments(words))
    }

    /// The line of JSON of a command that must succeed.
    #[track_caller]
    fn json(&self, words: &[&str]) -> Value {
        let output = self.run(&[words, &["--json"]].concat());
        assert!(output.status.success(), "{words:?}: {}", text(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap_or_else(|fault| panic!("{fault}: {}", text(&output.stdout)))
    }

    #[track_caller]
    fn refused(&self, words: &[&str]) -> String {
        let output = self.run(words);
        assert_eq!(output.status.code(), Some(1), "{words:?}: {}", text(&output.stdout));
        text(&output.stderr)
    }

    /// Evaluates everybody: the summary and the bytes of the result.
    #[track_caller]
    fn evaluate(&self, as_of: &str, more: &[&str]) -> (Value, Vec<u8>) {
        let out = self.results.path().join("result.parquet");
        let words = ["evaluate", "--scorecard", CARD, "--as-of", as_of, "--out", out.to_str().unwrap()];
        let summary = self.json(&[&words, more].concat());
        let bytes = fs::read(&out).unwrap();
        fs::remove_file(&out).unwrap();
        (summary, bytes)
    }

    fn follow(&self) -> Value {
        self.json(&["projection", "follow"])
    }

    fn rebuild(&self) -> Value {
        self.json(&["projection", "rebuild"])
    }
}

/// Points, grade, amount, known share, whether there is a reason for no points: as a result and as an answer tell them.
type Told = (Option<String>, Option<String>, Option<String>, i64, bool);

/// What everybody gets out of the files as known at a position, by number.
fn together(town: &Town, desk: &Desk, known: i64, as_of: &str) -> BTreeMap<i64, Told> {
    let projection = Projection::enter(&desk.root, || panic!("somebody else holds it")).unwrap();
    let head = projection.head().unwrap().unwrap();
    let pack = town.office.pack();
    let (ix, card) = pack.scorecard_by_id(CARD).unwrap();
    let set = TableSet::as_known(&desk.root, &head, &pack, known).unwrap();
    let mut told = BTreeMap::new();
    let run = Run::compile(&set, ix, Day::parse(as_of).unwrap()).unwrap();
    run.over(&set, 2, |standings| {
        for row in 0..standings.len() {
            let grade = standings.grade(row).map(|grade| card.grades[grade].name.clone());
            let points = standings.points.at(row).map(|points| Points(points).to_string());
            let amount = standings.amounts.at(row).map(|fen| Fen(fen).to_string());
            let line = (points, grade, amount, i64::from(standings.assessed[row]), standings.reasons.at(row).is_some());
            told.insert(standings.subjects[row], line);
        }
        Ok(())
    })
    .unwrap();
    told
}

/// What one subject is told alone; by the page of the present where no position is given.
fn alone(town: &Town, who: &Caller, code: &str, (known, as_of): (Option<i64>, &str)) -> Told {
    let known = known.map_or(String::new(), |known| format!("&known={known}"));
    let path = format!("/api/v1/subjects/{code}/evaluations?purpose={}&scorecard={CARD}&as_of={as_of}{known}", encoded("日常监管"));
    let answer = town.get(who, &path).ok()[0].clone();
    let text = |key: &str| answer[key].as_str().map(str::to_owned);
    (text("points"), text("grade"), text("amount"), answer["assessed_share"].as_i64().unwrap(), !answer["reason"].is_null())
}

/// A sequence that nobody chose and everybody can repeat.
struct Dice(u64);

impl Dice {
    fn below(&mut self, many: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % many
    }
}

/// A world that moves on by acts of chance, each through the front door.
struct World<'t> {
    town: &'t Town,
    centre: Caller,
    officer: xinzhi_core::actor::Actor,
    companies: Vec<Company>,
    committed: Vec<i64>,
    penalties: Vec<(usize, String, String)>,
    dice: Dice,
    step: usize,
    /// What happened, for the message of a failure.
    acts: Vec<String>,
}

const TOWNSHIPS: [&str; 3] = ["330899101001", "330899102001", "330899103"];

impl World<'_> {
    fn found(town: &Town, seed: u64, companies: u32) -> World<'_> {
        let centre = town.program(Role::Centre);
        let companies: Vec<Company> = (1..=companies).map(company).collect();
        let mut world = World {
            town,
            centre,
            officer: town.actor(Role::Centre),
            companies,
            committed: Vec::new(),
            penalties: Vec::new(),
            dice: Dice(seed),
            step: 0,
            acts: Vec::new(),
        };
        let all: Vec<&Company> = world.companies.iter().collect();
        world.bring(("registration", "330899"), &registration(&all), true);
        let honoured: Vec<(&Company, &str, &str, &str)> =
            world.companies.iter().step_by(3).map(|company| (company, "示政〔2026〕1号", "省级", "2026-05-01")).collect();
        world.bring(("honour", "330899"), &honours(&honoured), true);
        let everybody: Vec<usize> = (0..world.companies.len()).collect();
        for _ in 0..3 {
            world.fine(&everybody, ("330899", true));
        }
        world
    }

    /// Stages a file that is complete for an area and, unless it is left staged, lets it take effect.
    fn bring(&mut self, (source, area): (&str, &str), file: &str, commit: bool) -> i64 {
        let texts =
            [("source", source), ("encoding", "utf-8"), ("area", area), ("covers_from", "2023-11-01"), ("covers_through", "2026-11-22")];
        let staged = self.town.upload_form(&self.centre, &self.town.fresh_key(), &form(&texts, file.as_bytes())).ok();
        let id = staged["id"].as_i64().unwrap();
        if commit {
            self.town.post(&self.centre, &format!("/api/v1/batches/{id}/commit"), &json!(null)).ok();
            self.committed.push(id);
        }
        id
    }

    fn fine(&mut self, whom: &[usize], (area, commit): (&str, bool)) {
        let mut file = PENALTY_HEADER.to_owned();
        for at in whom {
            self.step += 1;
            let number = format!("示市监罚〔2025〕{}号", self.step);
            let day = format!("202{}-0{}-1{}", 4 + self.dice.below(3), 1 + self.dice.below(9), self.dice.below(10));
            let severe = self.dice.below(4) == 0;
            let penalty = Penalty {
                number: &number,
                day: &day,
                kinds: if severe { "吊销许可证件" } else { "罚款" },
                fine: if severe { "" } else { "0.5" },
                ..FINE
            };
            let who = &self.companies[*at];
            file += &penalty_row((&who.code, &who.name), &penalty);
            if commit {
                self.penalties.push((*at, number, day));
            }
        }
        self.bring(("cf-2018", area), &file, commit);
    }

    /// One act of chance.
    fn act(&mut self) {
        let some = self.dice.below(self.companies.len());
        let other = self.dice.below(self.companies.len());
        self.step += 1;
        let step = self.step;
        let said = match self.dice.below(9) {
            0 | 1 => {
                self.fine(&[some, other], ("330899", true));
                format!("penalties of {some} and {other}")
            }
            2 => {
                self.fine(&[some], (TOWNSHIPS[step % 3].get(..9).unwrap(), true));
                format!("a penalty of {some}, reported for one township")
            }
            3 => {
                self.fine(&[some], ("330899", false));
                format!("a penalty of {some} that stays staged")
            }
            4 => {
                let moved = registration(&[&self.companies[some]]);
                let moved = moved.replace(self.companies[some].area, TOWNSHIPS[step % 3]).replace(",ZC", &format!(",N{step}-"));
                let commit = self.dice.below(4) > 0;
                self.bring(("registration", "330899"), &moved.replace("2015-03-01", &format!("2016-0{}-11", 1 + step % 9)), commit);
                format!("{some} moves, committed: {commit}")
            }
            5 if self.committed.len() > 6 => {
                // Never the first five, or nobody is left to speak of; those have a turn of their own.
                let at = 5 + self.dice.below(self.committed.len() - 5);
                let batch = self.committed.remove(at);
                let path = format!("/api/v1/batches/{batch}/recall");
                self.town.post(&self.centre, &path, &json!({"reason": "部门报错了文件"})).ok();
                format!("batch {batch} is recalled")
            }
            6 if !self.penalties.is_empty() => self.correct(),
            7 => {
                let number = u32::try_from(100 + step).unwrap();
                self.companies.push(company(number));
                let new = self.companies.last().unwrap().clone();
                self.bring(("registration", "330899"), &registration(&[&new]), true);
                format!("company {number} registers")
            }
            _ => {
                let list = serious_list(&[(&self.companies[some], &format!("示税〔2026〕{step}号"), "2026-03-01", "2029-03-01")]);
                self.bring(("serious-list", "330899"), &list, true);
                format!("{some} is listed")
            }
        };
        self.acts.push(said);
    }

    /// The same number with other content waits, and an officer takes it.
    fn correct(&mut self) -> String {
        let at = self.dice.below(self.penalties.len());
        let (who, number, day) = self.penalties[at].clone();
        let content = format!("罚款三千元（{}）", self.step);
        let penalty = Penalty { number: &number, day: &day, content: &content, fine: "0.3", ..FINE };
        let batch = self.bring(("cf-2018", "330899"), &penalties(&[(&self.companies[who], penalty)]), true);
        let ruling = Ruling { accept: true, reason: "已核对决定书原件".to_owned(), code: None };
        let ruled = self.town.wait(import::rule(&self.town.office, &self.officer, (BatchId(batch), 2), &ruling));
        format!("{number} is corrected: {}", ruled.is_ok())
    }
}

#[test]
fn d1_w4_step_by_step_or_made_anew_everybody_is_told_what_each_is_told_alone() {
    each(|town| {
        let desk = Desk::at(&town.url);
        let mut world = World::found(town, 20_261_123, 24);
        // Each position with the result of its own time.
        let mut marks: Vec<(i64, Vec<u8>)> = Vec::new();
        let mut ways: BTreeSet<String> = BTreeSet::new();
        for round in 0..14 {
            for _ in 0..(round % 3) + 1 {
                world.act();
            }
            let how = desk.follow();
            for (way, many) in [("added", &how["added"]), ("rewritten", &how["rewritten"]), ("ended", &how["ended"])] {
                if many.as_i64() > Some(0) {
                    ways.insert(way.to_owned());
                }
            }
            let (summary, bytes) = desk.evaluate(DAY, &[]);
            marks.push((summary["position"].as_i64().unwrap(), bytes));
        }
        assert_eq!(ways.len(), 3, "{ways:?}: {:?}", world.acts);
        for (known, bytes) in &marks {
            let (summary, again) = desk.evaluate(DAY, &["--known", &known.to_string()]);
            assert_eq!(summary["position"], *known);
            assert!(again == *bytes, "as known at {known}: {:?}", world.acts);
        }
        assert_eq!(desk.rebuild()["how"], "made");
        for (known, bytes) in &marks {
            assert!(desk.evaluate(DAY, &["--known", &known.to_string()]).1 == *bytes, "anew, as known at {known}: {:?}", world.acts);
        }
        // Alone: now, and at positions of the past; on the day, and later.
        let companies: Vec<(i64, String)> = world.companies.iter().map(|c| (town.subject(&c.code).0, c.code.clone())).collect();
        let mut asked: Vec<(Option<i64>, &str)> = vec![(None, DAY), (None, "2028-02-29")];
        asked.extend([1, 5, 9].map(|mark: usize| (Some(marks[mark].0), DAY)));
        let mut different = BTreeSet::new();
        for (known, as_of) in asked {
            let all = together(town, &desk, known.unwrap_or(marks.last().unwrap().0), as_of);
            for (number, code) in &companies {
                let Some(told) = all.get(number) else {
                    assert!(known.is_some(), "{code} is missing now");
                    continue;
                };
                assert_eq!(*told, alone(town, &world.centre, code, (known, as_of)), "{code} at {known:?} on {as_of}: {:?}", world.acts);
                different.insert(told.clone());
            }
        }
        assert!(different.len() > 6, "a world with something to tell apart: {different:?}");
        let acts = world.acts.clone();
        drop(world);
        assert_examined(town, &acts);
    });
}

/// Doctor compares every row with the database.
fn assert_examined(town: &mut Town, acts: &[String]) {
    let examined = town.put_aside(|url| {
        let desk = Desk::at(url);
        desk.follow();
        desk.json(&["doctor", "--replay"])
    });
    let finding = examined["findings"].as_array().unwrap().iter().find(|finding| finding["title"] == "列存投影与账簿和记录一致").unwrap();
    assert_eq!(finding["faults"], json!([]), "{acts:?}");
    assert!(finding["looked_at"].as_i64() > Some(100), "{finding}");
}

#[test]
fn d1_w4_what_followed_step_by_step_is_row_by_row_what_the_database_says() {
    each(|town| {
        let desk = Desk::at(&town.url);
        let mut world = World::found(town, 7, 30);
        for _ in 0..30 {
            world.act();
            desk.follow();
        }
        let acts = world.acts.clone();
        drop(world);
        assert_examined(town, &acts);
    });
}

#[test]
fn a_table_set_of_an_office_says_what_its_projection_says() {
    const PACK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/packs/national");
    each(|town| {
        let desk = Desk::at(&town.url);
        let mut world = World::found(town, 29, 10);
        let early = desk.follow()["position"].as_i64().unwrap();
        for _ in 0..8 {
            world.act();
        }
        let late = desk.follow()["position"].as_i64().unwrap();
        for known in [early, late] {
            let set = desk.results.path().join(format!("set {known}"));
            let set = set.to_str().unwrap();
            let output = desk.run(&["columns", "--out", set, "--known", &known.to_string()]);
            assert!(output.status.success(), "{}", text(&output.stderr));
            let out = desk.results.path().join(format!("{known}.parquet"));
            let words = [
                "evaluate",
                "--scorecard",
                CARD,
                "--as-of",
                DAY,
                "--tables",
                set,
                "--pack",
                PACK,
                "--json",
                "--out",
                out.to_str().unwrap(),
            ];
            let told = xinzhi(&words);
            assert!(told.status.success(), "{}", text(&told.stderr));
            let summary: Value = serde_json::from_slice(&told.stdout).unwrap();
            let (ours, _) = desk.evaluate(DAY, &["--known", &known.to_string()]);
            for key in ["subjects", "grades", "forced", "reasons", "kinds", "mean_points", "dimensions", "position", "pack_digest"] {
                assert_eq!(summary[key], ours[key], "{key} at {known}");
            }
            let pack = town.office.pack();
            let read = Earlier::read(&out, pack.scorecard_by_id(CARD).unwrap().1).unwrap();
            let grades: BTreeMap<i64, Option<String>> =
                (0..read.len()).filter_map(|row| read.at(row)).map(|(number, grade)| (number, grade.map(str::to_owned))).collect();
            let together = together(town, &desk, known, DAY);
            assert_eq!(grades, together.into_iter().map(|(number, told)| (number, told.1)).collect());
        }
    });
}

#[test]
fn d1_each_day_of_an_offices_backtest_is_the_run_of_that_day() {
    each(|town| {
        let desk = Desk::at(&town.url);
        let mut world = World::found(town, 31, 12);
        let early = desk.follow()["position"].as_i64().unwrap();
        for _ in 0..6 {
            world.act();
        }
        let early = early.to_string();
        for known in [&[][..], &["--known", &early]] {
            let words = ["evaluate", "--scorecard", CARD, "--every", "month", "--from", "2026-08-15", "--until", "2026-11-30"];
            let told = desk.json(&[&words, known].concat());
            let days = told["days"].as_array().unwrap();
            let dates: Vec<&str> = days.iter().map(|day| day["as_of"].as_str().unwrap()).collect();
            assert_eq!(dates, ["2026-08-31", "2026-09-30", "2026-10-31", "2026-11-30"]);
            for day in days {
                let (single, _) = desk.evaluate(day["as_of"].as_str().unwrap(), known);
                for key in ["grades", "forced", "reasons", "mean_points"] {
                    assert_eq!(day[key], single[key], "{key} {day}");
                }
                assert_eq!((&told["subjects"], &told["position"]), (&single["subjects"], &single["position"]));
            }
        }
        // One subject has no backtest, and a backtest is compared with nothing.
        let words = ["evaluate", "--scorecard", CARD, "--every", "month", "--from", "2026-08-15", "--until", "2026-11-30"];
        for wrong in [&["--subject", "91330899MA2000000X"][..], &["--against", "x.parquet", "--out", "y.parquet"]] {
            assert_eq!(desk.run(&[&words, wrong].concat()).status.code(), Some(2), "{wrong:?}");
        }
    });
}

#[test]
fn the_last_result_is_compared_with_by_itself() {
    each(|town| {
        let desk = Desk::at(&town.url);
        let mut world = World::found(town, 3, 5);
        let (first, _) = desk.evaluate(DAY, &[]);
        assert_eq!((&first["moved"], &first["subjects"]), (&json!(null), &json!(5)), "there was none before");
        let revoked = Penalty { number: "示市监罚〔2026〕99号", day: "2026-10-08", kinds: "吊销许可证件", fine: "", ..FINE };
        let first_company = world.companies[1].clone();
        world.bring(("cf-2018", "330899"), &penalties(&[(&first_company, revoked)]), true);
        let (second, bytes) = desk.evaluate(DAY, &[]);
        let moved = second["moved"]["grades"].as_array().unwrap();
        assert_eq!(second["moved"]["since"], DAY);
        assert_eq!(moved.iter().filter_map(|line| line["subjects"].as_i64()).sum::<i64>(), 5);
        assert!(moved.iter().any(|line| line["from"] != line["to"]), "{moved:?}");
        // As known before leaves no trace in what the next run is compared with.
        let (past, _) = desk.evaluate(DAY, &["--known", &first["position"].to_string()]);
        assert_eq!((&past["moved"], &past["grades"]), (&json!(null), &first["grades"]));
        let kept = desk.root.join("results").join(format!("{CARD}.parquet"));
        assert!(fs::read(&kept).unwrap() == bytes);
        let pack = town.office.pack();
        let read = Earlier::read(&kept, pack.scorecard_by_id(CARD).unwrap().1).unwrap();
        assert_eq!(read.len(), 5);
        // What was kept and can no longer be read stops nothing.
        fs::write(&kept, b"spoilt").unwrap();
        let out = desk.results.path().join("x.parquet");
        let output = desk.run(&["evaluate", "--scorecard", CARD, "--as-of", DAY, "--out", out.to_str().unwrap()]);
        assert!(output.status.success() && text(&output.stderr).contains("无法与上次的结果比较"), "{}", text(&output.stderr));
    });
}

#[test]
fn a_result_is_kept_for_the_next_run_whether_or_not_its_summary_can_be_said() {
    each(|town| {
        let desk = Desk::at(&town.url);
        let _world = World::found(town, 5, 4);
        let kept = desk.root.join("results").join(format!("{CARD}.parquet"));
        let evaluate = |name: &str, said: Stdio| {
            let out = desk.results.path().join(name);
            let words = ["evaluate", "--scorecard", CARD, "--as-of", DAY, "--out", out.to_str().unwrap()];
            let output = program(&desk.arguments(&words)).stdout(said).output().unwrap();
            (output.status.code(), text(&output.stderr), fs::read(&out).unwrap())
        };
        // The disk behind it is full: a failure, of the summary alone.
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let (code, said, result) = evaluate("full.parquet", Stdio::from(full));
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains("full.parquet`，但摘要未能输出"), "{said}");
        assert!(fs::read(&kept).unwrap() == result);
        fs::remove_file(&kept).unwrap();
        // Whoever should have read it has gone.
        let (reader, gone) = std::io::pipe().unwrap();
        drop(reader);
        let (code, said, result) = evaluate("gone.parquet", Stdio::from(gone));
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("标准输出已被关闭，摘要没有全部输出") && said.contains("gone.parquet`"), "{said}");
        assert!(fs::read(&kept).unwrap() == result);
        let (code, said, _) = evaluate("read.parquet", Stdio::piped());
        assert!(code == Some(0) && !said.contains("标准输出"), "{said}");
        // What cannot be kept is a failure, and the summary is told all the same.
        fs::remove_file(&kept).unwrap();
        fs::create_dir(&kept).unwrap();
        let out = desk.results.path().join("unkept.parquet");
        let output = desk.run(&["evaluate", "--scorecard", CARD, "--as-of", DAY, "--out", out.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(1));
        assert!(text(&output.stderr).contains("没有留下供下次比较的副本") && text(&output.stdout).contains("，4 个主体"), "{output:?}");
    });
}

#[test]
fn x6_c2_who_is_only_staged_or_a_natural_person_is_not_in_it() {
    each(|town| {
        let desk = Desk::at(&town.url);
        let mut world = World::found(town, 5, 4);
        let (fresh, person) = (company(77), "33082519850607002");
        let person = format!("{person}{}", xinzhi_core::identifier::ResidentId::check_character(person).unwrap());
        let staged = world.bring(("registration", "330899"), &registration(&[&fresh]), false);
        let header = PENALTY_HEADER.trim_end().to_owned() + ",自然人证件类型,自然人证件号码\n";
        let row = penalty_row(("", "司马无忌"), &Penalty { number: "示市监罚〔2026〕32号", ..FINE }).replace("法人及非法人组织", "自然人");
        world.bring(("cf-2018", "330899"), &format!("{header}{},身份证,{person}\n", row.trim_end()), true);
        let records = town.file(&world.centre, &person, "records");
        assert_eq!(records.as_array().map(Vec::len), Some(1), "the office has a record of the person: {records}");
        let numbers = || {
            let projection = Projection::enter(&desk.root, || panic!("somebody else holds it")).unwrap();
            let head = projection.head().unwrap().unwrap();
            head.partitions.values().flat_map(|layers| Whole::numbers(&desk.root, layers).unwrap()).collect::<Vec<i64>>()
        };
        let (summary, _) = desk.evaluate(DAY, &[]);
        let before: Vec<i64> = world.companies.iter().map(|company| town.subject(&company.code).0).collect();
        assert_eq!((summary["subjects"].as_i64(), numbers()), (Some(4), before.clone()), "neither is in it");
        town.post(&world.centre, &format!("/api/v1/batches/{staged}/commit"), &json!(null)).ok();
        let (summary, _) = desk.evaluate(DAY, &[]);
        assert_eq!(summary["subjects"], 5);
        assert_eq!(numbers().len(), 5);
        let known = summary["position"].as_i64().unwrap();
        assert_eq!(together(town, &desk, known - 1, DAY).len(), 4, "one entry before it was not known");
        // Nothing that no rule reads has a column: neither names nor texts nor numbers of documents.
        let codes: Vec<String> =
            town.office.pack().record_kinds.iter().flat_map(|kind| &kind.fields).map(|field| field.code.clone()).collect();
        assert!(codes.contains(&"CF_XDR_MC".to_owned()) || codes.len() > 20, "{codes:?}");
        let texts = town.office.pack();
        let texts: Vec<&str> = texts
            .record_kinds
            .iter()
            .flat_map(|kind| &kind.fields)
            .filter(|field| !field.kind.rules_may_read())
            .map(|field| field.code.as_str())
            .filter(|code| code.len() > 6)
            .collect();
        for path in files(&desk.root) {
            let bytes = fs::read(&path).unwrap();
            for code in &texts {
                assert!(!bytes.windows(code.len()).any(|window| window == code.as_bytes()), "{code} in {}", path.display());
            }
        }
    });
}

/// Every Parquet file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "parquet") {
                found.push(path);
            }
        }
    }
    found
}

/// Files of a projection that its list does not name.
fn unnamed(desk: &Desk) -> usize {
    let head = fs::read_to_string(desk.root.join("projection.json")).unwrap_or_default();
    let is_unnamed = |path: &&PathBuf| {
        let name = path.strip_prefix(&desk.root).unwrap().to_str().unwrap();
        let folder = name.rsplit_once('/').map_or(name, |(folder, _)| folder);
        !name.starts_with("results") && !head.contains(&format!("\"{folder}\""))
    };
    files(&desk.root).iter().filter(is_unnamed).count()
}

/// Runs a command and kills it once it has written so many files that do not count yet; tells whether it was killed before its end.
fn killed(desk: &Desk, words: &[&str], many: usize) -> bool {
    let mut child = program(&desk.arguments(words)).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let (_never, nothing) = std::sync::mpsc::channel::<()>();
    while child.try_wait().unwrap().is_none() {
        if unnamed(desk) >= many {
            child.kill().unwrap();
            return !child.wait().unwrap().success();
        }
        let _waited = nothing.recv_timeout(Duration::from_micros(200));
    }
    false
}

#[test]
fn e1_killed_at_any_moment_it_says_what_it_said_before_or_what_it_should() {
    let town = Town::on_sqlite();
    let desk = Desk::at(&town.url);
    let mut world = World::found(&town, 11, 12);
    let mut expected = desk.evaluate(DAY, &[]);
    let mut kills = 0;
    for many in 1..=6 {
        let before = fs::read_to_string(desk.root.join("projection.json")).unwrap();
        let was_killed = killed(&desk, &["projection", "rebuild"], many);
        kills += usize::from(was_killed);
        let after = fs::read_to_string(desk.root.join("projection.json")).unwrap();
        assert!(!was_killed || before == after || serde_json::from_str::<Value>(&after).is_ok(), "old or new, never half");
        let known = expected.0["position"].to_string();
        assert!(desk.evaluate(DAY, &["--known", &known]).1 == expected.1, "a rebuild killed after {many} files");
        world.act();
        world.act();
        kills += usize::from(killed(&desk, &["projection", "follow"], many));
        assert!(desk.evaluate(DAY, &["--known", &known]).1 == expected.1, "a follow killed after {many} files");
        assert_eq!(unnamed(&desk), 0, "what was left behind is gone");
        expected = desk.evaluate(DAY, &[]);
    }
    assert!(kills > 3, "{kills} kills came in the middle of writing");
    // What was left behind is swept away; what is not ours stays.
    let [layer, coverage, fresh] =
        ["part=00000/layer=000999", "coverage-000999.parquet", "projection.json.new"].map(|name| desk.root.join(name));
    fs::create_dir_all(&layer).unwrap();
    fs::write(layer.join("subjects.parquet"), b"half").unwrap();
    fs::write(&coverage, b"half").unwrap();
    fs::write(&fresh, b"{").unwrap();
    fs::write(desk.root.join("note.txt"), b"of somebody").unwrap();
    desk.follow();
    assert!(!layer.exists() && !coverage.exists() && !fresh.exists() && desk.root.join("note.txt").exists());
    assert!(desk.evaluate(DAY, &["--known", &expected.0["position"].to_string()]).1 == expected.1);
}

#[test]
fn another_pack_makes_it_anew_and_the_past_is_read_by_the_pack_of_the_past() {
    each(|town| {
        let desk = Desk::at(&town.url);
        let world = World::found(town, 13, 6);
        let (before, bytes) = desk.evaluate(DAY, &[]);
        let files = xinzhi_rules::load::Files::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("packs/zhejiang")).unwrap();
        town.wait(town.office.install_pack("zhejiang", files)).unwrap();
        let out = desk.results.path().join("now.parquet");
        let output = desk.run(&["evaluate", "--scorecard", CARD, "--as-of", DAY, "--out", out.to_str().unwrap()]);
        assert!(output.status.success() && text(&output.stderr).contains("规则包已更换"), "{}", text(&output.stderr));
        let known = before["position"].to_string();
        let (again, past) = desk.evaluate(DAY, &["--known", &known]);
        assert_eq!(again["pack_digest"], before["pack_digest"]);
        assert!(past == bytes, "the same bytes as then");
        let left: Vec<String> =
            fs::read_dir(&desk.root).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        assert!(left.iter().all(|name| !name.starts_with("aside")), "{left:?}");
        let code = &world.companies[0].code;
        let now = desk.follow()["position"].as_i64().unwrap();
        assert_eq!(together(town, &desk, now, DAY)[&town.subject(code).0], alone(town, &world.centre, code, (None, DAY)));
    });
}

#[test]
fn what_cannot_be_asked_is_refused_with_a_sentence() {
    let town = Town::on_sqlite();
    let desk = Desk::at(&town.url);
    World::found(&town, 17, 3);
    let out = desk.results.path().join("x.parquet");
    let out = out.to_str().unwrap();
    let everybody = |more: &[&'static str]| [&["evaluate", "--scorecard", CARD, "--as-of", DAY, "--out", out], more].concat();
    let head = town.head();
    assert!(desk.refused(&everybody(&["--known", "999999"])).contains(&format!("第 1 至 {head} 笔")));
    assert!(desk.refused(&everybody(&["--known", "0"])).contains("没有第 0 笔"));
    assert!(desk.refused(&["evaluate", "--scorecard", "no-such", "--out", out]).contains(CARD));
    assert!(desk.refused(&["evaluate", "--scorecard", CARD, "--as-of", "2026-02-30", "--out", out]).contains("--as-of"));
    assert!(!Path::new(out).exists());
    for wrong in [&["--known", "x"][..], &["--subject", "91330899MA2000000X"], &["--tables", "t", "--projection", "p"]] {
        assert_eq!(desk.run(&[&everybody(&[]), wrong].concat()).status.code(), Some(2), "{wrong:?}");
    }
    fs::write(out, b"here already").unwrap();
    assert!(desk.refused(&everybody(&[])).contains("已存在"));
    // Nothing goes into the projection, or in the place of a link to nothing.
    desk.follow();
    let to = |out: &Path| desk.refused(&["evaluate", "--scorecard", CARD, "--as-of", DAY, "--out", out.to_str().unwrap()]);
    assert!(to(&desk.root.join("part=00000/x.parquet")).contains("之内，请写到别处"));
    let dangling = desk.results.path().join("dangling.parquet");
    std::os::unix::fs::symlink("nowhere", &dangling).unwrap();
    assert!(to(&dangling).contains("已存在") && dangling.is_symlink());
    // What is damaged in it is made anew, by nobody else.
    let names = fs::read_dir(&desk.root).unwrap().map(|entry| entry.unwrap().path());
    let coverage = names.into_iter().find(|path| path.file_name().unwrap().to_string_lossy().starts_with("coverage-")).unwrap();
    let whole = fs::read(&coverage).unwrap();
    fs::write(&coverage, &whole[..60]).unwrap();
    let cut = to(&desk.results.path().join("y.parquet"));
    assert!(
        cut.contains("有 60 字节，projection.json 中写的是") && cut.contains("xinzhi projection rebuild") && !cut.contains("tables.json"),
        "{cut}"
    );
    fs::write(&coverage, &whole).unwrap();
    // A folder of somebody else's is left alone.
    let other = tempfile::tempdir().unwrap();
    fs::create_dir(other.path().join("part=00000")).unwrap();
    let word = other.path().to_str().unwrap();
    assert!(desk.refused(&["projection", "follow", "--projection", word]).contains("不是空目录"));
    assert!(other.path().join("part=00000").exists());
    // So is the projection of another office.
    let neighbour = tempfile::tempdir().unwrap();
    found(neighbour.path(), None);
    let theirs = Desk::at(&Url::Sqlite(neighbour.path().to_owned()));
    assert_eq!(theirs.follow()["how"], "made", "an office in which nothing has happened has a projection of nothing");
    for command in ["follow", "rebuild"] {
        let refused = desk.refused(&["projection", command, "--projection", theirs.root.to_str().unwrap()]);
        assert!(refused.contains("另一单位"), "{refused}");
    }
    assert_eq!(theirs.follow()["how"], "same");
    // A list of files that says nothing can be made anew, and only then.
    fs::write(desk.root.join("projection.json"), b"{}").unwrap();
    assert!(desk.refused(&["projection", "follow"]).contains("重建"));
    assert_eq!(desk.rebuild()["why"], "原有的清单无法解读");
    assert_eq!(desk.follow()["how"], "same");
}

#[test]
fn doctor_names_what_a_projection_says_that_the_database_does_not() {
    each(|town| {
        let mut world = World::found(town, 23, 9);
        world.act();
        drop(world);
        town.put_aside(|url| {
            let desk = Desk::at(url);
            let faults = |words: &[&str]| {
                let output = desk.run(&[words, &["--json"]].concat());
                let doctor: Value = serde_json::from_slice(&output.stdout).unwrap();
                let findings = doctor["findings"].as_array().unwrap();
                let finding = findings.iter().find(|finding| finding["title"] == "列存投影与账簿和记录一致");
                assert_eq!(output.status.success(), doctor["sound"] == true);
                finding.map(|finding| {
                    finding["faults"].as_array().unwrap().iter().map(|fault| fault.as_str().unwrap().to_owned()).collect::<Vec<_>>()
                })
            };
            assert_eq!(faults(&["doctor"]), None, "there is none to examine");
            desk.follow();
            assert_eq!(faults(&["doctor"]), Some(Vec::new()));
            let said = |change: &dyn Fn(&mut Value)| {
                let path = desk.root.join("projection.json");
                let original = fs::read(&path).unwrap();
                let mut head: Value = serde_json::from_slice(&original).unwrap();
                change(&mut head);
                fs::write(&path, head.to_string()).unwrap();
                let faults = faults(&["doctor"]).unwrap();
                assert_eq!(fs::read_to_string(&path).unwrap(), head.to_string(), "doctor changes nothing");
                fs::write(&path, original).unwrap();
                faults.join("；")
            };
            assert!(said(&|head| head["position"] = json!(99_999)).contains("账簿只到"));
            assert!(said(&|head| head["position"] = json!(1)).contains("不是同一笔"));
            assert!(said(&|head| head["office"] = json!("00")).contains("另一单位"));
            assert!(said(&|head| head["pack_digest"] = json!("00".repeat(32))).contains("从未装入"));
            let sha = said(&|head| head["coverage_note"]["sha256"] = json!("00"));
            assert!(sha.contains("摘要不符") && sha.contains("rebuild"), "{sha}");
            // An earlier state that calls itself the present one: each record that came later is missing.
            let earlier = fs::read(desk.root.join("projection.json")).unwrap();
            let hidden = said(&|head| {
                let layers = head["partitions"]["0"].as_array_mut().unwrap();
                let files = layers[0]["files"].as_object_mut().unwrap();
                files.remove("honour.parquet");
            });
            assert!(hidden.contains("`守信荣誉") && hidden.contains("投影 0 条"), "{hidden}");
            assert_eq!(fs::read(desk.root.join("projection.json")).unwrap(), earlier);
            // One byte of a file.
            let path = files(&desk.root).into_iter().find(|path| path.ends_with("administrative-penalty.parquet")).unwrap();
            let whole = fs::read(&path).unwrap();
            let mut changed = whole.clone();
            changed[60] ^= 1;
            fs::write(&path, &changed).unwrap();
            assert!(faults(&["doctor"]).unwrap().join("；").contains("administrative-penalty.parquet` 与清单所记的摘要不符"));
            let refused =
                desk.refused(&["evaluate", "--scorecard", CARD, "--out", desk.results.path().join("x.parquet").to_str().unwrap()]);
            assert!(refused.contains("administrative-penalty.parquet"), "no result comes of it: {refused}");
            fs::remove_file(&path).unwrap();
            assert!(faults(&["doctor"]).unwrap().join("；").contains("无法读取"));
            desk.rebuild();
            assert_eq!(faults(&["doctor", "--replay"]), Some(Vec::new()));
        });
    });
}
