//! Who is behind a number: organisations, twenty at a time (A4).

use std::sync::Arc;

use xinzhi_core::actor::Actor;
use xinzhi_core::measure::MeasureState;
use xinzhi_core::{Code, Points, Refusal, SubjectId};
use xinzhi_rules::Pack;
use xinzhi_rules::model::Scorecard;
use xinzhi_store::Connection;

use super::finding::{Areas, UNGRADED, UNKNOWN, alone_of, grade_words, scales_alone};
use super::kept::Assessed;
use super::measure::befalls;
use super::ratio::Befalls;
use super::run::CardRun;
use super::shift::{Move, Shift, Stand};
use super::show::{Asked, assessment};
use crate::figure::LIST_PAGE;
use crate::figure::item::below;
use crate::{Error, Office};

/// Which number is meant, as an address says it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Behind {
    /// Id of a model; of measures none.
    pub card: Option<String>,
    /// Place of the old grade.
    pub from: Option<usize>,
    /// Place of the new grade.
    pub to: Option<usize>,
    /// A breakdown.
    pub by: Option<String>,
    /// Key of a group in it.
    pub group: Option<String>,
    /// Id of an alteration.
    pub alteration: Option<String>,
    /// Id of a matter.
    pub matter: Option<String>,
    /// Id of a measure.
    pub measure: Option<String>,
    /// What becomes of them: a move, `ungraded`, `grade_worse`, `grade_better`, `more`, `less`, `alone`; of measures `begins`, `ends`, `changes`,
    /// `stays`; of measures by group `burdened`, `relieved`.
    pub part: Option<String>,
}

/// One organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The code by which its file opens.
    pub code: Option<String>,
    /// The code of its area.
    pub area: Option<String>,
    /// In the order of the columns.
    pub cells: Vec<String>,
}

/// A page of who is behind a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// What is listed.
    pub title: String,
    /// How many there are.
    pub total: usize,
    /// Columns.
    pub columns: [&'static str; 6],
    /// Organisations of this page.
    pub lines: Vec<Listed>,
    /// Whether there are more behind it.
    pub more: bool,
}

const COLUMNS: [&str; 6] = ["名称", "代码", "主体类型", "区域", "旧规则", "新规则"];

/// Somebody with what they have by the old and by the new rules.
struct Found {
    subject: SubjectId,
    before: String,
    after: String,
}

/// Whether a measure that was in one state and is in another belongs to a number.
type Takes = fn(Option<MeasureState>, Option<MeasureState>) -> bool;

/// Lists who is behind a number of an outcome.
///
/// # Errors
/// As [`super::show()`], and [`Code::NotFound`] for a number that the outcome does not have.
pub async fn list(office: &Arc<Office>, actor: &Actor, asked: &Asked, behind: &Behind, page: usize) -> Result<Listing, Error> {
    let assessed = assessment(office, actor, asked).await?;
    let (title, found) = behind.found(&assessed)?;
    office.read(move |connection| listing(connection, &assessed, (title, &found), page)).await
}

/// For the workbook, at most as many as a page: those who lose most by any model, who is not evaluated any more, and who is only now; of each
/// some.
pub(super) fn losing(connection: &mut Connection, assessed: &Assessed) -> Result<Listing, Error> {
    let mut kinds = [Move::Worse, Move::Lost, Move::Found].map(|moved| (moved, Vec::new()));
    for (run, card) in assessed.cards.iter().zip(&assessed.impact.cards) {
        let names = models(assessed, run).ok_or_else(gone)?;
        for (moved, found) in &mut kinds {
            let shifts = run.shifts.iter().filter(|shift| run.scales.moved(shift.before, shift.after) == *moved).collect();
            found.extend(sorted(shifts, Some(*moved)).into_iter().map(|shift| {
                let (before, after) = (stood(names.0, shift.before), stood(names.1, shift.after));
                Found { subject: shift.subject, before: format!("{}：{before}", card.title), after }
            }));
        }
    }
    let totals = kinds.each_ref().map(|(moved, found)| format!("{}的主体共 {} 个", moved.title(), found.len()));
    let rooms = rooms(kinds.each_ref().map(|(_, found)| found.len()));
    let told: Vec<Found> = kinds.into_iter().zip(rooms).flat_map(|((_, found), room)| found.into_iter().take(room)).collect();
    listing(connection, assessed, (totals.join("，"), &told), 1)
}

