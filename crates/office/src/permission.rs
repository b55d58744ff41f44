//! Who may do what: one table, action × role → [`Scope`], from which both the check in code and the filter in SQL derive.
//!
//! The table is printed into `tests/golden/permissions.txt`; a change of it shows there.

use xinzhi_core::actor::{Actor, Role};
use xinzhi_core::{AreaCode, Code, SubjectId};

use crate::Error;

/// What somebody may want to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// Find organisations by name or code.
    SearchSubjects,
    /// Open a subject's file.
    ReadSubject,
    /// See a full identity number.
    UnmaskIdentity,
    /// Ask at a business trigger.
    RunCheck,
    /// Tell what was done with a measure.
    GiveFeedback,
    /// See what is owed and overdue.
    SeeLoopBoard,
    /// See what the office counts of itself.
    SeeFigures,
    /// See what a change of rules would do to everybody, before it is made.
    SeeImpact,
    /// Bring a department's file in.
    ImportBatch,
    /// See batches and verdicts.
    SeeBatches,
    /// Take a committed batch back.
    RecallBatch,
    /// Rule on a row that waits.
    RuleOnRow,
    /// See, run and pause the departments' tables that the office polls.
    ManageConnectors,
    /// See how well and how timely departments report.
    SeeQuality,
    /// Open an account for a subject that lies in scope.
    OpenForSubject,
    /// Make accounts, which have no effect until they are released.
    MakeAccounts,
    /// Release accounts and set their rights, unlock, reset, end them; make and end keys.
    GrantRights,
    /// See accounts and keys.
    SeeAccounts,
    /// Keep the tables of organs and areas.
    KeepOrgans,
    /// See packs, calendars, kinds and running work.
    SeeOperation,
    /// Read the journal and hand it out.
    SeeJournal,
    /// Be told by pushes: make, change and end subscriptions, see what was sent, have it sent again, acknowledge it.
    Subscribe,
    /// Say which hosts the office may send to.
    ListHosts,
}

impl Action {
    /// Every action, in the order of the table.
    pub const ALL: [Action; 23] = [
        Action::SearchSubjects,
        Action::ReadSubject,
        Action::UnmaskIdentity,
        Action::RunCheck,
        Action::GiveFeedback,
        Action::SeeLoopBoard,
        Action::SeeFigures,
        Action::SeeImpact,
        Action::ImportBatch,
        Action::SeeBatches,
        Action::RecallBatch,
        Action::RuleOnRow,
        Action::ManageConnectors,
        Action::SeeQuality,
        Action::OpenForSubject,
        Action::MakeAccounts,
        Action::GrantRights,
        Action::SeeAccounts,
        Action::KeepOrgans,
        Action::SeeOperation,
        Action::SeeJournal,
        Action::Subscribe,
        Action::ListHosts,
    ];
}

/// How far a permission reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Not at all.
    Nothing,
    /// The actor's own file.
    Own,
    /// What the actor's organ did.
    Organ,
    /// What lies in the actor's area.
    Area,
    /// The whole office.
    Office,
}

/// The table.
pub fn reach(action: Action, role: Role) -> Reach {
    use Action::{
        GiveFeedback, GrantRights, ImportBatch, KeepOrgans, ListHosts, MakeAccounts, ManageConnectors, OpenForSubject, ReadSubject,
        RecallBatch, RuleOnRow, RunCheck, SearchSubjects, SeeAccounts, SeeBatches, SeeFigures, SeeImpact, SeeJournal, SeeLoopBoard,
        SeeOperation, SeeQuality, Subscribe, UnmaskIdentity,
    };
    match (role, action) {
        (
            Role::Centre,
            SearchSubjects | ReadSubject | UnmaskIdentity | RunCheck | GiveFeedback | SeeLoopBoard | SeeFigures | ImportBatch | SeeBatches
            | RecallBatch | RuleOnRow | ManageConnectors | SeeQuality | OpenForSubject | Subscribe | SeeImpact,
        ) => Reach::Office,
        (Role::Department, SearchSubjects | ReadSubject | RunCheck) => Reach::Office,
        (Role::Department, GiveFeedback | SeeLoopBoard | SeeFigures | ImportBatch | SeeBatches | RecallBatch | SeeQuality | Subscribe) => {
            Reach::Organ
        }
        (Role::Township | Role::Counter, SearchSubjects | ReadSubject | RunCheck | GiveFeedback | SeeLoopBoard | OpenForSubject)
        | (Role::Township, SeeFigures | SeeQuality) => Reach::Area,
        (Role::Legal, SeeLoopBoard | SeeImpact) => Reach::Office,
        (Role::Audit, SeeAccounts | SeeOperation | SeeJournal)
        | (Role::System, MakeAccounts | SeeAccounts | KeepOrgans | SeeOperation | ListHosts)
        | (Role::Security, GrantRights | SeeAccounts) => Reach::Office,
        (Role::Subject, ReadSubject) => Reach::Own,
        (_, _) => Reach::Nothing,
    }
}

/// A reach with the actor's own values filled in: what code checks and SQL filters by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One subject.
    Own(SubjectId),
    /// One organ.
    Organ(String),
    /// One area and all below it.
    Area(AreaCode),
    /// No limit inside the office.
    Office,
}

