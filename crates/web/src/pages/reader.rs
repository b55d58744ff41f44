//! Who opens a page: the frame around it, and the actor where one is signed in.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use xinzhi_core::Code;
use xinzhi_core::actor::Actor;
use xinzhi_office::account::Session;
use xinzhi_office::account::factor::Gate;

use super::answer::Stopped;
use super::frame::{Frame, Site, Theme};
use crate::server::AppState;

/// Name of the cookie that keeps the theme.
pub(super) const THEME_COOKIE: &str = "theme";

/// A visit to a page, made once by the layer around all pages.
#[derive(Clone, Debug)]
pub(super) struct Visit {
    pub(super) frame: Frame,
    pub(super) actor: Option<Actor>,
    pub(super) threshold: Option<Threshold>,
}

/// What stands between a sign-in and every other page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Threshold {
    /// The second factor is still to be given.
    Code,
    /// A first password is still to be changed.
    Password,
    /// A second factor is still to be set up.
    Enrol,
}

impl Threshold {
    /// The code comes before the password: whoever has only the one does not change it.
    pub(super) fn of(session: &Session) -> Option<Threshold> {
        match session.gate {
            Gate::Code => Some(Threshold::Code),
            _ if session.must_change => Some(Threshold::Password),
            Gate::Enrol => Some(Threshold::Enrol),
            Gate::Open => None,
        }
    }

    /// The page that leads over it.
    pub(super) const fn address(self) -> &'static str {
        match self {
            Threshold::Code => "/sign-in/code",
            Threshold::Password => super::account::ADDRESS,
            Threshold::Enrol => "/account/factor",
        }
    }

    /// What may be asked for before.
    pub(super) fn opens(self, path: &str) -> bool {
        path == self.address() || matches!(path, "/sign-out" | "/theme")
    }
}

/// Reads the cookies of a request.
pub(super) async fn visit(state: &AppState, parts: &Parts) -> Visit {
    let session = crate::session::find(state, &parts.headers).await;
    let threshold = session.as_ref().and_then(Threshold::of);
    let actor = session.map(|session| session.actor);
    let theme = Theme::from_word(cookie(&parts.headers, THEME_COOKIE).unwrap_or_default());
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let site = parts.extensions.get::<Arc<Site>>().cloned().unwrap_or_default();
    let mut frame = Frame::new(site, theme, actor.as_ref(), path, state.office.now().to_minute());
    match threshold {
        Some(Threshold::Password) => frame.must_change = true,
        // Whoever is not let in has no places to go to.
        Some(Threshold::Code | Threshold::Enrol) => frame.places.clear(),
        None => {}
    }
    Visit { frame, actor, threshold }
}

/// A cookie of the request.
fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

/// A page that anybody may open.
#[derive(Debug)]
pub(super) struct Reader(pub(super) Frame);

impl FromRequestParts<AppState> for Reader {
    type Rejection = Stopped;

    async fn from_request_parts(parts: &mut Parts, _state: &AppState) -> Result<Reader, Stopped> {
        let visit = parts.extensions.get::<Visit>().ok_or(Code::Internal)?;
        Ok(Reader(visit.frame.clone()))
    }
}

/// A page for somebody who is signed in.
#[derive(Debug)]
pub(super) struct Signed {
    pub(super) frame: Frame,
    pub(super) actor: Actor,
}

impl FromRequestParts<AppState> for Signed {
    type Rejection = Stopped;

    async fn from_request_parts(parts: &mut Parts, _state: &AppState) -> Result<Signed, Stopped> {
        let visit = parts.extensions.get::<Visit>().ok_or(Code::Internal)?;
        let actor = visit.actor.clone().ok_or(Code::SignInRequired)?;
        Ok(Signed { frame: visit.frame.clone(), actor })
    }
}
