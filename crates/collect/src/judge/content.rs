//! A look into free text for what nobody may collect (guardrail 6) and for identity numbers that stand in the open (A6).
//!
//! The facts of a penalty may well speak of illness: 「宣传产品具有疾病治疗功能」 is the advertiser's conduct, not anybody's
//! health. So a word alone never counts; it counts with the value that follows it or the person's finding before it.

use std::sync::LazyLock;

use memchr::memmem::Finder;
use xinzhi_core::identifier::ResidentId;

/// What a text holds that it must not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A category of forbidden data.
    Forbidden(&'static str),
    /// A valid identity number.
    PersonNumber,
}

/// What must stand beside a word before it counts.
enum Beside {
    /// A label: a colon, or a verb of being, follows.
    Label,
    /// One of these follows, after an optional label.
    Followed(&'static [&'static str]),
    /// One of these stands before it in the same clause, after the verb of having.
    Had(&'static [&'static str]),
    /// The word counts unless the clause speaks of one of these.
    Unless(&'static [&'static str]),
}

struct Pattern {
    word: &'static str,
    beside: Beside,
    what: &'static str,
}

const BLOOD_GROUPS: &[&str] = &["A", "B", "O", "Ａ", "Ｂ", "Ｏ", "a", "b", "o"];
const RELIGIONS: &[&str] = &["佛教", "道教", "基督教", "天主教", "伊斯兰教", "东正教", "喇嘛教"];
const ILLNESSES: &[&str] =
    &["高血压", "糖尿", "心脏", "精神", "癫痫", "抑郁", "肝炎", "结核", "癌", "肿瘤", "遗传", "慢性", "家族", "既往", "传染", "吸毒"];
/// Animals, plants and machines are diagnosed as well.
const NOT_PEOPLE: &[&str] = &["猪", "牛", "羊", "鸡", "鸭", "鹅", "禽", "畜", "犬", "动物", "植物", "林木", "苗木", "设备", "故障", "车辆"];

const PATTERNS: [Pattern; 14] = [
    Pattern { word: "血型", beside: Beside::Followed(BLOOD_GROUPS), what: "血型" },
    Pattern { word: "既往史", beside: Beside::Label, what: "病史" },
    Pattern { word: "病史", beside: Beside::Label, what: "病史" },
    Pattern { word: "病史", beside: Beside::Had(ILLNESSES), what: "病史" },
    Pattern { word: "诊断为", beside: Beside::Unless(NOT_PEOPLE), what: "疾病诊断" },
    Pattern { word: "确诊", beside: Beside::Followed(&["患", "为", "罹患"]), what: "疾病诊断" },
    Pattern { word: "诊断结果", beside: Beside::Label, what: "疾病诊断" },
    Pattern { word: "HIV抗体", beside: Beside::Followed(&["阳性"]), what: "疾病" },
    Pattern { word: "宗教信仰", beside: Beside::Label, what: "宗教信仰" },
    Pattern { word: "信仰", beside: Beside::Followed(RELIGIONS), what: "宗教信仰" },
    Pattern { word: "信奉", beside: Beside::Followed(RELIGIONS), what: "宗教信仰" },
    Pattern { word: "基因型", beside: Beside::Label, what: "基因" },
    Pattern { word: "基因检测结果", beside: Beside::Label, what: "基因" },
    Pattern { word: "指纹编号", beside: Beside::Label, what: "指纹" },
];

static FINDERS: LazyLock<Vec<Finder<'static>>> = LazyLock::new(|| PATTERNS.iter().map(|p| Finder::new(p.word)).collect());

/// Every word of the patterns has one of these characters: one glance clears nearly every text.
fn is_suspicious(c: char) -> bool {
    matches!(c, '型' | '史' | '诊' | '抗' | '仰' | '奉' | '基' | '纹')
}

/// Shortest text in which anything could be found, in bytes.
const TEXT_BYTES_MIN: usize = 9;

/// The first thing found, if any.
pub(super) fn scan(text: &str) -> Option<Found> {
    if text.len() < TEXT_BYTES_MIN {
        return None;
    }
    let forbidden = || {
        let pairs = PATTERNS.iter().zip(FINDERS.iter());
        pairs.filter(|(pattern, finder)| hits(text, pattern, finder)).map(|(pattern, _)| Found::Forbidden(pattern.what)).next()
    };
    if text.chars().any(is_suspicious)
        && let Some(found) = forbidden()
    {
        return Some(found);
    }
    has_person_number(text).then_some(Found::PersonNumber)
}

