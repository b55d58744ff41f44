//! The server: pages and API under one router, with the limits and headers that every answer carries.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use xinzhi_core::Code;
use xinzhi_office::Office;

use crate::api::problem::Problem;
use crate::metrics::{Requests, counted};
use crate::pages::Site;
use crate::session::Operator;
use crate::{api, operator, pages};

/// Largest body of an ordinary request; uploads have a limit of their own.
const BODY_BYTES_MAX: usize = 256 * 1024;

/// Nothing from outside, no inline script or style, no framing.
const CONTENT_SECURITY: &str =
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// What every handler holds.
#[derive(Clone, Debug)]
pub struct AppState {
    /// The office.
    pub office: Arc<Office>,
}

/// The whole site. `site` fills the footer and the head tags of its pages; `requests` counts what is asked.
pub fn router(office: Arc<Office>, site: Site, requests: &Arc<Requests>) -> Router {
    let state = AppState { office };
    let router = Router::new()
        .merge(pages::router(&state, site))
        .nest("/api", api::router())
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(middleware::from_fn_with_state(state.clone(), by_packs_in_force))
        .layer(middleware::from_fn(refuse_foreign_posts))
        .layer(middleware::map_response(with_headers))
        .layer(CompressionLayer::new())
        .layer(CatchPanicLayer::custom(panicked));
    counted(router, requests).with_state(state)
}

/// The API for whoever can open the socket in the office's directory: the operator of the machine.
pub fn operator_router(office: Arc<Office>) -> Router {
    let state = AppState { office };
    Router::new()
        .nest("/api", api::operator_router())
        .nest("/operator", operator::router())
        .layer(middleware::from_fn_with_state(state.clone(), by_packs_in_force))
        .layer(axum::Extension(Operator))
        .layer(CatchPanicLayer::custom(panicked))
        .with_state(state)
}

/// What is answered goes by the packs that are in force when it is asked, whichever server installed them.
async fn by_packs_in_force(State(state): State<AppState>, request: Request<axum::body::Body>, next: Next) -> Response {
    if request.uri().path().starts_with("/assets/") {
        return next.run(request).await;
    }
    match state.office.follow_packs().await {
        Ok(()) => next.run(request).await,
        Err(error) => Problem::from(error).into_response(),
    }
}

/// A form on another site must not act here with the user's cookie. Browsers tell where a request comes from; those that tell
/// nothing send an `Origin` with every POST. An API key is not sent by browsers of their own accord.
async fn refuse_foreign_posts(request: Request<axum::body::Body>, next: Next) -> Response {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if safe || request.headers().contains_key(header::AUTHORIZATION) || from_here(request.headers()) {
        return next.run(request).await;
    }
    Problem::of(Code::NotPermitted, Some("请从本系统的页面提交")).into_response()
}

fn from_here(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    match (text("origin"), text("host")) {
        (Some(origin), Some(host)) => origin.split_once("://").is_some_and(|(_, from)| from == host),
        // No browser of the last ten years posts a form without either header.
        (None, _) => true,
        (Some(_), None) => false,
    }
}

async fn with_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    (StatusCode::INTERNAL_SERVER_ERROR, Problem::of(Code::Internal, None)).into_response()
}
