//! The second factor: `/sign-in/code`, where it is given, and `/account/factor`, where its owner sets it up. Until then nothing else opens to
//! whoever needs one.

use askama::Template;
use axum::Router;
use axum::extract::{Form, Query, State};
use axum::http::HeaderMap;
use axum::routing::{get, post};
use qrcode::{Color, QrCode};
use serde::Deserialize;
use xinzhi_core::Code;
use xinzhi_office::account::factor::{self, Offer, Taken, code};
use xinzhi_office::account::{self, Session};

use super::answer::{Answer, FormFault, Stopped, form_faults, go, show, show_as};
use super::frame::Frame;
use super::portal::local;
use super::reader::{Signed, Threshold};
use crate::server::AppState;
use crate::session::token;

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route(Threshold::Code.address(), get(ask).post(give))
        .route(Threshold::Enrol.address(), get(own).post(enrol))
        .route("/account/factor/off", post(switch_off))
        .route("/account/factor/told", post(told))
}

/// The code of a demonstration's account, for whoever tries it.
pub(super) struct Shown {
    pub(super) code: String,
    pub(super) seconds: i64,
}

#[derive(Template)]
#[template(path = "sign_in_code.html")]
pub(super) struct CodePage {
    pub(super) frame: Frame,
    pub(super) name: String,
    pub(super) back: String,
    pub(super) shown: Option<Shown>,
    pub(super) faults: Vec<FormFault>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CodeForm {
    code: String,
    back: String,
}

fn code_page(state: &AppState, Signed { frame, actor }: Signed, back: String, faults: Vec<FormFault>) -> CodePage {
    let now = state.office.now();
    let secret = frame.site.demo_secrets.iter().find(|(name, _)| *name == actor.name);
    let shown = secret.map(|(_, secret)| Shown { code: secret.code_at(now), seconds: code::rest_ms(now) / 1000 + 1 });
    CodePage { frame: frame.titled("第二步验证"), name: actor.name, back, shown, faults }
}

/// `GET /sign-in/code`.
async fn ask(State(state): State<AppState>, headers: HeaderMap, Query(typed): Query<CodeForm>, signed: Signed) -> Answer {
    if session(&state, &headers).await?.gate == factor::Gate::Open {
        return go(signed.frame.home());
    }
    show(&code_page(&state, signed, typed.back, Vec::new()))
}

/// `POST /sign-in/code`.
async fn give(State(state): State<AppState>, headers: HeaderMap, signed: Signed, Form(typed): Form<CodeForm>) -> Answer {
    let token = token(&headers).ok_or(Code::SignInRequired)?;
    match factor::pass(&state.office, token, &typed.code).await {
        Ok(()) => go(onward(&session(&state, &headers).await?, &typed.back, signed.frame.home())),
        Err(error) => {
            let (status, faults) = form_faults(error)?;
            show_as(status, &code_page(&state, signed, typed.back, faults))
        }
    }
}

/// Where a sign-in goes that has come as far as it has.
pub(super) fn onward<'a>(session: &Session, back: &'a str, home: &'a str) -> &'a str {
    match Threshold::of(session) {
        Some(threshold) => threshold.address(),
        None if session.taken_away.is_some() => Threshold::Enrol.address(),
        None if back.is_empty() => home,
        None => local(back),
    }
}

async fn session(state: &AppState, headers: &HeaderMap) -> Result<Session, Stopped> {
    Ok(account::session(&state.office, token(headers).ok_or(Code::SignInRequired)?).await?)
}

/// A picture that a device reads: dark squares on a light ground, in rows from the top.
pub(super) struct Picture {
    pub(super) width: usize,
    pub(super) path: String,
}

/// Light squares around the picture, without which it is not found.
const MARGIN: usize = 4;

impl Picture {
    /// The picture of a text; none of one that is too long for any.
    pub(super) fn of(text: &str) -> Option<Picture> {
        let squares = QrCode::new(text).ok()?;
        let (side, colors) = (squares.width(), squares.to_colors());
        let mut path = String::new();
        for (row, line) in colors.chunks(side).enumerate() {
            for (column, _) in line.iter().enumerate().filter(|(_, color)| **color == Color::Dark) {
                path.push_str(&format!("M{} {}h1v1h-1z", column + MARGIN, row + MARGIN));
            }
        }
        Some(Picture { width: side + 2 * MARGIN, path })
    }
}

/// What an owner who sets one up is shown.
pub(super) struct Setting {
    pub(super) offer: Offer,
    pub(super) picture: Option<Picture>,
}

#[derive(Template)]
#[template(path = "account_factor.html")]
pub(super) struct FactorPage {
    pub(super) frame: Frame,
    /// Whether the role cannot be without one.
    pub(super) needed: bool,
    pub(super) has_factor: bool,
    /// Whether nothing else opens before it is set up.
    pub(super) must_enrol: bool,
    /// Recovery codes that are left.
    pub(super) left: i64,
    pub(super) setting: Option<Setting>,
    /// When somebody took it away, and who.
    pub(super) taken_away: Option<(String, String)>,
    pub(super) faults: Vec<FormFault>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct OwnQuery {
    change: String,
    done: String,
}

/// `GET /account/factor`.
async fn own(State(state): State<AppState>, headers: HeaderMap, Query(query): Query<OwnQuery>, signed: Signed) -> Answer {
    let session = session(&state, &headers).await?;
    let sets_up = !session.has_factor || !query.change.is_empty();
    let offer = if sets_up { Some(factor::offer(&state.office, token(&headers).ok_or(Code::SignInRequired)?).await?) } else { None };
    let mut page = page(&state, (signed, &session), offer, Vec::new()).await?;
    page.frame = page.frame.noticed((query.done == "off").then_some("第二因素已关闭，下次登录只需密码"));
    show(&page)
}

async fn page(
    state: &AppState,
    (Signed { frame, actor }, session): (Signed, &Session),
    offer: Option<Offer>,
    faults: Vec<FormFault>,
) -> Result<FactorPage, Stopped> {
    let left = if session.has_factor { factor::recovery_left(&state.office, &actor).await? } else { 0 };
    Ok(FactorPage {
        frame: frame.under("/account", "账号与密码").titled("第二因素"),
        needed: actor.role.is_administrator(),
        has_factor: session.has_factor,
        must_enrol: session.gate == factor::Gate::Enrol,
        left,
        setting: offer.map(|offer| Setting { picture: Picture::of(&offer.uri), offer }),
        taken_away: session.taken_away.as_ref().map(|taken| (taken.at.to_minute(), taken.by.clone())),
        faults,
    })
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct EnrolForm {
    sealed: String,
    code: String,
    password: String,
}

#[derive(Template)]
#[template(path = "account_recovery.html")]
pub(super) struct RecoveryPage {
    pub(super) frame: Frame,
    pub(super) name: String,
    pub(super) codes: Vec<String>,
}

/// `POST /account/factor`.
async fn enrol(State(state): State<AppState>, headers: HeaderMap, signed: Signed, Form(typed): Form<EnrolForm>) -> Answer {
    let token = token(&headers).ok_or(Code::SignInRequired)?;
    let taken = Taken { sealed: &typed.sealed, code: &typed.code, password: &typed.password };
    match factor::enrol(&state.office, token, taken).await {
        Ok(codes) => {
            // Everything is open from now on: the places of the role stand beside what is shown once.
            let frame = signed.frame.anew(&signed.actor);
            show(&RecoveryPage { frame: frame.titled("第二因素已启用"), name: signed.actor.name, codes })
        }
        Err(error) => {
            let (status, faults) = form_faults(error)?;
            let again = factor::same_offer(&state.office, token, &typed.sealed).await;
            let offer = if let Ok(offer) = again { offer } else { factor::offer(&state.office, token).await? };
            let session = session(&state, &headers).await?;
            show_as(status, &page(&state, (signed, &session), Some(offer), faults).await?)
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct OffForm {
    password: String,
}

/// `POST /account/factor/off`.
async fn switch_off(State(state): State<AppState>, headers: HeaderMap, signed: Signed, Form(typed): Form<OffForm>) -> Answer {
    let token = token(&headers).ok_or(Code::SignInRequired)?;
    match factor::switch_off(&state.office, token, &typed.password).await {
        Ok(()) => go("/account/factor?done=off"),
        Err(error) => {
            let (status, faults) = form_faults(error)?;
            let session = session(&state, &headers).await?;
            show_as(status, &page(&state, (signed, &session), None, faults).await?)
        }
    }
}

/// `POST /account/factor/told`: what was read is not said again.
async fn told(State(state): State<AppState>, headers: HeaderMap, signed: Signed) -> Answer {
    factor::acknowledge(&state.office, token(&headers).ok_or(Code::SignInRequired)?).await?;
    go(signed.frame.home())
}

#[cfg(test)]
pub(super) mod samples;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_a_margin_and_its_three_corners() {
        let picture = Picture::of("otpauth://totp/a:b?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=a").unwrap();
        assert!((30..70).contains(&picture.width), "{}", picture.width);
        let far = picture.width - MARGIN - 1;
        for (x, y) in [(MARGIN, MARGIN), (far, MARGIN), (MARGIN, far)] {
            assert!(picture.path.contains(&format!("M{x} {y}h1v1h-1z")), "{x} {y}");
        }
        assert!(!picture.path.contains(&format!("M{} ", MARGIN - 1)) && !picture.path.contains(&format!("M{} ", far + 1)));
        assert!(Picture::of(&"long".repeat(2_000)).is_none());
    }
}
