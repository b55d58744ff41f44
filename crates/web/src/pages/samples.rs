//! What every sample shares: a hostile text, a frame, the national pack with hostile titles.

use std::sync::Arc;

use askama::Template;
use xinzhi_core::actor::{Actor, Role};
use xinzhi_core::{AreaCode, Day, SubjectId};
use xinzhi_office::rules::Pack;

use super::frame::{Frame, Site, Theme};

/// A name that a template must never let through as markup.
pub(super) const HOSTILE: &str = "<script>alert(\"甲&乙\")</script>";

/// A page by name, rendered.
pub(super) type Sample = (&'static str, String);

pub(super) fn sample(name: &'static str, page: &impl Template) -> Sample {
    (name, page.render().expect("every page renders"))
}

pub(super) fn hostile() -> String {
    HOSTILE.to_owned()
}

pub(super) fn day(text: &str) -> Day {
    Day::parse(text).expect("a day")
}

pub(super) fn today() -> Day {
    day("2026-11-23")
}

pub(super) fn actor(role: Role) -> Actor {
    Actor {
        name: "somebody".to_owned(),
        title: hostile(),
        role,
        organ: Some(hostile()),
        area: AreaCode::parse("330899101"),
        subject: Some(SubjectId(7)),
        is_person: true,
    }
}

pub(super) fn frame(role: Role, path: &str) -> Frame {
    let site = Site { name: hostile(), sponsor: hostile(), sign_in_hint: hostile(), fault_url: "/faults".to_owned(), ..Site::default() };
    Frame::new(Arc::new(site), Theme::Elder, Some(&actor(role)), path, "2026-11-23 10:00".to_owned())
        .titled(hostile())
        .noticed(Some(HOSTILE))
}

/// The pack that the binary carries, with what people wrote in it made hostile.
pub(super) fn pack() -> Pack {
    let mut pack = xinzhi_office::pack::load("national", &xinzhi_office::pack::own_files()).expect("the own pack is sound");
    pack.title = hostile();
    for law in &mut pack.laws {
        law.title = format!("{HOSTILE}{}", law.title);
        law.to_confirm = Some(hostile());
    }
    for measure in &mut pack.measures {
        measure.title = hostile();
        measure.way_out = hostile();
    }
    for matter in &mut pack.matters {
        matter.title = hostile();
        matter.commitments = vec![hostile()];
    }
    for card in &mut pack.scorecards {
        card.purpose = hostile();
    }
    pack
}
