//! A handler that does nothing, to compare `POST /checks` with under the same load: `cargo run --release -p xinzhi-web --example empty`.

use axum::Router;
use axum::routing::post;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let router = Router::new().route("/api/v1/checks", post(|_: String| async { "{}" }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8098").await?;
    axum::serve(listener, router).await
}