/// How many of each kind fit on a page: none takes what another needs for its fair part.
fn rooms<const N: usize>(many: [usize; N]) -> [usize; N] {
    let mut rooms = [0; N];
    for _ in 0..LIST_PAGE {
        // Whoever has the fewest and still has some.
        let next = rooms.iter_mut().zip(many).filter(|(room, many)| **room < *many).min_by_key(|(room, _)| **room);
        let Some((room, _)) = next else { break };
        *room += 1;
    }
    rooms
}

fn gone() -> Error {
    Error::inconsistent("a compared model is not in its pack")
}

fn listing(connection: &mut Connection, assessed: &Assessed, (title, found): (String, &[Found]), page: usize) -> Result<Listing, Error> {
    let skip = page.saturating_sub(1).saturating_mul(LIST_PAGE);
    let kind = |pack: &Pack, id: &str| pack.subject_kind_by_id(id).map(|(_, kind)| kind.title.clone());
    let areas: Areas = xinzhi_store::organ::areas(connection)?.into_iter().map(|row| (row.code, row.name)).collect();
    let place =
        |code: &str| areas.get(code).or_else(|| areas.get(&below(&assessed.ask.base, code))).map_or(code, String::as_str).to_owned();
    let mut lines = Vec::new();
    for found in found.iter().skip(skip).take(LIST_PAGE) {
        let row =
            xinzhi_store::subject::by_id(connection, found.subject)?.ok_or_else(|| Error::inconsistent("an evaluated subject is gone"))?;
        let code = xinzhi_store::subject::codes(connection, found.subject)?.into_iter().next().map(|(_, code)| code);
        let title = kind(&assessed.ask.new, &row.kind).or_else(|| kind(&assessed.ask.old, &row.kind)).unwrap_or(row.kind);
        let named = row.area.as_deref().map(place).unwrap_or_default();
        let cells = vec![row.name, code.clone().unwrap_or_default(), title, named, found.before.clone(), found.after.clone()];
        lines.push(Listed { code, area: row.area, cells });
    }
    let more = found.len() > skip.saturating_add(LIST_PAGE);
    Ok(Listing { title, total: found.len(), columns: COLUMNS, lines, more })
}

fn models<'a>(assessed: &'a Assessed, run: &CardRun) -> Option<(&'a Scorecard, &'a Scorecard)> {
    assessed.ask.old.scorecard(run.old).zip(assessed.ask.new.scorecard(run.new))
}

/// `B 良好，780 分`, or that there is no grade.
fn stood(card: &Scorecard, stand: Stand) -> String {
    let grade = stand.grade.and_then(|grade| card.grades.get(grade)).map_or_else(|| UNGRADED.to_owned(), grade_words);
    stand.points.map_or_else(|| grade.clone(), |points| format!("{grade}，{points} 分"))
}

/// Those who lose or gain most come first; others as they were registered.
fn sorted(mut shifts: Vec<&Shift>, moved: Option<Move>) -> Vec<&Shift> {
    let change = |shift: &Shift| shift.before.points.zip(shift.after.points).map_or(Points::ZERO, |(old, new)| Points(new.0 - old.0));
    match moved {
        Some(Move::Worse) => shifts.sort_by_key(|shift| change(shift)),
        Some(Move::Better) => shifts.sort_by_key(|shift| std::cmp::Reverse(change(shift))),
        Some(Move::Same | Move::Lost | Move::Found) | None => {}
    }
    shifts
}

impl Behind {
    fn found(&self, assessed: &Assessed) -> Result<(String, Vec<Found>), Error> {
        let found = match (&self.measure, &self.card) {
            (Some(_), _) => self.of_measure(assessed),
            (None, Some(_)) => self.of_card(assessed),
            (None, None) => self.of_measure_group(assessed),
        };
        let words = "评估结果中没有这个数字，请从评估页的数字进入";
        found.ok_or_else(|| Refusal::detail(Code::NotFound, words).into())
    }

