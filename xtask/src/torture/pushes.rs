//! The judge of pushes: what the office says of its outbox, what the recipient took, and what the clients brought about, held against one
//! another (E6, E7).

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::client::{Due, post, told};
use super::dice::Dice;
use super::pause;
use super::recipient::{Inbox, Recipient, Taken};

/// Subscriptions of one recipient: while one waits for its next try, others are in the middle of theirs.
const SUBSCRIPTIONS: usize = 10;
/// Events of one answer of the office.
const PAGE: usize = 500;
/// Longer than a lease, and than the waits after some failures in a row.
pub(super) const PATIENCE: Duration = Duration::from_secs(180);
/// Longer than the office takes from one look to the next.
const TWO_LOOKS: Duration = Duration::from_millis(1_200);
const EVENTS: [&str; 5] = ["measure.begins", "measure.ends", "measure.withdrawn", "record.corrected", "obligation.due"];

/// A recipient with its subscriptions at an office.
#[derive(Debug)]
pub(super) struct Mail {
    pub(super) recipient: Recipient,
    channels: Vec<Channel>,
}

#[derive(Debug)]
struct Channel {
    /// Number of the subscription.
    id: i64,
    /// Up to here everything was accepted and has been looked at.
    seen: AtomicI64,
}

/// An event as the office shows it.
#[derive(Debug)]
struct Told {
    number: i64,
    id: String,
    state: String,
    event: Value,
}

/// Whom to ask, and with which key.
pub(super) type Desk<'a> = (&'a str, &'a str);

impl Mail {
    /// A recipient that listens; what it takes is written to `file`.
    pub(super) fn open(file: &Path, dice: Dice) -> Result<Mail> {
        Ok(Mail { recipient: Recipient::start(file, dice)?, channels: Vec::new() })
    }

    /// Has the recipient told of everything; its host is on the list of the office.
    pub(super) fn subscribe(&mut self, (address, key): Desk<'_>) -> Result<()> {
        for channel in 0..SUBSCRIPTIONS {
            let body = json!({ "events": EVENTS, "url": self.recipient.url(channel) });
            let made = post(address, key, ("/api/v1/subscriptions", &format!("subscribe-{channel}"), &body))?;
            let secret = made.get("secret").and_then(Value::as_str).context("a subscription without a secret")?;
            self.recipient.expect(secret)?;
            let id = made.get("id").and_then(Value::as_i64).context("a subscription without a number")?;
            self.channels.push(Channel { id, seen: AtomicI64::new(0) });
        }
        Ok(())
    }

    /// What must hold at any moment: the office knows all that it sent as it sent it, and has nothing as accepted that the recipient did not
    /// acknowledge. Looks at what is new since the last time.
    pub(super) fn sent(&self, desk: Desk<'_>) -> Result<()> {
        for (index, channel) in self.channels.iter().enumerate() {
            let seen = channel.seen.load(Ordering::Relaxed);
            let (before, office, after) = self.look(desk, (index, channel), seen)?;
            must_hold((&before, &office, &after), seen).with_context(|| format!("subscription {}", channel.id))?;
            let done = office.iter().take_while(|told| told.state == "accepted" || told.state == "cancelled").last();
            channel.seen.store(done.map_or(seen, |told| told.number), Ordering::Relaxed);
        }
        Ok(())
    }

    /// Waits until everything that is due has arrived and stays so: without a gap, each begin before its end, each once.
    pub(super) fn arrived(&self, desk: Desk<'_>, due: &Due, patience: Duration) -> Result<()> {
        const STEP: Duration = Duration::from_millis(250);
        self.recipient.be_polite(true);
        let mut waited = Duration::ZERO;
        while let Some(missing) = self.missing(desk, due)? {
            if waited >= patience {
                bail!("after {} seconds: {missing}", patience.as_secs());
            }
            pause(STEP);
            waited += STEP;
        }
        pause(TWO_LOOKS);
        if let Some(more) = self.missing(desk, due)? {
            bail!("after everything had arrived: {more}");
        }
        self.recipient.be_polite(false);
        Ok(())
    }

    /// What has not arrived yet; none where all is as it must be.
    fn missing(&self, (address, key): Desk<'_>, due: &Due) -> Result<Option<String>> {
        let every = told(address, key, "/api/v1/subscriptions")?;
        for one in every.as_array().into_iter().flatten() {
            let number = |name: &str| one.get(name).and_then(Value::as_i64).unwrap_or_default();
            if number("dead") > 0 {
                bail!("the office gave up: {one}");
            }
            if number("waiting") > 0 {
                return Ok(Some(format!("still waiting: {one}")));
            }
        }
        for (index, channel) in self.channels.iter().enumerate() {
            let (before, office, after) = self.look((address, key), (index, channel), 0)?;
            must_hold((&before, &office, &after), 0).with_context(|| format!("subscription {}", channel.id))?;
            let cancelled: BTreeSet<i64> = office.iter().filter(|told| told.state == "cancelled").map(|told| told.number).collect();
            let missing = is_whole(&after, &cancelled, office.len()).or(is_complete(&after, due)?);
            if let Some(missing) = missing {
                return Ok(Some(format!("subscription {}: {missing}", channel.id)));
            }
        }
        Ok(None)
    }

