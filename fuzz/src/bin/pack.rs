//! A pack in which one file is anything: it loads, or each fault is a sentence at a place.
#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use xinzhi_rules::load::{Files, load};

fuzz_target!(|input: (u8, &str)| {
    static GOOD: OnceLock<Files> = OnceLock::new();
    let good = GOOD.get_or_init(|| xinzhi_fuzz::files("crates/rules/tests/good"));
    let replaced = usize::from(input.0) % good.iter().count();
    let text = |(at, (path, text)): (usize, (&str, &str))| (path.to_owned(), if at == replaced { input.1 } else { text }.to_owned());
    let files: Files = good.iter().enumerate().map(text).collect();
    if let Err(faults) = load("good", &files) {
        assert!(!faults.is_empty(), "a pack that is refused for no reason");
        faults.iter().for_each(|fault| xinzhi_fuzz::assert_sentence(&fault.to_string()));
    }
});
