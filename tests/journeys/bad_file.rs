//! What departments really send: each fault has its verdict and its sentence, and the other rows go on.

use xinzhi_core::actor::Role;

use crate::support::files::{FINE, PENALTY_HEADER, Penalty, company, penalty_row, registration};
use crate::support::town::{Answer, Caller, Town, each_database, form, word};

fn send(town: &Town, who: &Caller, encoding: Option<&str>, file: &[u8]) -> Answer {
    let texts: Vec<(&str, &str)> = [("source", "cf-2018")].into_iter().chain(encoding.map(|encoding| ("encoding", encoding))).collect();
    town.upload_form(who, &town.fresh_key(), &form(&texts, file))
}

#[test]
fn x5_x9_a_file_that_cannot_be_read_is_refused_with_what_to_do() {
    each_database(|town| {
        let centre = town.program(Role::Centre);
        let before = town.head();
        let header = PENALTY_HEADER.as_bytes();
        let short = PENALTY_HEADER.replace("处罚类别,", "") + "甲\n";
        let cases: [(&str, Option<&str>, Vec<u8>, &str); 9] = [
            ("UTF-16", None, b"\xff\xfea\0,\0b\0".to_vec(), "CSV UTF-8"),
            ("ambiguous", None, "名称,机关\n衢江,路桥\n".into(), "请在上传时选择编码"),
            ("neither", None, b"a,b\n1,2\nx\xff,y\n".to_vec(), "第 3 行"),
            ("empty", Some("utf-8"), Vec::new(), "文件是空的"),
            ("header only", Some("utf-8"), header.to_vec(), "零报告"),
            ("column missing", Some("utf-8"), short.into_bytes(), "处罚类别"),
            ("another file", Some("utf-8"), "名称,统一社会信用代码\n甲,乙\n".into(), "请核对所选来源"),
            ("column twice", Some("utf-8"), "处罚类别,处罚类别\n罚款,罚款\n".into(), "重复出现"),
            ("quote open", Some("utf-8"), [header, "\"甲".as_bytes()].concat(), "双引号"),
        ];
        for (what, encoding, file, says) in cases {
            let answer = send(town, &centre, encoding, &file);
            let sentence = answer.refused(422, "file_unreadable");
            assert!(sentence.contains(says), "{what}: {sentence}");
            assert_eq!(answer.json()["field"], "file", "{what}");
        }
        assert_eq!(town.head(), before, "nothing of it is in the journal");
        let wrong = town.upload_form(&centre, &town.fresh_key(), &form(&[("source", "no-such")], header));
        wrong.refused(422, "source_unknown");
        let half = form(&[("source", "cf-2018"), ("covers_from", "2026-01-01")], header);
        assert_eq!(town.upload_form(&centre, &town.fresh_key(), &half).json()["field"], "covers_through");
    });
}

