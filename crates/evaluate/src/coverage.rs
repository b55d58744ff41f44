//! Coverage: since when and until when a kind of record has been reported. Inside it no record means none; outside it, unknown.

use std::collections::BTreeMap;

use xinzhi_core::Day;
use xinzhi_core::day::Span;
use xinzhi_rules::fact::{leaves_window_on, window_start};
use xinzhi_rules::model::{KindIx, Silence};

/// The days for which records of each kind have been reported for a subject's area.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    spans: BTreeMap<KindIx, Vec<Span>>,
}

/// What coverage is asked for: the window of an indicator, and how far behind the day of evaluation it may lag.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    pub kind: KindIx,
    pub window_months: i32,
    pub lag_days: i32,
    /// What it means to the indicator that nothing was found. Where that is never an answer, no coverage is enough.
    pub silence: Silence,
}

impl Coverage {
    /// Coverage from reported spans in any order; spans that touch or overlap are one, as June and July are.
    pub fn new(spans: BTreeMap<KindIx, Vec<Span>>) -> Coverage {
        Coverage { spans: spans.into_iter().map(|(kind, spans)| (kind, joined(spans))).collect() }
    }

    /// The joined spans of a kind.
    pub fn spans(&self, kind: KindIx) -> &[Span] {
        self.spans.get(&kind).map_or(&[], Vec::as_slice)
    }

    /// Whether everything that is wanted has been reported.
    pub(crate) fn covers(&self, wanted: &[Wanted], as_of: Day) -> bool {
        wanted.iter().all(|wanted| self.reported(*wanted, as_of))
    }

    /// Whether one span holds the first day of the window and reaches as far as the lag asks.
    fn reported(&self, wanted: Wanted, as_of: Day) -> bool {
        if wanted.silence == Silence::Unknown {
            return false;
        }
        let first = window_start(as_of, wanted.window_months);
        let reached = as_of.plus_days(-wanted.lag_days);
        self.spans(wanted.kind).iter().any(|span| span.contains(first) && span.until.is_none_or(|until| until >= reached))
    }

    /// The same, should everything that is reported on `as_of` go on being reported: what reaches as far as the lag asks has no end.
    pub(crate) fn continued(&self, lag_days: i32, as_of: Day) -> Coverage {
        let reached = as_of.plus_days(-lag_days);
        let go_on = |span: &Span| Span { until: span.until.filter(|until| *until < reached), ..*span };
        let spans = self.spans.iter().map(|(kind, spans)| (*kind, spans.iter().map(go_on).collect()));
        Coverage { spans: spans.collect() }
    }

    /// The days on which [`Coverage::covers`] may answer differently than on the day before.
    pub(crate) fn borders(&self, wanted: &[Wanted]) -> Vec<Day> {
        wanted.iter().flat_map(|wanted| self.spans(wanted.kind).iter().flat_map(|span| borders(*span, *wanted))).collect()
    }

    /// The first day after `as_of` on which [`Coverage::covers`] answers differently, should nothing more be reported.
    pub(crate) fn turns_on(&self, wanted: &[Wanted], as_of: Day) -> Option<Day> {
        let now = self.covers(wanted, as_of);
        let turns = |day: &Day| *day > as_of && self.covers(wanted, *day) != now;
        self.borders(wanted).into_iter().filter(turns).min()
    }
}

/// The days on which a window enters a span, leaves it, or finds it too old.
fn borders(span: Span, wanted: Wanted) -> Vec<Day> {
    if wanted.silence == Silence::Unknown {
        return Vec::new();
    }
    let mut days = vec![leaves_window_on(span.from.plus_days(-1), wanted.window_months)];
    if let Some(until) = span.until {
        days.push(leaves_window_on(until, wanted.window_months));
        days.push(until.plus_days(1).plus_days(wanted.lag_days));
    }
    days
}

fn joined(mut spans: Vec<Span>) -> Vec<Span> {
    spans.retain(|span| span.until.is_none_or(|until| until >= span.from));
    spans.sort_by_key(|span| span.from);
    let mut out: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match out.last_mut() {
            Some(last) if last.until.is_none_or(|until| span.from <= until.plus_days(1)) => {
                last.until = last.until.zip(span.until).map(|(a, b)| a.max(b));
            }
            _ => out.push(span),
        }
    }
    out
}