    fn of_measure(&self, assessed: &Assessed) -> Option<(String, Vec<Found>)> {
        let (matter, measure, part) = (self.matter.as_deref()?, self.measure.as_deref()?, self.part.as_deref()?);
        let rows = &assessed.impact.measures;
        let place = rows.iter().position(|row| row.matter == matter && row.measure == measure)?;
        let row = rows.get(place).filter(|_| place < assessed.pairs.len())?;
        let (word, takes): (&str, Takes) = match part {
            "begins" => ("新增", |before, after| before.is_none() && after.is_some()),
            "ends" => ("终止", |before, after| before.is_some() && after.is_none()),
            "changes" => ("状态改变", |before, after| before.is_some() && after.is_some() && before != after),
            "stays" => ("不变", |before, after| before.is_some() && before == after),
            _ => return None,
        };
        let state = |state: Option<MeasureState>| state.map_or_else(|| "没有".to_owned(), |state| state.title().to_owned());
        let found = assessed.measures.iter().filter_map(|shift| {
            let (_, before, after) = *shift.moves.iter().find(|(of, before, after)| *of == place && takes(*before, *after))?;
            Some(Found { subject: shift.subject, before: state(before), after: state(after) })
        });
        Some((format!("{}：{}，{word}", row.matter_title, row.measure_title), found.collect()))
    }

    /// Of a group: whom measures burden or relieve, with the measures that do.
    fn of_measure_group(&self, assessed: &Assessed) -> Option<(String, Vec<Found>)> {
        let (by, key) = (self.by.as_deref()?, self.group.as_deref()?);
        let group = assessed.impact.measure_groups.iter().find(|known| known.by == by)?.groups.iter().find(|group| group.key == *key)?;
        let sought = match self.part.as_deref() {
            None => None,
            Some("burdened") => Some(Befalls::Burdened),
            Some("relieved") => Some(Befalls::Relieved),
            Some(_) => return None,
        };
        let rows = &assessed.impact.measures;
        let state = |state: Option<MeasureState>| state.map_or("没有", MeasureState::title);
        let found = assessed.measures.iter().filter_map(|shift| {
            let of = match by {
                "kind" => Some(&*shift.kind),
                "area" => shift.area.as_deref(),
                _ => shift.industry.as_deref(),
            };
            if of.unwrap_or(UNKNOWN) != key {
                return None;
            }
            let told = shift.moves.iter().filter_map(|(place, before, after)| {
                let row = rows.get(*place)?;
                let befalls = befalls(row.kind, *before, *after)?;
                sought.is_none_or(|sought| befalls == sought).then(|| {
                    let named = |of| format!("{}：{}", row.measure_title, state(of));
                    (named(*before), named(*after))
                })
            });
            // One measure may be asked at many matters.
            let told: std::collections::BTreeSet<(String, String)> = told.collect();
            let (before, after): (Vec<String>, Vec<String>) = told.into_iter().unzip();
            (sought.is_none() || !before.is_empty()).then(|| Found {
                subject: shift.subject,
                before: before.join("；"),
                after: after.join("；"),
            })
        });
        let words = sought.map_or_else(|| group.title.clone(), |sought| format!("{}，{}", group.title, sought.title()));
        Some((format!("措施：{words}"), found.collect()))
    }

    fn of_card(&self, assessed: &Assessed) -> Option<(String, Vec<Found>)> {
        let cards = &assessed.impact.cards;
        let place = cards.iter().position(|card| Some(&card.id) == self.card.as_ref())?;
        let (card, run) = cards.get(place).zip(assessed.cards.get(place))?;
        let (old, new) = models(assessed, run)?;
        let last = |names: &[String]| names.len().saturating_sub(1);
        let (rows, columns) = (last(&card.rows), last(&card.columns));
        let alteration = match &self.alteration {
            None => None,
            Some(id) => Some(card.alterations.iter().position(|alteration| alteration.id == *id)?),
        };
        let group = match (&self.by, &self.group) {
            (Some(by), Some(key)) => Some(card.breakdowns.iter().find(|known| known.by == *by)?.groups.iter().find(|g| g.key == *key)?),
            _ => None,
        };
        let part = self.part.as_deref();
        let title = |titles: &[String], place: Option<usize>| match place {
            None => Some(None),
            Some(place) => titles.get(place).cloned().map(Some),
        };
        let (from, to) = (title(&card.row_titles, self.from)?, title(&card.column_titles, self.to)?);
        if !part.is_none_or(|part| is_known(part, alteration)) {
            return None;
        }
        let takes = |shift: &&Shift| {
            let at = |stand: Stand, none: usize| stand.grade.unwrap_or(none);
            self.from.is_none_or(|from| at(shift.before, rows) == from)
                && self.to.is_none_or(|to| at(shift.after, columns) == to)
                && group.is_none_or(|group| self.is_in(run, shift, &group.key))
                && part.is_none_or(|part| is_part((run, alteration), shift, part))
        };
        let moved =
            Move::ALL.into_iter().find(|moved| part.is_some_and(|part| part == moved.word() || part == format!("grade_{}", moved.word())));
        let shifts = sorted(run.shifts.iter().filter(takes).collect(), moved);
        let found = shifts.into_iter().map(|shift| Found {
            subject: shift.subject,
            before: stood(old, shift.before),
            after: match alteration.filter(|_| part == Some("alone")) {
                // The model with one part of the new: of other grades the new model's names.
                Some(alteration) => stood(if scales_alone(run, alteration).are_equal() { old } else { new }, alone_of(shift, alteration)),
                None => stood(new, shift.after),
            },
        });
        let grades = match (from, to) {
            (Some(from), Some(to)) => Some(format!("由“{from}”到“{to}”")),
            (Some(from), None) => Some(format!("原为“{from}”")),
            (None, Some(to)) => Some(format!("改为“{to}”")),
            (None, None) => None,
        };
        let words = [
            Some(card.title.clone()),
            grades,
            group.map(|group| group.title.clone()),
            alteration.and_then(|alteration| card.alterations.get(alteration)).map(|alteration| alteration.title.clone()),
            part.map(|part| part_title(part).to_owned()),
        ];
        Some((words.into_iter().flatten().collect::<Vec<_>>().join("，"), found.collect()))
    }

