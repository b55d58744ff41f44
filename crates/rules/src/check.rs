//! The checker: from the tree of every file to a [`Pack`], collecting all faults on the way.
//!
//! One noun a file. Each reads its own files in the order in which nouns refer to one another, so that a name can be
//! resolved when it is met. What is at fault is replaced by something harmless and the reading goes on; a pack with a
//! single fault is not handed out.

mod calendar;
mod case;
mod catalog;
mod contradiction;
mod cutoffs;
mod cycle;
mod field;
mod figure;
mod grade;
mod grouping;
mod head;
mod indicator;
mod laws;
mod matter;
mod measure;
mod peers;
mod predicate;
mod reach;
mod relation;
mod remedy;
mod scorecard;
mod source;
mod subject;
mod take;
mod trigger;
mod worth;

pub(crate) use head::extends;

use std::collections::BTreeMap;

use xinzhi_core::Day;

use crate::calendar::Calendar;
use crate::diagnostic::Diagnostic;
use crate::load::{APART, Files};
use crate::model::Pack;
use crate::raw::{At, Node, Value};
use crate::report::{Noun, Report};
use crate::shape::Item;

/// What the checker says about a pack.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The pack, unless something is at fault.
    pub pack: Option<Pack>,
    /// Everything at fault, in the order of the files.
    pub faults: Vec<Diagnostic>,
    /// What its author probably did not mean.
    pub warnings: Vec<Diagnostic>,
}

/// The parsed files by folder; a file in no folder is under its own name.
type Tree = BTreeMap<&'static str, Vec<Parsed>>;

/// A file that is YAML.
struct Parsed {
    path: String,
    /// File name without `.yaml`.
    stem: String,
    /// What it defines.
    noun: Option<Noun>,
    root: Node,
}

impl Parsed {
    /// The pack that the file stands in; `first` is the one whose paths carry no id.
    fn part<'a>(&'a self, first: &'a str) -> &'a str {
        self.path.split_once(APART).map_or(first, |(id, _)| id)
    }
}

/// Places that hold rules, and which nouns become unknown when a file there cannot be read.
const PLACES: [(&str, Option<Noun>); 12] = [
    ("pack.yaml", None),
    ("laws.yaml", Some(Noun::Law)),
    ("subjects", Some(Noun::SubjectKind)),
    ("catalog", Some(Noun::RecordKind)),
    ("sources", Some(Noun::Source)),
    ("scorecards", Some(Noun::Scorecard)),
    ("cutoffs", Some(Noun::Cutoffs)),
    ("measures", Some(Noun::Measure)),
    ("matters", Some(Noun::Matter)),
    ("figures", Some(Noun::Figure)),
    ("calendar", None),
    ("cases", None),
];

/// Checks a pack and says everything there is to say about it.
pub fn check(id: &str, files: &Files) -> Checked {
    let mut report = Report::default();
    let tree = parse(files, &mut report);
    let mut pack = head::read(id, &tree, &mut report);
    pack.digest = files.digest();
    let reviews: BTreeMap<String, Day> = pack.parts.iter().map(|part| (part.id.clone(), part.review_by)).collect();
    // What a file says is bound by the review day of the pack that it stands in.
    let enter = |parsed: &Parsed, pack: &mut Pack| {
        pack.review_by = reviews.get(parsed.part(id)).copied().unwrap_or(pack.review_by);
    };
    for parsed in of(&tree, "laws.yaml") {
        enter(parsed, &mut pack);
        each(parsed, &mut report, |item, report| laws::read(item, &mut pack, report));
    }
    for parsed in of(&tree, "subjects") {
        each(parsed, &mut report, |item, report| subject::read(item, &mut pack, report));
    }
    // A relation may join kinds of subjects that later files declare.
    for parsed in of(&tree, "subjects") {
        enter(parsed, &mut pack);
        relations(parsed, &mut report, |item, report| relation::read(item, parsed.part(id), &mut pack, report));
    }
    for parsed in of(&tree, "catalog") {
        enter(parsed, &mut pack);
        one(parsed, &mut report, |item, report| catalog::read(item, &parsed.stem, &mut pack, report));
    }
    for parsed in of(&tree, "sources") {
        one(parsed, &mut report, |item, report| source::read(item, &parsed.stem, &mut pack, report));
    }
    let mut faulty = Vec::new();
    for parsed in of(&tree, "scorecards") {
        enter(parsed, &mut pack);
        let before = pack.scorecards.len();
        one(parsed, &mut report, |item, report| scorecard::read(item, &parsed.stem, &mut pack, report));
        if let Some(card) = pack.scorecards.get_mut(before) {
            card.text = files.text_digest(&parsed.path);
            faulty.extend(report.faulted_here().then(|| card.id.clone()));
        }
    }
    for parsed in of(&tree, "cutoffs") {
        one(parsed, &mut report, |item, report| cutoffs::read(item, &parsed.stem, (&mut pack, &faulty), report));
    }
    let mut measures = Vec::new();
    for parsed in of(&tree, "measures") {
        enter(parsed, &mut pack);
        each(parsed, &mut report, |item, report| measures.extend(measure::read(item, &parsed.path, &mut pack, report)));
    }
    for parsed in of(&tree, "matters") {
        enter(parsed, &mut pack);
        each(parsed, &mut report, |item, report| matter::read(item, &mut pack, report));
    }
    matter::unused(&pack, &measures, &mut report);
    cycle::refused(&pack, &measures, &mut report);
    for parsed in of(&tree, "figures") {
        enter(parsed, &mut pack);
        one(parsed, &mut report, |item, report| figure::read(item, &parsed.stem, &mut pack, report));
    }
    pack.figures.sort_by(|a, b| (a.order, &a.id).cmp(&(b.order, &b.id)));
    pack.review_by = reviews.values().copied().max().unwrap_or(pack.review_by);
    pack.calendar = Calendar::default();
    for parsed in of(&tree, "calendar") {
        one(parsed, &mut report, |item, report| calendar::read(item, &parsed.stem, &mut pack, report));
    }
    for parsed in of(&tree, "cases") {
        each(parsed, &mut report, |item, report| case::read(item, &mut pack, report));
    }
    let (faults, warnings) = report.finish();
    Checked { pack: faults.is_empty().then_some(pack), faults, warnings }
}

