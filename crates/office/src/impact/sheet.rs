//! An outcome as a workbook, a sheet for each thing. Texts are written as texts, so that no cell becomes a formula (X7).

use std::sync::Arc;

use rust_xlsxwriter::{Workbook, Worksheet, XlsxError};
use xinzhi_core::actor::Actor;

use super::count::{Compared, Moves, signed};
use super::list::{Listing, losing};
use super::ratio::{Befalls, Ratio};
use super::show::{Asked, assessment};
use super::{Gain, Impact};
use crate::sheet::{head, line, unwritten};
use crate::{Error, Office};

/// Excel refuses sheets beyond this many lines, and nobody reads so many groups.
const LINES_MAX: usize = 100_000;

/// The workbook of an outcome.
///
/// # Errors
/// As [`super::show()`], and a fault of the writer.
pub async fn workbook(office: &Arc<Office>, actor: &Actor, asked: &Asked) -> Result<Vec<u8>, Error> {
    let assessed = assessment(office, actor, asked).await?;
    office
        .read(move |connection| {
            let listing = losing(connection, &assessed)?;
            write(&assessed.impact, &listing).map_err(unwritten)
        })
        .await
}

fn write(impact: &Impact, listing: &Listing) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    // The moment of writing would make other bytes of the same outcome.
    workbook.set_properties(
        &rust_xlsxwriter::DocProperties::new().set_creation_datetime(&rust_xlsxwriter::ExcelDateTime::from_ymd(2000, 1, 1)?),
    );
    about(workbook.add_worksheet(), impact)?;
    matrix(workbook.add_worksheet(), impact)?;
    groups(workbook.add_worksheet(), impact)?;
    alterations(workbook.add_worksheet(), impact)?;
    measures(workbook.add_worksheet(), impact)?;
    measure_groups(workbook.add_worksheet(), impact)?;
    list(workbook.add_worksheet(), listing)?;
    differences(workbook.add_worksheet(), impact)?;
    workbook.save_to_buffer()
}

fn count(sheet: &mut Worksheet, (row, column): (u32, u16), number: i64) -> Result<(), XlsxError> {
    match i32::try_from(number) {
        Ok(number) => sheet.write_number(row, column, number)?,
        Err(_) => sheet.write_string(row, column, number.to_string())?,
    };
    Ok(())
}

fn counts(sheet: &mut Worksheet, row: u32, first: u16, numbers: &[i64]) -> Result<(), XlsxError> {
    (first..).zip(numbers).try_for_each(|(column, number)| count(sheet, (row, column), *number))
}

fn about(sheet: &mut Worksheet, impact: &Impact) -> Result<(), XlsxError> {
    head(sheet, "说明", &[("项目", 20), ("内容", 110)])?;
    let pin = &impact.pin;
    let mut lines = vec![
        ("结论", impact.finding.clone()),
        ("旧规则", format!("{}，摘要 {}", impact.old.title, pin.old)),
        ("新规则", format!("{}，摘要 {}", impact.new.title, pin.new)),
        ("评价日", pin.day.to_string()),
        ("账簿位置", format!("{}，引擎版式 {}", pin.position, pin.edition)),
        ("主体", format!("{} 个", impact.subjects)),
    ];
    lines.extend(super::METHOD.iter().map(|(title, words)| (*title, (*words).to_owned())));
    lines.extend(impact.notes.iter().map(|note| ("提示", note.clone())));
    for card in &impact.cards {
        lines.push(("评价模型", format!("{}（{}）：{}", card.title, card.id, card.finding)));
        lines.extend(card.points.map(|points| ("得分变化", super::spread_words(&points))));
        lines.extend(card.notes.iter().map(|note| ("提示", note.clone())));
    }
    (1..).zip(lines).try_for_each(|(row, (title, words))| line(sheet, row, [title.to_owned(), words]))
}

