//! The pages: HTML for people, in Chinese, from the same use cases as the JSON interface.
//!
//! A page is a typed struct beside its handler; its template says how it looks and decides nothing. Every form works without
//! script: it posts, is answered by a redirect, and comes back with what was typed where something has to be corrected.
//!
//! Reading order: `frame` is what surrounds a page, `reader` who opens it, `answer` how it ends, `refused` how it ends badly,
//! `text` how facts are written, `chart` how numbers are drawn, `assets` the look; then the places: `portal`, `sign_in`, `account` and `factor`, `rules`, `desk` with `file` for a
//! subject's file, `grid`, `my`, `admin`.

mod answer;
mod assets;
mod chart;
mod frame;
mod listed;
mod reader;
mod refused;
pub mod text;

mod account;
mod factor;
mod portal;
mod sign_in;

mod rules;

mod desk;
mod file;

mod grid;
mod my;

mod admin;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;

pub use frame::{Site, Theme};

use crate::server::AppState;

/// Every page, with a page for what does not exist. `site` fills the footer and the head tags.
pub fn router(state: &AppState, site: Site) -> Router<AppState> {
    Router::new()
        .merge(portal::router())
        .merge(sign_in::router())
        .merge(account::router())
        .merge(factor::router())
        .merge(rules::router())
        .merge(desk::router())
        .merge(grid::router())
        .merge(my::router())
        .merge(admin::router())
        .fallback(refused::nowhere)
        .layer(from_fn_with_state(state.clone(), refused::surround))
        .layer(axum::Extension(Arc::new(site)))
        .route("/assets/{file}", get(assets::serve))
}
