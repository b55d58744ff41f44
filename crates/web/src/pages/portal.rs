//! 门户: what this is, where the rules are, the way in, and how pages look.

use askama::Template;
use axum::Router;
use axum::extract::{Form, State};
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::answer::{Answer, show};
use super::frame::{Frame, Theme};
use super::reader::{Reader, THEME_COOKIE};
use super::rules::PackHead;
use crate::server::AppState;

/// How long a browser keeps the theme: 400 days, the most that browsers allow.
const THEME_SECONDS: u32 = 400 * 24 * 60 * 60;

pub(super) fn router() -> Router<AppState> {
    Router::new().route("/", get(home)).route("/theme", post(set_theme))
}

#[derive(Template)]
#[template(path = "portal/home.html")]
struct HomePage {
    frame: Frame,
    head: PackHead,
    scorecards: Vec<(String, String)>,
    measures: usize,
    kinds: usize,
}

async fn home(State(state): State<AppState>, Reader(frame): Reader) -> Answer {
    let pack = state.office.pack();
    let title = frame.site.name.clone();
    show(&HomePage {
        frame: frame.titled(title),
        head: PackHead::of(&pack, state.office.today()),
        scorecards: pack.scorecards.iter().map(|card| (card.id.clone(), card.title.clone())).collect(),
        measures: pack.measures.len(),
        kinds: pack.record_kinds.len(),
    })
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ThemeForm {
    theme: String,
    back: String,
}

/// `POST /theme`: keeps the choice and goes back to where the reader was.
async fn set_theme(Form(form): Form<ThemeForm>) -> Response {
    let theme = Theme::from_word(&form.theme).word();
    let cookie = format!("{THEME_COOKIE}={theme}; Path=/; Max-Age={THEME_SECONDS}; SameSite=Lax");
    ([(header::SET_COOKIE, cookie)], Redirect::to(local(&form.back))).into_response()
}

/// An address of this site: nobody is led elsewhere by a form field or a link.
pub(super) fn local(address: &str) -> &str {
    let inside = address.starts_with('/') && !address.starts_with("//") && !address.contains(['\\', '\r', '\n']);
    if inside && address.is_ascii() { address } else { "/" }
}

#[cfg(test)]
pub(super) mod samples;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_led_to_another_site() {
        for (address, led) in [
            ("/desk?x=1", "/desk?x=1"),
            ("//evil.example/", "/"),
            ("https://evil.example/", "/"),
            ("/\\evil.example", "/"),
            ("/a\r\nSet-Cookie: x", "/"),
            ("", "/"),
        ] {
            assert_eq!(local(address), led);
        }
    }
}
