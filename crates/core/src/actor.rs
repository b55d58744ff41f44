//! Who acts.

use serde::{Deserialize, Serialize};

use crate::AreaCode;
use crate::SubjectId;

/// 岗位角色. One account holds one role; what it may do stands in the office's permission table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// 信用中心.
    Centre,
    /// 部门.
    Department,
    /// 乡镇.
    Township,
    /// 窗口.
    Counter,
    /// 法制审核.
    Legal,
    /// 审计管理: reads the journal and changes nothing.
    Audit,
    /// 系统管理: makes organs, areas and accounts, which have no effect until released.
    System,
    /// 安全管理: releases accounts, sets rights, makes and ends keys.
    Security,
    /// 主体: a subject looking at its own file.
    Subject,
}

impl Role {
    /// Every role, in the order of the permission table.
    pub const ALL: [Role; 9] = [
        Role::Centre,
        Role::Department,
        Role::Township,
        Role::Counter,
        Role::Legal,
        Role::Audit,
        Role::System,
        Role::Security,
        Role::Subject,
    ];

    /// 三员: the three administrators. They exclude one another and see no business data (A9).
    pub const ADMINISTRATORS: [Role; 3] = [Role::System, Role::Security, Role::Audit];

    /// Whether it is one of the three.
    pub fn is_administrator(self) -> bool {
        Role::ADMINISTRATORS.contains(&self)
    }

    /// The word that people read.
    pub fn title(self) -> &'static str {
        match self {
            Role::Centre => "信用中心",
            Role::Department => "部门",
            Role::Township => "乡镇",
            Role::Counter => "窗口",
            Role::Legal => "法制审核",
            Role::Audit => "审计管理",
            Role::System => "系统管理",
            Role::Security => "安全管理",
            Role::Subject => "主体",
        }
    }

    /// The word that the database stores.
    pub fn word(self) -> &'static str {
        match self {
            Role::Centre => "centre",
            Role::Department => "department",
            Role::Township => "township",
            Role::Counter => "counter",
            Role::Legal => "legal",
            Role::Audit => "audit",
            Role::System => "system",
            Role::Security => "security",
            Role::Subject => "subject",
        }
    }

    /// The inverse of [`Role::word`].
    pub fn from_word(word: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.word() == word)
    }
}

/// Who acts, in which role and for which organ and area. The journal keeps `name`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Login name, API key name, or `cli` for whoever sits at the machine.
    pub name: String,
    /// What people call them.
    pub title: String,
    /// Their role.
    pub role: Role,
    /// The organ they act for, by name as the packs and departments write it; the centre has none.
    pub organ: Option<String>,
    /// The area they are competent for; none means the whole office.
    pub area: Option<AreaCode>,
    /// For [`Role::Subject`]: whose file.
    pub subject: Option<SubjectId>,
    /// Whether a person acts, or a program with a key. A program decides nothing adverse (D2).
    pub is_person: bool,
}