    /// What the recipient held before the office was asked, what the office says, what the recipient holds afterwards: both go on meanwhile.
    fn look(&self, (address, key): Desk<'_>, (index, channel): (usize, &Channel), after: i64) -> Result<(Inbox, Vec<Told>, Inbox)> {
        let before = self.recipient.inbox(index)?;
        let mut office: Vec<Told> = Vec::new();
        loop {
            let last = office.last().map_or(after, |told| told.number);
            let page = told(address, key, &format!("/api/v1/subscriptions/{}/events?after={last}", channel.id))?;
            let page = page.as_array().context("events that are no list")?;
            for one in page {
                let text = |name: &str| one.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
                office.push(Told {
                    number: one.get("sequence").and_then(Value::as_i64).context("an event without a number")?,
                    id: text("webhook_id"),
                    state: text("state"),
                    event: one.get("event").cloned().unwrap_or_default(),
                });
            }
            if page.len() < PAGE {
                return Ok((before, office, self.recipient.inbox(index)?));
            }
        }
    }

    /// Forgets the last event of the first subscription, as a recipient that lost what it had acknowledged, and says what the judge says.
    pub(super) fn forgetting(&self, desk: Desk<'_>, due: &Due) -> Result<()> {
        let last = self.recipient.inbox(0)?.last_key_value().map(|(number, _)| *number).context("nothing was ever told")?;
        let taken = self.recipient.swap((0, last), None);
        let verdict = self.arrived(desk, due, Duration::from_secs(3));
        self.recipient.swap((0, last), taken);
        verdict
    }

    /// The first subscription, for whoever tampers with the database.
    pub(super) fn first(&self) -> Result<i64> {
        Ok(self.channels.first().context("no subscription")?.id)
    }
}

/// What must hold whenever one looks.
fn must_hold((before, office, after): (&Inbox, &[Told], &Inbox), seen: i64) -> Result<()> {
    let mut last = seen;
    for told in office {
        if told.number != last + 1 {
            bail!("the office numbers {} after {last}", told.number);
        }
        last = told.number;
        let taken = after.get(&told.number);
        match (told.state.as_str(), taken) {
            ("accepted", None) => bail!("the office has {} as accepted, the recipient never took it", told.id),
            ("accepted", Some(taken)) if !taken.acknowledged => {
                bail!("the office has {} as accepted, the recipient never acknowledged it", told.id);
            }
            ("cancelled", Some(_)) => bail!("the office has {} as never sent, the recipient holds it", told.id),
            ("accepted" | "cancelled" | "waiting", _) => {}
            (state, _) => bail!("{} is {state}", told.id),
        }
        if let Some(taken) = taken.filter(|taken| taken.id != told.id || taken.event != told.event) {
            bail!("number {} is {} at the office and {} at the recipient", told.number, told.event, taken.event);
        }
    }
    let known: BTreeSet<i64> = office.iter().map(|told| told.number).collect();
    match before.range(seen + 1..).find(|(number, _)| !known.contains(number)) {
        Some((_, taken)) => bail!("the office does not know {}, which it sent", taken.event),
        None => Ok(()),
    }
}

/// What is missing from a row of numbers that is otherwise without a gap.
fn is_whole(inbox: &Inbox, cancelled: &BTreeSet<i64>, count: usize) -> Option<String> {
    let all = 1..=i64::try_from(count).unwrap_or(i64::MAX);
    let gap = all.into_iter().find(|number| !inbox.contains_key(number) && !cancelled.contains(number));
    gap.map(|number| format!("number {number} of {count} did not arrive"))
}

/// Every decision that stands was told once, every one that fell was told to have fallen or was never told, every batch that was taken back
/// was told once, and nobody was told of anything else.
fn is_complete(inbox: &Inbox, due: &Due) -> Result<Option<String>> {
    let (mut decisions, mut recalls) = (BTreeMap::<i64, Vec<&str>>::new(), BTreeMap::<i64, u32>::new());
    let mut owed = BTreeSet::new();
    for taken in inbox.values() {
        let kind = taken.event.get("type").and_then(Value::as_str).unwrap_or_default();
        match kind {
            "measure.begins" | "measure.ends" | "measure.withdrawn" => decisions.entry(data(taken, "decision")?).or_default().push(kind),
            "record.corrected" => *recalls.entry(data(taken, "batch")?).or_default() += 1,
            "obligation.due" => {
                if !owed.insert(["check", "measure", "state"].map(|name| data_of(taken, name).map(Value::to_string))) {
                    bail!("that an answer is owed was told twice: {}", taken.event);
                }
            }
            _ => bail!("an event of an unknown kind: {}", taken.event),
        }
    }
    let mut missing = None;
    for (decision, fallen) in &due.decisions {
        let told = decisions.remove(decision).unwrap_or_default();
        match (fallen, told.as_slice()) {
            (false, ["measure.begins"]) | (true, [] | ["measure.begins", "measure.withdrawn"]) => {}
            (false, []) | (true, ["measure.begins"]) => missing = Some(format!("decision {decision} was told as {told:?}")),
            _ => bail!("decision {decision}, fallen: {fallen}, was told as {told:?}"),
        }
    }
    for batch in &due.recalls {
        match recalls.remove(batch) {
            Some(1) => {}
            None => missing = Some(format!("that batch {batch} was taken back was not told")),
            Some(count) => bail!("that batch {batch} was taken back was told {count} times"),
        }
    }
    if let Some((decision, told)) = decisions.first_key_value() {
        bail!("decision {decision}, which nobody made, was told as {told:?}");
    }
    match recalls.first_key_value() {
        Some((batch, _)) => bail!("batch {batch}, which nobody took back, was told to be"),
        None => Ok(missing),
    }
}

fn data_of<'a>(taken: &'a Taken, name: &str) -> Option<&'a Value> {
    taken.event.get("data").and_then(|data| data.get(name))
}

fn data(taken: &Taken, name: &str) -> Result<i64> {
    data_of(taken, name).and_then(Value::as_i64).with_context(|| format!("an event without {name}: {}", taken.event))
}
