//! The fields that say who somebody is and what they may do: the same for accounts, keys and rights.

use serde::Deserialize;
use xinzhi_core::Refusal;
use xinzhi_core::actor::{Actor, Role};
use xinzhi_office::account::Wanted;
use xinzhi_office::organ::{self, AreaView, Choices};

use super::super::answer::{FormFault, Stopped};
use crate::server::AppState;

/// What was typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in super::super) struct WhoForm {
    pub(in super::super) name: String,
    pub(in super::super) title: String,
    pub(in super::super) role: String,
    pub(in super::super) organ: String,
    pub(in super::super) area: String,
    pub(in super::super) subject: String,
}

impl WhoForm {
    pub(in super::super) fn wanted(&self) -> Wanted {
        let WhoForm { name, title, role, organ, area, subject } = self.clone();
        Wanted { name, title, role, organ, area, subject }
    }

    /// The form of an account as it stands.
    pub(super) fn of(actor: &Actor) -> WhoForm {
        WhoForm {
            name: actor.name.clone(),
            title: actor.title.clone(),
            role: actor.role.word().to_owned(),
            organ: actor.organ.clone().unwrap_or_default(),
            area: actor.area.as_ref().map(ToString::to_string).unwrap_or_default(),
            subject: String::new(),
        }
    }
}

/// A choice with whether it was made.
#[derive(Clone, Debug)]
pub(in super::super) struct Choice {
    pub(super) word: String,
    pub(super) title: String,
    pub(super) chosen: bool,
}

/// What there is to choose from.
#[derive(Clone, Debug)]
pub(in super::super) struct Menu {
    pub(super) roles: Vec<Choice>,
    pub(super) organs: Vec<Choice>,
    pub(super) areas: Vec<Choice>,
}

impl Menu {
    pub(super) fn new(roles: impl IntoIterator<Item = Role>, choices: Choices, typed: &WhoForm) -> Menu {
        let choice = |word: String, title: String, typed: &str| Choice { chosen: word == typed, word, title };
        let area = |(code, name): (String, String)| {
            let title = format!("{code} {name}").trim().to_owned();
            choice(code, title, &typed.area)
        };
        Menu {
            roles: roles.into_iter().map(|role| choice(role.word().to_owned(), role.title().to_owned(), &typed.role)).collect(),
            organs: choices.organs.into_iter().map(|organ| choice(organ.clone(), organ, &typed.organ)).collect(),
            areas: choices.areas.into_iter().map(area).collect(),
        }
    }
}

/// Everything that the office refuses about a form, beside its field.
pub(in super::super) fn told(refusals: Vec<Refusal>) -> Vec<FormFault> {
    let fault = |refusal: Refusal| {
        let sentence = refusal.detail.clone().unwrap_or_else(|| refusal.sentence());
        FormFault::new(refusal.field.as_deref().unwrap_or_default(), sentence)
    };
    refusals.into_iter().map(fault).collect()
}

/// What areas are called, for pages that say where somebody works.
pub(super) struct Areas(Vec<AreaView>);

impl Areas {
    pub(super) async fn read(state: &AppState, actor: &Actor) -> Result<Areas, Stopped> {
        Ok(Areas(organ::areas(&state.office, actor).await?))
    }

    /// `青溪镇（330899101）`; the code alone where nobody named it.
    pub(super) fn said(&self, code: &str) -> String {
        let known = self.0.iter().find(|area| area.code == code && !area.name.is_empty());
        known.map_or_else(|| code.to_owned(), |area| format!("{}（{code}）", area.name))
    }
}

/// 单位 and 辖区 in one cell.
pub(super) fn place(actor: &Actor, areas: &Areas) -> String {
    let area = actor.area.as_ref().map(|area| areas.said(area.as_str()));
    let parts: Vec<&str> = [actor.organ.as_deref(), area.as_deref()].into_iter().flatten().filter(|part| !part.is_empty()).collect();
    if parts.is_empty() { "—".to_owned() } else { parts.join("，") }
}

#[cfg(test)]
mod tests {
    use xinzhi_core::AreaCode;

    use super::*;

    #[test]
    fn a_place_is_said_or_dashed() {
        let actor = |organ: Option<&str>, area: Option<&str>| Actor {
            name: "a".into(),
            title: "甲".into(),
            role: Role::Township,
            organ: organ.map(str::to_owned),
            area: area.and_then(AreaCode::parse),
            subject: None,
            is_person: true,
        };
        let named =
            |code: &str, name: &str| AreaView { code: code.to_owned(), name: name.to_owned(), ended: false, recorded: true, subjects: 0 };
        let areas = Areas(vec![named("330803", ""), named("330803104", "廿里镇")]);
        assert_eq!(place(&actor(None, None), &areas), "—");
        assert_eq!(place(&actor(Some("廿里镇人民政府"), Some("330803104")), &areas), "廿里镇人民政府，廿里镇（330803104）");
        assert_eq!(place(&actor(None, Some("330803")), &areas), "330803", "nobody named it");
    }
}
