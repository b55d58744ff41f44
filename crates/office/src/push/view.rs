//! What officers and programs see of subscriptions and pushes: what arrived, what was acknowledged, what is late.

use std::sync::Arc;

use xinzhi_core::Moment;
use xinzhi_core::actor::Actor;
use xinzhi_store::Connection;
use xinzhi_store::push::{AttemptRow, CountsRow, EventRow, ReconciliationRow};
use xinzhi_store::subscription::SubscriptionRow;

use super::subscribe::visible;
use super::{EventKind, covers, invalid, scope};
use crate::permission::Scope;
use crate::{Error, Office};

/// What waits longer than this is late.
const DELIVER_WITHIN_MS: i64 = 60 * 60 * 1000;
/// What was accepted longer ago than this and not acknowledged is late.
const ACKNOWLEDGE_WITHIN_MS: i64 = 24 * 60 * 60 * 1000;
/// Nights shown.
const NIGHTS_MAX: i64 = 7;
/// States by which events can be looked for.
pub const STATES: [&str; 5] = ["waiting", "unacknowledged", "accepted", "dead", "cancelled"];

/// A subscription as people see it.
#[derive(Clone, Debug)]
pub struct SubscriptionView {
    /// As it is now.
    pub row: SubscriptionRow,
    /// What it is told.
    pub events: Vec<EventKind>,
    /// What became of its events.
    pub counts: CountsRow,
    /// The event that is tried now, where one failed before.
    pub stuck: Option<EventRow>,
    /// Until when a replaced key still signs.
    pub overlap: Option<Moment>,
}

/// One subscription with its events.
#[derive(Clone, Debug)]
pub struct Detail {
    /// The subscription.
    pub subscription: SubscriptionView,
    /// Its events, newest first.
    pub events: Vec<EventView>,
    /// The last nights' counts.
    pub nights: Vec<ReconciliationRow>,
}

/// An event with what is to be said about it.
#[derive(Clone, Debug)]
pub struct EventView {
    /// As stored.
    pub row: EventRow,
    /// Its kind.
    pub kind: Option<EventKind>,
    /// Whether it waits or is unacknowledged for too long.
    pub late: bool,
}

impl EventView {
    fn of(row: EventRow, now: Moment) -> EventView {
        let unheard = row.acknowledged_at.is_none() && row.accepted_at.is_some_and(|at| at.plus_ms(ACKNOWLEDGE_WITHIN_MS) <= now);
        let late = match row.state.as_str() {
            "waiting" => row.at.plus_ms(DELIVER_WITHIN_MS) <= now,
            "accepted" => unheard,
            _ => false,
        };
        EventView { kind: EventKind::from_word(&row.kind), late, row }
    }
}

fn view(connection: &mut Connection, row: SubscriptionRow, now: Moment) -> Result<SubscriptionView, Error> {
    let id = row.subscription;
    let late = (now.plus_ms(-DELIVER_WITHIN_MS), now.plus_ms(-ACKNOWLEDGE_WITHIN_MS));
    let keys = xinzhi_store::subscription::keys(connection, id, now)?;
    Ok(SubscriptionView {
        events: row.events.split(' ').filter_map(EventKind::from_word).collect(),
        counts: xinzhi_store::push::counts(connection, id, late)?,
        stuck: xinzhi_store::push::front(connection, id)?.filter(|event| !event.error.is_empty() && !row.is_ended()),
        overlap: keys.iter().filter_map(|key| key.until).max(),
        row,
    })
}

/// The subscriptions inside the actor's scope, those that ended last.
///
/// # Errors
/// [`xinzhi_core::Code::NotPermitted`].
pub async fn subscriptions(office: &Arc<Office>, actor: &Actor) -> Result<Vec<SubscriptionView>, Error> {
    let scope = scope(actor)?;
    let now = office.now();
    office.read(move |connection| of_scope(connection, &scope, now)).await
}

