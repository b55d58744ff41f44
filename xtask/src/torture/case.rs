//! An office under torture with what its clients and its recipient hold, and the judge.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::client::{Client, Journal, World, settle, sign_in_first};
use super::dice::Dice;
use super::disk::Disk;
use super::postgres::Cluster;
use super::pushes::{self, Mail};
use super::server::{Health, Server, Station, freeze};
use super::{Supplies, Torture, pause};

const CLIENTS: u32 = 3;
/// An ordinary office, and PostgreSQL's own files.
const DISK_MB: u64 = 192;
const POSTGRES_MB: u64 = 448;
const PASSWORD: &str = "parole-de-torture-1";

/// An office with whoever holds something against it.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) station: Station,
    world: World,
    pub(super) mail: Mail,
    /// Entries that its journal had at first.
    base: i64,
    pub(super) journal: Journal,
    /// Requests without an answer when they were judged.
    unheard: AtomicU64,
}

/// How pushes are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pushes {
    /// What was sent is looked at, whatever else is still on its way.
    Sent,
    /// Everything must arrive.
    Arrived,
    /// Not at all.
    Unasked,
}

/// One round of asking.
#[derive(Debug)]
pub(super) struct Round<'a> {
    /// Sets keys apart.
    pub(super) name: String,
    /// It lasts up to so long.
    pub(super) millis: u64,
    /// Where the server is started otherwise than usual.
    pub(super) station: Option<&'a Station>,
}

impl Case {
    /// An office with subjects, a program that may ask, a person who may decide, and a recipient that is told.
    pub(super) fn begin(torture: &Torture, (station, supplies): (Station, &Supplies), (name, dice): (&str, Dice)) -> Result<Case> {
        const ORGAN: [&str; 4] = ["--role", "department", "--organ", "示范县市场监督管理局"];
        let mut mail = Mail::open(&torture.folder.join(format!("{name}.inbox")), dice)?;
        let file = supplies.registration.display().to_string();
        // The first account founds the office.
        station.told_with(&[["account", "add", "lifang", "--title", "李芳"].as_slice(), &ORGAN].concat(), PASSWORD)?;
        station.told(&["import", &file, "--source", "registration", "--covers", "2020-01-01..2026-10-31"])?;
        let key = station.told(&[["account", "key", "torture", "--title", "试验程序"].as_slice(), &ORGAN].concat())?.trim().to_owned();
        station.told(&["subscription", "allow", &mail.recipient.host(), "--note", "试验"])?;
        let mut server = station.serve()?.context("the server does not start")?;
        let session = sign_in_first(&server.address, "lifang", PASSWORD)?;
        mail.subscribe((&server.address, &key))?;
        server.kill()?;
        let codes = std::fs::read_to_string(&supplies.registration)?;
        let codes = codes.lines().flat_map(|line| line.split(',').take(2)).filter(|code| code.len() == 18 && code.starts_with("91"));
        let codes: Vec<String> = codes.map(str::to_owned).collect();
        if codes.is_empty() {
            bail!("no organisations in {file}");
        }
        let Supplies { header, rows, strangers, .. } = supplies.clone();
        let world = World { key, session, codes, header, rows, strangers };
        let base = station.doctor()?.entries;
        let journal = Journal::new(&torture.folder.join(format!("{name}.journal")))?;
        Ok(Case { station, world, mail, base, journal, unheard: AtomicU64::new(0) })
    }

    /// Clients ask for a while, then `end` ends the server. Returns whether there was one.
    pub(super) fn ask(&self, dice: &mut Dice, round: &Round<'_>, end: impl FnOnce(&mut Server) -> Result<()>) -> Result<bool> {
        let Some(mut server) = round.station.unwrap_or(&self.station).serve()? else { return Ok(false) };
        let (over, address) = (AtomicBool::new(false), server.address.clone());
        let lasts = Duration::from_millis(dice.below(round.millis));
        std::thread::scope(|scope| {
            let clients: Vec<_> = (0..CLIENTS)
                .map(|number| {
                    let (mut dice, name, over) = (dice.split(), format!("{}-{number}", round.name), &over);
                    let client = Client { world: &self.world, journal: &self.journal, address: &address, name };
                    scope.spawn(move || client.run(&mut dice, over))
                })
                .collect();
            pause(lasts);
            let ended = end(&mut server);
            over.store(true, Ordering::Relaxed);
            for client in clients {
                client.join().unwrap_or_else(|_| bail!("a client panicked"))?;
            }
            ended
        })?;
        Ok(true)
    }

