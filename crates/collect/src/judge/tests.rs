//! Rows to outcomes, remarks and stored forms.

use serde_json::Value as Json;
use xinzhi_core::subject::SubjectCode;
use xinzhi_rules::fact::rule_values;
use xinzhi_rules::model::ClassLine;
use xinzhi_rules::predicate::Test;

use super::*;
use crate::fixture::*;

fn judge_with(pack: &Pack, source: usize, columns: &[(&str, &str)]) -> Judged {
    let judge = Judge::new(pack, &pack.sources[source], mapping(pack, source, columns), day(TODAY)).unwrap();
    judge.judge(&row(columns))
}

fn judge(changes: &[(&str, &str)]) -> Judged {
    judge_with(&pack(), 0, &columns(changes))
}

fn stored(json: &str) -> Json {
    serde_json::from_str(json).unwrap()
}

#[track_caller]
fn expect(changes: &[(&str, &str)], outcome: Outcome, code: &str, fragment: &str) -> Judged {
    let judged = judge(changes);
    assert_eq!(judged.outcome, outcome, "{changes:?}: {:?}", judged.remarks);
    let remark = judged.remarks.iter().find(|r| r.code == code);
    let remark = remark.unwrap_or_else(|| panic!("{changes:?}: no {code} in {:?}", judged.remarks));
    assert!(remark.sentence.contains(fragment), "{}", remark.sentence);
    assert_eq!(judged.candidate.is_some(), outcome != Outcome::Refused);
    judged
}

use Outcome::{Accepted, Quarantined, Refused};

