//! Samples for the test over all pages.

use xinzhi_core::actor::Role;
use xinzhi_office::organ::{AreaView, Choices, KINDS};

use super::super::answer::FormFault;
use super::super::rules::Basis;
use super::super::samples::{HOSTILE, Sample, frame, hostile, sample};
use super::super::text::{Mark, Tone};
use super::accounts::{AccountLine, AccountPage, AccountsPage, Acts, MadePage, NewPage, Step};
use super::home::{Duty, HomePage, Notice};
use super::journal::{Asked, EntryLine, JournalPage};
use super::keys::{KeyLine, KeysPage};
use super::organs::{AreaForm, AreasPage, OrganForm, OrganLine, OrganPage, OrgansPage};
use super::overview::{InstalledLine, PackLine, PacksPage, RelationKindLine, SeenPage, StagedLine, StandingLine, WorkLine, WorkPage};
use super::who::{Menu, WhoForm};

pub(in super::super) fn samples() -> Vec<Sample> {
    let mut all = accounts();
    all.extend(keys());
    all.extend(organs());
    all.extend(overview());
    all.extend(journal());
    all
}

fn mark(words: &str) -> Mark {
    Mark::new(Tone::Amber, words)
}

fn typed() -> WhoForm {
    let role = Role::Counter.word().to_owned();
    WhoForm { name: hostile(), title: hostile(), role, organ: hostile(), area: "330899101".to_owned(), subject: String::new() }
}

fn menu() -> Menu {
    let choices = Choices { organs: vec![hostile()], areas: vec![("330899101".to_owned(), hostile())] };
    Menu::new([Role::Counter, Role::Centre], choices, &typed())
}

fn faults() -> Vec<FormFault> {
    ["name", "title", "role", "organ", "area"].map(|field| FormFault::new(field, HOSTILE)).to_vec()
}

fn accounts() -> Vec<Sample> {
    let line = |words| AccountLine { name: "a".to_owned(), title: hostile(), role: "窗口", place: hostile(), mark: mark(words) };
    let list = |accounts| AccountsPage {
        frame: frame(Role::Security, "/admin/accounts"),
        accounts,
        tabs: vec![("", "全部", true, 2), ("waiting", "待启用", false, 1)],
        may_make: true,
        may_grant: true,
        waiting: 1,
    };
    let new = |faults| NewPage { frame: frame(Role::System, "/admin/accounts/new"), typed: typed(), menu: menu(), faults };
    let step = Step { entry: 9, at: hostile(), by: hostile(), what: "建立", rights: hostile() };
    let acts = Acts { release: true, lock: true, unlock: true, reset: true, reset_factor: true, end: true, own: false };
    let one = AccountPage {
        has_factor: true,
        needs_factor: true,
        frame: frame(Role::Security, "/admin/accounts/a"),
        name: "a".to_owned(),
        title: hostile(),
        role: "窗口",
        organ: hostile(),
        area: hostile(),
        made_by: hostile(),
        mark: mark("待启用"),
        must_change: true,
        steps: vec![step],
        menu: Some(menu()),
        acts,
        faults: vec![FormFault::new("role", HOSTILE)],
    };
    let made = MadePage {
        frame: frame(Role::System, "/admin/accounts/new"),
        name: hostile(),
        secret: hostile(),
        what: "首次密码",
        next: "只显示一次",
        back: "/admin/accounts".to_owned(),
    };
    let home = |notices| HomePage {
        frame: frame(Role::Security, "/admin"),
        title: hostile(),
        post: "安全管理",
        bounds: "看不到业务数据",
        notices,
        duties: vec![Duty { href: "/admin/accounts".to_owned(), title: hostile(), words: "启用账号" }],
    };
    let notice = Notice { href: "/admin/accounts", what: hostile(), then: "核对后启用" };
    vec![
        sample("administrator's first page", &home(vec![notice])),
        sample("administrator's first page, quiet", &home(Vec::new())),
        sample("accounts", &list(vec![line("可用"), line("已锁定")])),
        sample("accounts, none", &list(Vec::new())),
        sample("new account", &new(Vec::new())),
        sample("new account, refused", &new(faults())),
        sample("one account", &one),
        sample("account made", &made),
    ]
}

fn keys() -> Vec<Sample> {
    let line = |may_end| KeyLine {
        number: 7,
        name: hostile(),
        title: hostile(),
        role: "部门",
        place: hostile(),
        made_by: hostile(),
        used: "2026-11-23".to_owned(),
        mark: mark("可用"),
        may_end,
    };
    let list = |keys| KeysPage { frame: frame(Role::Security, "/admin/keys"), keys, in_use: 1, may_make: true };
    let new = super::keys::NewPage { frame: frame(Role::Security, "/admin/keys/new"), typed: typed(), menu: menu(), faults: faults() };
    vec![sample("keys", &list(vec![line(true), line(false)])), sample("keys, none", &list(Vec::new())), sample("new key, refused", &new)]
}

