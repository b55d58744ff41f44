//! Packs in the office: the one the binary carries, installing by digest, running a pack's cases.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use include_dir::{Dir, DirEntry, include_dir};
use xinzhi_apply::check::{self as apply_check, CheckInput, GradeKnown};
use xinzhi_core::journal::{Act, Draft, Position};
use xinzhi_core::record::RecordId;
use xinzhi_core::{Code, Digest, Fen, Points, Refusal};
use xinzhi_evaluate::{Better, Coverage, Evaluation, Outcome, Question, Subject};
use xinzhi_rules::Pack;
use xinzhi_rules::case::{Case, ExpectedCheck, ExpectedEvaluation, ExpectedWay};
use xinzhi_rules::fact::Fact;
use xinzhi_rules::load::Files;
use xinzhi_rules::model::{KindIx, ScorecardIx};
use xinzhi_store::office::InstalledPack;
use xinzhi_store::{Connection, Readers, Tx, Writer};

use crate::office::write_now;
use crate::{Error, Office};

static OWN: Dir = include_dir!("$CARGO_MANIFEST_DIR/../../packs/national");
const OWN_ID: &str = "national";
/// Installed by the demonstration alone.
static FOR_DEMONSTRATION: Dir = include_dir!("$CARGO_MANIFEST_DIR/../../packs/cangnan-market");
const FOR_DEMONSTRATION_ID: &str = "cangnan-market";

/// The files of the pack that the binary carries for every office.
pub fn own_files() -> Files {
    files_of(&OWN)
}

fn files_of(folder: &'static Dir<'static>) -> Files {
    let mut files = Vec::new();
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        for entry in folder.entries() {
            match entry {
                DirEntry::Dir(inner) => folders.push(inner),
                DirEntry::File(file) => {
                    if let (Some(path), Some(text)) = (file.path().to_str(), file.contents_utf8()) {
                        files.push((path.to_owned(), text.to_owned()));
                    }
                }
            }
        }
    }
    files.into_iter().collect()
}

/// The files of a pack that the binary carries, by its id.
pub fn carried(id: &str) -> Option<Files> {
    match id {
        OWN_ID => Some(own_files()),
        FOR_DEMONSTRATION_ID => Some(files_of(&FOR_DEMONSTRATION)),
        _ => None,
    }
}

/// Loads a pack or refuses with its first fault and how many more there are.
pub fn load(id: &str, files: &Files) -> Result<Pack, Error> {
    xinzhi_rules::load::load(id, files).map_err(|faults| {
        let first = faults.first().map(ToString::to_string).unwrap_or_default();
        Refusal::detail(Code::PackInvalid, format!("规则包 `{id}` 有 {} 处错误，第一处：{first}", faults.len())).into()
    })
}

/// The packs in force as this process knows them.
#[derive(Debug)]
pub(crate) struct InForce {
    pack: RwLock<(Arc<Pack>, Position)>,
    /// Held by whoever reads them anew: one at a time, since compiling takes a while.
    reading: Mutex<()>,
}

impl InForce {
    fn new(pack: Arc<Pack>, since: Position) -> InForce {
        InForce { pack: RwLock::new((pack, since)), reading: Mutex::default() }
    }

