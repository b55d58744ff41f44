//! What whoever runs the office sees of it: kinds in numbers, packs and calendars, work in progress.

use askama::Template;
use axum::extract::State;
use xinzhi_office::overview::{self, Going, StandingWork};
use xinzhi_office::rules::model::Review;
use xinzhi_office::rules::relation::RelationKind;
use xinzhi_office::rules::{Pack, sentence};
use xinzhi_office::work::WorkView;

use super::super::answer::{Answer, show};
use super::super::frame::Frame;
use super::super::reader::Signed;
use super::super::rules::{Basis, bases};
use super::super::text::{Mark, Tone, left};
use crate::server::AppState;

/// A line of a count: what it is called, its id, how many.
pub(super) type CountLine = (String, String, i64);

#[derive(Template)]
#[template(path = "admin/seen.html")]
pub(super) struct SeenPage {
    pub(super) frame: Frame,
    pub(super) subjects: Vec<CountLine>,
    pub(super) subjects_all: i64,
    pub(super) records: Vec<CountLine>,
    pub(super) records_all: i64,
    pub(super) relations: Vec<RelationKindLine>,
}

/// A kind of relation with how many hold today.
pub(super) struct RelationKindLine {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) of: String,
    pub(super) to: String,
    pub(super) basis: Vec<Basis>,
    pub(super) part: String,
    pub(super) in_force: i64,
}

/// `GET /admin/seen`: kinds with their numbers, also those that a pack declares and nothing belongs to.
pub(super) async fn seen(State(state): State<AppState>, Signed { frame, actor }: Signed) -> Answer {
    let held = overview::held(&state.office, &actor).await?;
    let pack = state.office.pack();
    let kinds = pack.subject_kinds.iter().map(|kind| (kind.title.clone(), kind.id.clone()));
    let subjects = lines(kinds, &held.subjects);
    let kinds = pack.record_kinds.iter().map(|kind| (kind.title.clone(), kind.id.clone()));
    let records = lines(kinds, &held.records);
    let all = |lines: &[CountLine]| lines.iter().map(|line| line.2).sum();
    let (subjects_all, records_all) = (all(&subjects), all(&records));
    let relations = relations(&pack, &overview::relations(&state.office, &actor).await?);
    show(&SeenPage { frame: frame.titled("数据概况"), subjects_all, subjects, records_all, records, relations })
}

fn relations(pack: &Pack, counted: &[(String, i64)]) -> Vec<RelationKindLine> {
    let line = |relation: &RelationKind| RelationKindLine {
        id: relation.id.clone(),
        title: relation.title.clone(),
        of: sentence::subjects(pack, &relation.of),
        to: sentence::subjects(pack, &relation.to),
        basis: bases(pack, &relation.basis),
        part: pack.parts.iter().find(|part| part.id == relation.part).map_or_else(|| relation.part.clone(), |part| part.title.clone()),
        in_force: counted.iter().find(|(id, _)| *id == relation.id).map_or(0, |(_, count)| *count),
    };
    pack.relations.iter().map(line).collect()
}

fn lines(declared: impl Iterator<Item = (String, String)>, counted: &[(String, i64)]) -> Vec<CountLine> {
    let count = |id: &str| counted.iter().find(|(other, _)| other == id).map_or(0, |(_, count)| *count);
    let mut lines: Vec<CountLine> = declared.map(|(title, id)| (title, id.clone(), count(&id))).collect();
    let undeclared: Vec<CountLine> = counted
        .iter()
        .filter(|(id, _)| !lines.iter().any(|(_, declared, _)| declared == id))
        .map(|(id, count)| ("现行规则包未声明".to_owned(), id.clone(), *count))
        .collect();
    lines.extend(undeclared);
    lines
}

/// A pack in force.
pub(super) struct PackLine {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) version: String,
    pub(super) jurisdiction: String,
    pub(super) extends: String,
    pub(super) review: Mark,
    pub(super) review_by: String,
    pub(super) overdue: bool,
    pub(super) digest: String,
    pub(super) installed: String,
}

/// An installation.
pub(super) struct InstalledLine {
    pub(super) entry: i64,
    pub(super) pack: String,
    pub(super) version: String,
    pub(super) digest: String,
    pub(super) at: String,
    pub(super) by: String,
}

#[derive(Template)]
#[template(path = "admin/packs.html")]
pub(super) struct PacksPage {
    pub(super) frame: Frame,
    pub(super) digest: String,
    pub(super) packs: Vec<PackLine>,
    pub(super) installed: Vec<InstalledLine>,
    pub(super) years: Vec<(i16, String)>,
    pub(super) missing: Vec<(i16, bool)>,
}

/// `GET /admin/packs`.
pub(super) async fn packs(State(state): State<AppState>, Signed { frame, actor }: Signed) -> Answer {
    let rules = overview::rules(&state.office, &actor).await?;
    let today = state.office.today();
    let title = |id: &String| rules.parts.iter().find(|part| part.id == *id).map_or_else(|| id.clone(), |part| part.title.clone());
    let packs = rules.parts.iter().map(|part| {
        let newest = rules.installed.iter().find(|row| row.pack == part.id);
        PackLine {
            id: part.id.clone(),
            title: part.title.clone(),
            version: part.version.clone(),
            jurisdiction: part.jurisdiction.clone(),
            extends: part.extends.iter().map(title).collect::<Vec<_>>().join("、"),
            review: match &part.review {
                Review::Demonstration => Mark::new(Tone::Amber, "演示，未经合法性审查"),
                Review::Reviewed { by, on, document } => Mark::new(Tone::Green, format!("{by} {on} 审查，{document}")),
            },
            review_by: format!("{}（{}）", part.review_by, left(today, part.review_by)),
            overdue: today > part.review_by,
            digest: newest.map(|row| row.digest.to_string()).unwrap_or_default(),
            installed: newest.map(|row| format!("{}，{}", row.at.to_minute(), rules.names.title(&row.by))).unwrap_or_default(),
        }
    });
    let packs = packs.collect();
    let names = &rules.names;
    let installed = rules.installed.into_iter().map(|row| InstalledLine {
        entry: row.entry,
        pack: row.pack,
        version: row.version,
        digest: row.digest.short(),
        at: row.at.to_string(),
        by: names.title(&row.by).to_owned(),
    });
    show(&PacksPage {
        frame: frame.titled("规则包与日历"),
        digest: rules.digest.to_string(),
        packs,
        installed: installed.collect(),
        years: rules.years,
        missing: rules.missing,
    })
}