    fn is_in(&self, run: &CardRun, shift: &Shift, key: &str) -> bool {
        let by = self.by.as_deref().unwrap_or_default();
        match by {
            "kind" => &*shift.kind == key,
            "area" => shift.area.as_deref().unwrap_or(UNKNOWN) == key,
            "industry" => shift.industry.as_deref().unwrap_or(UNKNOWN) == key,
            _ => {
                let place =
                    by.strip_prefix("group:").and_then(|place| place.parse::<usize>().ok()).filter(|place| *place < run.groupings.len());
                place.is_some_and(|place| {
                    shift.groups.get(place).copied().flatten().map_or(UNKNOWN.to_owned(), |group| group.to_string()) == key
                })
            }
        }
    }
}

fn is_part((run, alteration): (&CardRun, Option<usize>), shift: &Shift, part: &str) -> bool {
    use std::cmp::Ordering::{Greater, Less};
    let change = alteration.and_then(|alteration| shift.points.iter().find(|(of, _)| *of == alteration)).map_or(0, |(_, change)| *change);
    match part {
        "more" => change > 0,
        "less" => change < 0,
        "alone" => alteration.is_some_and(|alteration| {
            let (scales, stand) = (scales_alone(run, alteration), alone_of(shift, alteration));
            let turned = matches!(scales.moved(shift.before, stand), Move::Lost | Move::Found);
            turned || scales.grades(shift.before, stand).is_some_and(std::cmp::Ordering::is_ne)
        }),
        "grade_worse" => run.scales.grades(shift.before, shift.after) == Some(Greater),
        "grade_better" => run.scales.grades(shift.before, shift.after) == Some(Less),
        "ungraded" => shift.before.grade.is_none() && shift.after.grade.is_none(),
        word => run.scales.moved(shift.before, shift.after).word() == word,
    }
}

/// Whether an outcome has numbers of that part: some are of an alteration only.
fn is_known(part: &str, alteration: Option<usize>) -> bool {
    match part {
        "more" | "less" | "alone" => alteration.is_some(),
        word => !part_title(word).is_empty(),
    }
}

fn part_title(part: &str) -> &str {
    match part {
        "ungraded" => "新旧都不作评价",
        "more" => "这一指标得分增加",
        "less" => "这一指标得分减少",
        "alone" => "只改这一处，等级就改变",
        "grade_worse" => "等级下降",
        "grade_better" => "等级上升",
        word => Move::ALL.into_iter().find(|moved| moved.word() == word).map_or("", Move::title),
    }
}

#[cfg(test)]
mod tests {
    use super::rooms;

    #[test]
    fn a_page_has_room_for_some_of_each_and_is_full_where_there_are_enough() {
        assert_eq!(rooms([3, 0, 0]), [3, 0, 0]);
        assert_eq!(rooms([0, 19_207, 0]), [0, 20, 0]);
        assert_eq!(rooms([500, 500, 0]), [10, 10, 0]);
        assert_eq!(rooms([500, 3, 500]), [9, 3, 8]);
    }
}