    /// The packs read as one, and the position from which they are in force.
    fn now(&self) -> (Arc<Pack>, Position) {
        // The lock is only held to copy a pointer; a panic in between cannot leave it half-written.
        self.pack.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts packs in force, unless newer ones are.
    fn put(&self, pack: Arc<Pack>, since: Position) {
        let mut now = self.pack.write().unwrap_or_else(PoisonError::into_inner);
        if since > now.1 {
            *now = (pack, since);
        }
    }
}

/// The packs in force, read as one; a new office gets the one that the binary carries.
pub(crate) fn install_own(writer: &Writer, readers: &Readers) -> Result<InForce, Error> {
    if let Some((pack, since)) = readers.read(read)? {
        return Ok(InForce::new(pack, since));
    }
    let files = own_files();
    let pack = load(OWN_ID, &files)?;
    let (version, digest) = (pack.version.clone(), pack.digest);
    let since = write_now(writer, move |tx| install(tx, OWN_ID, &version, &files, digest))?;
    Ok(InForce::new(Arc::new(pack), since))
}

/// The packs in force of an office that is only looked at.
pub(crate) fn installed(readers: &Readers) -> Result<InForce, Error> {
    let (pack, since) = readers.read(read)?.ok_or_else(|| Error::inconsistent("an office without a pack"))?;
    Ok(InForce::new(pack, since))
}

/// The packs in force and since when; none in a new office.
fn read(connection: &mut Connection) -> Result<Option<(Arc<Pack>, Position)>, Error> {
    let installed = xinzhi_store::office::packs_in_force(connection)?;
    let Some(since) = installed.iter().map(|row| row.entry).max() else { return Ok(None) };
    Ok(Some((Arc::new(together(&parts(&installed)?)?), since)))
}

/// Several packs as one, named after the first.
fn together(parts: &[(String, Files)]) -> Result<Pack, Error> {
    let first = parts.first().map_or("", |(id, _)| id.as_str());
    load(first, &Files::union(parts))
}

/// What the office keeps of its packs; each must still fit the digest by which it was installed.
fn parts(installed: &[InstalledPack]) -> Result<Vec<(String, Files)>, Error> {
    let part = |row: &InstalledPack| {
        let files: BTreeMap<String, String> =
            serde_json::from_str(&row.files).map_err(|e| Error::inconsistent(format!("files of pack {}: {e}", row.pack)))?;
        let files: Files = files.into_iter().collect();
        if files.digest() == row.digest {
            Ok((row.pack.clone(), files))
        } else {
            Err(Error::inconsistent(format!("digest of pack {}", row.pack)))
        }
    };
    installed.iter().map(part).collect()
}

/// The packs in force, with files in the place of the pack of that id, or beside them.
fn placed(connection: &mut Connection, id: &str, files: Files) -> Result<Vec<(String, Files)>, Error> {
    let mut all = parts(&xinzhi_store::office::packs_in_force(connection)?)?;
    match all.iter_mut().find(|(other, _)| *other == id) {
        Some((_, earlier)) => *earlier = files,
        None => all.push((id.to_owned(), files)),
    }
    Ok(all)
}

/// The id and the files of all packs together, with a draft in its place; nothing is installed.
pub(crate) fn with_draft(connection: &mut Connection, id: &str, files: Files) -> Result<(String, Files), Error> {
    let all = placed(connection, id, files)?;
    let first = all.first().map_or("", |(id, _)| id.as_str()).to_owned();
    Ok((first, Files::union(&all)))
}

/// A state that the packs of this office were in.
pub(crate) struct State {
    /// Of all together.
    pub(crate) digest: Digest,
    /// Id and version of each.
    pub(crate) parts: Vec<(String, String)>,
}

/// Every state that the packs of this office were in, oldest first.
pub(crate) fn states(connection: &mut Connection) -> Result<Vec<State>, Error> {
    let mut states = Vec::new();
    for position in xinzhi_store::office::installations(connection)? {
        let installed = xinzhi_store::office::packs_at(connection, position)?;
        let versions = installed.iter().map(|row| (row.pack.clone(), row.version.clone())).collect();
        states.push(State { digest: Files::union(&parts(&installed)?).digest(), parts: versions });
    }
    Ok(states)
}

/// What packs in force together are called, by title and version.
pub fn titled(pack: &Pack) -> String {
    called(pack.parts.iter().map(|part| (part.title.as_str(), part.version.as_str())))
}

/// The same of packs that are not there to be read any more: their titles and versions.
pub(crate) fn called<'a>(parts: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    parts.map(|(title, version)| format!("{title} {version} 版")).collect::<Vec<_>>().join("、")
}

fn install(tx: &mut Tx, id: &str, version: &str, files: &Files, digest: Digest) -> Result<Position, Error> {
    let by_path: BTreeMap<&str, &str> = files.iter().collect();
    let text = xinzhi_proof::canonical::to_string(&by_path).map_err(|e| Error::inconsistent(e.to_string()))?;
    let refs = format!("{{\"digest\":\"{digest}\",\"pack\":\"{id}\"}}");
    let payload = xinzhi_proof::salted(&[], &[text.as_bytes()]);
    let entry = tx.append(&Draft { act: Act::PackInstalled, subject: None, refs, payload })?;
    let row = InstalledPack { entry, pack: id.to_owned(), version: version.to_owned(), digest, files: text };
    xinzhi_store::office::install(tx, &row)?;
    Ok(entry)
}

/// Packs of the past that are kept compiled.
const PAST_MAX: usize = 4;

