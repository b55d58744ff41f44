//! 行政许可 rows.

use std::borrow::Cow;

use xinzhi_core::Day;

use super::dice::{Dice, Stream};
use super::organs::Organ;
use super::penalties::{Identity, fill, push_organ};
use super::sheet::Row;
use super::subject::{Population, Subject};
use super::trades::{
    ANY, BEAUTY, BUILDING, CATERING, CHEMICAL, FACTORY, FARM, FOOD, HEALTH, LEISURE, LODGING, RETAIL, SCHOOL, Sectors, TOBACCO, TRANSPORT,
};

/// A licence that a department grants.
#[derive(Debug)]
pub struct Licence {
    pub organ: Organ,
    pub sectors: Sectors,
    /// How common it is among those who can have it.
    pub weight: u32,
    pub certificate: &'static str,
    /// What its numbers begin with.
    pub prefix: &'static str,
    pub category: &'static str,
    pub content: &'static str,
    /// Years of validity; zero for no end.
    pub years: i32,
}

/// A table row: (organ, sectors, weight), (certificate, prefix), (category, content, years).
type Entry = ((Organ, Sectors, u32), (&'static str, &'static str), (&'static str, &'static str, i32));

const fn licence(entry: Entry) -> Licence {
    let ((organ, sectors, weight), (certificate, prefix), (category, content, years)) = entry;
    Licence { organ, sectors, weight, certificate, prefix, category, content, years }
}

/// What is granted in the county.
#[rustfmt::skip]
pub static LICENCES: [Licence; 23] = [
    licence(((Organ::Market, FOOD | CATERING, 40), ("食品经营许可证", "JY"), ("普通", "准予从事食品销售、餐饮服务经营，经营场所：{place}，主要品种：{goods}", 5))),
    licence(((Organ::Market, FOOD, 6), ("食品生产加工小作坊登记证", "XZF"), ("登记", "准予登记，加工场所：{place}，品种：{goods}", 3))),
    licence(((Organ::Market, FACTORY | LODGING | CHEMICAL, 14), ("特种设备使用登记证", "TS"), ("登记", "准予办理特种设备使用登记，设备{count}台，使用地点：{place}", 0))),
    licence(((Organ::Market, HEALTH, 30), ("药品经营许可证", "YP"), ("普通", "准予从事药品零售，经营地址：{place}", 5))),
    licence(((Organ::Environment, FACTORY | CHEMICAL, 16), ("排污许可证", "PW"), ("普通", "准予排放污染物，生产经营场所：{place}，主要产品：{goods}", 5))),
    licence(((Organ::Environment, FACTORY | BUILDING | CHEMICAL, 8), ("环境影响评价文件批复", "HP"), ("核准", "同意{goods}项目环境影响报告表的结论，建设地点：{place}", 0))),
    licence(((Organ::Transport, TRANSPORT, 40), ("道路运输经营许可证", "YS"), ("普通", "准予从事道路普通货物运输，车辆{count}辆", 4))),
    licence(((Organ::Transport, TRANSPORT, 24), ("道路运输证", "YZ"), ("普通", "准予配发道路运输证{count}本，主要货物：{goods}", 1))),
    licence(((Organ::Transport, TRANSPORT | BUILDING, 4), ("超限运输车辆通行证", "CX"), ("普通", "准予超限运输车辆行驶公路，货物：{goods}", 1))),
    licence(((Organ::Emergency, CHEMICAL, 24), ("危险化学品经营许可证", "WH"), ("普通", "准予经营{goods}，经营方式：零售，经营场所：{place}", 3))),
    licence(((Organ::Housing, BUILDING, 34), ("建筑工程施工许可证", "SG"), ("普通", "准予{goods}项目施工，合同工期{count}个月", 0))),
    licence(((Organ::Housing, BUILDING, 12), ("建筑业企业资质证书", "ZZ"), ("认可", "准予建筑工程施工总承包三级资质延续", 5))),
    licence(((Organ::Housing, CATERING | BEAUTY | FACTORY | LODGING, 12), ("城镇污水排入排水管网许可证", "PS"), ("普通", "准予向城镇排水设施排放污水，排水户地址：{place}", 5))),
    licence(((Organ::Health, BEAUTY | LODGING | LEISURE, 40), ("公共场所卫生许可证", "WS"), ("普通", "准予经营公共场所，地址：{place}", 4))),
    licence(((Organ::Health, HEALTH, 30), ("医疗机构执业许可证", "YL"), ("普通", "准予执业，诊疗科目：全科医疗科，地址：{place}", 5))),
    licence(((Organ::City, ANY, 3), ("户外广告设置许可", "GG"), ("普通", "同意在{place}设置户外招牌广告{count}处", 2))),
    licence(((Organ::City, RETAIL | CATERING | BUILDING, 5), ("临时占用城市道路许可", "ZD"), ("普通", "同意临时占用{place}门前道路{count}平方米，用于堆放{goods}", 1))),
    licence(((Organ::Fire, LODGING | LEISURE | CATERING, 8), ("公众聚集场所投入使用、营业前消防安全检查合格证", "XF"), ("核准", "准予投入使用、营业，地址：{place}", 0))),
    licence(((Organ::Farm, FARM, 20), ("动物防疫条件合格证", "DF"), ("普通", "准予从事动物饲养，场所：{place}", 0))),
    licence(((Organ::Farm, FARM, 6), ("农药经营许可证", "NY"), ("普通", "准予经营农药（限制使用农药除外），经营场所：{place}", 5))),
    licence(((Organ::Culture, LEISURE, 24), ("网络文化经营许可证", "WL"), ("普通", "准予从事互联网上网服务，终端{count}台，地址：{place}", 3))),
    licence(((Organ::Education, SCHOOL, 24), ("民办学校办学许可证", "BX"), ("普通", "准予办学，办学地址：{place}，班级{count}个", 5))),
    licence(((Organ::Tobacco, TOBACCO, 24), ("烟草专卖零售许可证", "YC"), ("普通", "准予从事卷烟、雪茄烟零售，经营场所：{place}", 5))),
];

