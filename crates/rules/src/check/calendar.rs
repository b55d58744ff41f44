//! A year's holiday notice (W7).

use std::collections::BTreeSet;

use xinzhi_core::Day;

use crate::calendar::Year;
use crate::model::Pack;
use crate::raw::At;
use crate::report::Report;
use crate::shape::{Item, Map, day_of, list, map, whole_of};

/// One file of `calendar/`.
pub(super) fn read(item: Item<'_>, stem: &str, pack: &mut Pack, report: &mut Report) {
    let Some(map) = map(item, &["year", "notice", "holidays", "workdays"], report) else { return };
    let year = map.need("year", report).and_then(|item| whole_of(item, (1949, 2099), report)).and_then(|year| i16::try_from(year).ok());
    let notice = map.text("notice", report);
    let Some(year) = year else { return };
    if stem != year.to_string() {
        let message = format!("文件名 `{stem}.yaml` 与年份 {year} 不一致");
        report.fault(map.at_key("year"), "file-name", message, format!("请把文件改名为 `{year}.yaml`，或改正年份"));
    }
    let holidays = days(map, "holidays", year, report);
    let workdays = days(map, "workdays", year, report);
    for (at, day) in &workdays {
        if holidays.iter().any(|(_, holiday)| holiday == day) {
            report.fault(*at, "day-twice", format!("{day} 既是放假日又是上班日"), "请按通知原文核对，删去其中一处");
        } else if !day.is_weekend() {
            report.fault(*at, "workday-not-weekend", format!("{day} 本来就是工作日"), "`workdays` 只写调休上班的周六、周日，请删去或改正");
        }
    }
    let set = |days: Vec<(At, Day)>| days.into_iter().map(|(_, day)| day).collect::<BTreeSet<_>>();
    let year_of = Year { notice: notice.unwrap_or_default(), holidays: set(holidays), workdays: set(workdays) };
    pack.calendar.years.insert(year, year_of);
}

fn days(map: Map<'_>, key: &'static str, year: i16, report: &mut Report) -> Vec<(At, Day)> {
    let mut days: Vec<(At, Day)> = Vec::new();
    let items = map.need(key, report).and_then(|item| list(item, report)).unwrap_or_default();
    for item in items {
        let Some(day) = day_of(item, report) else { continue };
        if day.year() != year {
            report.fault(item.at(), "day-outside-year", format!("{day} 不在 {year} 年"), "请写到该日所在年份的文件里");
        }
        if days.iter().any(|(_, earlier)| *earlier == day) {
            report.fault(item.at(), "duplicate-value", format!("`{key}` 中重复列出 {day}"), "请删去重复的一天");
        }
        days.push((item.at(), day));
    }
    days
}
