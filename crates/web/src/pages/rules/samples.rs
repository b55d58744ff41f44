//! Samples for the test over all pages.

use super::super::samples::{Sample, frame, pack, sample, today};
use super::{catalogue, impact, index_page, measures, scorecard};
use xinzhi_core::actor::Role;

pub(in super::super) fn samples() -> Vec<Sample> {
    let pack = pack();
    let frame = |path| frame(Role::Legal, path);
    let card = pack.scorecards.first().expect("a scorecard");
    let mut all = vec![
        sample("rules", &index_page(&pack, today(), frame("/rules"))),
        sample("scorecard", &scorecard::page(&pack, card, today(), frame("/rules/national/market-entity"))),
        sample("measures", &measures::measures_page(&pack, today(), frame("/rules/national/measures"))),
        sample("matters", &measures::matters_page(&pack, today(), frame("/rules/national/matters"))),
        sample("catalogue", &catalogue::page(&pack, today(), frame("/rules/national/catalog"))),
    ];
    all.extend(impact::samples::samples());
    all
}
