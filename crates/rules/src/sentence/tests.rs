use std::path::Path;

use super::*;
use crate::load::{Files, load};

fn good() -> Pack {
    let files = Files::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/good")).unwrap();
    load("example", &files).unwrap()
}

/// The good pack with one text of one file replaced.
fn changed(file: &str, find: &str, replace: &str) -> Pack {
    let files = Files::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/good")).unwrap();
    let edited = files.iter().map(|(path, text)| {
        let text = if path == file { text.replace(find, replace) } else { text.to_owned() };
        (path.to_owned(), text)
    });
    load("example", &edited.collect()).unwrap()
}

fn kind<'a>(pack: &'a Pack, name: &str) -> &'a RecordKind {
    pack.record_kind_by_name(name).unwrap().1
}

#[test]
fn indicators_say_what_counts_how_much_and_why() {
    let pack = good();
    let card = pack.scorecard_by_id("market").unwrap().1;
    let said: Vec<String> = card.dimensions.iter().flat_map(|d| &d.indicators).map(|i| indicator(&pack, card, i)).collect();
    assert_eq!(
        said,
        [
            "行政处罚：近 3 年内处罚类别不含警告、通报批评的行政处罚，按失信程度计分：轻微 0 分、一般 -20 分、严重 -80 分；满 1 年后按 50% 计；\
             满 2 年后按 12.5% 计；合计最低 -200 分。依据：《中华人民共和国行政处罚法》第四十八条。",
            "罚款金额：近 2 年内的行政处罚，按罚款金额分段计分：0 元起 -5 分、2 万元起 -20 分；合计最低 -100 分、最高 0 分。\
             依据：《中华人民共和国行政处罚法》第四十八条、《示例评价模型说明》。",
            "荣誉：近 3 年内的荣誉表彰，按荣誉级别计分：国家级 +40 分、省级 +25.5 分；合计最高 +60 分。依据：《示例评价模型说明》。",
        ]
    );
    assert_eq!(
        override_rule(&pack, card, &card.overrides[0]),
        "列入严重失信主体名单的，等级直接定为 D（较差）。\
         依据：《国务院办公厅关于进一步完善失信约束制度构建诚信建设长效机制的指导意见》。"
    );
    assert_eq!(grades(card), "等级：A（优秀）850 分起，B（良好）700 分起，D（较差）0 分起。");
    let pack = changed("scorecards/market.yaml", "{ by: 荣誉级别, points: { 国家级: 40, 省级: 25.5 } }", "{ points: 5 }");
    let card = pack.scorecard_by_id("market").unwrap().1;
    assert!(indicator(&pack, card, &card.dimensions[1].indicators[0]).contains("的荣誉表彰，每条 +5 分；"));
}

