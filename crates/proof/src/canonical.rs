//! Canonical JSON (RFC 8785), under every digest and every stored document.

use serde::Serialize;

/// Writes `value` with sorted keys and no white space. Our payloads hold integers and strings only, so the number rules of
/// the RFC never bite; integers beyond 2^53 must travel as strings.
///
/// # Errors
/// Where the value has no JSON form, such as a map with keys that are not strings.
pub fn to_string<T: Serialize>(value: &T) -> Result<String, serde_json::Error> {
    serde_json_canonicalizer::to_string(value)
}
