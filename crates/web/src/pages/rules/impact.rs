//! 规则影响评估: what a draft, or a former state of the rules, would do to everybody. Nothing is changed here, and everything is in the address.

mod view;

use askama::Template;
use axum::Json;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::IntoResponse;
use serde::Deserialize;
use xinzhi_core::{Code, Moment, Refusal};
use xinzhi_office::figure::LIST_PAGE;
use xinzhi_office::impact::{self, Asked, Behind, Choice, Standing};
use xinzhi_office::permission::Action;

use super::super::answer::{Answer, FormFault, form_faults, show, show_as};
use super::super::frame::Frame;
use super::super::listed::{ListedLine, ListedPage};
use super::super::reader::Signed;
use super::super::text::address;
use crate::server::AppState;
use crate::workbook::attached;
use view::ResultView;

const HERE: &str = "/rules/impact";
const TITLE: &str = "规则影响评估";
/// Letters of what was typed that a refusal repeats.
const TYPED_MAX: usize = 20;

/// What an address asks for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wish {
    old: Option<String>,
    new: Option<String>,
    day: Option<String>,
    card: Option<String>,
    by: Option<String>,
    from: Option<String>,
    to: Option<String>,
    group: Option<String>,
    alteration: Option<String>,
    matter: Option<String>,
    measure: Option<String>,
    part: Option<String>,
    page: Option<String>,
}

impl Wish {
    fn asked(&self) -> Asked {
        Asked { old: self.old.clone(), new: self.new.clone(), scorecard: None, day: self.day.clone() }
    }

    fn behind(&self) -> Result<Behind, Refusal> {
        let (from, to) = (whole("from", "旧等级的位置", self.from.as_deref())?, whole("to", "新等级的位置", self.to.as_deref())?);
        let Wish { card, by, group, alteration, matter, measure, part, .. } = self.clone();
        Ok(Behind { card, from, to, by, group, alteration, matter, measure, part })
    }
}

/// A whole number of an address.
fn whole(field: &str, title: &str, text: Option<&str>) -> Result<Option<usize>, Refusal> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let shown: String = text.chars().take(TYPED_MAX).collect();
    let words = || format!("网址中的 {field}（{title}）应为整数，现为 `{shown}`");
    text.parse().map(Some).map_err(|_| Refusal::field(Code::FieldInvalid, field, words()))
}

/// Packs to choose from.
struct Pick {
    digest: String,
    words: String,
    chosen: bool,
}

/// A comparison that can be made at once.
struct Way {
    href: String,
    title: String,
    words: String,
}

#[derive(Template)]
#[template(path = "rules/impact.html")]
struct ImpactPage {
    frame: Frame,
    faults: Vec<FormFault>,
    old: Vec<Pick>,
    new: Vec<Pick>,
    day: String,
    /// Comparisons with the rules in force that can be made at once.
    ways: Vec<Way>,
    result: Option<ResultView>,
}

impl ImpactPage {
    /// What a number of a group counts.
    fn group_head(&self, index: &usize) -> &'static str {
        view::GROUP_HEADS.get(*index).copied().unwrap_or_default()
    }

    /// What a ratio of a group compares.
    fn ratio_head(&self, index: &usize) -> &'static str {
        let card = self.result.as_ref().and_then(|result| result.card.as_ref());
        card.and_then(|card| card.ratio_heads.get(*index)).copied().unwrap_or_default()
    }

    /// What a number of a group counts, where measures are compared.
    fn measure_head(&self, index: &usize) -> &'static str {
        view::MEASURE_HEADS.get(*index).copied().unwrap_or_default()
    }
}

fn short(choice: &Choice) -> String {
    choice.digest.chars().take(12).collect()
}

/// When a draft was handed in and what it changes, so that one can be told from another.
fn handed_in(at: Moment, differences: usize, first: Option<&str>) -> String {
    let changes = match (differences, first) {
        (1, Some(first)) => format!("改动“{first}”"),
        (many, Some(first)) => format!("“{first}”等 {many} 处改动"),
        (_, None) => "读成句子后没有差别".to_owned(),
    };
    format!("{} 提交，{changes}", at.to_minute())
}

/// The digest comes first: a select is narrow, and what follows may be cut off.
fn picks(choices: &[Choice], chosen: &str) -> Vec<Pick> {
    let words = |choice: &Choice| match &choice.standing {
        Standing::InForce => format!("{} 现行：{}", short(choice), choice.title),
        Standing::Draft { at, differences, first } => {
            format!("{} 草案：{}，{}", short(choice), choice.title, handed_in(*at, *differences, first.as_deref()))
        }
        Standing::Past => format!("{} 此前：{}", short(choice), choice.title),
    };
    choices.iter().map(|choice| Pick { digest: choice.digest.clone(), words: words(choice), chosen: choice.digest == chosen }).collect()
}

