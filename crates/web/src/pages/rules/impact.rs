//! 规则影响评估: what a draft, or a former state of the rules, would do to everybody. Nothing is changed here, and everything is in the address.

mod view;

use askama::Template;
use axum::extract::{Query, State};
use serde::Deserialize;
use xinzhi_office::impact::{self, Asked, Behind, Choice};
use xinzhi_office::permission::Action;

use super::super::answer::{Answer, FormFault, form_faults, show, show_as};
use super::super::frame::{Frame, Link};
use super::super::listed::{ListedLine, ListedPage};
use super::super::reader::Signed;
use super::super::text::address;
use crate::server::AppState;
use crate::workbook::attached;
use view::ResultView;

const HERE: &str = "/rules/impact";
const TITLE: &str = "规则影响评估";

/// What an address asks for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wish {
    old: Option<String>,
    new: Option<String>,
    day: Option<String>,
    card: Option<String>,
    by: Option<String>,
    from: Option<usize>,
    to: Option<usize>,
    group: Option<String>,
    alteration: Option<String>,
    matter: Option<String>,
    measure: Option<String>,
    part: Option<String>,
    page: Option<usize>,
}

impl Wish {
    fn asked(&self) -> Asked {
        Asked { old: self.old.clone(), new: self.new.clone(), scorecard: None, day: self.day.clone() }
    }

    fn behind(&self) -> Behind {
        let Wish { card, from, to, by, group, alteration, matter, measure, part, .. } = self.clone();
        Behind { card, from, to, by, group, alteration, matter, measure, part }
    }
}

/// Packs to choose from.
struct Pick {
    digest: String,
    words: String,
    chosen: bool,
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
    ways: Vec<Link>,
    result: Option<ResultView>,
}

impl ImpactPage {
    /// What a number of a group counts.
    fn group_head(&self, index: &usize) -> &'static str {
        view::GROUP_HEADS.get(*index).copied().unwrap_or_default()
    }
}

fn picks(choices: &[Choice], chosen: &str) -> Vec<Pick> {
    let words =
        |choice: &Choice| format!("{}：{}（{}）", choice.standing, choice.title, choice.digest.chars().take(12).collect::<String>());
    choices.iter().map(|choice| Pick { digest: choice.digest.clone(), words: words(choice), chosen: choice.digest == chosen }).collect()
}

/// A draft in the place of what is in force, or what is in force in the place of what was.
fn ways(choices: &[Choice], day: &str) -> Vec<Link> {
    let Some(now) = choices.first() else { return Vec::new() };
    let way = |choice: &Choice| {
        let is_draft = choice.standing == "草案";
        let (old, new) = if is_draft { (now, choice) } else { (choice, now) };
        let words = if is_draft {
            format!("草案 {} 代替现行规则", choice.title)
        } else {
            format!("现行规则代替此前的 {}", choice.title)
        };
        let query = [("old", Some(old.digest.clone())), ("new", Some(new.digest.clone())), ("day", Some(day.to_owned()))];
        Link::new(address(HERE, &query), words)
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
    let day = asked.day.unwrap_or_default();
    let plain: String = day.chars().filter(|letter| letter.is_ascii_digit() || *letter == '-').take(10).collect();
    Ok(attached(&format!("impact-{plain}.xlsx"), bytes))
}

/// `GET /rules/impact/list`: who is behind a number.
pub(super) async fn list(State(state): State<AppState>, Query(wish): Query<Wish>, signed: Signed) -> Answer {
    let page = wish.page.unwrap_or(1).max(1);
    let listing = impact::list(&state.office, &signed.actor, &wish.asked(), &wish.behind(), page).await?;
    let whole = |number: Option<usize>| number.map(|number| number.to_string());
    let pins = [("old", wish.old.clone()), ("new", wish.new.clone()), ("day", wish.day.clone())];
    let at = |page: usize| {
        let more = [
            ("card", wish.card.clone()),
            ("from", whole(wish.from)),
            ("to", whole(wish.to)),
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
    };
    show(&listed.paged((page, listing.more), at))
}

#[cfg(test)]
pub(super) mod samples;
