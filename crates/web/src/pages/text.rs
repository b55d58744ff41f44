//! How facts are written on a page: one formatter each, so that a day, a code or a time limit looks the same everywhere.

use xinzhi_core::Day;
use xinzhi_core::journal::Act;
use xinzhi_core::measure::{MeasureKind, MeasureState};
use xinzhi_core::record::{Outcome, Remark};
use xinzhi_office::Office;
use xinzhi_office::apply::Light;

/// A colour's meaning. Red is overdue or restricting, amber due soon or proposed, green closed; never without a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Overdue or restricting.
    Red,
    /// Due soon, proposed, provisional.
    Amber,
    /// Closed, fulfilled.
    Green,
    /// In force or current, without any of these meanings.
    Accent,
    /// Refused: said by weight, since red has another meaning.
    Ink,
    /// Nothing to be said.
    Plain,
}

impl Tone {
    /// The class in the style sheet.
    pub fn class(self) -> &'static str {
        match self {
            Tone::Red => "red",
            Tone::Amber => "amber",
            Tone::Green => "green",
            Tone::Accent => "accent",
            Tone::Ink => "ink",
            Tone::Plain => "plain",
        }
    }
}

/// A word with its tone, as in `逾期 3 天`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// What it means.
    pub tone: Tone,
    /// What it says.
    pub words: String,
}

impl Mark {
    /// A mark.
    pub fn new(tone: Tone, words: impl Into<String>) -> Mark {
        Mark { tone, words: words.into() }
    }
}

/// The parts of a code that are set apart by a thin space: 91330803 MA2XXXXXX X. The text that is copied has no spaces.
pub fn groups(code: impl AsRef<str>) -> Vec<String> {
    let code: Vec<char> = code.as_ref().chars().collect();
    let cuts: &[usize] = if code.len() == 18 { &[8, 9, 1] } else { &[] };
    let mut rest = code.as_slice();
    let mut parts = Vec::new();
    for cut in cuts {
        let (part, after) = rest.split_at_checked(*cut).unwrap_or((rest, &[]));
        parts.push(part.iter().collect());
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(rest.iter().collect());
    }
    parts
}

/// A sentence cut at its days, each of which stays on one line: `true` marks a day.
pub fn dated(sentence: impl AsRef<str>) -> Vec<(bool, String)> {
    let chars: Vec<char> = sentence.as_ref().chars().collect();
    let mut parts = Vec::new();
    let mut plain = String::new();
    let mut rest = chars.as_slice();
    while let Some((first, after)) = rest.split_first() {
        match rest.split_at_checked(DAY_CHARS).filter(|(day, _)| looks_like_a_day(day)) {
            Some((day, after)) => {
                parts.push((false, std::mem::take(&mut plain)));
                parts.push((true, day.iter().collect()));
                rest = after;
            }
            None => {
                plain.push(*first);
                rest = after;
            }
        }
    }
    parts.push((false, plain));
    parts.retain(|(_, part)| !part.is_empty());
    parts
}

/// A sentence cut at what it quotes between backticks, which are left out: `true` marks what is quoted.
pub fn quoted(sentence: impl AsRef<str>) -> Vec<(bool, String)> {
    let sentence = sentence.as_ref();
    // A sign without its other half is text.
    if sentence.matches('`').count() % 2 == 1 {
        return vec![(false, sentence.to_owned())];
    }
    let parts = sentence.split('`').enumerate().map(|(place, part)| (place % 2 == 1, part.to_owned()));
    parts.filter(|(is_quoted, part)| *is_quoted || !part.is_empty()).collect()
}

/// `2026-11-23`.
const DAY_CHARS: usize = 10;

fn looks_like_a_day(text: &[char]) -> bool {
    let dash = |place: usize| matches!(place, 4 | 7);
    text.iter().enumerate().all(|(place, c)| if dash(place) { *c == '-' } else { c.is_ascii_digit() })
}

/// What is left of a period: `余 37 天`.
pub fn left(today: Day, until: Day) -> String {
    match until.number() - today.number() {
        0 => "今日为止".to_owned(),
        days if days > 0 => format!("余 {days} 天"),
        days => format!("已过 {} 天", -days),
    }
}

/// The light of an obligation: what it is, and how far from its day.
pub fn light(light: Light, due: Day, today: Day) -> Mark {
    let tone = match light {
        Light::Overdue => Tone::Red,
        Light::DueSoon => Tone::Amber,
        Light::Executed | Light::NotExecuted => Tone::Green,
        Light::Acknowledged => Tone::Accent,
        Light::Open => Tone::Plain,
    };
    let days = due.number() - today.number();
    let words = match light {
        Light::Overdue => format!("{} {} 天", light.title(), -days),
        Light::DueSoon if days == 0 => format!("{}，今日为止", light.title()),
        Light::DueSoon | Light::Open | Light::Acknowledged => format!("{}，余 {days} 天", light.title()),
        Light::Executed | Light::NotExecuted => light.title().to_owned(),
    };
    Mark::new(tone, words)
}