impl Scope {
    /// What `actor` may do with `action`; the refusal says no more than that it may not.
    ///
    /// # Errors
    /// [`Code::NotPermitted`], also for an account that lacks the organ or area its role needs.
    pub fn of(action: Action, actor: &Actor) -> Result<Scope, Error> {
        let scope = match reach(action, actor.role) {
            Reach::Nothing => None,
            Reach::Own => actor.subject.map(Scope::Own),
            Reach::Organ => actor.organ.clone().map(Scope::Organ),
            Reach::Area => actor.area.clone().map(Scope::Area),
            Reach::Office => Some(Scope::Office),
        };
        scope.ok_or_else(|| Code::NotPermitted.into())
    }

    /// Whether a subject in `area` lies inside. A subject whose area is not known is open to whoever may see the whole office.
    pub fn covers_subject(&self, subject: SubjectId, area: Option<&str>) -> bool {
        match self {
            Scope::Own(own) => *own == subject,
            Scope::Organ(_) | Scope::Office => true,
            Scope::Area(mine) => area.and_then(AreaCode::parse).is_some_and(|area| mine.contains(&area)),
        }
    }

    /// Whether what `organ` did in `area` lies inside.
    pub fn covers_work(&self, organ: Option<&str>, area: Option<&str>) -> bool {
        match self {
            Scope::Own(_) => false,
            Scope::Organ(mine) => organ == Some(mine.as_str()),
            Scope::Area(mine) => area.and_then(AreaCode::parse).is_some_and(|area| mine.contains(&area)),
            Scope::Office => true,
        }
    }

    /// The organ that a SQL filter compares with.
    pub fn organ(&self) -> Option<&str> {
        if let Scope::Organ(organ) = self { Some(organ) } else { None }
    }

    /// The area that a SQL filter compares with.
    pub fn area(&self) -> Option<&str> {
        if let Scope::Area(area) = self { Some(area.as_str()) } else { None }
    }
}

/// The table as text, for the golden file.
pub fn table() -> String {
    let mut lines = vec![format!("{:<18}{}", "action", Role::ALL.map(|role| format!("{:<12}", role.word())).concat())];
    for action in Action::ALL {
        let cells = Role::ALL.map(|role| format!("{:<12}", format!("{:?}", reach(action, role)).to_lowercase())).concat();
        lines.push(format!("{:<18}{cells}", format!("{action:?}")));
    }
    lines.iter().map(|line| format!("{}\n", line.trim_end())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn actor(role: Role) -> Actor {
        let area = AreaCode::parse("330899101");
        Actor {
            name: "a".into(),
            title: "甲".into(),
            role,
            organ: Some("市场监督管理局".into()),
            area,
            subject: Some(SubjectId(7)),
            is_person: true,
        }
    }

    #[test]
    fn a9_administrators_and_auditors_see_no_business_data() {
        const BUSINESS: [Action; 12] = [
            Action::SearchSubjects,
            Action::ReadSubject,
            Action::UnmaskIdentity,
            Action::RunCheck,
            Action::GiveFeedback,
            Action::SeeLoopBoard,
            Action::SeeImpact,
            Action::ImportBatch,
            Action::SeeBatches,
            Action::RecallBatch,
            Action::RuleOnRow,
            Action::OpenForSubject,
        ];
        for (role, action) in Role::ADMINISTRATORS.into_iter().flat_map(|role| BUSINESS.map(|action| (role, action))) {
            assert!(Scope::of(action, &actor(role)).is_err(), "{role:?} {action:?}");
        }
    }

    #[test]
    fn a9_what_changes_something_belongs_to_one_of_the_three_and_to_nobody_else() {
        for (action, whose) in
            [(Action::MakeAccounts, Role::System), (Action::KeepOrgans, Role::System), (Action::GrantRights, Role::Security)]
        {
            let holders: Vec<Role> = Role::ALL.into_iter().filter(|role| reach(action, *role) != Reach::Nothing).collect();
            assert_eq!(holders, [whose], "{action:?}");
        }
        let readers = Role::ALL.into_iter().filter(|role| reach(Action::SeeJournal, *role) != Reach::Nothing);
        assert_eq!(readers.collect::<Vec<_>>(), [Role::Audit]);
    }

    #[test]
    fn a_township_sees_nothing_of_its_neighbour() {
        let scope = Scope::of(Action::ReadSubject, &actor(Role::Township)).unwrap();
        assert!(scope.covers_subject(SubjectId(1), Some("330899101")));
        assert!(scope.covers_subject(SubjectId(1), Some("330899101003")));
        assert!(!scope.covers_subject(SubjectId(1), Some("330899102")));
        assert!(!scope.covers_subject(SubjectId(1), None));
    }

    #[test]
    fn a_subject_sees_its_own_file_only() {
        let scope = Scope::of(Action::ReadSubject, &actor(Role::Subject)).unwrap();
        assert!(scope.covers_subject(SubjectId(7), None));
        assert!(!scope.covers_subject(SubjectId(8), Some("330899101")));
    }

    #[test]
    fn an_account_without_its_organ_may_nothing_that_needs_one() {
        let nobody = Actor { organ: None, ..actor(Role::Department) };
        assert!(Scope::of(Action::GiveFeedback, &nobody).is_err());
    }
}