#[test]
fn every_form_of_a_scorecard_is_said_in_words() {
    let pack = good();
    let card = pack.scorecard_by_id("every-form").unwrap().1;
    let basis = "依据：《示例评价模型说明》。";
    let law = "依据：《中华人民共和国行政处罚法》第四十八条。";
    let said: Vec<String> = card.dimensions.iter().flat_map(|d| &d.indicators).map(|i| indicator(&pack, card, i)).collect();
    let expected = [
        format!(
            "最近一次检查：近 2 年内的抽查检查，按检查结果计分：合格 +20 分、已改正 0 分、不合格 -20 分；有几条的取最近的一条；\
             满 1 年后逐日递减，满 2 年减完；按 30% 计入维度。{basis}"
        ),
        format!(
            "检查合格率：近 2 年内检查事项包含质量或安全的抽查检查，按其中检查结果为合格的所占比例分段计分：\
             0% 起 0 分、80% 起 +10 分、95.5% 起 +30 分。{basis}"
        ),
        format!("结果种数：近 2 年内的抽查检查，按检查结果不同取值的个数分段计分：0 个起 0 分、3 个起 -5 分。{basis}"),
        format!("抽检批数：近 2 年内的抽查检查，按抽检批数合计分段计分：0 起 -10 分、20 起 +10 分；最高 +5 分。{basis}"),
        format!(
            "最重的一次处罚：近 3 年内的行政处罚，按失信程度计分：轻微 0 分、一般 -20 分、严重 -60 分；有几条的取最低分；\
             自文书之日起逐日递减，满 3 年减完。{law}"
        ),
        format!("处罚件数：近 3 年内的行政处罚，按条数分段计分：0 条起 +20 分、1 条起 0 分、3 条起 -20 分。{law}"),
        format!("罚款合计：近 3 年内的行政处罚，按罚款金额合计分段计分：0 元起 0 分、10 万元起 -30 分。{law}"),
        format!("最高的荣誉：近 3 年内的荣誉表彰，按荣誉级别计分：国家级 +100 分、省级 +60 分；有几条的取最高分。{basis}"),
    ];
    assert_eq!(said, expected);
    let ratios = pack.scorecard_by_id("ratio").unwrap().1;
    let said: Vec<String> = ratios.dimensions[0].indicators.iter().map(|i| indicator(&pack, ratios, i)).collect();
    let expected = [
        format!(
            "检查中的处罚：近 2 年内处罚类别包含罚款的行政处罚，按与同期检查事项包含质量或安全的抽查检查条数之比分段计分：\
             0% 起 0 分、5.5% 起 -20 分、150% 起 -60 分。{law}"
        ),
        format!("检查中的荣誉：近 3 年内的荣誉表彰，按与同期抽查检查条数之比分段计分：0% 起 0 分、50% 起 +20 分。{basis}"),
    ];
    assert_eq!(said, expected);
    let dimensions: Vec<String> = card.dimensions.iter().map(dimension).collect();
    assert_eq!(dimensions, ["各指标合计最低 -60 分、最高 +60 分，按 50% 计入总分", "", "按 20% 计入总分"]);
    let forced: Vec<String> = card.overrides.iter().map(|rule| override_rule(&pack, card, rule)).collect();
    let opinions = "依据：《国务院办公厅关于进一步完善失信约束制度构建诚信建设长效机制的指导意见》。";
    assert_eq!(
        forced,
        [
            format!("列入严重失信主体名单的，等级直接定为 D（较差）。{opinions}"),
            format!("有近 1 年内失信程度为严重的行政处罚的，等级不高于 C（一般）。{law}"),
            format!("有近 6 个月内的荣誉表彰的，等级不低于 B（良好）。{opinions}"),
        ]
    );
    let amounts = "贷款参考额度：A（优秀） 100 万元，B（良好） 50 万元，C（一般） 5,000.00 元，D（较差） 0 元。";
    assert_eq!(amount(card).unwrap(), amounts);
    assert_eq!(amount(pack.scorecard_by_id("market").unwrap().1), None);
    let text = show(&pack);
    for expected in ["【检查】各指标合计最低 -60 分、最高 +60 分，按 50% 计入总分\n", "【处罚】\n", amounts] {
        assert!(text.contains(expected), "{expected}");
    }
    for (put, said) in [("best", "取最高分"), ("worst", "取最低分"), ("first", "取最早的一条"), ("mean", "取平均分")] {
        let pack = changed("scorecards/every-form.yaml", "put: latest", &format!("put: {put}"));
        let card = pack.scorecard_by_id("every-form").unwrap().1;
        assert!(indicator(&pack, card, &card.dimensions[0].indicators[0]).contains(&format!("；有几条的{said}；")), "{put}");
    }
    for (silence, said) in [("nothing", false), ("unknown", true)] {
        let pack = changed("scorecards/every-form.yaml", "put: latest", &format!("put: latest\n        silence: {silence}"));
        let card = pack.scorecard_by_id("every-form").unwrap().1;
        let sentence = indicator(&pack, card, &card.dimensions[0].indicators[0]);
        assert_eq!(sentence.contains("有几条的取最近的一条；一条也没有的按未知处理，不当作 0 分；满 1 年后"), said, "{sentence}");
    }
}