/// A licence granted.
#[derive(Clone, Copy, Debug)]
pub struct Grant {
    pub day: Day,
    pub licence: &'static Licence,
    pub subject: u64,
}

/// How much a subject of these sectors has to do with licences.
pub fn demand(sectors: Sectors) -> u32 {
    LICENCES.iter().filter(|l| l.sectors & sectors != 0).map(|l| l.weight).sum()
}

/// The licences that a subject of these sectors may hold, chosen by weight.
pub fn choose(sectors: Sectors, dice: &mut Dice) -> &'static Licence {
    dice.weighted(&LICENCES, |l| if l.sectors & sectors == 0 { 0 } else { l.weight })
}

/// The row of a grant under `number`; `draw` names the stream of its texts.
pub fn row(population: Population, grant: &Grant, number: String, draw: u64) -> Row {
    let mut dice = Dice::new(population.seed, Stream::Permits, draw);
    let licence = grant.licence;
    let subject = population.subject(grant.subject);
    let content = content(licence, &subject, &mut dice);
    let serial = format!("{}{}{:07}", licence.prefix, subject.town.code, draw % 10_000_000);
    let until = if licence.years == 0 { Day::LONG_TERM } else { grant.day.plus_months(licence.years * 12).plus_days(-1) };
    let is_valid = until >= population.through;
    let mut row: Row = Vec::with_capacity(29);
    Identity::of_subject(subject).push(&mut row);
    row.push(Cow::Owned(format!("准予{}决定书", licence.certificate)));
    row.push(Cow::Owned(number));
    row.push(Cow::Borrowed(licence.category));
    row.push(Cow::Borrowed(licence.certificate));
    row.push(Cow::Owned(serial));
    row.push(Cow::Owned(content));
    row.push(Cow::Owned(grant.day.to_string()));
    row.push(Cow::Owned(grant.day.to_string()));
    row.push(Cow::Owned(until.to_string()));
    push_organ(&mut row, licence.organ);
    row.push(Cow::Borrowed(if is_valid { "1" } else { "2" }));
    push_organ(&mut row, licence.organ);
    row.push(Cow::Borrowed(""));
    row
}

fn content(licence: &Licence, subject: &Subject, dice: &mut Dice) -> String {
    fill(licence.content, |key, text| match key {
        "place" => text.push_str(&subject.address()),
        "goods" => text.push_str(dice.word(subject.trade.goods)),
        "count" => text.push_str(&dice.between(1, 24).to_string()),
        _ => {}
    })
}
