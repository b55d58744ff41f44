//! Asking what a draft would do. Nothing is written and nothing is installed.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use xinzhi_core::actor::Actor;
use xinzhi_core::journal::{Act, Position};
use xinzhi_core::{Code, Day, Digest, Refusal};
use xinzhi_rules::Pack;
use xinzhi_rules::load::Files;
use xinzhi_store::Connection;

use super::Impact;
use super::kept::{Assessed, assessed};
use super::run::Ask;
use crate::check::run::{hex_digest, shorten};
use crate::pack::{named_by, states, with_draft};
use crate::permission::{Action, Scope};
use crate::{Error, Office};

/// What everybody's results rest on: nothing else can change an outcome.
const RESTS_ON: [Act; 8] = [
    Act::OfficeFounded,
    Act::BatchStaged,
    Act::BatchCommitted,
    Act::BatchRecalled,
    Act::RowRuled,
    Act::FeedbackGiven,
    Act::RestrictionDecided,
    Act::AreaRecorded,
];

/// Former states of the packs that can be chosen.
const PAST_MAX: usize = 12;

/// What is asked, as an address says it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Digest of the old packs; those in force where left out.
    pub old: Option<String>,
    /// Digest of the new ones.
    pub new: Option<String>,
    /// Id of the one model that is asked about; every one where left out.
    pub scorecard: Option<String>,
    /// The day on which both are read, YYYY-MM-DD; today where left out.
    pub day: Option<String>,
}

/// Packs that can be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Their digest.
    pub digest: String,
    /// What they are called and which version.
    pub title: String,
    /// In force, a draft, or of the past.
    pub standing: &'static str,
}

/// What came of handing in a draft.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Proposal {
    /// It can be assessed, under this digest.
    Sound {
        /// Of all packs together, with the draft in its place.
        digest: String,
    },
    /// Every fault with its line and column, as the compiler tells them.
    Faulty {
        /// In the order of the files.
        faults: Vec<String>,
    },
}

/// Takes a draft in: read together with the packs in force, in the place of the one of that id or beside them. It is kept in memory and installed
/// nowhere.
///
/// # Errors
/// [`Code::NotPermitted`], a fault of the store.
pub async fn propose(office: &Arc<Office>, actor: &Actor, id: &str, files: Files) -> Result<Proposal, Error> {
    Scope::of(Action::SeeImpact, actor)?;
    let (id, drafts) = (id.to_owned(), Arc::clone(office));
    office
        .read(move |connection| {
            let (first, files) = with_draft(connection, &id, files)?;
            let checked = xinzhi_rules::check(&first, &files);
            let Some(pack) = checked.pack else {
                return Ok(Proposal::Faulty { faults: checked.faults.iter().map(|fault| fault.render(&files)).collect() });
            };
            let digest = pack.digest;
            if digest != drafts.pack().digest {
                drafts.drafts.keep(Arc::new(pack));
            }
            Ok(Proposal::Sound { digest: digest.to_string() })
        })
        .await
}

/// The packs that can be compared: those in force, drafts that were handed in since the start, the latest first, and what was in force before.
///
/// # Errors
/// [`Code::NotPermitted`], a fault of the store.
pub async fn choices(office: &Arc<Office>, actor: &Actor) -> Result<Vec<Choice>, Error> {
    Scope::of(Action::SeeImpact, actor)?;
    let now = office.pack();
    let choice = |digest: Digest, title: String, standing| Choice { digest: digest.to_string(), title, standing };
    let mut all = vec![choice(now.digest, named_by(&now), "现行")];
    let drafts = office.drafts.all();
    all.extend(drafts.iter().rev().map(|draft| choice(draft.digest, named_by(draft), "草案")));
    let past = office.read(states).await?;
    for (digest, title) in past.into_iter().rev() {
        if all.len() < PAST_MAX && all.iter().all(|known| known.digest != digest.to_string()) {
            all.push(choice(digest, title, "曾经施行"));
        }
    }
    Ok(all)
}