fn matrix(sheet: &mut Worksheet, impact: &Impact) -> Result<(), XlsxError> {
    head(sheet, "等级迁移", &[("评价模型", 28), ("旧等级", 12), ("新等级", 12), ("主体数", 10)])?;
    let mut row = 1;
    for card in &impact.cards {
        for (from, numbers) in card.row_titles.iter().zip(&card.matrix) {
            for (to, number) in card.column_titles.iter().zip(numbers) {
                line(sheet, row, [&card.title, from, to])?;
                count(sheet, (row, 3), *number)?;
                row += 1;
            }
        }
    }
    Ok(())
}

fn moved(moves: &Moves) -> [i64; 9] {
    let Moves { better, worse, same, lost, found, grade_better, grade_worse, ungraded } = *moves;
    [moves.all(), worse, better, same, ungraded, lost, found, grade_worse, grade_better]
}

fn groups(sheet: &mut Worksheet, impact: &Impact) -> Result<(), XlsxError> {
    let columns = [
        ("评价模型", 28),
        ("划分", 18),
        ("组", 24),
        ("主体数", 10),
        ("变差", 10),
        ("变好", 10),
        ("不变", 10),
        ("其中新旧都不作评价", 18),
        ("不再评价", 14),
        ("改为可以评价", 14),
        ("等级下降", 10),
        ("等级上升", 10),
        ("变差的率比", 12),
        ("判断", 30),
        ("等级下降的率比", 14),
        ("判断", 30),
        ("不再评价的率比", 14),
        ("判断", 30),
        ("变好的率比", 12),
        ("判断", 30),
        ("等级上升的率比", 14),
        ("判断", 30),
        ("改为可以评价的率比", 18),
        ("判断", 34),
    ];
    head(sheet, "分组", &columns)?;
    let all = impact.cards.iter().flat_map(|card| card.breakdowns.iter().map(move |by| (card, by)));
    let all = all.flat_map(|(card, by)| by.groups.iter().map(move |group| (card, by, group)));
    for (row, (card, by, group)) in (1..).zip(all.take(LINES_MAX)) {
        line(sheet, row, [&card.title, &by.title, &group.title])?;
        counts(sheet, row, 3, &moved(&group.moves))?;
        ratios(sheet, (row, 12), group.ratios())?;
    }
    Ok(())
}

/// Two columns for each comparison: the number and what it comes to.
fn ratios(sheet: &mut Worksheet, (row, first): (u32, u16), ratios: impl IntoIterator<Item = (Befalls, Ratio)>) -> Result<(), XlsxError> {
    for (column, (befalls, ratio)) in (first..).step_by(2).zip(ratios) {
        sheet.write_string(row, column, ratio.text())?;
        sheet.write_string(row, column + 1, ratio.comparison.words(befalls))?;
    }
    Ok(())
}

fn measure_groups(sheet: &mut Worksheet, impact: &Impact) -> Result<(), XlsxError> {
    let columns = [
        ("划分", 18),
        ("组", 24),
        ("主体数", 10),
        ("失去激励或新增惩戒", 20),
        ("新增激励或终止惩戒", 20),
        ("失去激励或新增惩戒的率比", 26),
        ("判断", 40),
        ("新增激励或终止惩戒的率比", 26),
        ("判断", 40),
    ];
    head(sheet, "措施分组", &columns)?;
    let all = impact.measure_groups.iter().flat_map(|by| by.groups.iter().map(move |group| (by, group)));
    for (row, (by, group)) in (1..).zip(all.take(LINES_MAX)) {
        line(sheet, row, [&by.title, &group.title])?;
        counts(sheet, row, 2, &[group.subjects, group.burdened, group.relieved])?;
        ratios(sheet, (row, 5), group.ratios())?;
    }
    Ok(())
}

