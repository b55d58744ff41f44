//! Rows of the small files: abnormal list, serious list, honours, commitments; and the register.

use std::borrow::Cow;

use xinzhi_core::Day;

use super::dice::{Dice, Stream};
use super::names::COUNTY_CODE;
use super::organs::{Numbers, Organ};
use super::penalties::push_organ;
use super::sheet::Row;
use super::subject::{Form, Population, Subject, back};
use super::trades::{ANY, BUILDING, CHEMICAL, FACTORY, FARM, FOOD, LEISURE, LODGING, Sectors};

/// Something that happened to a subject on a day.
#[derive(Clone, Copy, Debug)]
pub struct Event {
    pub day: Day,
    pub subject: u64,
}

/// 经营异常名录.
pub fn abnormal(population: Population, event: &Event, numbers: &mut Numbers, dice: &mut Dice) -> Row {
    const CAUSES: [(&str, u32); 5] = [
        ("未按规定期限公示年度报告", 55),
        ("通过登记的住所（经营场所）无法联系", 36),
        ("公示企业信息隐瞒真实情况、弄虚作假", 5),
        ("未按照责令的期限公示有关企业信息", 3),
        ("其他原因", 1),
    ];
    let subject = population.subject(event.subject);
    let removed = event.day.plus_days(i32::try_from(dice.between(20, 700)).unwrap_or(20));
    let is_removed = dice.chance(650) && removed <= population.through;
    let mut row: Row = vec![
        Cow::Owned(subject.name),
        Cow::Owned(subject.code),
        Cow::Owned(numbers.next(Organ::Market, "异列", event.day.year())),
        Cow::Owned(event.day.to_string()),
        Cow::Borrowed(dice.weighted(&CAUSES, |(_, weight)| *weight).0),
    ];
    push_organ(&mut row, Organ::Market);
    row.push(Cow::Owned(if is_removed { removed.to_string() } else { String::new() }));
    row.push(Cow::Borrowed(if is_removed { "已改正并申请移出" } else { "" }));
    row
}

/// 严重失信主体名单.
pub fn serious(population: Population, event: &Event, numbers: &mut Numbers, dice: &mut Dice) -> Row {
    let subject = population.subject(event.subject);
    let sectors = subject.trade.sectors;
    let suits = |wanted: u32, weight: u32| if sectors & wanted == 0 { 0 } else { weight };
    let lists = [
        (Organ::Court, "失信被执行人", "执", "有履行能力而拒不履行生效法律文书确定的义务", 24, 50),
        (Organ::Tax, "重大税收违法失信主体", "税失信", "虚开增值税专用发票，经税务机关查实并依法认定", 36, 12),
        (Organ::Labour, "拖欠农民工工资失信联合惩戒对象", "失信列", "拖欠农民工工资，经责令限期支付，逾期未支付", 36, suits(BUILDING, 40)),
        (
            Organ::Market,
            "市场监督管理严重违法失信名单",
            "严列",
            "实施直接关系人民群众身体健康的违法行为，受到较重行政处罚",
            36,
            suits(FOOD, 20),
        ),
        (Organ::Emergency, "安全生产严重失信主体", "安失信", "存在严重违法行为，发生生产安全责任事故", 36, suits(FACTORY | CHEMICAL, 14)),
        (
            Organ::Culture,
            "文化和旅游市场严重失信主体",
            "文旅失信",
            "未经许可擅自从事文化市场经营活动，情节严重",
            36,
            suits(LEISURE | LODGING, 10),
        ),
    ];
    let (organ, list, word, cause, months, _) = dice.weighted(&lists, |(.., weight)| *weight);
    let ends = event.day.plus_months(*months).plus_days(-1);
    let early = event.day.plus_months(13);
    let leaves_early = dice.chance(150) && early <= population.through;
    vec![
        Cow::Owned(subject.name),
        Cow::Owned(subject.code),
        Cow::Borrowed(*list),
        Cow::Owned(numbers.next(*organ, word, event.day.year())),
        Cow::Borrowed(*cause),
        Cow::Borrowed(organ.name()),
        Cow::Borrowed(organ.code()),
        Cow::Owned(event.day.to_string()),
        Cow::Owned(if leaves_early { early } else { ends }.to_string()),
    ]
}