fn organs() -> Vec<Sample> {
    let line = || OrganLine {
        name: hostile(),
        href: "/admin/organs/a".to_owned(),
        kind: "部门",
        code: "11330899MB0000001X".to_owned(),
        area: hostile(),
        entry: 3,
        mark: mark("现行"),
    };
    let list = |organs| OrgansPage { frame: frame(Role::System, "/admin/organs"), organs, may_keep: true };
    let one = |is_new: bool, versions, faults| OrganPage {
        frame: frame(Role::System, "/admin/organs/a"),
        action: "/admin/organs/a".to_owned(),
        is_new,
        may_keep: true,
        typed: OrganForm {
            name: hostile(),
            code: hostile(),
            area: "330899101".to_owned(),
            kind: "other".to_owned(),
            ended: "yes".to_owned(),
        },
        kinds: KINDS,
        areas: vec![("330899101".to_owned(), hostile())],
        versions,
        faults,
    };
    let area = |recorded, ended| AreaView { code: "330899101".to_owned(), name: hostile(), ended, recorded, subjects: 12 };
    let areas = |faults| AreasPage {
        frame: frame(Role::System, "/admin/areas"),
        areas: vec![area(true, false), area(false, false), area(true, true)],
        own: "330899".to_owned(),
        may_keep: true,
        typed: AreaForm { code: hostile(), name: hostile(), ended: "yes".to_owned() },
        faults,
    };
    let wrong = |fields: &[&str]| fields.iter().map(|field| FormFault::new(field, HOSTILE)).collect::<Vec<_>>();
    vec![
        sample("organs", &list(vec![line()])),
        sample("organs, none", &list(Vec::new())),
        sample("new organ, refused", &one(true, Vec::new(), wrong(&["name", "kind", "code", "area"]))),
        sample("one organ", &one(false, vec![line(), line()], Vec::new())),
        sample("areas", &areas(Vec::new())),
        sample("areas, refused", &areas(wrong(&["code", "name"]))),
    ]
}

fn overview() -> Vec<Sample> {
    let [id, title, of, to, part] = [(); 5].map(|()| hostile());
    let basis = vec![Basis { href: "/rules/national#law-a".to_owned(), citation: hostile(), level: "法律" }];
    let relation = RelationKindLine { id, title, of, to, basis, part, in_force: 4 };
    let seen = SeenPage {
        frame: frame(Role::System, "/admin/seen"),
        subjects: vec![(hostile(), hostile(), 12)],
        subjects_all: 12,
        records: vec![(hostile(), hostile(), 30)],
        records_all: 30,
        relations: vec![relation],
    };
    let pack = |overdue| PackLine {
        id: hostile(),
        title: hostile(),
        version: hostile(),
        jurisdiction: hostile(),
        extends: hostile(),
        review: mark("演示，未经合法性审查"),
        review_by: hostile(),
        overdue,
        digest: hostile(),
        installed: hostile(),
    };
    let installed = InstalledLine { entry: 2, pack: hostile(), version: hostile(), digest: hostile(), at: hostile(), by: hostile() };
    let packs = PacksPage {
        frame: frame(Role::System, "/admin/packs"),
        digest: hostile(),
        packs: vec![pack(false), pack(true)],
        installed: vec![installed],
        years: vec![(2026, hostile())],
        missing: vec![(2027, false), (2028, true)],
    };
    let line = || WorkLine {
        title: "归集预览",
        about: hostile(),
        began: hostile(),
        so_far: "25 / 100".to_owned(),
        ended: String::new(),
        mark: mark("进行中"),
    };
    let again = StandingLine {
        title: "推送",
        about: hostile(),
        mark: mark("连续失败 2 次"),
        so_far: "待送达 3 件".to_owned(),
        well_at: String::new(),
        failed_at: "2026-11-23 10:00:00".to_owned(),
        failure: hostile(),
        next_at: "2026-11-23 10:05:00".to_owned(),
    };
    let work = |(running, finished), standing, staged, is_stopped| WorkPage {
        frame: frame(Role::System, "/admin/work"),
        running,
        finished,
        standing,
        staged,
        facts: vec![("登录中的会话", hostile())],
        is_stopped,
    };
    let staged = StagedLine { batch: 3, source: hostile(), rows: 12, at: hostile() };
    vec![
        sample("seen", &seen),
        sample("packs", &packs),
        sample("work", &work((vec![line()], vec![line()]), vec![again], vec![staged], true)),
        sample("work, none", &work((Vec::new(), Vec::new()), Vec::new(), Vec::new(), false)),
    ]
}

fn journal() -> Vec<Sample> {
    let entry = EntryLine { position: 9, at: hostile(), title: "信用核查", actor: hostile(), refs: hostile(), digest: hostile() };
    let asked =
        Asked { act: "check_made".to_owned(), actor: hostile(), from: hostile(), until: hostile(), to: hostile(), file: String::new() };
    let page = |entries, fields: &[&str]| JournalPage {
        frame: frame(Role::Audit, "/admin/journal"),
        head: 900,
        acts: vec![("check_made", "信用核查")],
        asked: asked.clone(),
        narrow: true,
        entries,
        older: Some("/admin/journal?to=1".to_owned()),
        newest: Some("/admin/journal".to_owned()),
        most: 100_000,
        faults: fields.iter().map(|field| FormFault::new(field, HOSTILE)).collect(),
    };
    vec![
        sample("journal", &page(vec![entry], &[])),
        sample("journal, refused", &page(Vec::new(), &["act", "actor", "from", "until", "to"])),
    ]
}