/// Packs that were in force once, as they are asked for by replays.
#[derive(Debug, Default)]
pub(crate) struct PastPacks(Mutex<Vec<Arc<Pack>>>);

impl PastPacks {
    fn kept(&self, digest: Digest) -> Option<Arc<Pack>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().find(|pack| pack.digest == digest).cloned()
    }

    fn keep(&self, pack: &Arc<Pack>) {
        let mut packs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if packs.len() >= PAST_MAX {
            packs.remove(0);
        }
        packs.push(Arc::clone(pack));
    }
}

impl Office {
    /// The packs in force, read as one.
    pub fn pack(&self) -> Arc<Pack> {
        self.packs.now().0
    }

    /// Notices packs that another server on the same database has installed. It is asked before anything that goes by packs begins, of
    /// whichever door it comes through; where nobody else can write, it asks nothing.
    ///
    /// # Errors
    /// A fault, also where those packs cannot be read by this program: it must not go on by others.
    pub async fn follow_packs(self: &Arc<Self>) -> Result<(), Error> {
        if !self.shares_its_database() {
            return Ok(());
        }
        let office = Arc::clone(self);
        self.read(move |connection| office.follow_packs_on(connection)).await
    }

    /// The same on this thread.
    pub(crate) fn follow_packs_here(&self) -> Result<(), Error> {
        if self.shares_its_database() { self.read_here(|connection| self.follow_packs_on(connection)) } else { Ok(()) }
    }

    fn follow_packs_on(&self, connection: &mut Connection) -> Result<(), Error> {
        let is_known = |last: Position| last <= self.packs.now().1;
        let last = xinzhi_store::office::last_installation(connection)?;
        if is_known(last) {
            return Ok(());
        }
        let _reading = self.packs.reading.lock().unwrap_or_else(PoisonError::into_inner);
        if !is_known(last)
            && let Some((pack, since)) = read(connection)?
        {
            tracing::info!(entry = since.0, pack = %pack.digest.short(), "packs of another server taken over");
            self.packs.put(pack, since);
        }
        Ok(())
    }

    /// The packs that were in force at a position, read as one: by these a result as known there was and is made (W4). What was asked before
    /// the first pack, or is not there yet, is the present's.
    pub(crate) fn pack_at(&self, connection: &mut Connection, position: Position) -> Result<Arc<Pack>, Error> {
        let all = parts(&xinzhi_store::office::packs_at(connection, position)?)?;
        if all.is_empty() {
            return Ok(self.pack());
        }
        let (digest, now) = (Files::union(&all).digest(), self.pack());
        if digest == now.digest {
            return Ok(now);
        }
        if let Some(pack) = self.past_packs.kept(digest) {
            return Ok(pack);
        }
        let pack = Arc::new(together(&all)?);
        self.past_packs.keep(&pack);
        Ok(pack)
    }

    /// The packs that a pin names by their digest.
    ///
    /// # Errors
    /// A fault where they were never in force here: a pin of ours names no others.
    pub(crate) fn pack_by_digest(&self, connection: &mut Connection, digest: Digest) -> Result<Arc<Pack>, Error> {
        let now = self.pack();
        if now.digest == digest {
            return Ok(now);
        }
        if let Some(pack) = self.past_packs.kept(digest) {
            return Ok(pack);
        }
        for position in xinzhi_store::office::installations(connection)? {
            let pack = self.pack_at(connection, position)?;
            if pack.digest == digest {
                return Ok(pack);
            }
        }
        Err(Error::inconsistent(format!("no pack here had the digest {digest}")))
    }

    /// Installs a pack beside those in force, or in the place of its own earlier version; from the next act on all of them are in force as one.
    ///
    /// # Errors
    /// [`Code::PackInvalid`] with the first fault, where it does not fit the others, or where a case of any of them fails.
    pub async fn install_pack(&self, id: &str, files: Files) -> Result<Arc<Pack>, Error> {
        let id = id.to_owned();
        let act = move |tx: &mut Tx| {
            let all = placed(tx.connection(), &id, files.clone())?;
            let pack = together(&all)?;
            if let Some(failure) = run_cases(&pack)?.into_iter().next() {
                return Err(Refusal::detail(Code::PackInvalid, failure).into());
            }
            let version = pack.parts.iter().find(|part| part.id == id).map_or("", |part| part.version.as_str());
            let since = install(tx, &id, version, &files, files.digest())?;
            Ok((Arc::new(pack), since))
        };
        let (pack, since) = self.write(&Office::operator(), act).await?;
        self.packs.put(Arc::clone(&pack), since);
        Ok(pack)
    }
}