/// A draft in the place of what is in force, or what is in force in the place of what was.
fn ways(choices: &[Choice], day: &str) -> Vec<Way> {
    let Some(now) = choices.first() else { return Vec::new() };
    let way = |choice: &Choice| {
        let (old, new, title, words) = match &choice.standing {
            Standing::Draft { at, differences, first } => {
                let title = format!("{} “{}”的草案代替现行规则", short(choice), choice.title);
                (now, choice, title, handed_in(*at, *differences, first.as_deref()))
            }
            Standing::InForce | Standing::Past => {
                (choice, now, format!("现行规则代替此前的 {}", short(choice)), format!("此前：{}", choice.title))
            }
        };
        let query = [("old", Some(old.digest.clone())), ("new", Some(new.digest.clone())), ("day", Some(day.to_owned()))];
        Way { href: address(HERE, &query), title, words }
    };
    choices.iter().skip(1).map(way).collect()
}

/// `GET /rules/impact`.
pub(super) async fn assess(State(state): State<AppState>, Query(wish): Query<Wish>, signed: Signed) -> Answer {
    let choices = impact::choices(&state.office, &signed.actor).await?;
    let chosen = |text: &Option<String>, place: usize| {
        let usual = choices.get(place).or(choices.first()).map(|choice| choice.digest.clone());
        text.clone().filter(|text| !text.is_empty()).or(usual).unwrap_or_default()
    };
    let day = wish.day.clone().filter(|day| !day.is_empty()).unwrap_or_else(|| state.office.today().to_string());
    let mut page = ImpactPage {
        frame: signed.frame.under("/rules", "规则").titled(TITLE),
        faults: Vec::new(),
        old: picks(&choices, &chosen(&wish.old, 0)),
        new: picks(&choices, &chosen(&wish.new, 1)),
        ways: ways(&choices, &day),
        day,
        result: None,
    };
    if wish.new.as_deref().is_none_or(str::is_empty) {
        return show(&page);
    }
    match impact::show(&state.office, &signed.actor, &wish.asked()).await {
        Ok(found) => {
            page.result = Some(ResultView::of(&found, (wish.card.as_deref(), wish.by.as_deref())));
            show(&page)
        }
        Err(error) => {
            let (status, faults) = form_faults(error)?;
            page.faults = faults;
            show_as(status, &page)
        }
    }
}

/// `GET /rules/impact/data.xlsx`.
pub(super) async fn workbook(State(state): State<AppState>, Query(wish): Query<Wish>, Signed { actor, .. }: Signed) -> Answer {
    let asked = wish.asked();
    let bytes = impact::workbook(&state.office, &actor, &asked).await?;
    Ok(attached(&format!("{}.xlsx", file_name(&asked)), bytes))
}

/// `GET /rules/impact/data.json`: what `xinzhi pack diff --json` tells.
pub(super) async fn json(State(state): State<AppState>, Query(wish): Query<Wish>, Signed { actor, .. }: Signed) -> Answer {
    let asked = wish.asked();
    let found = impact::show(&state.office, &actor, &asked).await?;
    let disposition = format!("attachment; filename=\"{}.json\"", file_name(&asked));
    Ok(([(header::CONTENT_DISPOSITION, disposition)], Json(&*found)).into_response())
}

/// The name under which a browser saves an outcome.
fn file_name(asked: &Asked) -> String {
    let day = asked.day.as_deref().unwrap_or_default();
    let plain: String = day.chars().filter(|letter| letter.is_ascii_digit() || *letter == '-').take(10).collect();
    format!("impact-{plain}")
}

/// `GET /rules/impact/list`: who is behind a number.
pub(super) async fn list(State(state): State<AppState>, Query(wish): Query<Wish>, signed: Signed) -> Answer {
    let page = whole("page", "第几页", wish.page.as_deref())?.unwrap_or(1).max(1);
    let listing = impact::list(&state.office, &signed.actor, &wish.asked(), &wish.behind()?, page).await?;
    let pins = [("old", wish.old.clone()), ("new", wish.new.clone()), ("day", wish.day.clone())];
    let at = |page: usize| {
        let more = [
            ("card", wish.card.clone()),
            ("from", wish.from.clone()),
            ("to", wish.to.clone()),
            ("by", wish.by.clone()),
            ("group", wish.group.clone()),
            ("alteration", wish.alteration.clone()),
            ("matter", wish.matter.clone()),
            ("measure", wish.measure.clone()),
            ("part", wish.part.clone()),
            ("page", Some(page.to_string())),
        ];
        address(&format!("{HERE}/list"), &[pins.as_slice(), more.as_slice()].concat())
    };
    let frame = signed.frame.under("/rules", "规则").under(address(HERE, &pins), TITLE).titled("名单");
    let opens = frame.may(Action::ReadSubject);
    let href = |code: String| format!("/desk/subjects/{code}");
    let is_behind = listing.lines.is_empty() && listing.total > 0;
    let last = is_behind.then(|| at(listing.total.div_ceil(LIST_PAGE)));
    let lines = listing.lines.into_iter().map(|line| ListedLine { href: line.code.filter(|_| opens).map(href), cells: line.cells });
    let listed = ListedPage {
        frame,
        title: listing.title,
        total: format!("共 {} 个主体", listing.total),
        from: TITLE,
        columns: listing.columns.to_vec(),
        lines: lines.collect(),
        first: 1,
        before: None,
        next: None,
        last,
    };
    show(&listed.paged((page, listing.more), at))
}

#[cfg(test)]
pub(super) mod samples;
