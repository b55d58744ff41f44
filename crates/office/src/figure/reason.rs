//! Why a row was sent back, in a few words that rows can be counted by: the sort of fault and the field.

use xinzhi_core::record::Remark;

/// Remarks that send no row back; they may stand before the one that did.
const WARNINGS: [&str; 10] = [
    "area.invalid",
    "choice.other",
    "code.org_differs",
    "code.placeholder",
    "field.expected",
    "money.differs",
    "party.category_name",
    "party.kind_contradicts",
    "report.late",
    "text.wide",
];

/// The first reason among the remarks of a row that was sent back.
pub(crate) fn of(remarks: &[Remark]) -> String {
    let reason = remarks.iter().find(|remark| !WARNINGS.contains(&remark.code.as_str())).or_else(|| remarks.first());
    let Some(reason) = reason else { return "未说明".to_owned() };
    let sort = match reason.code.split('.').next().unwrap_or_default() {
        "field" => "必填项没有填",
        "date" => "日期不符",
        "code" => "代码不符",
        "money" => "金额不符",
        "integer" => "数字不符",
        "choice" => "不在可选值之内",
        "text" => "文字不符",
        "party" => "相对人认不准",
        "person" => "不得归集的自然人信息",
        "document" => "文书信息不全",
        "class" => "失信程度不明",
        "row" => "整行读不出",
        _ => "其他",
    };
    match &reason.field {
        Some(field) => format!("{field}：{sort}"),
        None => sort.to_owned(),
    }
}