#[test]
fn e9_x2_x9_each_bad_row_has_its_verdict_and_the_others_go_on() {
    each_database(|town| {
        let [good, renamed] = [company(1), company(2)];
        let centre = town.program(Role::Centre);
        town.import(&centre, "registration", &registration(&[&good, &renamed]));
        let long: &str = "长".repeat(20_001).leak();
        let numbers: Vec<String> = (0..20).map(|at| format!("示市监罚〔2026〕{}号", 50 + at)).collect();
        let row = |at: usize, change: &dyn Fn(&mut Penalty<'_>)| {
            let mut penalty = Penalty { number: &numbers[at], ..FINE };
            change(&mut penalty);
            penalty_row((&good.code, &good.name), &penalty)
        };
        let rows = [
            (row(0, &|_| ()), "", ""),
            (row(1, &|p| p.content = "含\u{0}空字符"), "refused", "text.unclean"),
            (row(2, &|p| p.content = "改变\u{202e}顺序"), "refused", "text.unclean"),
            (row(3, &|p| p.content = "零宽\u{200b}字符"), "", ""),
            (row(4, &|p| p.day = "20231332"), "refused", "date.invalid"),
            (row(5, &|p| p.fine = "０．５"), "refused", "money.invalid"),
            (row(6, &|p| p.fine = "五千"), "refused", "money.invalid"),
            (row(7, &|p| p.day = "2027-01-01"), "refused", "date.future"),
            (row(8, &|p| p.content = long), "refused", "text.too_long"),
            (row(9, &|_| ()).replace(&good.code, "91330899MA2000000X"), "refused", "code.check_digit"),
            (row(0, &|_| ()), "duplicate", "row.duplicate"),
            (row(10, &|_| ()).replace(&good.code, &renamed.code), "accepted", "name.differs"),
            (row(11, &|p| p.kinds = "摸摸头"), "accepted", "choice.other"),
            (row(12, &|_| ()).replace(",罚款五千元,", ",罚款五千元,,,"), "refused", "row.columns"),
            (row(13, &|p| p.number = ""), "quarantined", "document.no_number"),
            (row(14, &|p| p.content = "=HYPERLINK(\"\"x\"\")"), "", ""),
            (row(15, &|_| ()).replace(&good.code, ""), "quarantined", "party.no_code"),
            (row(16, &|_| ()).replace(&good.code, "9.13308E+17"), "refused", "code.scientific"),
        ];
        let file: String = PENALTY_HEADER.to_owned() + &rows.iter().map(|(row, _, _)| row.as_str()).collect::<String>();
        let batch = send(town, &centre, Some("utf-8"), file.as_bytes()).ok();
        let counts = ["read", "accepted", "duplicate", "refused", "quarantined"].map(|name| batch["counts"][name].as_i64().unwrap());
        let verdicts = town.verdicts(&centre, &batch);
        for (number, (_, outcome, code)) in (2..).zip(&rows) {
            let verdict = verdicts.iter().find(|(row, _, _)| *row == number);
            match verdict {
                None => assert_eq!((*outcome, *code), ("", ""), "row {number} was accepted without a word"),
                Some((_, found, codes)) => {
                    let wanted = if outcome.is_empty() { "accepted" } else { outcome };
                    assert_eq!(found, wanted, "row {number}: {codes:?}");
                    assert!(code.is_empty() || codes.iter().any(|c| c == code), "row {number}: {code} is not among {codes:?}");
                }
            }
        }
        let of = |word: &str| i64::try_from(rows.iter().filter(|(_, outcome, _)| *outcome == word).count()).unwrap();
        assert_eq!(counts, [18, of("") + of("accepted"), of("duplicate"), of("refused"), of("quarantined")]);
        let said = town.get(&centre, &format!("/api/v1/batches/{}/verdicts", batch["id"])).ok();
        for remark in said.as_array().unwrap().iter().flat_map(|v| v["remarks"].as_array().unwrap()) {
            let sentence = word(&remark["sentence"]);
            assert!(sentence.chars().filter(|c| ('\u{4e00}'..='\u{9fff}').contains(c)).count() > 4, "{remark}");
        }
    });
}

#[test]
fn a_formula_in_a_workbook_costs_one_row() {
    each_database(|town| {
        let company = company(1);
        let centre = town.program(Role::Centre);
        town.import(&centre, "registration", &registration(&[&company]));
        let mut workbook = rust_xlsxwriter::Workbook::new();
        let sheet = workbook.add_worksheet();
        let second = Penalty { number: "示市监罚〔2026〕2号", ..FINE };
        let text = PENALTY_HEADER.to_owned()
            + &penalty_row((&company.code, &company.name), &FINE)
            + &penalty_row((&company.code, &company.name), &second);
        for (row, line) in (0_u32..).zip(text.lines()) {
            for (column, cell) in (0_u16..).zip(line.split(',')) {
                sheet.write_string(row, column, cell).unwrap();
            }
        }
        sheet.write_formula(2, 8, "=1+1").unwrap();
        let batch = send(town, &centre, None, &workbook.save_to_buffer().unwrap()).ok();
        assert_eq!((&batch["counts"]["accepted"], &batch["counts"]["refused"]), (&1.into(), &1.into()));
        let verdicts = town.verdicts(&centre, &batch);
        let refused = verdicts.iter().find(|(_, outcome, _)| outcome == "refused").unwrap();
        assert_eq!((refused.0, refused.2.as_slice()), (3, ["row.formula".to_owned()].as_slice()));
    });
}