fn of_scope(connection: &mut Connection, scope: &Scope, now: Moment) -> Result<Vec<SubscriptionView>, Error> {
    let mut rows = xinzhi_store::subscription::every(connection)?;
    rows.retain(|row| covers(scope, row.organ.as_deref()));
    rows.sort_by_key(|row| (row.is_ended(), row.subscription));
    rows.into_iter().map(|row| view(connection, row, now)).collect()
}

/// Counts over all subscriptions of a scope, for the loop board; none where the actor may see no pushes or nothing was ever sent.
///
/// # Errors
/// A fault of the database.
pub async fn board(office: &Arc<Office>, actor: &Actor) -> Result<Option<CountsRow>, Error> {
    if scope(actor).is_err() {
        return Ok(None);
    }
    let every = subscriptions(office, actor).await?;
    let mut sum = CountsRow::default();
    for counts in every.iter().filter(|view| !view.row.is_ended()).map(|view| view.counts) {
        sum.events += counts.events;
        sum.waiting += counts.waiting;
        sum.dead += counts.dead;
        sum.cancelled += counts.cancelled;
        sum.unacknowledged += counts.unacknowledged;
        sum.acknowledged += counts.acknowledged;
        sum.late += counts.late;
    }
    Ok((!every.is_empty()).then_some(sum))
}

/// Which events are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// One of [`STATES`], or all.
    pub state: Option<String>,
    /// Events before this number.
    pub before: Option<i64>,
    /// At most so many.
    pub limit: i64,
}

/// One subscription with its newest events.
///
/// # Errors
/// [`xinzhi_core::Code::NotFound`], [`xinzhi_core::Code::FieldInvalid`] for an unknown state.
pub async fn detail(office: &Arc<Office>, actor: &Actor, id: i64, filter: Filter) -> Result<Detail, Error> {
    let scope = scope(actor)?;
    if let Some(state) = filter.state.as_deref().filter(|state| !STATES.contains(state)) {
        return Err(invalid("state", format!("状态 `{}` 应为 {}", crate::check::run::shorten(state), STATES.join("、"))));
    }
    let now = office.now();
    office
        .read(move |connection| {
            let row = visible(connection, &scope, id)?;
            let wanted = (filter.before.unwrap_or(i64::MAX), filter.state.as_deref(), filter.limit);
            let events = xinzhi_store::push::newest(connection, id, wanted)?;
            Ok(Detail {
                subscription: view(connection, row, now)?,
                events: events.into_iter().map(|row| EventView::of(row, now)).collect(),
                nights: xinzhi_store::push::reconciliations(connection, id, NIGHTS_MAX)?,
            })
        })
        .await
}

/// Events after a number, in order: how a recipient fetches what it misses.
///
/// # Errors
/// [`xinzhi_core::Code::NotFound`].
pub async fn after(office: &Arc<Office>, actor: &Actor, id: i64, (sequence, limit): (i64, i64)) -> Result<Vec<EventView>, Error> {
    let scope = scope(actor)?;
    let now = office.now();
    office
        .read(move |connection| {
            visible(connection, &scope, id)?;
            let rows = xinzhi_store::push::after(connection, id, sequence, limit)?;
            Ok(rows.into_iter().map(|row| EventView::of(row, now)).collect())
        })
        .await
}

/// One event with its last tries.
///
/// # Errors
/// [`xinzhi_core::Code::NotFound`].
pub async fn event(office: &Arc<Office>, actor: &Actor, (id, sequence): (i64, i64)) -> Result<(EventView, Vec<AttemptRow>), Error> {
    let scope = scope(actor)?;
    let now = office.now();
    office
        .read(move |connection| {
            visible(connection, &scope, id)?;
            let row = xinzhi_store::push::by_sequence(connection, id, sequence)?.ok_or(xinzhi_core::Code::NotFound)?;
            Ok((EventView::of(row, now), xinzhi_store::push::attempts(connection, id, sequence)?))
        })
        .await
}
