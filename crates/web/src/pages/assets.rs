//! Style sheet, script and mark: part of the binary, named by their content so that a browser may keep them for ever.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

/// A file of the look.
#[derive(Debug)]
struct Asset {
    name: &'static str,
    kind: &'static str,
    content: &'static str,
    address: String,
}

static ASSETS: LazyLock<[Asset; 3]> = LazyLock::new(|| {
    [
        asset("style.css", "text/css; charset=utf-8", include_str!("../../assets/style.css")),
        asset("app.js", "text/javascript; charset=utf-8", include_str!("../../assets/app.js")),
        asset("mark.svg", "image/svg+xml", include_str!("../../assets/mark.svg")),
    ]
});

fn asset(name: &'static str, kind: &'static str, content: &'static str) -> Asset {
    let (stem, ending) = name.split_once('.').unwrap_or((name, ""));
    Asset { name, kind, content, address: format!("/assets/{stem}.{:016x}.{ending}", fingerprint(content)) }
}

/// FNV-1a: tells two editions of one file apart; nothing rests on it being hard to forge.
fn fingerprint(content: &str) -> u64 {
    content.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// The address of a file of the look.
pub fn address(name: &str) -> &'static str {
    ASSETS.iter().find(|asset| asset.name == name).map_or("/", |asset| asset.address.as_str())
}

/// `GET /assets/{file}`.
pub(super) async fn serve(Path(file): Path<String>) -> Response {
    let wanted = format!("/assets/{file}");
    match ASSETS.iter().find(|asset| asset.address == wanted) {
        Some(asset) => {
            let kept = "public, max-age=31536000, immutable";
            ([(header::CONTENT_TYPE, asset.kind), (header::CACHE_CONTROL, kept)], asset.content).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_its_content() {
        assert!(address("style.css").starts_with("/assets/style.") && address("style.css").ends_with(".css"));
        assert_ne!(fingerprint("a"), fingerprint("b"));
    }

    #[test]
    fn the_look_asks_nothing_of_other_hosts_and_the_script_stays_small() {
        for asset in ASSETS.iter() {
            let outside = asset.content.replace("http://www.w3.org/2000/svg", "");
            assert!(!outside.contains("http://") && !outside.contains("https://") && !outside.contains("@import"), "{}", asset.name);
        }
        assert!(include_str!("../../assets/app.js").len() <= 10 * 1024);
    }
}