fn alterations(sheet: &mut Worksheet, impact: &Impact) -> Result<(), XlsxError> {
    let columns = [
        ("评价模型", 28),
        ("规则", 28),
        ("差别", 10),
        ("得分增加的主体", 14),
        ("增加合计", 12),
        ("得分减少的主体", 14),
        ("减少合计", 12),
        ("只改这一处：等级下降", 20),
        ("只改这一处：等级上升", 20),
        ("只改这一处：不再评价", 20),
        ("只改这一处：可以评价", 20),
        ("旧规则", 80),
        ("新规则", 80),
    ];
    head(sheet, "指标", &columns)?;
    let all = impact.cards.iter().flat_map(|card| card.alterations.iter().map(move |alteration| (card, alteration)));
    for (row, (card, alteration)) in (1..).zip(all.take(LINES_MAX)) {
        line(sheet, row, [card.title.as_str(), &alteration.title, alteration.how.title()])?;
        for (column, Gain { subjects, sum }) in
            [3, 5].into_iter().zip([alteration.more, alteration.less]).filter_map(|(at, gain)| Some((at, gain?)))
        {
            count(sheet, (row, column), subjects)?;
            sheet.write_string(row, column + 1, signed(sum))?;
        }
        match &alteration.alone {
            Some(alone) => counts(sheet, row, 7, &[alone.grade_worse, alone.grade_better, alone.lost, alone.found])?,
            None => drop(sheet.write_string(row, 7, "单独改动不成其为模型")?),
        }
        for (column, words) in [11, 12].into_iter().zip([&alteration.before, &alteration.after]) {
            sheet.write_string(row, column, words.as_deref().unwrap_or("—"))?;
        }
    }
    Ok(())
}

fn measures(sheet: &mut Worksheet, impact: &Impact) -> Result<(), XlsxError> {
    let columns = [
        ("事项", 24),
        ("措施", 36),
        ("种类", 8),
        ("差别", 8),
        ("新增（生效中）", 14),
        ("新增（待决定）", 14),
        ("终止（生效中）", 14),
        ("终止（待决定）", 14),
        ("改为生效中", 12),
        ("改为待决定", 12),
        ("不变", 10),
    ];
    head(sheet, "措施", &columns)?;
    for (row, of) in (1..).zip(impact.measures.iter().take(LINES_MAX)) {
        let how = of.how.map_or("", super::How::title);
        line(sheet, row, [of.matter_title.as_str(), &of.measure_title, of.kind.title(), how])?;
        let (begins, ends, changes) = (of.begins, of.ends, of.changes);
        let numbers = [begins.in_force, begins.proposed, ends.in_force, ends.proposed, changes.in_force, changes.proposed, of.stays.all()];
        counts(sheet, row, 4, &numbers)?;
    }
    Ok(())
}

fn list(sheet: &mut Worksheet, listing: &Listing) -> Result<(), XlsxError> {
    let widths = [36, 22, 14, 16, 40, 20];
    let columns: Vec<(&str, u16)> = listing.columns.iter().copied().zip(widths).chain([("区划代码", 16)]).collect();
    head(sheet, "清单", &columns)?;
    for (row, of) in (1..).zip(&listing.lines) {
        line(sheet, row, of.cells.iter().map(String::as_str).chain([of.area.as_deref().unwrap_or_default()]))?;
    }
    let end = u32::try_from(listing.lines.len()).unwrap_or(u32::MAX).saturating_add(2);
    let words = format!(
        "{}；变差的按得分减少多少排列；一次至多列出 {} 个主体，其余请在“规则影响评估”页由各数字进入逐页查看",
        listing.title,
        crate::figure::LIST_PAGE
    );
    line(sheet, end, [words])
}

fn differences(sheet: &mut Worksheet, impact: &Impact) -> Result<(), XlsxError> {
    head(sheet, "规则差别", &[("种类", 32), ("名称", 28), ("差别", 8), ("旧规则", 90), ("新规则", 90)])?;
    for (row, of) in (1..).zip(impact.differences.iter().take(LINES_MAX)) {
        let words = |text: &Option<String>| text.clone().unwrap_or_else(|| "—".to_owned());
        line(sheet, row, [of.what.clone(), of.title.clone(), of.how.title().to_owned(), words(&of.before), words(&of.after)])?;
    }
    Ok(())
}
