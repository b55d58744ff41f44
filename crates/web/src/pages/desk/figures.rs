//! 统计: the figures of the packs as charts with their tables, each number a link to what it counted.

mod view;

use askama::Template;
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use xinzhi_office::Error;
use xinzhi_office::figure::{self, Asked, Shown};
use xinzhi_office::permission::{Action, Scope};
use xinzhi_office::rules::figure::{Dimension, Population};
use xinzhi_office::rules::sentence;

use super::super::answer::{Answer, show};
use super::super::frame::{Frame, Link};
use super::super::listed::{ListedLine, ListedPage};
use super::super::reader::Signed;
use super::super::text::{address, encoded};
use crate::server::AppState;
use crate::workbook::attached;
use view::{Chart, FigureView};

/// Spans that a trend may be looked at.
const SPANS: [u32; 4] = [3, 6, 12, 24];

/// What an address asks for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wish {
    by: Option<String>,
    months: Option<String>,
    month: Option<String>,
    group: Option<String>,
    part: Option<String>,
    page: Option<usize>,
}

impl Wish {
    fn asked(&self) -> Asked {
        Asked { by: self.by.clone(), months: self.months.clone(), month: self.month.clone() }
    }
}

async fn scope_words(state: &AppState, scope: &Scope) -> Result<String, Error> {
    Ok(match scope {
        Scope::Office | Scope::Own(_) => "本单位全部".to_owned(),
        Scope::Organ(organ) => format!("{organ}经办的；等级分布为全部区域"),
        Scope::Area(area) => format!("{}及其以下", xinzhi_office::area::said(&state.office, area.as_str()).await?),
    })
}

#[derive(Template)]
#[template(path = "desk/figures.html")]
struct FiguresPage {
    frame: Frame,
    figures: Vec<FigureView>,
    scope: String,
    today: String,
}

/// `GET /desk/figures`.
pub(super) async fn all(State(state): State<AppState>, Signed { frame, actor }: Signed) -> Answer {
    let shown = figure::shown_figures(&state.office, &actor).await?;
    let scope = xinzhi_office::permission::Scope::of(xinzhi_office::permission::Action::SeeFigures, &actor)?;
    show(&FiguresPage {
        frame: frame.under("/desk", "工作台").titled("统计"),
        figures: shown.iter().map(FigureView::of).collect(),
        scope: scope_words(&state, &scope).await?,
        today: state.office.today().to_string(),
    })
}

#[derive(Template)]
#[template(path = "desk/figure.html")]
struct FigurePage {
    frame: Frame,
    figure: FigureView,
    breakdowns: Vec<Link>,
    spans: Vec<Link>,
    definition: String,
    sentence: String,
    scope: String,
    pin: String,
    workbook: String,
}

/// `GET /desk/figures/{id}`.
pub(super) async fn one(State(state): State<AppState>, Path(id): Path<String>, Query(wish): Query<Wish>, signed: Signed) -> Answer {
    let shown = figure::show(&state.office, &signed.actor, &id, &wish.asked()).await?;
    let figure = FigureView::of(&shown);
    let query = [("by", Some(shown.table.view.by.word().to_owned())), ("months", wish.months.clone()), ("month", wish.month.clone())];
    show(&FigurePage {
        frame: signed.frame.under("/desk", "工作台").under("/desk/figures", "统计").titled(shown.figure.title.clone()),
        breakdowns: breakdowns(&shown, &wish),
        spans: spans(&shown, &wish),
        definition: shown.figure.definition.clone(),
        sentence: sentence::figure(&shown.pack, &shown.figure),
        scope: scope_words(&state, &shown.scope).await?,
        pin: format!("统计日期 {}，账簿位置 {}，规则包 {}", shown.today, shown.position.0, shown.pack.digest.short()),
        workbook: address(&format!("/desk/figures/{}/data.xlsx", shown.figure.id), &query),
        figure,
    })
}

