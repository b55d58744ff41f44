//! Bodies of the API, and canonical JSON under every digest.
#![no_main]

use libfuzzer_sys::fuzz_target;
use xinzhi_office::check::{CheckRequest, FeedbackForm};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(request) = serde_json::from_slice::<CheckRequest>(bytes) {
        let again = serde_json::to_vec(&request).expect("it was JSON");
        assert_eq!(serde_json::from_slice::<CheckRequest>(&again).ok(), Some(request));
    }
    if let Ok(form) = serde_json::from_slice::<FeedbackForm>(bytes) {
        let again = serde_json::to_vec(&form).expect("it was JSON");
        assert_eq!(serde_json::from_slice::<FeedbackForm>(&again).ok(), Some(form));
    }
    let Ok(value) = serde_json::from_slice::<serde_json::Value>(bytes) else { return };
    let Ok(canonical) = xinzhi_proof::canonical::to_string(&value) else { return };
    let again: serde_json::Value = serde_json::from_str(&canonical).expect("canonical JSON is JSON");
    assert_eq!(xinzhi_proof::canonical::to_string(&again).expect("it was canonical"), canonical);
});
