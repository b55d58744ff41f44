//! NDJSON as programs report it, to the verdict of its last line.
#![no_main]

use libfuzzer_sys::fuzz_target;
use xinzhi_collect::Format;

fuzz_target!(|bytes: &[u8]| {
    if let [source, file @ ..] = bytes {
        xinzhi_fuzz::judge_all([*source, 1], Format::Ndjson, file);
    }
});