    /// Asks everything from the `from`th request on again, compares, holds the recipient against the office, and has the office examined.
    /// Returns how many requests stand.
    pub(super) fn judge(&self, from: usize, pushes: Pushes) -> Result<usize> {
        let mut server = self.station.serve()?.context("the server does not start any more")?;
        let desk = (server.address.as_str(), self.world.key.as_str());
        let asked: Vec<_> = self.journal.lock().0.iter().cloned().enumerate().skip(from).collect();
        for (index, asked) in asked {
            self.unheard.fetch_add(u64::from(asked.answer.is_none()), Ordering::Relaxed);
            let answer = settle(desk.0, &self.world, &asked)?;
            let answer = answer.with_context(|| format!("{} is not answered any more", asked.key))?;
            self.journal.answered(index, &answer)?;
        }
        match pushes {
            Pushes::Unasked => {}
            Pushes::Sent => self.mail.sent(desk)?,
            Pushes::Arrived => self.mail.arrived(desk, &self.journal.due(), pushes::PATIENCE)?,
        }
        server.kill()?;
        self.health(&self.station.doctor()?)?;
        Ok(self.journal.count())
    }

    fn health(&self, health: &Health) -> Result<()> {
        if !health.faults.is_empty() {
            bail!("doctor found: {}", health.faults.join("; "));
        }
        // Each request is one entry, a decision one more: fewer were lost, more happened twice.
        let (asked, entries) = (self.journal.count(), self.journal.entries());
        let expected = self.base + i64::try_from(entries)?;
        if health.entries != expected {
            bail!("the journal has {} entries; {asked} requests on {} make {expected}", health.entries, self.base);
        }
        Ok(())
    }

    /// How it went, for the line of the part.
    pub(super) fn told(&self, settled: usize) -> String {
        let unheard = self.unheard.load(Ordering::Relaxed);
        let (taken, copies, failures) = self.mail.recipient.counts();
        format!(
            "{settled} requests stand, {unheard} of them had no answer; {taken} pushes arrived, {copies} came again, {failures} were failed on purpose"
        )
    }

    /// The judge on cases that it must condemn: an answer that was never given, an effect that nobody holds, an event that the recipient
    /// lost although it had acknowledged it, an outbox from which an event was deleted, and one in which an event stands twice. Says what
    /// could not be tried.
    pub(super) fn must_condemn(&self, cluster: Option<&Cluster>) -> Result<&'static str> {
        let told = !self.mail.recipient.inbox(0)?.is_empty();
        if told {
            self.must_condemn_pushes(cluster)?;
        }
        {
            let mut all = self.journal.lock();
            let first = all.0.first_mut().context("nothing was asked")?;
            first.answer = first.answer.as_ref().map(|answer| format!("{answer} "));
        }
        if self.judge(0, Pushes::Unasked).is_ok() {
            bail!("the judge did not notice an answer that was never given");
        }
        {
            let mut all = self.journal.lock();
            let first = all.0.first_mut().context("nothing was asked")?;
            first.answer = first.answer.as_ref().map(|answer| answer.trim_end().to_owned());
            all.0.pop();
        }
        if self.judge(0, Pushes::Unasked).is_ok() {
            bail!("the judge did not notice an effect that nobody asked for");
        }
        Ok(if told { "" } else { "; NOT RUN: the judge of pushes on a loss, since nobody was told of anything" })
    }

    fn must_condemn_pushes(&self, cluster: Option<&Cluster>) -> Result<()> {
        let due = self.journal.due();
        let patience = Duration::from_secs(10);
        let mut server = self.station.serve()?.context("the server does not start any more")?;
        let verdict = self.mail.forgetting((&server.address, &self.world.key), &due);
        server.kill()?;
        condemned("an event that the recipient lost", verdict, "the recipient never took it")?;
        let first = self.mail.first()?;
        for (name, statements, words) in [
            ("an event that was deleted from the outbox", deletion(first), "does not know"),
            ("an event that stands twice in the outbox", duplication(first), "was told"),
        ] {
            let station = self.station.tampered(cluster.map(|cluster| (cluster, "postgres")), &statements)?;
            let mut server = station.serve()?.with_context(|| format!("no server on a copy with {name}"))?;
            let verdict = self.mail.arrived((&server.address, &self.world.key), &due, patience);
            server.kill()?;
            condemned(name, verdict, words)?;
        }
        Ok(())
    }
}