/// 守信荣誉.
pub fn honour(population: Population, event: &Event, numbers: &mut Numbers, dice: &mut Dice) -> Row {
    const HONOURS: [(Organ, &str, &str, Sectors, u32); 8] = [
        (Organ::Market, "放心消费示范单位", "县级", ANY, 30),
        (Organ::Tax, "纳税信用A级纳税人", "县级", ANY, 30),
        (Organ::Market, "县级守合同重信用企业", "县级", FIRMS_ONLY, 30),
        (Organ::Government, "县人民政府质量奖", "县级", FIRMS_ONLY, 3),
        (Organ::Reform, "市级信用示范企业", "市级", FIRMS_ONLY, 14),
        (Organ::Labour, "市级和谐劳动关系企业", "市级", FIRMS_ONLY, 8),
        (Organ::Housing, "省级诚信建筑业企业", "省级", BUILDING, 20),
        (Organ::Farm, "全国农产品质量安全与营养健康科普示范单位", "国家级", FARM, 2),
    ];
    /// No trade has this sector: it stands for every subject but sole traders.
    const FIRMS_ONLY: Sectors = 1 << 31;
    let subject = population.subject(event.subject);
    let sectors = subject.trade.sectors | if subject.form == Form::SoleTrader { 0 } else { FIRMS_ONLY };
    let (organ, title, level, ..) = dice.weighted(&HONOURS, |(.., wanted, weight)| if wanted & sectors == 0 { 0 } else { *weight });
    let until = if dice.chance(700) { event.day.plus_months(36).to_string() } else { String::new() };
    let mut row: Row = vec![
        Cow::Owned(subject.name),
        Cow::Owned(subject.code),
        Cow::Borrowed(*title),
        Cow::Borrowed(*level),
        Cow::Owned(numbers.next(*organ, "荣", event.day.year())),
    ];
    push_organ(&mut row, *organ);
    row.push(Cow::Owned(event.day.to_string()));
    row.push(Cow::Owned(until));
    row
}

/// 信用承诺.
pub fn commitment(population: Population, event: &Event, numbers: &mut Numbers, dice: &mut Dice) -> Row {
    const KINDS: [(&str, &str, &str, u32); 6] = [
        ("审批替代型", "申请办理经营许可", "已经符合许可条件，三个月内接受现场核查", 24),
        ("容缺受理型", "申请办理业务时材料暂缺", "五个工作日内补齐所缺材料", 26),
        ("证明事项型", "申请办理业务需要证明", "所承诺的事实真实，愿意接受核查", 18),
        ("主动公示型", "自愿公示信用承诺", "依法经营，诚实守信，接受社会监督", 20),
        ("行业自律型", "参加行业自律公约", "遵守行业自律公约，不从事不正当竞争", 8),
        ("信用修复型", "申请信用修复", "已经纠正违法行为，不再发生同类失信行为", 4),
    ];
    const ORGANS: [Organ; 6] = [Organ::Market, Organ::Health, Organ::Transport, Organ::Housing, Organ::City, Organ::Reform];
    let subject = population.subject(event.subject);
    let (kind, cause, promise, _) = dice.weighted(&KINDS, |(.., weight)| *weight);
    let organ = *dice.pick(&ORGANS);
    let is_recent = event.day > back(population.through, 90);
    let state = if is_recent {
        "履行中"
    } else {
        dice.weighted(&[("已履行", 940), ("未履行", 25), ("履行中", 35)], |(_, weight)| *weight).0
    };
    let clerk = population.person(super::subject::OTHERS + 3_000_000 + dice.below(40));
    vec![
        Cow::Owned(subject.name),
        Cow::Owned(subject.code),
        Cow::Owned(numbers.next(organ, "承诺", event.day.year())),
        Cow::Borrowed(*kind),
        Cow::Borrowed(*cause),
        Cow::Borrowed(*promise),
        Cow::Owned(event.day.to_string()),
        Cow::Borrowed(organ.name()),
        Cow::Borrowed(organ.code()),
        Cow::Borrowed(state),
        Cow::Owned(clerk.name),
    ]
}

/// 市场主体登记.
pub fn registration(population: Population, number: u64, subject: Subject) -> Row {
    let mut dice = Dice::new(population.seed, Stream::Texts, (1 << 55) | number);
    let kind = match subject.form {
        Form::Enterprise => *dice.pick(&["有限责任公司", "有限责任公司", "有限责任公司", "企业", "个人独资企业"]),
        Form::Cooperative => "农民专业合作社",
        Form::SoleTrader | Form::Institution | Form::SocialOrganisation => "个体工商户",
    };
    let changed = subject.founded.plus_days(i32::try_from(dice.between(30, 2500)).unwrap_or(30));
    let approved = if dice.chance(300) && changed <= population.through { changed } else { subject.founded };
    let capital = if subject.form == Form::SoleTrader { String::new() } else { subject.capital.to_string() };
    let mut row: Row = vec![
        Cow::Owned(subject.code),
        Cow::Owned(subject.name),
        Cow::Borrowed(kind),
        Cow::Owned(subject.head.name),
        Cow::Owned(subject.founded.to_string()),
        Cow::Owned(subject.founded.to_string()),
        Cow::Borrowed(if dice.chance(850) { "长期" } else { "2099-12-31" }),
    ];
    push_organ(&mut row, Organ::Market);
    row.push(Cow::Borrowed(subject.state));
    row.push(Cow::Borrowed(subject.town.code));
    row.push(Cow::Borrowed(subject.trade.code));
    row.push(Cow::Owned(capital));
    row.push(Cow::Owned(format!("{COUNTY_CODE}{number:09}")));
    row.push(Cow::Owned(approved.to_string()));
    row
}