fn hits(text: &str, pattern: &Pattern, finder: &Finder<'_>) -> bool {
    finder.find_iter(text.as_bytes()).any(|at| {
        let Some((before, rest)) = text.split_at_checked(at) else { return false };
        let Some(after) = rest.strip_prefix(pattern.word) else { return false };
        match pattern.beside {
            Beside::Label => is_label(after),
            Beside::Followed(values) => {
                let value = after.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '：' | ':' | '为' | '是' | '系'));
                values.iter().any(|v| after.starts_with(v) || value.starts_with(v))
            }
            Beside::Had(illnesses) => {
                let clause = last_clause(before);
                let had = clause.rsplit_once(['有', '患']).map_or("", |(_, rest)| rest);
                illnesses.iter().any(|illness| had.contains(illness))
            }
            Beside::Unless(others) => {
                let clause = last_clause(before);
                let next = first_clause(after);
                !others.iter().any(|other| clause.contains(other) || next.contains(other))
            }
        }
    })
}

fn is_label(after: &str) -> bool {
    let mut value = after.trim_start().chars();
    let sign = value.next();
    // 「病史：无」 says nothing about anybody, an empty label neither.
    let rest = value.as_str().trim_start();
    matches!(sign, Some('：' | ':' | '为')) && !rest.is_empty() && !rest.starts_with(['无', '；', '。', '，'])
}

fn last_clause(before: &str) -> &str {
    before.rsplit(['，', '。', '；', '：', '\n', ',', ';']).next().unwrap_or(before)
}

fn first_clause(after: &str) -> &str {
    after.split(['，', '。', '；', '\n', ',', ';']).next().unwrap_or(after)
}

const PERSON_NUMBER_BYTES: usize = 18;

/// Whether eighteen characters in a row are a valid identity number that no further digit continues.
fn has_person_number(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut start = 0;
    while start + PERSON_NUMBER_BYTES <= bytes.len() {
        // The digits of a number leave no non-digit among its first seventeen: look from the back to skip far.
        let Some(window) = bytes.get(start..start + PERSON_NUMBER_BYTES) else { return false };
        let (body, last) = (window.iter().take(PERSON_NUMBER_BYTES - 1), window.last());
        if let Some(gap) = body.clone().rposition(|b| !b.is_ascii_digit()) {
            start += gap + 1;
            continue;
        }
        let ends = last.is_some_and(|b| b.is_ascii_digit() || matches!(b, b'X' | b'x'));
        let continued = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
        let alone = !continued(start.checked_sub(1).and_then(|i| bytes.get(i))) && !continued(bytes.get(start + PERSON_NUMBER_BYTES));
        if ends && alone && text.get(start..start + PERSON_NUMBER_BYTES).is_some_and(|number| ResidentId::parse(number).is_ok()) {
            return true;
        }
        start += 1;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guardrail_6_what_may_not_be_collected_is_found_in_free_text() {
        for (text, what) in [
            ("当事人血型为O型，驾驶证号略", "血型"),
            ("当事人血型：AB", "血型"),
            ("当事人有高血压病史，驾驶大型客车", "病史"),
            ("既往病史：冠心病", "病史"),
            ("经县医院诊断为精神分裂症", "疾病诊断"),
            ("2026年3月确诊患有肺癌", "疾病诊断"),
            ("宗教信仰：佛教", "宗教信仰"),
            ("本人信仰基督教多年", "宗教信仰"),
            ("基因检测结果：携带者", "基因"),
            ("HIV抗体阳性", "疾病"),
        ] {
            assert_eq!(scan(text), Some(Found::Forbidden(what)), "{text}");
        }
    }

    #[test]
    fn guardrail_6_ordinary_facts_of_a_penalty_pass() {
        for text in [
            "宣传产品具有疾病治疗功能",
            "未按规定询问患者病史，未填写门诊病历",
            "安排患有国务院卫生行政部门规定的有碍食品安全疾病的人员从事接触直接入口食品的工作",
            "经检疫，该批生猪被诊断为非洲猪瘟，未按规定处置",
            "销售未标识的转基因大豆油",
            "擅自设立宗教活动场所",
            "宣传其血型检测试剂为国家级产品",
            "指纹锁质量不符合国家标准",
            "歧视乙肝病毒携带者，要求入职体检乙肝项目",
            "非法采集血液",
            "病史：无",
            "广告宣称其产品对高血压有显著疗效，未附病史说明",
        ] {
            assert_eq!(scan(text), None, "{text}");
        }
    }

    #[test]
    fn the_glance_overlooks_no_pattern() {
        assert!(PATTERNS.iter().all(|pattern| pattern.word.chars().any(is_suspicious)));
    }

    #[test]
    fn a6_an_identity_number_in_free_text_is_found() {
        let body = "33080319900307123";
        let number = format!("{body}{}", ResidentId::check_character(body).unwrap());
        assert_eq!(scan(&format!("当事人张某（{number}）")), Some(Found::PersonNumber));
        assert_eq!(scan(&format!("流水号 {number}9")), None);
        assert_eq!(scan("统一社会信用代码 914403001922038216"), None);
        let wrong = if number.ends_with('0') { '1' } else { '0' };
        assert_eq!(scan(&format!("当事人张某（{body}{wrong}）")), None);
    }
}