fn parse(files: &Files, report: &mut Report) -> Tree {
    let mut tree = Tree::new();
    // What the others stand on comes first.
    let (first, others): (Vec<_>, Vec<_>) = files.iter().partition(|(path, _)| !path.contains(APART));
    for (path, text) in first.into_iter().chain(others) {
        report.enter(path);
        let inside = path.split_once(APART).map_or(path, |(_, inside)| inside);
        let (place, name) = inside.split_once('/').unwrap_or((inside, inside));
        let Some((place, noun)) = PLACES.iter().find(|(known, _)| *known == place && (name == place) == known.ends_with(".yaml")) else {
            stray(path, report);
            continue;
        };
        let stem = name.trim_end_matches(".yaml");
        if stem.contains('/') {
            stray(path, report);
            continue;
        }
        match crate::raw::parse(text) {
            Ok(root) => tree.entry(place).or_default().push(Parsed { path: path.to_owned(), stem: stem.to_owned(), noun: *noun, root }),
            Err(fault) => {
                report.fault(fault.at, "yaml", fault.message, fault.help);
                noun.iter().for_each(|noun| report.unreadable(*noun));
            }
        }
    }
    tree
}

fn stray(path: &str, report: &mut Report) {
    let help = "规则文件只放在 pack.yaml、laws.yaml 和 subjects、catalog、sources、scorecards、cutoffs、measures、matters、figures、calendar、cases 各目录下";
    report.fault(At::START, "stray-file", format!("`{path}` 不在规则包约定的位置"), help);
}

fn of<'t>(tree: &'t Tree, place: &str) -> &'t [Parsed] {
    tree.get(place).map_or(&[], Vec::as_slice)
}

/// A file that holds one thing.
fn one(parsed: &Parsed, report: &mut Report, read: impl FnOnce(Item<'_>, &mut Report)) {
    report.enter(&parsed.path);
    read(Item { what: &parsed.path, node: &parsed.root }, report);
}

/// A file that holds a list of things.
fn each(parsed: &Parsed, report: &mut Report, mut read: impl FnMut(Item<'_>, &mut Report)) {
    report.enter(&parsed.path);
    let Some(items) = crate::shape::list(Item { what: &parsed.path, node: &parsed.root }, report) else {
        return parsed.noun.into_iter().for_each(|noun| report.unreadable(noun));
    };
    for item in items {
        read(item, report);
    }
}

/// The relations among the things of a list; that it is one was said before.
fn relations(parsed: &Parsed, report: &mut Report, mut read: impl FnMut(Item<'_>, &mut Report)) {
    report.enter(&parsed.path);
    let Value::List(nodes) = &parsed.root.value else { return };
    for node in nodes.iter().filter(|node| relation::is_one(node)) {
        read(Item { what: &parsed.path, node }, report);
    }
}

/// A file below a folder of a kind is named after what it holds.
fn named_after(id: &str, stem: &str, at: At, report: &mut Report) {
    if id != stem {
        let message = format!("文件名 `{stem}.yaml` 与编号 `{id}` 不一致");
        report.fault(at, "file-name", message, format!("请把文件改名为 `{id}.yaml`，或改正编号"));
    }
}

/// `name` was given to something of this noun before.
fn duplicate(noun: Noun, name: &str, at: At, report: &mut Report) {
    let message = format!("{} `{name}` 重复", noun.title());
    report.fault(at, "duplicate-id", message, "编号和名称在规则包内只能使用一次，请改用另一个");
}
