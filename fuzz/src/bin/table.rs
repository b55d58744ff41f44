//! CSV of any encoding, to the verdict of its last row.
#![no_main]

use libfuzzer_sys::fuzz_target;
use xinzhi_collect::Format;

fuzz_target!(|bytes: &[u8]| {
    if let [source, encoding, file @ ..] = bytes {
        xinzhi_fuzz::judge_all([*source, *encoding], Format::Csv, file);
    }
});