fn breakdowns(shown: &Shown, wish: &Wish) -> Vec<Link> {
    let link = |by: &Dimension| {
        let query = [("by", Some(by.word().to_owned())), ("month", wish.month.clone().filter(|_| *by != Dimension::Month))];
        let href = address(&format!("/desk/figures/{}", shown.figure.id), &query);
        Link { current: *by == shown.table.view.by, ..Link::new(href, format!("按{}", by.title())) }
    };
    shown.figure.by.iter().map(link).collect()
}

/// Months at whose end it can be looked at, or how many months together.
fn spans(shown: &Shown, wish: &Wish) -> Vec<Link> {
    let by = shown.table.view.by;
    let here = |name: &'static str, value: Option<String>| {
        address(&format!("/desk/figures/{}", shown.figure.id), &[("by", Some(by.word().to_owned())), (name, value)])
    };
    if matches!(shown.figure.counts, Population::Evaluations { .. }) {
        if by == Dimension::Month {
            return Vec::new();
        }
        let chosen = shown.table.span.1;
        let link = |month: &xinzhi_office::figure::Month| Link {
            current: chosen == Some(*month),
            ..Link::new(here("month", Some(month.to_string())), month.to_string())
        };
        return shown.months.iter().map(link).collect();
    }
    // Persons are not told by subtracting one span from another.
    if by == Dimension::Subject || !shown.figure.counts.dimensions().contains(&Dimension::Month) {
        return Vec::new();
    }
    let mut links: Vec<Link> = Vec::new();
    if by != Dimension::Month {
        links.push(Link { current: wish.months.is_none(), ..Link::new(here("months", None), "全部时间") });
    }
    for months in SPANS {
        let usual = by == Dimension::Month && wish.months.is_none() && months == shown.figure.months;
        let current = usual || wish.months.as_deref() == Some(months.to_string().as_str());
        links.push(Link { current, ..Link::new(here("months", Some(months.to_string())), format!("近 {months} 个月")) });
    }
    links
}

/// `GET /desk/figures/{id}/data.xlsx`: exactly what the page shows.
pub(super) async fn workbook(
    State(state): State<AppState>,
    Path(id): Path<String>,
    Query(wish): Query<Wish>,
    Signed { actor, .. }: Signed,
) -> Answer {
    let shown = figure::show(&state.office, &actor, &id, &wish.asked()).await?;
    let name = format!("{}-{}.xlsx", shown.figure.id, shown.today);
    let bytes = figure::workbook(shown).await?;
    Ok(attached(&name, bytes))
}

/// `GET /desk/figures/{id}/list`: what is behind a number.
pub(super) async fn list(State(state): State<AppState>, Path(id): Path<String>, Query(wish): Query<Wish>, signed: Signed) -> Answer {
    let page = wish.page.unwrap_or(1).max(1);
    let part = wish.part.clone().unwrap_or_else(|| "of".to_owned());
    let listing = figure::list(&state.office, &signed.actor, (&id, &wish.asked()), (wish.group.clone(), &part), page).await?;
    let at = |page: usize| {
        let query = [
            ("by", wish.by.clone()),
            ("months", wish.months.clone()),
            ("month", wish.month.clone()),
            ("group", wish.group.clone()),
            ("part", Some(part.clone())),
            ("page", Some(page.to_string())),
        ];
        address(&format!("/desk/figures/{}/list", encoded(&id)), &query)
    };
    let above = format!("/desk/figures/{}", encoded(&id));
    let sees_batches = signed.frame.may(Action::SeeBatches);
    let frame = signed.frame.under("/desk", "工作台").under("/desk/figures", "统计").under(above, listing.figure.clone());
    // A number may count what its reader does not open.
    let opens = |href: &String| sees_batches || !href.starts_with("/desk/batches/");
    let lines = listing.lines.into_iter().map(|line| ListedLine { href: line.href.filter(opens), cells: line.cells });
    let listed = ListedPage {
        frame: frame.titled("明细"),
        title: format!("{}：{}", listing.figure, listing.title),
        total: format!("共 {} {}", listing.total, listing.unit),
        from: "统计表",
        columns: listing.columns,
        lines: lines.collect(),
        first: 1,
        before: None,
        next: None,
        last: listing.last.map(at),
    };
    show(&listed.paged((page, listing.more), at))
}

#[cfg(test)]
pub(super) mod samples;