/// Runs every case of a pack; the result is a sentence for each that fails.
pub fn run_cases(pack: &Pack) -> Result<Vec<String>, Error> {
    let mut failures = Vec::new();
    for case in &pack.cases {
        for difference in run_case(pack, case)? {
            failures.push(format!("{}:{} 案例「{}」：{difference}", case.file, case.line, case.title));
        }
    }
    Ok(failures)
}

/// What differs from the expectation of one case.
fn run_case(pack: &Pack, case: &Case) -> Result<Vec<String>, Error> {
    let number = |index: usize| RecordId(i64::try_from(index).unwrap_or(i64::MAX) + 1);
    let facts: Vec<Fact> = case
        .records
        .iter()
        .enumerate()
        .map(|(index, r)| {
            let by_rule = || pack.record_kinds.get(r.kind.0).and_then(|kind| xinzhi_rules::class_of(kind, &r.values));
            Fact { record: number(index), kind: r.kind, day: r.day, class: r.class.or_else(by_rule), values: r.values.clone() }
        })
        .collect();
    let coverage = covered(&case.covered, case.as_of);
    let evaluate = |card: ScorecardIx| {
        let question = Question { pack, card, as_of: case.as_of };
        xinzhi_evaluate::evaluate(&question, &Subject { kind: case.subject, facts: &facts, coverage: &coverage })
    };
    let mut differences = Vec::new();
    if let Some(expected) = &case.evaluation {
        match evaluate(expected.scorecard) {
            Ok(evaluation) => {
                compare_evaluation(pack, case, expected, &evaluation, &mut differences);
                if let Some(wanted) = &expected.better {
                    let question = Question { pack, card: expected.scorecard, as_of: case.as_of };
                    let subject = Subject { kind: case.subject, facts: &facts, coverage: &coverage };
                    let found = xinzhi_evaluate::better(&question, &subject).map_err(|e| Error::inconsistent(e.to_string()))?;
                    differences.extend(compare_ways(pack, (case, expected.scorecard), wanted, &found));
                }
            }
            Err(fault) => differences.push(fault.to_string()),
        }
    }
    if let Some(expected) = &case.check {
        let mut grades = BTreeMap::new();
        for (index, card) in pack.scorecards.iter().enumerate().filter(|(_, card)| card.subjects.contains(&case.subject)) {
            let evaluation = evaluate(ScorecardIx(index)).map_err(|e| Error::inconsistent(format!("{}: {e}", card.id)))?;
            grades.insert(ScorecardIx(index), known_grade(&evaluation));
        }
        compare_check(pack, case, expected, &CaseFacts { facts: &facts, grades: &grades }, &mut differences)?;
    }
    Ok(differences)
}

/// Coverage in a case reaches from before every window to its day.
fn covered(kinds: &[KindIx], as_of: xinzhi_core::Day) -> Coverage {
    let span = xinzhi_core::day::Span { from: xinzhi_core::Day::EARLIEST, until: Some(as_of) };
    Coverage::new(kinds.iter().map(|kind| (*kind, vec![span])).collect())
}

/// The grade as a check reads it.
pub(crate) fn known_grade(evaluation: &Evaluation) -> Option<GradeKnown> {
    evaluation.grade.map(|grade| GradeKnown { grade, valid_until: evaluation.valid_until })
}

