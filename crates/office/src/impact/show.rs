//! Asking what a draft would do. Nothing is written and nothing is installed.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use xinzhi_core::actor::Actor;
use xinzhi_core::journal::{Act, Position};
use xinzhi_core::{Code, Day, Digest, Moment, Refusal};
use xinzhi_rules::load::{Files, HEAD};
use xinzhi_rules::{Diagnostic, Pack};
use xinzhi_store::Connection;

use super::Impact;
use super::kept::{Assessed, assessed};
use super::run::Ask;
use super::side::{DRAFTS_MAX, Draft};
use super::words::differences;
use crate::check::run::{hex_digest, shorten};
use crate::pack::{State, called, states, titled, with_draft};
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
    /// What they are called and which version; of a draft, the pack that was handed in.
    pub title: String,
    /// In force, a draft, or of the past.
    pub standing: Standing,
}

/// Where packs that can be compared come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// In force now.
    InForce,
    /// Handed in to be looked at.
    Draft {
        /// When.
        at: Moment,
        /// How many rules differed from those in force then.
        differences: usize,
        /// The title of the first of them.
        first: Option<String>,
    },
    /// In force before.
    Past,
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
    /// It was to stand beside the packs in force and repeats what they have: it belongs in the place of one of them.
    Misplaced {
        /// Ids of the packs in force.
        in_force: Vec<String>,
    },
}

/// Takes a draft in: read together with the packs in force, in the place of the one of that id or beside them. It is kept in memory and installed
/// nowhere.
///
/// # Errors
/// [`Code::NotPermitted`], [`Code::FieldInvalid`] for files that are no pack, a fault of the store.
pub async fn propose(office: &Arc<Office>, actor: &Actor, id: &str, files: Files) -> Result<Proposal, Error> {
    Scope::of(Action::SeeImpact, actor)?;
    if files.text(HEAD).is_none() {
        return Err(Refusal::field(Code::FieldInvalid, "files", format!("草案 `{}` 中没有 {HEAD}，不是规则包", shorten(id))).into());
    }
    let (id, shared) = (id.to_owned(), Arc::clone(office));
    office
        .read(move |connection| {
            let now = shared.pack();
            let (first, union) = with_draft(connection, &id, files.clone())?;
            let checked = xinzhi_rules::check(&first, &union);
            let Some(pack) = checked.pack else {
                if now.parts.iter().all(|part| part.id != id)
                    && repeats(&checked.faults) > repeats(&xinzhi_rules::check(&id, &files).faults)
                {
                    return Ok(Proposal::Misplaced { in_force: now.parts.iter().map(|part| part.id.clone()).collect() });
                }
                return Ok(Proposal::Faulty { faults: checked.faults.iter().map(|fault| fault.render(&union)).collect() });
            };
            let digest = pack.digest;
            if digest != now.digest {
                shared.drafts.keep(draft(pack, &id, (&now, shared.now())));
            }
            Ok(Proposal::Sound { digest: digest.to_string() })
        })
        .await
}

/// How many names are given twice.
fn repeats(faults: &[Diagnostic]) -> usize {
    faults.iter().filter(|fault| fault.code == "duplicate-id").count()
}

fn draft(pack: Pack, id: &str, (in_force, at): (&Pack, Moment)) -> Draft {
    let title = pack.parts.iter().find(|part| part.id == id).map_or_else(|| id.to_owned(), |part| part.title.clone());
    let differences = Arc::new(differences(in_force, &pack));
    Draft { pack: Arc::new(pack), at, title, against: in_force.digest, differences }
}

/// The packs that can be compared: those in force, drafts that were handed in since the start, the latest first, and what was in force before.
///
/// # Errors
/// [`Code::NotPermitted`], a fault of the store.
pub async fn choices(office: &Arc<Office>, actor: &Actor) -> Result<Vec<Choice>, Error> {
    Scope::of(Action::SeeImpact, actor)?;
    let now = office.pack();
    // Of packs of the past only id and version are at hand; they are called as the pack of that id is now.
    let title = |id: &str| now.parts.iter().find(|part| part.id == id).map(|part| part.title.clone());
    let earlier = |parts: &[(String, String)]| {
        let titles: Vec<String> = parts.iter().map(|(id, _)| title(id).unwrap_or_else(|| id.clone())).collect();
        called(titles.iter().zip(parts).map(|(title, (_, version))| (title.as_str(), version.as_str())))
    };
    let choice = |digest: Digest, title: String, standing| Choice { digest: digest.to_string(), title, standing };
    let mut all = vec![choice(now.digest, titled(&now), Standing::InForce)];
    all.extend(office.drafts.all().into_iter().rev().map(|draft| {
        let Draft { pack, at, title, differences, .. } = draft;
        let first = differences.first().map(|difference| difference.title.clone());
        choice(pack.digest, title, Standing::Draft { at, differences: differences.len(), first })
    }));
    let past = office.read(states).await?;
    for State { digest, parts } in past.into_iter().rev() {
        if all.len() < PAST_MAX && all.iter().all(|known| known.digest != digest.to_string()) {
            all.push(choice(digest, earlier(&parts), Standing::Past));
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
    let differences = office.drafts.differences(old.digest, new.digest);
    Ok(Ask { old, new, scorecard, differences, day, position: position(connection)?, base: office.row().area.clone() })
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
        let words = format!(
            "没有摘要为 `{}` 的规则包；草案只保留到服务重启，也只保留最近提交的 {DRAFTS_MAX} 份，请另选，或由本机操作员再次提交",
            shorten(text)
        );
        Refusal::field(Code::FieldInvalid, field, words)
    };
    let digest = hex_digest(text).map_err(|_| unknown())?;
    if let Some(draft) = office.drafts.find(digest) {
        return Ok(draft);
    }
    let is_known = office.pack().digest == digest || states(connection)?.iter().any(|known| known.digest == digest);
    if is_known { office.pack_by_digest(connection, digest) } else { Err(unknown().into()) }
}