#[test]
fn an_ordinary_row_is_accepted_without_a_remark() {
    let judged = judge(&[]);
    assert_eq!((judged.outcome, judged.remarks.as_slice()), (Accepted, [].as_slice()));
    let candidate = judged.candidate.unwrap();
    assert_eq!(candidate.party.kind, ENTERPRISE);
    assert!(matches!(&candidate.party.code, Some(SubjectCode::Uscc(code)) if code.as_str() == "91330100799655058B"));
    assert_eq!(candidate.document.number, "衢市监处罚〔2026〕14号");
    assert_eq!(candidate.document.organ_code.as_deref(), Some("11230500001755309F"));
    assert_eq!(candidate.class, Some(Class::Ordinary));
    assert_eq!(candidate.key, "administrative-penalty\u{1f}11230500001755309F\u{1f}衢市监处罚〔2026〕14号");
    assert_eq!(candidate.sealed.as_deref(), Some(r#"{"CF_FRDB":"张三丰"}"#));
    let start = r#"{"CF_XDR_MC":"衢州市恒信商贸有限公司","CF_XDR_LB":"法人及非法人组织","CF_XDR_SHXYM":"91330100799655058B","CF_WSH":"#;
    assert!(candidate.open.starts_with(start), "{}", candidate.open);
    let end = r#""CF_CFLB":["罚款"],"CF_NR":"罚款2000元","CF_NR_FK":200000,"CF_JDRQ":"2026-11-20","CF_CFJG":"衢江区市场监督管理局","CF_CFJGDM":"11230500001755309F","CF_SJLY":"衢江区市场监督管理局"}"#;
    assert!(candidate.open.ends_with(end), "{}", candidate.open);
}

#[test]
fn rules_read_back_the_integers_that_were_judged() {
    let pack = pack();
    let changes = [("涉案数量", "12"), ("处罚类别", "罚款；没收违法所得、没收非法财物"), ("处罚有效期", "2027-01-01")];
    let candidate = judge(&changes).candidate.unwrap();
    let values = rule_values(&pack.record_kinds[0], &stored(&candidate.open));
    assert_eq!(values[1], Some(0));
    assert_eq!(values[11], Some(0b110));
    assert_eq!(values[13], Some(200_000));
    assert_eq!(values[14], Some(day("2026-11-20").number()));
    assert_eq!(values[15], Some(day("2027-01-01").number()));
    assert_eq!(values[19], Some(12));
    assert_eq!(values[0], None);
}

#[test]
fn refusals_name_the_field_the_text_and_what_to_do() {
    for (title, text, code, fragment) in [
        ("处罚决定日期", "20231332", "date.invalid", "处罚决定日期 `20231332` 不是有效日期，应写成 YYYY-MM-DD；请改正后重新报送本行"),
        ("处罚决定日期", "2026-11-24", "date.future", "晚于今天（2026-11-23）"),
        ("处罚决定日期", "2099-12-31", "date.future", "不能是将来的日期"),
        ("处罚决定日期", "1926-03-01", "date.too_early", "早于 1949-10-01"),
        ("处罚决定日期", "２０２６-１１-２０", "date.invalid", "应写成"),
        ("处罚决定日期", "", "document.no_date", "没有文书日期"),
        ("罚款金额（万元）", "２０００", "money.invalid", "`２０００` 不是金额，应写成半角数字"),
        ("罚款金额（万元）", "2000元", "money.invalid", "不是金额"),
        ("罚款金额（万元）", "-1", "money.invalid", "不能是负数"),
        ("罚款金额（万元）", "", "field.required", "按本行其他内容为必填项"),
        ("行政相对人类别", "外星人", "choice.unknown", "应为：法人及非法人组织、个体工商户、自然人"),
        ("违法事实", "", "field.required", "违法事实 未填写，为必填项"),
        ("违法事实", "甲\u{202e}乙", "text.unclean", "违法事实 含有改变显示顺序的字符 U+202E"),
        ("违法事实", "a\u{0}b", "text.unclean", "控制字符 U+0000"),
        ("涉案数量", "101", "integer.range", "超出 0 到 100 的范围"),
        ("涉案数量", "十二", "integer.invalid", "不是整数"),
        ("统一社会信用代码", "91330100799655058C", "code.check_digit", "`91330100799655058C` 校验位不正确"),
        ("统一社会信用代码", "9.13308E+17", "code.scientific", "科学计数法"),
        ("统一社会信用代码", "9133010079965505", "code.length", "长度不符"),
        ("统一社会信用代码", "9133010079965505IB", "code.character", "第 17 位"),
    ] {
        let judged = expect(&[(title, text)], Refused, code, fragment);
        let remark = judged.remarks.iter().find(|r| r.code == code).unwrap();
        assert_eq!(remark.field.as_deref(), Some(title));
    }
}

#[test]
fn all_faults_of_a_row_are_said_at_once() {
    let judged = judge(&[("处罚决定日期", "x"), ("违法事实", ""), ("罚款金额（万元）", "many")]);
    let codes: Vec<&str> = judged.remarks.iter().map(|r| r.code.as_str()).collect();
    assert_eq!(codes, ["money.invalid", "date.invalid", "field.required"]);
}

#[test]
fn d6_l5_what_is_not_certain_waits_for_a_person() {
    for (changes, code, fragment) in [
        (vec![("统一社会信用代码", "")], "party.no_code", "主体无法唯一确定"),
        (vec![("统一社会信用代码", "00000000000000000X")], "party.no_code", "主体无法唯一确定"),
        (vec![("行政相对人名称", "******")], "party.masked", "已被遮掩，系统不作推测"),
        (vec![("行政处罚决定书文号", "")], "document.no_number", "没有文书号"),
        (vec![("处罚机关", "")], "document.no_organ", "没有作出文书的机关"),
        (vec![("违法事实", "当事人经诊断为精神分裂症")], "text.forbidden", "疑似含有个人疾病诊断信息"),
        (vec![("备注栏", "宗教信仰：佛教")], "text.forbidden", "备注栏疑似含有个人宗教信仰信息"),
    ] {
        expect(&changes, Quarantined, code, fragment);
    }
}

#[test]
fn warnings_do_not_hold_up_a_row() {
    let long = "长".repeat(31);
    for (changes, code, fragment) in [
        (vec![("处罚机关统一社会信用代码", "00000000000000000X")], "code.placeholder", "占位码，视为未填写"),
        (vec![("处罚机关统一社会信用代码", "11230500001755309A")], "code.check_digit", "校验位不正确"),
        (vec![("行政相对人名称", long.as_str())], "text.wide", "有 31 字，超过标准规定的 30 字"),
        (vec![("处罚内容", "罚款3000元")], "money.differs", "折合 2,000.00 元，与处罚内容中所写的 3,000.00 元 不一致"),
        (vec![("处罚内容", "处以罚款人民币0.3万元")], "money.differs", "3,000.00 元"),
        (vec![("处罚类别", "训诫")], "choice.other", "`训诫` 不在规定的取值之内，已按“其他”登记"),
        (vec![("处罚依据", "")], "field.expected", "处罚依据 未填写"),
        (vec![("处罚决定日期", "2026-11-11")], "report.late", "7 个工作日内应当报送"),
        (vec![("组织机构代码", "717803838")], "code.check_digit", "校验位"),
        (vec![("组织机构代码", "71526726X")], "code.org_differs", "与统一社会信用代码中的 `799655058` 不一致"),
        (vec![("行政相对人类别", "04")], "party.kind_contradicts", "“个体户”与统一社会信用代码所示的“企业”不一致"),
        (vec![("行政相对人名称", "个体工商户")], "party.category_name", "是类别而不是名称"),
    ] {
        expect(&changes, Accepted, code, fragment);
    }
    let on_time = judge(&[("处罚决定日期", "2026-11-12")]);
    assert_eq!(on_time.remarks, []);
    assert_eq!(judge(&[("行政相对人名称", "个体工商户")]).candidate.unwrap().party.name, "");
    assert_eq!(judge(&[("处罚机关统一社会信用代码", "00000000000000000X")]).candidate.unwrap().document.organ_code, None);
}

#[test]
fn x1_a_text_of_20000_characters_passes_and_one_more_does_not() {
    let (fits, over) = ("法".repeat(20_000), "法".repeat(20_001));
    assert_eq!(judge(&[("违法事实", &fits)]).outcome, Accepted);
    expect(&[("违法事实", &over)], Refused, "text.too_long", "违法事实 超过 20000 字");
}

fn person(changes: &[(&'static str, &'static str)], number: &str) -> Judged {
    let mut all = vec![("行政相对人名称", "李四光"), ("行政相对人类别", "自然人"), ("统一社会信用代码", ""), ("自然人证件号码", number)];
    all.extend(changes);
    judge(&all)
}

#[test]
fn a6_what_identifies_a_person_is_sealed_and_never_quoted() {
    let number = resident("33080319900307123");
    let judged = person(&[("手记", "见卷宗")], &number);
    assert_eq!(judged.outcome, Accepted, "{:?}", judged.remarks);
    let candidate = judged.candidate.unwrap();
    assert_eq!((candidate.party.kind, candidate.party.is_person), (RESIDENT, true));
    assert!(matches!(candidate.party.code, Some(SubjectCode::ResidentId(_))));
    for hidden in ["李四光", "张三丰", "3308031990", "见卷宗"] {
        assert!(!candidate.open.contains(hidden) && !candidate.key.contains(hidden), "{hidden}");
    }
    let sealed = stored(&candidate.sealed.unwrap());
    assert_eq!(sealed["CF_XDR_MC"], "李四光");
    assert_eq!(sealed["CF_XDR_ZJHM"], Json::from(number));
    assert_eq!(sealed["_"]["手记"], "见卷宗");
    let wrong = person(&[], "330803199003071230");
    let wrong = if wrong.outcome == Accepted { person(&[], "330803199003071231") } else { wrong };
    assert_eq!((wrong.outcome, wrong.remarks[0].code.as_str()), (Refused, "code.check_digit"));
    assert!(wrong.remarks[0].sentence.contains("`3308**********123"), "{}", wrong.remarks[0].sentence);
}

#[test]
fn d6_a_person_without_an_exact_number_waits() {
    for (number, code) in [("", "party.no_code"), ("E12345678", "party.not_exact"), ("3308**********1234", "party.masked")] {
        let judged = person(&[], number);
        assert_eq!(judged.outcome, Quarantined, "{number}: {:?}", judged.remarks);
        assert!(judged.remarks.iter().any(|r| r.code == code), "{number}: {:?}", judged.remarks);
        assert_eq!(judged.candidate.unwrap().party.code, None);
    }
}

#[test]
fn a6_an_identity_number_in_an_open_column_is_sent_back() {
    let number = resident("33080319900307123");
    let judged = judge(&[("统一社会信用代码", &number)]);
    assert_eq!((judged.outcome, judged.remarks[0].code.as_str()), (Refused, "code.person_number_misplaced"));
    let in_text = judge(&[("违法事实", &format!("当事人经营者李某（{number}）无证经营"))]);
    assert_eq!((in_text.outcome, in_text.remarks[0].code.as_str()), (Quarantined, "text.person_number"));
    for remark in judged.remarks.iter().chain(&in_text.remarks) {
        assert!(!remark.sentence.contains(&number), "{}", remark.sentence);
    }
}

#[test]
fn p9_nobody_under_18_at_the_document_has_a_record() {
    // The document is of 2026-11-20: born on that day 18 years before is of age, one day later is not.
    let minor = person(&[], &resident("33080320081121123"));
    assert_eq!((minor.outcome, minor.candidate), (Refused, None));
    assert!(minor.remarks.iter().any(|r| r.code == "person.minor" && r.sentence.contains("未满 18 周岁")), "{:?}", minor.remarks);
    let adult = person(&[], &resident("33080320081120123"));
    assert_eq!(adult.outcome, Accepted, "{:?}", adult.remarks);
    // Of age today, a minor when the document was issued.
    let then = person(&[("处罚决定日期", "2020-01-06")], &resident("33080320020201123"));
    assert_eq!(then.outcome, Refused);
    let leap = person(&[("处罚决定日期", "2026-02-27")], &resident("33080320080229123"));
    assert_eq!(leap.outcome, Refused);
    let leap = person(&[("处罚决定日期", "2026-03-01")], &resident("33080320080229123"));
    assert_eq!(leap.outcome, Accepted, "{:?}", leap.remarks);
    let representative = judge(&[("法定代表人证件号码", &resident("33080320100101123"))]);
    assert_eq!((representative.outcome, representative.candidate), (Refused, None));
}

#[test]
fn the_party_kind_follows_category_and_code() {
    let trader = uscc("92330803MA2XABC1D");
    let judged = judge(&[("行政相对人类别", "个体工商户"), ("统一社会信用代码", &trader)]);
    assert_eq!((judged.outcome, judged.candidate.unwrap().party.kind), (Accepted, SOLE_TRADER));
    // An institution may not be the party of this kind, and the longest prefix tells that it is one.
    let institution = uscc("12330803MA2XABC1D");
    let judged = expect(
        &[("统一社会信用代码", &institution)],
        Refused,
        "party.kind_not_allowed",
        "“事业单位”不属于行政处罚的主体范围（企业、个体户、自然人）",
    );
    assert_eq!(judged.remarks.len(), 1);
    let mut pack = pack();
    pack.record_kinds[0].subjects.push(INSTITUTION);
    let judged = judge_with(&pack, 0, &columns(&[("统一社会信用代码", &institution)]));
    assert_eq!(judged.candidate.unwrap().party.kind, INSTITUTION);
    let old = judge(&[("统一社会信用代码", ""), ("组织机构代码", "79965505-8")]);
    assert_eq!(old.outcome, Accepted, "{:?}", old.remarks);
    assert!(matches!(old.candidate.unwrap().party.code, Some(SubjectCode::OrgCode(_))));
}

#[test]
fn a6_who_is_declared_a_person_stays_one_whatever_code_stands_there() {
    let judged = judge(&[("行政相对人名称", "李四光"), ("行政相对人类别", "自然人")]);
    let codes: Vec<&str> = judged.remarks.iter().map(|r| r.code.as_str()).collect();
    assert_eq!((judged.outcome, codes), (Quarantined, vec!["party.kind_contradicts", "party.no_code"]));
    let candidate = judged.candidate.unwrap();
    assert!(candidate.party.is_person && !candidate.open.contains("李四光"));
}

#[test]
fn d3_a_class_that_cannot_be_told_is_never_guessed() {
    for (penalty, amount, class) in
        [("吊销许可证件", "", Class::Serious), ("警告、通报批评", "", Class::Minor), ("罚款、吊销许可证件", "0.2", Class::Serious)]
    {
        let judged = judge(&[("处罚类别", penalty), ("罚款金额（万元）", amount)]);
        assert_eq!(judged.candidate.unwrap().class, Some(class), "{penalty}");
    }
    let mut pack = pack();
    let line = ClassLine { when: Some(test(19, Test::AtLeast(5))), class: Some(Class::Serious) };
    pack.record_kinds[0].class_lines.insert(0, line);
    let judged = judge_with(&pack, 0, &columns(&[]));
    assert_eq!(judged.outcome, Quarantined);
    assert_eq!(judged.remarks[0].code, "class.unknown");
    assert_eq!(judged.candidate.unwrap().class, None);
    let judged = judge_with(&pack, 0, &columns(&[("涉案数量", "5")]));
    assert_eq!(judged.candidate.unwrap().class, Some(Class::Serious));
}

#[test]
fn values_with_separators_inside_are_told_apart() {
    for (text, titles) in [
        ("警告、通报批评、罚款", vec!["警告、通报批评", "罚款"]),
        ("罚款,没收违法所得、没收非法财物", vec!["罚款", "没收违法所得、没收非法财物"]),
        ("吊销许可证件；罚款；", vec!["罚款", "吊销许可证件"]),
        ("罚款、罚款", vec!["罚款"]),
        ("罚款|训诫", vec!["罚款", "其他"]),
        ("、、", vec!["其他"]),
    ] {
        let candidate = judge(&[("处罚类别", text)]).candidate.unwrap();
        assert_eq!(stored(&candidate.open)["CF_CFLB"], Json::from(titles), "{text}");
    }
}

#[test]
fn no_end_is_left_out_and_unknown_columns_are_kept() {
    for text in ["2099-12-31", "长期", "9999-12-31", "20991231"] {
        let candidate = judge(&[("处罚有效期", text), ("地方编码", "330803"), ("备用", "")]).candidate.unwrap();
        let open = stored(&candidate.open);
        assert_eq!(open.get("CF_YXQ"), None);
        assert_eq!(open["_"], serde_json::json!({ "地方编码": "330803" }));
    }
}

#[test]
fn the_key_is_the_same_however_the_brackets_were_typed() {
    let key = |number: &str, organ_code: &str| {
        let judged = judge(&[("行政处罚决定书文号", number), ("处罚机关统一社会信用代码", organ_code)]);
        judged.candidate.unwrap().key
    };
    let organ = "11230500001755309F";
    assert_eq!(key("衢市监处罚〔2026〕14号", organ), key("衢市监处罚[2026] 14号", organ));
    assert_ne!(key("衢市监处罚〔2026〕14号", organ), key("衢市监处罚〔2026〕15号", organ));
    let without = key("衢市监处罚〔2026〕14号", "00000000000000000X");
    assert_eq!(without, "administrative-penalty\u{1f}衢江区市场监督管理局\u{1f}衢市监处罚〔2026〕14号");
}

#[test]
fn an_old_layout_is_judged_by_its_defaults_and_absences() {
    let columns = [
        ("CF_XDR_MC", "恒信商贸"),
        ("CF_XDR_SHXYM", "91330100799655058B"),
        ("CF_WSH", "〔2017〕3号"),
        ("CF_SY", "无照经营"),
        ("CF_JG", "罚款5元"),
        ("CF_JDRQ", "2017/3/1"),
        ("CF_XZJG", "衢江区工商局"),
    ];
    let judged = judge_with(&pack(), 1, &columns);
    // The class rests on 处罚类别, which the old layout never had.
    assert_eq!(judged.outcome, Quarantined, "{:?}", judged.remarks);
    let codes: Vec<&str> = judged.remarks.iter().map(|r| r.code.as_str()).collect();
    assert_eq!(codes, ["class.unknown", "report.late"]);
    assert_eq!(stored(&judged.candidate.unwrap().open)["CF_XDR_LB"], "法人及非法人组织");
}

#[test]
fn a6_a_lone_identity_number_in_an_old_layout_is_sealed_and_waits() {
    let number = resident("33080319900307123");
    let columns = [
        ("CF_XDR_MC", "李四光"),
        ("CF_XDR_ZJHM", number.as_str()),
        ("CF_WSH", "〔2017〕3号"),
        ("CF_SY", "无照经营"),
        ("CF_JG", "警告"),
        ("CF_JDRQ", "2017/3/1"),
        ("CF_XZJG", "衢江区工商局"),
    ];
    let judged = judge_with(&pack(), 1, &columns);
    assert!(judged.remarks.iter().any(|r| r.code == "party.kind_unstated"), "{:?}", judged.remarks);
    let candidate = judged.candidate.unwrap();
    assert_eq!((judged.outcome, candidate.party.kind), (Quarantined, RESIDENT));
    assert!(!candidate.open.contains("李四光"));
}

#[test]
fn a_record_that_is_not_adverse_needs_no_document() {
    let columns =
        [("获奖单位名称", "恒信商贸"), ("获奖单位代码", "91330100799655058B"), ("荣誉名称", "守合同重信用"), ("所在区划", "330803000000")];
    let candidate = judge_with(&pack(), 2, &columns).candidate.unwrap();
    assert_eq!((candidate.class, candidate.document.date), (None, day(TODAY)));
    assert_eq!(candidate.party.area.as_deref(), Some("330803"));
    let wrong = [("获奖单位名称", "恒信商贸"), ("获奖单位代码", "91330100799655058C"), ("荣誉名称", "守合同重信用"), ("所在区划", "浙江")];
    let judged = judge_with(&pack(), 2, &wrong);
    assert_eq!(judged.outcome, Quarantined);
    let codes: Vec<&str> = judged.remarks.iter().map(|r| r.code.as_str()).collect();
    assert_eq!(codes, ["code.check_digit", "area.invalid"]);
}

#[test]
fn a_row_that_could_not_be_read_is_refused_with_its_reason() {
    let pack = pack();
    let judge = Judge::new(&pack, &pack.sources[0], mapping(&pack, 0, &ORDINARY), day(TODAY)).unwrap();
    let row = Row { number: 7, cells: vec![], fault: Some(RowFault::Formula { column: 3 }) };
    let judged = judge.judge(&row);
    assert_eq!(judged.outcome, Refused);
    assert_eq!((judged.remarks[0].code.as_str(), judged.remarks[0].sentence.as_str()), ("row.formula", "第 3 列含公式，请粘贴为数值"));
}

#[test]
fn x2_naughty_strings_in_every_field_have_an_outcome_and_valid_json() {
    let strings: Vec<String> = serde_json::from_str(include_str!("../../tests/data/blns.json")).unwrap();
    assert!(strings.len() > 300);
    let pack = pack();
    let titles: Vec<&str> = ORDINARY.iter().map(|(title, _)| *title).chain(["涉案数量", "另一列"]).collect();
    let all = columns(&[("涉案数量", ""), ("另一列", "")]);
    let judge = Judge::new(&pack, &pack.sources[0], mapping(&pack, 0, &all), day(TODAY)).unwrap();
    for title in titles {
        for string in &strings {
            let changed = columns(&[("涉案数量", ""), ("另一列", ""), (title, string)]);
            let judged = judge.judge(&row(&changed));
            assert_eq!(judged.outcome == Refused, judged.candidate.is_none(), "{title} {string:?}");
            assert!(judged.outcome == Accepted || !judged.remarks.is_empty(), "{title} {string:?}");
            let Some(candidate) = judged.candidate else { continue };
            let open = stored(&candidate.open);
            if title == "违法事实" {
                assert_eq!(open["CF_SY"], Json::from(xinzhi_core::text::clean(string).unwrap()), "{string:?}");
            }
            candidate.sealed.as_deref().map(stored);
        }
    }
}

#[test]
fn e9_every_row_has_exactly_one_outcome() {
    let mut counts = xinzhi_core::record::Counts::default();
    for (_, text) in ORDINARY {
        for (title, _) in ORDINARY {
            counts.add(judge(&[(title, text)]).outcome);
        }
    }
    assert!(counts.close() && counts.read == 19 * 19);
    assert!(counts.accepted > 0 && counts.refused > 0 && counts.quarantined > 0);
}

#[test]
fn e9_a_file_goes_from_bytes_to_candidates() {
    let titles: Vec<&str> = ORDINARY.iter().map(|(title, _)| *title).collect();
    let texts = |changes: &[(&'static str, &'static str)]| columns(changes).iter().map(|(_, text)| *text).collect::<Vec<_>>().join(",");
    let lines = [
        titles.join(","),
        texts(&[]),
        texts(&[("处罚决定日期", "20231332")]),
        String::new(),
        texts(&[("统一社会信用代码", "")]),
        format!("{},多一列", texts(&[])),
    ];
    let bytes = encoding_rs::GB18030.encode(&lines.join("\r\n")).0.into_owned();
    let mut table = crate::table::open(std::io::Cursor::new(bytes), &crate::table::Options::undeclared()).unwrap();
    let pack = pack();
    let mapping = Mapping::of(&pack, &pack.sources[0], &table.header).unwrap();
    let judge = Judge::new(&pack, &pack.sources[0], mapping, day(TODAY)).unwrap();
    let (mut row, mut seen) = (Row::default(), Vec::new());
    while table.next(&mut row).unwrap() {
        seen.push((row.number, judge.judge(&row).outcome));
    }
    assert_eq!(seen, [(2, Accepted), (3, Refused), (5, Quarantined), (6, Refused)]);
}