fn compare_evaluation(pack: &Pack, case: &Case, expected: &ExpectedEvaluation, found: &Evaluation, differences: &mut Vec<String>) {
    let points: Option<Points> = match found.outcome {
        Outcome::Graded { points, .. } => Some(points),
        Outcome::NotEvaluable { .. } => None,
    };
    if points != expected.points {
        let show = |points: Option<Points>| points.map_or("不作评价".to_owned(), |p| format!("{p} 分"));
        differences.push(format!("应为 {}，实为 {}", show(expected.points), show(points)));
    }
    let card = pack.scorecards.get(expected.scorecard.0);
    let grade = found.grade.and_then(|grade| card.and_then(|card| card.grades.get(grade))).map(|grade| grade.name.clone());
    if grade != expected.grade {
        differences.push(format!(
            "应评为 {}，实为 {}",
            expected.grade.as_deref().unwrap_or("无等级"),
            grade.as_deref().unwrap_or("无等级")
        ));
    }
    if let Some(amount) = expected.amount.filter(|amount| found.amount != Some(*amount)) {
        let found = found.amount.map_or("没有金额".to_owned(), |found| Fen(found).to_string());
        differences.push(format!("金额应为 {}，实为 {found}", Fen(amount)));
    }
    for (indicator, records) in &expected.contributions {
        let line = found.indicators().find(|line| line.id == *indicator);
        let mut names: Vec<String> = line.into_iter().flat_map(|line| &line.contributions).map(|c| record_name(case, c.record)).collect();
        let mut wanted = records.clone();
        names.sort();
        wanted.sort();
        if names != wanted {
            differences.push(format!("指标 `{indicator}` 应由 {wanted:?} 计分，实由 {names:?}"));
        }
    }
    if let Some(unknown) = &expected.unknown {
        let mut found: Vec<&str> = found.unknown().map(|line| line.id.as_str()).collect();
        let mut wanted: Vec<&str> = unknown.iter().map(String::as_str).collect();
        found.sort_unstable();
        wanted.sort_unstable();
        if found != wanted {
            differences.push(format!("应有未知指标 {wanted:?}，实有 {found:?}"));
        }
    }
}

/// What differs from the expected ways to the next better grade.
fn compare_ways(pack: &Pack, (case, card): (&Case, ScorecardIx), wanted: &[ExpectedWay], found: &Better) -> Option<String> {
    let grade =
        |grade: Option<usize>| grade.and_then(|grade| pack.scorecard(card)?.grades.get(grade)).map_or("无等级", |g| g.name.as_str());
    let sets = found.goals.first().into_iter().flat_map(|goal| &goal.ways).flat_map(|way| way.sets.iter().map(move |set| (way.day, set)));
    let ways: Vec<ExpectedWay> = sets
        .map(|(on, set)| {
            let mut steps: Vec<String> = set.steps.iter().map(|step| record_name(case, step.record)).collect();
            steps.sort_unstable();
            ExpectedWay { on, grade: grade(set.standing.grade).to_owned(), steps }
        })
        .collect();
    let show = |ways: &[ExpectedWay]| {
        let shown = ways.iter().map(|way| {
            let steps = if way.steps.is_empty() { "不办理".to_owned() } else { format!("办结 {}", way.steps.join("、")) };
            format!("{} {steps}为 {}", way.on, way.grade)
        });
        if ways.is_empty() { "没有办法".to_owned() } else { shown.collect::<Vec<_>>().join("；") }
    };
    (ways != wanted).then(|| format!("怎样可以改善：应为 {}，实为 {}", show(wanted), show(&ways)))
}

fn record_name(case: &Case, record: RecordId) -> String {
    let index = usize::try_from(record.0 - 1).ok();
    index.and_then(|index| case.records.get(index)).map_or_else(String::new, |record| record.name.clone())
}

struct CaseFacts<'a> {
    facts: &'a [Fact],
    grades: &'a BTreeMap<ScorecardIx, Option<GradeKnown>>,
}

fn compare_check(
    pack: &Pack,
    case: &Case,
    expected: &ExpectedCheck,
    given: &CaseFacts<'_>,
    differences: &mut Vec<String>,
) -> Result<(), Error> {
    let input = CheckInput {
        pack,
        matter: expected.matter,
        subject_kind: case.subject,
        facts: given.facts,
        grades: given.grades,
        decisions: &[],
        exact_identity: true,
        today: case.as_of,
    };
    let answers = apply_check::check(&input)?;
    let found: BTreeMap<String, _> =
        answers.iter().filter_map(|answer| pack.measures.get(answer.measure.0).map(|m| (m.id.clone(), answer.state))).collect();
    if found != expected.measures {
        let show = |measures: &BTreeMap<String, xinzhi_core::measure::MeasureState>| {
            let mut text = String::new();
            for (id, state) in measures {
                // Writing to a String cannot fail.
                let _written = write!(text, "{id}（{}）", state.title());
            }
            if text.is_empty() { "无措施".to_owned() } else { text }
        };
        differences.push(format!("核查应得 {}，实得 {}", show(&expected.measures), show(&found)));
    }
    Ok(())
}