#[test]
fn measures_say_who_does_what_when_and_how_long() {
    let pack = good();
    let said = |id| measure(&pack, pack.measure_by_id(id).unwrap());
    assert_eq!(
        said("no-subsidy"),
        "限制申请财政性资金项目（惩戒）：近 1 年内有失信程度为严重的行政处罚，且近 1 年内没有荣誉表彰的企业，\
         由财政部门不予受理财政性资金项目申请；所依据记录的失信程度须为严重；期限 1 年；退出：信用修复之日起自动解除；基础清单 6；2027-06-30 前复核。\
         依据：《国务院办公厅关于进一步完善失信约束制度构建诚信建设长效机制的指导意见》。"
    );
    assert_eq!(
        said("key-supervision"),
        "重点监管（监管）：市场主体公共信用评价等级为 D（较差）的企业、个体工商户，由行业主管部门列为重点抽查对象；期限 1 年；\
         退出：等级回升后自动停止；2027-06-30 前复核。依据：《市场监督管理严重违法失信名单管理办法》第二条。"
    );
    let triggered = |id| trigger(&pack, &pack.measure_by_id(id).unwrap().trigger);
    assert_eq!(triggered("green-channel"), "市场主体公共信用评价等级为 A（优秀），且未列入严重失信主体名单");
    let not_all = Trigger::Not(Box::new(pack.measure_by_id("no-subsidy").unwrap().trigger.clone()));
    assert_eq!(trigger(&pack, &not_all), "不属于（近 1 年内有失信程度为严重的行政处罚，且近 1 年内没有荣誉表彰）");
    assert_eq!(
        matter(&pack, pack.matter_by_id("food-licence").unwrap()),
        "食品经营许可：市场监督管理局为企业、个体工商户办理行政许可时核查，对照 3 项措施（绿色通道；重点监管；限制申请财政性资金项目），\
         5 个工作日内反馈应用结果；可以承诺：食品安全信用承诺。依据：《市场监督管理严重违法失信名单管理办法》第二条。"
    );
}

#[test]
fn conditions_read_as_clauses_in_which_and_or_never_mix() {
    for (written, said) in [
        ("{ 处罚类别: { is: 罚款 } }", "处罚类别包含罚款"),
        ("{ 处罚类别: { any_of: [罚款, 其他] } }", "处罚类别包含罚款或其他"),
        ("{ 处罚类别: { none_of: [警告、通报批评, 其他] } }", "处罚类别不含「警告、通报批评」或「其他」"),
        ("{ 行政相对人类别: { is: 自然人 } }", "行政相对人类别为自然人"),
        ("{ 行政相对人类别: { none_of: [个体工商户, 自然人] } }", "行政相对人类别不为个体工商户或自然人"),
        ("{ 罚款金额（万元）: { at_least: 2500.5 元, at_most: 2 万元 } }", "罚款金额不低于 2,500.50 元，且罚款金额不高于 2 万元"),
        ("{ 一年内处罚次数: { at_least: 3 } }", "一年内处罚次数不低于 3"),
        ("{ 处罚决定日期: { at_least: 2026-01-01 } }", "处罚决定日期不早于 2026-01-01"),
        ("{ 处罚决定日期: { at_most: 2026-01-01 } }", "处罚决定日期不晚于 2026-01-01"),
        ("{ 失信程度: { at_least: 一般 } }", "失信程度不低于一般"),
        ("{ 罚款金额（万元）: { present: false } }", "没有填写罚款金额"),
        ("{ not: { 罚款金额（万元）: { present: true } } }", "不属于（填写了罚款金额）"),
        (
            "{ any: [ { 一年内处罚次数: { at_least: 3 }, 失信程度: { is: 一般 } }, { 失信程度: { is: 严重 } } ] }",
            "（一年内处罚次数不低于 3，且失信程度为一般），或失信程度为严重",
        ),
    ] {
        let pack = changed("scorecards/market.yaml", "{ 处罚类别: { none_of: [警告、通报批评] } }", written);
        let filter = pack.scorecard_by_id("market").unwrap().1.dimensions[0].indicators[0].filter.clone().unwrap();
        assert_eq!(predicate(kind(&pack, "行政处罚"), &filter), said, "{written}");
    }
}

