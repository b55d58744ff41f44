//! Reading requests: strict JSON, the idempotency key, refusals in our own words (X1, X3, X9).

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use serde::de::DeserializeOwned;
use xinzhi_core::{Code, Refusal};
use xinzhi_office::idempotent::Once;

use crate::api::problem::Problem;

/// A JSON body with the key it came under. Duplicate keys, unknown fields and trailing data are refused by the types.
#[derive(Debug)]
pub struct Posted<T> {
    /// The body.
    pub body: T,
    /// The key.
    pub once: Once,
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Posted<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Posted<T>, Problem> {
        let key = key(request.headers())?;
        let path = request.uri().path().to_owned();
        let json = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok());
        if !json.is_some_and(|kind| kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))) {
            return Err(Code::MediaTypeWrong.into());
        }
        let bytes = Bytes::from_request(request, state).await.map_err(body_fault)?;
        let body = serde_json::from_slice(&bytes).map_err(|fault| invalid(&fault))?;
        let once = Once::new(&key, &[path.as_bytes(), &bytes])?;
        Ok(Posted { body, once })
    }
}

/// The key of a request without a JSON body.
#[derive(Debug)]
pub struct Key(pub Once);

impl<S: Send + Sync> FromRequestParts<S> for Key {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Key, Problem> {
        Ok(Key(Once::new(&key(&parts.headers)?, &[parts.uri.path().as_bytes()])?))
    }
}

fn key(headers: &axum::http::HeaderMap) -> Result<String, Problem> {
    let key = headers.get("idempotency-key").ok_or(Code::KeyMissing)?;
    key.to_str()
        .map(str::to_owned)
        .map_err(|_| Refusal::field(Code::FieldInvalid, "Idempotency-Key", "Idempotency-Key 应为可见的英文字符").into())
}

fn body_fault(fault: BytesRejection) -> Problem {
    let code = if fault.status() == StatusCode::PAYLOAD_TOO_LARGE { Code::BodyTooLarge } else { Code::BodyInvalid };
    code.into()
}

/// The reader's words are English and name the field in backticks; the sentence around them is ours.
fn invalid(fault: &serde_json::Error) -> Problem {
    let words = fault.to_string();
    // These sentences name a field; what stands in backticks in the others is a value that was sent.
    let named = ["missing field `", "unknown field `", "duplicate field `"].into_iter().find_map(|head| words.strip_prefix(head));
    let field = named.and_then(|rest| rest.split('`').next()).map(str::to_owned);
    let detail = match (&field, fault.classify()) {
        (Some(field), serde_json::error::Category::Data) => format!("请求内容的字段 `{field}` 缺失、重复或多余"),
        (None, serde_json::error::Category::Data) => "请求内容的字段类型不符".to_owned(),
        _ => format!("请求内容在第 {} 行第 {} 列不是有效的 JSON", fault.line(), fault.column()),
    };
    Refusal { code: Code::BodyInvalid, field, detail: Some(detail) }.into()
}