/// The judge must have condemned it, and for this reason.
fn condemned(name: &str, verdict: Result<()>, words: &str) -> Result<()> {
    match verdict {
        Ok(()) => bail!("the judge did not notice {name}"),
        Err(found) if format!("{found:#}").contains(words) => Ok(()),
        Err(found) => Err(found.context(format!("the judge condemned {name} for another reason"))),
    }
}

/// The last event of a subscription goes, and nothing in the outbox tells that it was there.
fn deletion(subscription: i64) -> String {
    let last = format!(
        "subscription_id = {subscription} and sequence = (select max(sequence) from push_delivery where subscription_id = {subscription})"
    );
    format!(
        "delete from push_event where {last}; delete from push_delivery where {last};
        update subscription_head set sequence = sequence - 1 where subscription_id = {subscription};"
    )
}

/// The first event of a subscription is derived a second time.
fn duplication(subscription: i64) -> String {
    let of = format!("where subscription_id = {subscription}");
    format!(
        "insert into push_event (subscription_id, sequence, webhook_id, kind, cause, subject_id, decision_id, at, day, body)
            select p.subscription_id, h.sequence + 1, 'msg_second', p.kind, 'second', p.subject_id, p.decision_id, p.at, p.day,
                replace(replace(p.body, p.webhook_id, 'msg_second'), '\"sequence\":\"' || p.sequence || '\"', '\"sequence\":\"' || (h.sequence + 1) || '\"')
            from push_event p join subscription_head h on h.subscription_id = p.subscription_id
            where p.subscription_id = {subscription} and p.sequence = 1;
        insert into push_delivery (subscription_id, sequence, state, tries, next_at, error)
            select subscription_id, sequence + 1, 'waiting', 0, 0, '' from subscription_head {of};
        update subscription_head set sequence = sequence + 1 {of};"
    )
}

/// An office on a disk whose power is cut.
#[derive(Debug)]
pub(super) struct Cutting {
    /// Goes before the disk that it lies on.
    cluster: Option<Cluster>,
    disk: Disk,
    case: Case,
    judged: usize,
}

impl Cutting {
    pub(super) fn begin(torture: &Torture, supplies: &Supplies, (broken, dice): (Option<PathBuf>, Dice)) -> Result<Cutting> {
        let disk = Disk::new(&torture.folder, if torture.on_postgres { POSTGRES_MB } else { DISK_MB })?;
        let cluster = torture.cluster(&disk.place.join("postgres"), broken.clone())?;
        let plain = Station { database: cluster.as_ref().map(Cluster::url), ..torture.station(disk.place.join("data")) };
        let mut case = Case::begin(torture, (plain, supplies), (if broken.is_some() { "control" } else { "cuts" }, dice))?;
        disk.flush()?;
        case.station.broken = broken;
        Ok(Cutting { cluster, disk, case, judged: 0 })
    }

    /// Clients ask, everything stands still, power goes, everything is killed, power comes back.
    pub(super) fn cycle(&mut self, dice: &mut Dice, cycle: u64) -> Result<()> {
        // Some cycles last past the five seconds after which ext4 writes of its own accord.
        let (flag, millis) = (1 + dice.below(2), if dice.below(12) == 0 { 7_000 } else { 600 });
        let Cutting { disk, cluster, case, .. } = self;
        let served = case.ask(dice, &Round { name: format!("c{cycle}"), millis, station: None }, |server| {
            freeze(&[server.id()])?;
            if let Some(cluster) = cluster.as_ref() {
                freeze(&cluster.processes()?)?;
            }
            disk.cut(flag)?;
            server.kill()?;
            cluster.as_mut().map_or(Ok(()), Cluster::kill)
        })?;
        if !served {
            bail!("the server does not start in cycle {cycle}");
        }
        disk.unmount()?;
        disk.mount().context("the disk does not come back")?;
        cluster.as_mut().map_or(Ok(()), Cluster::start)
    }

    /// What is new since the last time, or in the end everything.
    pub(super) fn judge(&mut self, whole: bool) -> Result<()> {
        let (from, pushes) = if whole { (0, Pushes::Arrived) } else { (self.judged, Pushes::Sent) };
        self.judged = self.case.judge(from, pushes)?;
        Ok(())
    }

    /// How it went, for the line of the part.
    pub(super) fn told(&self) -> String {
        self.case.told(self.judged)
    }
}