/// How a measure stands: red is kept for a restriction that is in force.
pub fn measure_mark(kind: MeasureKind, state: MeasureState) -> Mark {
    let tone = match (kind, state) {
        (_, MeasureState::Proposed) => Tone::Amber,
        (MeasureKind::Restriction, MeasureState::InForce) => Tone::Red,
        (MeasureKind::Incentive | MeasureKind::Supervision, MeasureState::InForce) => Tone::Accent,
    };
    Mark::new(tone, format!("{}，{}", kind.title(), state.title()))
}

/// What became of a row.
pub fn outcome_mark(outcome: Outcome) -> Mark {
    let tone = match outcome {
        Outcome::Accepted => Tone::Green,
        Outcome::Duplicate => Tone::Plain,
        Outcome::Refused => Tone::Ink,
        Outcome::Quarantined => Tone::Amber,
    };
    Mark::new(tone, outcome.title())
}

/// An act of the journal as people read it.
pub fn act_title(act: Act) -> &'static str {
    match act {
        Act::OfficeFounded => "建账",
        Act::PackInstalled => "安装规则包",
        Act::BatchStaged => "预览批次",
        Act::BatchCommitted => "批次生效",
        Act::BatchRecalled => "批次撤回",
        Act::RowRuled => "核实处理",
        Act::CheckMade => "信用核查",
        Act::FeedbackGiven => "反馈应用结果",
        Act::RestrictionDecided => "惩戒决定",
        Act::SubjectRead => "查看档案",
        Act::IdentityUnmasked => "查看加密信息",
        Act::AccountCreated => "建立账号",
        Act::AccountChanged => "变更账号",
        Act::AccountReleased => "启用账号",
        Act::AccountEnded => "注销账号",
        Act::PasswordSet => "设置密码",
        Act::SignedIn => "登录",
        Act::SignInFailed => "登录失败",
        Act::KeyCreated => "发放接口密钥",
        Act::ClockCorrected => "更正时钟",
        Act::ConnectorRegistered => "登记前置库",
        Act::ConnectorChanged => "变更前置库",
        Act::ConnectorPulled => "前置库取数",
        Act::SubscriptionMade => "建立推送订阅",
        Act::SubscriptionChanged => "变更推送订阅",
        Act::SubscriptionEnded => "终止推送订阅",
        Act::EventResent => "重新推送",
        Act::HostListed => "变更推送地址名单",
        Act::KeyEnded => "作废接口密钥",
        Act::OrganRecorded => "登记单位",
        Act::AreaRecorded => "登记区划",
        Act::JournalExported => "导出账簿",
        Act::FactorChanged => "变更第二因素",
        Act::FactorPassed => "通过第二步验证",
    }
}

/// How somebody looked at a file.
pub fn access_title(what: &str) -> &str {
    match what {
        "file" => "查看档案",
        "check" => "信用核查",
        "explain" => "查看评价",
        "unmask" => "查看加密信息",
        "push" => "推送给部门系统",
        other => other,
    }
}

/// A remark as the field that it is about and what is said of it. Most sentences begin with the field: it is not named twice.
pub fn about_field(remark: &Remark) -> (&str, String) {
    let Some(field) = remark.field.as_deref() else { return ("", remark.sentence.clone()) };
    match remark.sentence.strip_prefix(field) {
        None => (field, format!("：{}", remark.sentence)),
        // What is quoted or a number stands apart; Chinese follows on.
        Some(rest) => {
            let rest = rest.trim_start();
            let apart = if rest.starts_with(|c: char| c.is_ascii()) { " " } else { "" };
            (field, format!("{apart}{rest}"))
        }
    }
}

/// Thousandths as percent: `937` is `93.7%`.
pub fn percent(thousandths: i64) -> String {
    xinzhi_core::Points::percent(thousandths)
}

pub use xinzhi_core::text::escaped as encoded;

/// Who did something, by the name of the account; whoever sits at the machine has none that people know.
pub fn whom(name: String) -> String {
    let operator = Office::operator();
    if name == operator.name { operator.title } else { name }
}

/// Text or a dash: an empty cell looks like a fault.
pub fn or_dash(text: &str) -> &str {
    if text.is_empty() { "—" } else { text }
}

/// A thin bar from a zero line, in thousandths of its width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bar {
    /// Where it begins.
    pub from: i64,
    /// How wide it is.
    pub width: i64,
    /// Where zero is.
    pub zero: i64,
    /// Whether it points to the right.
    pub up: bool,
}

