//! What is never collected about anybody, recognised by the title of a field or of a column.
//!
//! A closed list in code: no pack and no upload can open it. It matches words inside a title, after the phrases that
//! contain such a word and mean something else have been set aside (没收入库 is no 收入).

use xinzhi_core::text::half_width;

/// A group of words with one reason.
struct Group {
    reason: &'static str,
    words: &'static [&'static str],
}

const GROUPS: [Group; 4] = [
    Group {
        reason: "宗教信仰、基因、指纹、血型、疾病和病史信息禁止采集（征信业管理条例第十四条）",
        words: &["宗教", "信仰", "基因", "指纹", "血型", "疾病", "病史", "医疗诊断", "病历"],
    },
    Group {
        reason: "个人的收入、存款、有价证券、商业保险、不动产和纳税数额信息不予采集（征信业管理条例第十四条）",
        words: &["收入", "存款", "有价证券", "商业保险", "不动产", "纳税数额"],
    },
    Group {
        reason: "个人身份特征与信用评价无关，规则不得读取，不予采集",
        words: &[
            "性别",
            "民族",
            "国籍",
            "籍贯",
            "健康",
            "残疾",
            "婚姻",
            "家庭",
            "学历",
            "教育程度",
            "文化程度",
            "手机",
            "电话",
            "照片",
            "政治面貌",
            "党派",
        ],
    },
    Group { reason: "信访是公民权利，不得作为信用信息", words: &["信访", "上访"] },
];

/// Phrases that contain a word of the list and mean an organ, a place, a trade or a business figure.
const HARMLESS: [&str; 21] = [
    "转基因",
    "民族宗教",
    "宗教事务",
    "宗教活动场所",
    "民族事务",
    "民族自治",
    "疾病预防控制",
    "没收入库",
    "营业收入",
    "业务收入",
    "销售收入",
    "财政收入",
    "卫生健康",
    "健康委",
    "残疾人就业保障金",
    "残疾人联合会",
    "家庭农场",
    "船舶国籍",
    "信访局",
    "村民委员会",
    "居民委员会",
];

/// Why a field or column of this title is never accepted; none for everything else.
pub fn forbidden_field(title: &str) -> Option<&'static str> {
    let compact: String = half_width(title).chars().filter(|c| !c.is_whitespace()).collect();
    let rest = HARMLESS.iter().fold(compact, |rest, phrase| rest.replace(phrase, "\u{0}"));
    GROUPS.iter().find(|group| group.words.iter().any(|word| rest.contains(word))).map(|group| group.reason)
}

/// Words in the title of a relation that ties persons to one another, or anybody to a party, a belief or an association.
const TIES: [Group; 3] = [
    Group {
        reason: "不得因亲属、家庭、邻里关系牵连他人",
        words: &[
            "亲属", "亲戚", "家属", "家庭", "家长", "家族", "户主", "同户", "户籍", "配偶", "夫妻", "丈夫", "妻子", "父母", "父亲", "母亲",
            "子女", "儿子", "女儿", "兄弟", "姐妹", "监护", "邻居", "邻里", "村民", "居民", "同乡", "同学", "朋友",
        ],
    },
    Group {
        reason: "不得把劳动者个人与用人单位的信用牵连起来",
        words: &["雇主", "雇员", "雇佣", "雇工", "员工", "职工", "劳动者", "用人单位", "劳动关系", "任职", "就职", "同事"],
    },
    Group {
        reason: "党派、宗教和社会团体的成员身份不得作为信用信息",
        words: &[
            "党员",
            "党组织",
            "党支部",
            "党委",
            "入党",
            "团员",
            "信徒",
            "教会",
            "教徒",
            "会员",
            "协会",
            "商会",
            "社团",
            "工会",
            "联合会",
            "校友会",
        ],
    },
];

/// Why a relation of this title is never accepted; none for everything else. What no field may be called, no relation may either.
pub fn forbidden_relation(title: &str) -> Option<&'static str> {
    let compact: String = half_width(title).chars().filter(|c| !c.is_whitespace()).collect();
    let rest = HARMLESS.iter().fold(compact, |rest, phrase| rest.replace(phrase, "\u{0}"));
    let tie = TIES.iter().find(|group| group.words.iter().any(|word| rest.contains(word)));
    tie.map(|group| group.reason).or_else(|| forbidden_field(title))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn l8_p8_no_relation_ties_a_person_to_kin_employer_party_or_belief() {
        for title in [
            "配偶",
            "家庭成员",
            "同户人员",
            "父母",
            "邻居",
            "本村村民",
            "雇主",
            "用人单位",
            "所在 党支部",
            "宗教团体",
            "信徒",
            "协会会员",
            "行业商会",
            "监护人",
            "职工",
            "党派",
        ] {
            assert!(forbidden_relation(title).is_some(), "{title}");
        }
        for title in [
            "经营者",
            "经营的场所",
            "分支机构",
            "总公司",
            "所在街区",
            "街区内的商铺",
            "市场开办者",
            "联盟成员",
            "家庭农场成员",
            "所在村民委员会",
            "委托方",
        ] {
            assert_eq!(forbidden_relation(title), None, "{title}");
        }
    }

    #[test]
    fn d11_p8_what_the_law_bars_is_recognised_in_any_title() {
        for title in [
            "宗教信仰",
            "本人血型",
            "既往病史",
            "医疗诊断",
            "年收入",
            "家庭存款",
            "纳税数额",
            "性别",
            "性 别",
            "民族",
            "法定代表人国籍",
            "健康状况",
            "婚姻状况",
            "最高学历",
            "联系电话",
            "手机号码",
            "照片",
            "政治面貌",
            "信访次数",
            "越级上访记录",
            "不动产权证号",
            "个人收入（元）",
            "家庭住址",
        ] {
            assert!(forbidden_field(title).is_some(), "{title}");
        }
    }

    #[test]
    fn guardrail_6_ordinary_titles_are_not_hit_by_mistake() {
        for title in [
            "纳税人名称",
            "纳税人识别号",
            "纳税信用等级",
            "行政相对人名称",
            "没收违法所得、没收非法财物的金额（万元）",
            "没收入库日期",
            "营业收入（万元）",
            "转基因生物加工许可",
            "卫生健康委员会",
            "民族宗教事务局",
            "家庭农场名称",
            "残疾人就业保障金缴纳情况",
            "疾病预防控制中心",
            "法定代表人证件号码",
            "处罚类别",
            "名称",
            "性质",
        ] {
            assert_eq!(forbidden_field(title), None, "{title}");
        }
    }
}