/// What becomes of everybody.
///
/// # Errors
/// [`Code::NotPermitted`], [`Code::FieldInvalid`] for packs or a day that there is not, [`Code::ScorecardUnknown`] for a model that is not in
/// both packs.
pub async fn show(office: &Arc<Office>, actor: &Actor, asked: &Asked) -> Result<Arc<Impact>, Error> {
    Ok(Arc::clone(&assessment(office, actor, asked).await?.impact))
}

pub(super) async fn assessment(office: &Arc<Office>, actor: &Actor, asked: &Asked) -> Result<Arc<Assessed>, Error> {
    Scope::of(Action::SeeImpact, actor)?;
    let (asked, shared) = (asked.clone(), Arc::clone(office));
    let ask = office.read(move |connection| ask(connection, &shared, &asked)).await?;
    assessed(office, ask).await
}

fn ask(connection: &mut Connection, office: &Office, asked: &Asked) -> Result<Ask, Error> {
    let old = match asked.old.as_deref() {
        None | Some("") => office.pack(),
        Some(text) => pack(connection, office, ("old", text))?,
    };
    let new = asked.new.as_deref().filter(|text| !text.is_empty());
    let new = new.ok_or_else(|| Refusal::field(Code::FieldInvalid, "new", "请选择要评估的新规则"))?;
    let new = pack(connection, office, ("new", new))?;
    let day = match asked.day.as_deref() {
        None | Some("") => office.today(),
        Some(text) => {
            Day::parse(text).map_err(|fault| Refusal::field(Code::FieldInvalid, "day", format!("评价日 `{}` {fault}", shorten(text))))?
        }
    };
    let scorecard = asked.scorecard.clone().filter(|id| !id.is_empty());
    if let Some(id) = &scorecard {
        known(id, &old, &new)?;
    }
    Ok(Ask { old, new, scorecard, day, position: position(connection)?, base: office.row().area.clone() })
}

/// The last entry that could matter to an outcome.
pub(super) fn position(connection: &mut Connection) -> Result<Position, Error> {
    let newest = xinzhi_store::figure::newest(connection, &RESTS_ON)?;
    Ok(Position(newest.into_iter().flatten().max().unwrap_or(0)))
}

/// A model that is asked about must be in both packs.
fn known(id: &str, old: &Pack, new: &Pack) -> Result<(), Refusal> {
    let missing = [(old, "旧规则"), (new, "新规则")].into_iter().find(|(pack, _)| pack.scorecard_by_id(id).is_none());
    let Some((_, which)) = missing else { return Ok(()) };
    let both: Vec<&str> = old.scorecards.iter().map(|card| card.id.as_str()).filter(|id| new.scorecard_by_id(id).is_some()).collect();
    let both = if both.is_empty() { "没有".to_owned() } else { both.join("、") };
    let words = format!("{which}中没有评价模型 `{}`，无从比较；两边都有的：{both}", shorten(id));
    Err(Refusal { code: Code::ScorecardUnknown, field: Some("scorecard".to_owned()), detail: Some(words) })
}

/// The packs that a digest names.
fn pack(connection: &mut Connection, office: &Office, (field, text): (&str, &str)) -> Result<Arc<Pack>, Error> {
    let unknown = || {
        let words = format!("没有摘要为 `{}` 的规则包；草案只保留到服务重启，请用 xinzhi pack diff 再提交一次", shorten(text));
        Refusal::field(Code::FieldInvalid, field, words)
    };
    let digest = hex_digest(text).map_err(|_| unknown())?;
    if let Some(draft) = office.drafts.find(digest) {
        return Ok(draft);
    }
    let is_known = office.pack().digest == digest || states(connection)?.iter().any(|(known, _)| *known == digest);
    if is_known { office.pack_by_digest(connection, digest) } else { Err(unknown().into()) }
}