impl Bar {
    /// The bar of `value` on a scale from `least` to `most` that always contains zero.
    pub fn new(value: i64, least: i64, most: i64) -> Bar {
        let (least, most) = (least.min(0).min(value), most.max(0).max(value));
        let span = (most - least).max(1);
        let place = |at: i64| (at - least) * 1000 / span;
        let (zero, end) = (place(0), place(value));
        Bar { from: zero.min(end), width: (zero - end).abs(), zero, up: value >= 0 }
    }

    /// Where the mark of zero is drawn: inside the bar at both ends.
    pub fn zero_mark(self) -> i64 {
        self.zero.min(998)
    }
}

/// A path with those of the parameters that have a value.
pub(super) fn address(path: &str, query: &[(&str, Option<String>)]) -> String {
    let pairs: Vec<String> = query.iter().filter_map(|(name, value)| Some(format!("{name}={}", encoded(value.as_deref()?)))).collect();
    if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_grouped_and_other_text_is_left_alone() {
        assert_eq!(groups("91330803MA2ABCDE1X"), ["91330803", "MA2ABCDE1", "X"]);
        assert_eq!(groups("<script>"), ["<script>"]);
        assert_eq!(groups("3308031990****001X"), ["33080319", "90****001", "X"]);
        assert!(groups("").is_empty());
    }

    #[test]
    fn days_stay_in_one_piece_and_nothing_is_lost() {
        let parts = dated("至 2026-12-03，余 10 天");
        assert_eq!(parts, [(false, "至 ".to_owned()), (true, "2026-12-03".to_owned()), (false, "，余 10 天".to_owned())]);
        for text in ["", "2026-12-3", "没有日期", "2026-12-03"] {
            assert_eq!(dated(text).into_iter().map(|(_, part)| part).collect::<String>(), text);
        }
    }

    #[test]
    fn what_a_sentence_quotes_is_set_apart() {
        let parts =
            |sentence: &str| quoted(sentence).into_iter().map(|(is, part)| if is { format!("<{part}>") } else { part }).collect::<String>();
        assert_eq!(parts("代码 `123` 与 `456` 不符"), "代码 <123> 与 <456> 不符");
        assert_eq!(parts("`` 不是日期"), "<> 不是日期");
        for plain in ["", "没有引用", "只有一个 ` 符号"] {
            assert_eq!(parts(plain), plain);
        }
    }

    #[test]
    fn a_field_is_named_once() {
        let said = |field: Option<&str>, sentence: &str| {
            let remark = Remark { code: String::new(), field: field.map(str::to_owned), sentence: sentence.to_owned() };
            let (field, rest) = about_field(&remark);
            format!("<{field}>{rest}")
        };
        assert_eq!(said(Some("罚款金额（万元）"), "罚款金额（万元） `abc` 不是金额"), "<罚款金额（万元）> `abc` 不是金额");
        assert_eq!(said(Some("许可内容"), "许可内容 未填写"), "<许可内容>未填写");
        assert_eq!(said(Some("许可内容"), "与正文不符"), "<许可内容>：与正文不符");
        assert_eq!(said(None, "整行读不出"), "<>整行读不出");
    }

    #[test]
    fn red_is_kept_for_overdue_and_restricting() {
        let day = |text: &str| Day::parse(text).unwrap();
        let today = day("2026-11-23");
        for (of, due, tone, words) in [
            (Light::Overdue, "2026-11-20", Tone::Red, "已逾期 3 天"),
            (Light::DueSoon, "2026-11-23", Tone::Amber, "即将到期，今日为止"),
            (Light::Open, "2026-11-30", Tone::Plain, "待反馈，余 7 天"),
            (Light::Executed, "2026-11-20", Tone::Green, "已实施"),
        ] {
            assert_eq!(light(of, day(due), today), Mark::new(tone, words));
        }
        assert_eq!(measure_mark(MeasureKind::Restriction, MeasureState::InForce).tone, Tone::Red);
        assert_eq!(measure_mark(MeasureKind::Restriction, MeasureState::Proposed).tone, Tone::Amber);
        assert_eq!(measure_mark(MeasureKind::Supervision, MeasureState::InForce).tone, Tone::Accent);
    }

    #[test]
    fn a_bar_starts_at_zero_and_stays_inside() {
        assert_eq!(Bar::new(-50, -200, 0), Bar { from: 750, width: 250, zero: 1000, up: false });
        assert_eq!(Bar::new(30, 0, 60), Bar { from: 0, width: 500, zero: 0, up: true });
        assert_eq!(Bar::new(0, 0, 0).width, 0);
    }
}
