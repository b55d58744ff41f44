//! Headers as departments write them.

use super::*;
use crate::fixture::{ORDINARY, header, pack};

fn of(source: usize, titles: &[&str]) -> Result<Mapping, HeaderFault> {
    let pack = pack();
    let header: Vec<String> = titles.iter().map(|t| (*t).to_owned()).collect();
    Mapping::of(&pack, &pack.sources[source], &header)
}

fn ordinary_titles() -> Vec<&'static str> {
    ORDINARY.iter().map(|(title, _)| *title).collect()
}

#[test]
fn codes_titles_and_aliases_mean_the_same_field() {
    let mut titles = ordinary_titles();
    titles[0] = " cf_xdr_mc ";
    titles[2] = "行政相对人代码_1";
    titles[13] = "罚款金额 (万元)*";
    titles.push("地方编码");
    let mapping = of(0, &titles).unwrap();
    assert_eq!((mapping.columns[0], mapping.columns[2], mapping.columns[13]), (Some(0), Some(2), Some(13)));
    assert_eq!(mapping.columns[19], None);
    assert_eq!(mapping.unknown, vec![(19, "地方编码".to_owned())]);
}

#[test]
fn an_old_layout_is_read_by_its_source() {
    let titles = ["CF_XDR_MC", "CF_XDR_SHXYM", "CF_WSH", "CF_SY", "CF_JG", "CF_JDRQ", "CF_XZJG"];
    let mapping = of(1, &titles).unwrap();
    assert_eq!((mapping.columns[12], mapping.columns[16]), (Some(4), Some(6)));
    assert_eq!(mapping.expected_missing, vec!["处罚依据".to_owned()]);
    let fault = of(0, &titles).unwrap_err();
    assert!(fault.to_string().contains("改选来源“行政处罚（2018 年以前版式）”"), "{fault}");
}

#[test]
fn guardrail_6_a_column_that_nobody_may_collect_sends_the_file_back() {
    let mut titles = ordinary_titles();
    titles.push("当事人血型");
    let fault = of(0, &titles).unwrap_err().to_string();
    assert!(fault.contains("第 20 列 `当事人血型` 不得采集") && fault.contains("请删除该列"), "{fault}");
}

#[test]
fn two_columns_for_one_field_are_refused() {
    let mut titles = ordinary_titles();
    titles.push("CF_WSH");
    let fault = of(0, &titles).unwrap_err().to_string();
    assert!(fault.contains("第 8 列 `行政处罚决定书文号` 和第 20 列 `CF_WSH` 都是“行政处罚决定书文号”"), "{fault}");
}

#[test]
fn missing_columns_are_listed_with_what_would_be_accepted() {
    let titles: Vec<&str> = ordinary_titles().into_iter().filter(|t| *t != "违法事实" && *t != "处罚决定日期").collect();
    let fault = of(0, &titles).unwrap_err().to_string();
    assert!(fault.contains("违法事实（表头可写作 `违法事实` `CF_SY`）、处罚决定日期"), "{fault}");
}

#[test]
fn the_file_of_another_source_is_told() {
    let fault = of(0, &["获奖单位名称", "获奖单位代码", "荣誉名称"]).unwrap_err().to_string();
    assert!(fault.contains("只有 0 列属于“行政处罚”") && fault.contains("更像是“荣誉”"), "{fault}");
    let fault = of(0, &["行政处罚信息表"]).unwrap_err().to_string();
    assert!(fault.contains("不要有标题行") && fault.contains("请核对所选来源和表头"), "{fault}");
}

#[test]
fn the_catalogue_itself_is_a_header() {
    let pack = pack();
    assert!(Mapping::of(&pack, &pack.sources[0], &header(&ORDINARY)).unwrap().unknown.is_empty());
}
