//! 抽查检查 rows: the county's enforcement platform delivers them for all departments, one file a year.

use std::borrow::Cow;

use xinzhi_core::Day;

use super::dice::Dice;
use super::organs::{Numbers, Organ};
use super::sheet::Row;
use super::subject::Subject;
use super::trades::{
    ANY, BEAUTY, BUILDING, CATERING, CHEMICAL, FACTORY, FARM, FOOD, HEALTH, LEISURE, LODGING, RETAIL, SCHOOL, Sectors, TRANSPORT,
};

/// Something that is inspected: by whom, whose, how often, what.
type Matter = (Organ, Sectors, u32, &'static str);

#[rustfmt::skip]
const MATTERS: [Matter; 24] = [
    (Organ::Market, ANY, 12, "登记事项检查；公示信息检查"),
    (Organ::Market, FOOD, 50, "食品销售者主体资格、进货查验和贮存条件检查"),
    (Organ::Market, CATERING, 50, "餐饮服务场所环境、加工过程和餐饮具消毒检查"),
    (Organ::Market, RETAIL, 14, "价格行为和明码标价检查"),
    (Organ::Market, RETAIL | FOOD, 8, "计量器具检定情况检查"),
    (Organ::Market, FACTORY | LODGING | CHEMICAL, 20, "特种设备使用单位检查"),
    (Organ::Market, HEALTH, 30, "药品、医疗器械经营使用质量检查"),
    (Organ::Environment, FACTORY | CHEMICAL, 36, "污染防治设施运行和排污许可执行情况检查"),
    (Organ::Environment, FACTORY | HEALTH, 10, "危险废物贮存、转移情况检查"),
    (Organ::Transport, TRANSPORT, 60, "道路运输企业安全生产和车辆技术状况检查"),
    (Organ::Emergency, FACTORY | CHEMICAL, 40, "工贸企业安全生产责任制和隐患排查治理检查"),
    (Organ::Emergency, CHEMICAL, 40, "危险化学品经营、储存安全检查"),
    (Organ::Housing, BUILDING, 50, "在建工程质量安全检查"),
    (Organ::Housing, BUILDING, 14, "建筑市场行为检查"),
    (Organ::Health, BEAUTY | LODGING | LEISURE, 50, "公共场所卫生监督检查"),
    (Organ::Health, HEALTH, 40, "医疗机构依法执业检查"),
    (Organ::City, RETAIL | CATERING, 16, "门前责任和市容环境检查"),
    (Organ::Fire, ANY, 6, "消防安全检查"),
    (Organ::Fire, LODGING | LEISURE | CATERING | SCHOOL, 16, "公众聚集场所消防安全检查"),
    (Organ::Farm, FARM, 60, "农业投入品使用和农产品质量安全检查"),
    (Organ::Labour, BUILDING | FACTORY, 12, "农民工工资支付保障制度落实情况检查"),
    (Organ::Culture, LEISURE | LODGING, 24, "文化和旅游市场经营活动检查"),
    (Organ::Education, SCHOOL, 60, "民办学校办学行为检查"),
    (Organ::Tax, ANY, 2, "发票使用情况检查"),
];

const KINDS: [(&str, u32); 5] = [("日常检查", 46), ("双随机抽查", 30), ("专项检查", 16), ("投诉举报核查", 6), ("其他检查", 2)];

const RESULTS: [(&str, u32); 8] = [
    ("未发现问题", 760),
    ("正常", 40),
    ("发现问题已改正", 70),
    ("发现问题已责令改正", 60),
    ("未发现开展本次抽查涉及的经营活动", 30),
    ("发现问题待后续处置", 26),
    ("通过登记的住所（经营场所）无法联系", 10),
    ("不配合检查", 4),
];

/// The row of an inspection of `subject` on `day`.
pub fn row(subject: Subject, day: Day, numbers: &mut Numbers, dice: &mut Dice) -> Row {
    let (organ, _, _, matter) =
        dice.weighted(&MATTERS, |(_, sectors, weight, _)| if sectors & subject.trade.sectors == 0 { 0 } else { *weight });
    vec![
        Cow::Owned(subject.name),
        Cow::Owned(subject.code),
        Cow::Owned(numbers.next(*organ, "检", day.year())),
        Cow::Borrowed(organ.name()),
        Cow::Borrowed(organ.code()),
        Cow::Owned(day.to_string()),
        Cow::Borrowed(dice.weighted(&KINDS, |(_, weight)| *weight).0),
        Cow::Borrowed(matter),
        Cow::Borrowed(dice.weighted(&RESULTS, |(_, weight)| *weight).0),
    ]
}
