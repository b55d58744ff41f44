//! Amounts in 元 and 万元, and points.
#![no_main]

use libfuzzer_sys::fuzz_target;
use xinzhi_core::money::{Fen, Unit};
use xinzhi_core::points::Points;

fuzz_target!(|text: &str| {
    for unit in [Unit::Yuan, Unit::TenThousandYuan] {
        match Fen::parse(text, unit) {
            Ok(fen) => assert!((0..=Fen::MAX.0).contains(&fen.0), "{text:?} is {fen:?}"),
            Err(fault) => xinzhi_fuzz::assert_sentence(&fault.to_string()),
        }
    }
    if let Some(points) = Points::parse(text) {
        assert_eq!(Points::parse(&points.to_string()), Some(points));
    }
});
