//! 门面: HTTP. The JSON API for business systems and the pages for people, over the same use cases of `office`.
//!
//! Reading order: `server` puts everything under one router with its limits, `session` finds out who asks, `upload` receives
//! files, `api` speaks JSON, `operator` answers the command line, `pages` speaks HTML, `metrics` tells on a listener of its own how the
//! program does, `outbound` sends pushes.

pub mod api;
pub mod metrics;
mod operator;
pub mod outbound;
pub mod pages;
pub mod server;
pub mod session;
mod upload;
mod workbook;

pub use axum::Router;
pub use axum::body::Body;
pub use axum::serve;
pub use pages::Site;
pub use server::{AppState, operator_router, router};