/// Work as a line.
pub(super) struct WorkLine {
    pub(super) title: &'static str,
    pub(super) about: String,
    pub(super) began: String,
    pub(super) so_far: String,
    pub(super) ended: String,
    pub(super) mark: Mark,
}

impl WorkLine {
    fn of(view: WorkView) -> WorkLine {
        WorkLine {
            title: view.title,
            about: view.about,
            began: view.began.to_string(),
            so_far: view.total.map_or_else(|| view.done.to_string(), |total| format!("{} / {total}", view.done)),
            mark: match view.ended {
                None => Mark::new(Tone::Accent, "进行中"),
                Some((_, true)) => Mark::new(Tone::Green, "已完成"),
                Some((_, false)) => Mark::new(Tone::Amber, "未完成"),
            },
            ended: view.ended.map(|(at, _)| at.to_string()).unwrap_or_default(),
        }
    }
}

/// Work that is done again and again, as a line.
pub(super) struct StandingLine {
    pub(super) title: &'static str,
    pub(super) about: String,
    pub(super) mark: Mark,
    /// Since when and how far, while it goes on; else what waits.
    pub(super) so_far: String,
    pub(super) well_at: String,
    pub(super) failed_at: String,
    pub(super) failure: String,
    pub(super) next_at: String,
}

impl StandingLine {
    pub(super) fn of(work: StandingWork) -> StandingLine {
        let StandingWork { title, row, running } = work;
        let mark = match (&running, row.is_paused, row.failures) {
            (Some(_), ..) => Mark::new(Tone::Accent, "进行中"),
            (None, true, _) => Mark::new(Tone::Plain, "已暂停"),
            (None, false, 0) if row.well_at.is_none() => Mark::new(Tone::Plain, "还没有做过"),
            (None, false, 0) => Mark::new(Tone::Green, "正常"),
            (None, false, many) => Mark::new(Tone::Amber, format!("连续失败 {many} 次")),
        };
        let waits = if row.waiting > 0 { format!("待送达 {} 件", row.waiting) } else { String::new() };
        let so_far = running.map_or(waits, |view| format!("{} 开始，已办 {}", view.began, view.done));
        let (failed_at, failure) = row.failed.map_or_else(Default::default, |(at, words)| (at.to_string(), words));
        StandingLine {
            title,
            about: row.title,
            mark,
            so_far,
            well_at: row.well_at.map(|at| at.to_string()).unwrap_or_default(),
            failed_at,
            failure,
            next_at: row.next_at.map(|at| at.to_string()).unwrap_or_default(),
        }
    }
}

/// A batch that waits.
pub(super) struct StagedLine {
    pub(super) batch: i64,
    pub(super) source: String,
    pub(super) rows: i64,
    pub(super) at: String,
}

#[derive(Template)]
#[template(path = "admin/work.html")]
pub(super) struct WorkPage {
    pub(super) frame: Frame,
    pub(super) running: Vec<WorkLine>,
    pub(super) finished: Vec<WorkLine>,
    pub(super) standing: Vec<StandingLine>,
    pub(super) staged: Vec<StagedLine>,
    pub(super) facts: Vec<(&'static str, String)>,
    pub(super) is_stopped: bool,
}

/// `GET /admin/work`.
pub(super) async fn work(State(state): State<AppState>, Signed { frame, actor }: Signed) -> Answer {
    let going = overview::going(&state.office, &actor).await?;
    let facts = facts(&going);
    let staged =
        going.staged.into_iter().map(|(row, source)| StagedLine { batch: row.batch, source, rows: row.rows, at: row.at.to_minute() });
    show(&WorkPage {
        frame: frame.titled("作业"),
        running: going.running.into_iter().map(WorkLine::of).collect(),
        finished: going.finished.into_iter().map(WorkLine::of).collect(),
        standing: going.standing.into_iter().map(StandingLine::of).collect(),
        staged: staged.collect(),
        facts,
        is_stopped: going.is_stopped,
    })
}

fn facts(going: &Going) -> Vec<(&'static str, String)> {
    let (evaluations, areas, keys) = going.remembered;
    let mut facts = vec![
        ("登录中的会话", going.sessions.to_string()),
        ("等待写入", format!("请求 {} 个，归集 {} 段", going.waiting.0, going.waiting.1)),
        ("缓存的评价", format!("{evaluations} 个")),
        ("缓存的覆盖区划", format!("{areas} 个")),
        ("缓存的接口密钥", format!("{keys} 个")),
    ];
    match going.bytes {
        Some((database, log)) => facts.extend([("数据库文件", megabytes(database)), ("数据库日志文件", megabytes(log))]),
        None => facts.push(("数据库", "PostgreSQL 服务器，大小和检查点由其自身管理".to_owned())),
    }
    facts
}

/// Bytes in whole megabytes, rounded up.
fn megabytes(bytes: u64) -> String {
    format!("{} MB", bytes.div_ceil(1_000_000))
}
