//! 统一社会信用代码, 组织机构代码, 公民身份号码, and the one function that cleans all text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use xinzhi_core::identifier::{Identified, OrgCode, ResidentId, Uscc, identify};
use xinzhi_core::text::{clean, half_width};

fuzz_target!(|text: &str| {
    match identify(text) {
        Ok(Identified::Uscc(code)) => assert_eq!(Uscc::parse(code.as_str()).as_ref(), Ok(&code)),
        Ok(Identified::OrgCode(code)) => assert_eq!(OrgCode::parse(code.as_str()).as_ref(), Ok(&code)),
        Ok(Identified::ResidentId(code)) => assert_eq!(ResidentId::parse(code.expose()).map(|again| again.birth()), Ok(code.birth())),
        Err((kind, fault)) => xinzhi_fuzz::assert_sentence(&format!("{kind}{fault}")),
    }
    match clean(text) {
        Ok(cleaned) => assert_eq!(clean(&cleaned).as_deref(), Ok(cleaned.as_ref()), "cleaning twice is cleaning once"),
        Err(fault) => xinzhi_fuzz::assert_sentence(&fault.to_string()),
    }
    assert_eq!(half_width(&half_width(text)), half_width(text));
});