#[test]
fn the_catalogue_says_what_is_collected_and_how_bad_it_is() {
    let pack = good();
    let penalty = kind(&pack, "行政处罚");
    assert_eq!(
        record_kind(&pack, penalty),
        "行政处罚：失信信息，属行政管理信息，由作出行政处罚决定的行政机关提供，涉及企业、个体工商户、自然人；\
         同一主体的处罚机关、行政处罚决定书文号相同即为同一记录；文书作出后 7 个工作日内报送；自文书之日起使用 5 年。\
         依据：《中华人民共和国行政处罚法》第四十八条。"
    );
    assert_eq!(
        class_rule(penalty).unwrap(),
        "失信程度：处罚类别包含吊销许可证件的，为严重；处罚类别包含罚款，且罚款金额不低于 10 万元的，为严重；\
         处罚类别不含罚款或吊销许可证件，且不属于（处罚类别包含其他）的，为轻微；其余为一般。"
    );
    assert_eq!(class_rule(kind(&pack, "严重失信主体名单")).unwrap(), "失信程度：一律为严重。");
    assert_eq!(class_rule(kind(&pack, "荣誉表彰")), None);
    let said = |title| field(penalty, penalty.at(penalty.field(title).unwrap()).unwrap());
    assert_eq!(said("罚款金额（万元）"), "罚款金额（万元）（CF_NR_FK）：金额，单位万元；处罚类别包含罚款时必填。");
    assert_eq!(said("自然人证件号码"), "自然人证件号码（CF_XDR_ZJHM）：个人证件号码；选填，加密。");
    assert_eq!(said("处罚类别"), "处罚类别（CF_CFLB）：多选（警告、通报批评／罚款／吊销许可证件／其他）；必填。");
    let laws: Vec<String> = pack.laws.iter().map(law).collect();
    assert_eq!(laws[0], "《中华人民共和国行政处罚法》第四十八条：法律，全国人民代表大会常务委员会，2021-07-15 起施行。");
    assert!(laws[1].ends_with("2020-12-07 起施行（待核：条文序号待核）。"));
    assert!(laws[3].ends_with("2018-01-01 起施行，2024-12-31 失效。"));
}

#[test]
fn a_relation_says_who_is_what_to_whom_and_which_fields_tell() {
    let pack = good();
    assert_eq!(
        relation(&pack, &pack.relations[0]),
        "村的“承包者”：企业、个体工商户；后者看前者，是“承包的村”。只供查阅，不据以评价，也不据以采取措施。\
         依据：《国务院办公厅关于进一步完善失信约束制度构建诚信建设长效机制的指导意见》。"
    );
    let contract = kind(&pack, "村级承包登记");
    assert_eq!(
        statement(&pack, contract, &contract.relations[0]),
        "每行还说明本主体的“承包者”：由承包方代码或原承包方代码认定，自登记日期起，至承包截止日期止。"
    );
    let bare = Statement { from: None, until: None, ..contract.relations[0].clone() };
    assert_eq!(statement(&pack, contract, &bare), "每行还说明本主体的“承包者”：由承包方代码或原承包方代码认定，自文书之日起。");
}

#[test]
fn show_names_every_rule_of_the_pack() {
    let pack = good();
    let text = show(&pack);
    assert!(text.starts_with("示例规则包（example）2026.1 版，适用于某县\n合法性审查：演示，未经合法性审查；2027-12-31 后须复核方可适用"));
    let titles = pack.record_kinds.iter().flat_map(|kind| kind.fields.iter().map(|field| &field.title).chain([&kind.title]));
    let ids =
        pack.laws.iter().map(|law| &law.id).chain(pack.subject_kinds.iter().map(|kind| &kind.id)).chain(pack.sources.iter().map(|s| &s.id));
    let rules = pack.measures.iter().map(|measure| &measure.way_out).chain(pack.matters.iter().map(|matter| &matter.title));
    for expected in titles.chain(ids).chain(rules).chain(pack.cases.iter().map(|case| &case.title)) {
        assert!(text.contains(expected.as_str()), "{expected}");
    }
    assert!(
        text.contains("措施（3）\n")
            && text.contains("关系（1）\n")
            && text.contains("信息目录（7）\n")
            && text.contains("  2026 年：国办发明电〔2025〕7号，放假 2 天，调休上班 1 天\n")
    );
}

#[test]
fn grades_by_peers_say_who_is_compared_and_which_limits_hold() {
    let pack = good();
    let text = show(&pack);
    for said in [
        "等级：A（领先）前 10%，B（居中）其后 60.5%，C（靠后）其后 29.5%。",
        "按同组得分的高低定级：同组按近 5 年内最近一份规模登记的企业规模划分，没有写明的按全部主体的界限；有分数的主体不足 30 个的组，按全部主体的界限。",
        "2026-07-01 至 2026-12-31 的界限：按 2026-06-30 的数据对全部主体计算（表集 111111111111，规则包 222222222222）。",
        "全部主体（300 个主体）：A（领先）100 分起，B（居中）80 分起，C（靠后）不满 80 分。",
        "中型（200 个主体）：A（领先）80 分起，B（居中）因同分没有主体，C（靠后）不满 80 分。",
        "小微（12 个主体）：主体不足，按全部主体的界限。",
    ] {
        assert!(text.contains(said), "{said}\n{text}");
    }
}
