//! Where the checker writes its findings, and what keeps one fault from causing ten.

use std::collections::BTreeSet;

use crate::diagnostic::{Diagnostic, Severity};
use crate::names::{listed, nearest};
use crate::raw::At;

/// What a name can refer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Noun {
    Law,
    SubjectKind,
    Relation,
    RecordKind,
    Field,
    Source,
    Scorecard,
    Cutoffs,
    Indicator,
    Measure,
    Matter,
    Figure,
}

impl Noun {
    /// The code of the fault that nothing has this name.
    fn unknown(self) -> &'static str {
        match self {
            Noun::Law => "unknown-law",
            Noun::SubjectKind => "unknown-subject-kind",
            Noun::Relation => "unknown-relation",
            Noun::RecordKind => "unknown-record-kind",
            Noun::Field => "unknown-field",
            Noun::Source => "unknown-source",
            Noun::Scorecard => "unknown-scorecard",
            Noun::Cutoffs => "unknown-cutoffs",
            Noun::Indicator => "unknown-indicator",
            Noun::Measure => "unknown-measure",
            Noun::Matter => "unknown-matter",
            Noun::Figure => "unknown-figure",
        }
    }

    /// The Chinese word.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Noun::Law => "依据",
            Noun::SubjectKind => "主体类型",
            Noun::Relation => "关系",
            Noun::RecordKind => "信息种类",
            Noun::Field => "字段",
            Noun::Source => "数据来源",
            Noun::Scorecard => "评价模型",
            Noun::Cutoffs => "同业界限",
            Noun::Indicator => "指标",
            Noun::Measure => "措施",
            Noun::Matter => "事项",
            Noun::Figure => "统计指标",
        }
    }
}

/// Findings so far, and the names whose definition is itself at fault: referring to those is not a second fault.
#[derive(Debug, Default)]
pub(crate) struct Report {
    file: String,
    findings: Vec<Diagnostic>,
    unreadable: BTreeSet<Noun>,
    doubtful: BTreeSet<(Noun, String)>,
}

impl Report {
    /// What is found from now on is about `file`.
    pub(crate) fn enter(&mut self, file: &str) {
        file.clone_into(&mut self.file);
    }

    /// The file that is being read.
    pub(crate) fn file(&self) -> &str {
        &self.file
    }

    pub(crate) fn fault(&mut self, at: At, code: &'static str, message: impl Into<String>, help: impl Into<String>) {
        self.find(at, Severity::Fault, code, (message.into(), help.into()));
    }

    pub(crate) fn warn(&mut self, at: At, code: &'static str, message: impl Into<String>, help: impl Into<String>) {
        self.find(at, Severity::Warning, code, (message.into(), help.into()));
    }

    fn find(&mut self, at: At, severity: Severity, code: &'static str, (message, help): (String, String)) {
        let file = self.file.clone();
        self.findings.push(Diagnostic { file, line: at.line, column: at.column, severity, code, message, help });
    }

    /// A whole file that defines such nouns could not be read.
    pub(crate) fn unreadable(&mut self, noun: Noun) {
        self.unreadable.insert(noun);
        if noun == Noun::SubjectKind {
            // They stand in the same files.
            self.unreadable.insert(Noun::Relation);
        }
    }

    /// Whether some definitions of this noun are missing because they, or their file, are at fault.
    pub(crate) fn incomplete(&self, noun: Noun) -> bool {
        self.unreadable.contains(&noun) || self.doubtful.iter().any(|(doubtful, _)| *doubtful == noun)
    }

    /// Whether anything was found in the file that is being read.
    pub(crate) fn found_here(&self) -> bool {
        self.findings.iter().any(|finding| finding.file == self.file)
    }

    /// Whether anything in the file that is being read is at fault.
    pub(crate) fn faulted_here(&self) -> bool {
        self.findings.iter().any(|finding| finding.file == self.file && finding.severity == Severity::Fault)
    }

    /// A definition that was dropped because of a fault of its own.
    pub(crate) fn doubt(&mut self, noun: Noun, name: impl Into<String>) {
        self.doubtful.insert((noun, name.into()));
    }

    /// `name` refers to nothing; `scope` is where it was looked for, `known` what there is.
    pub(crate) fn unknown<'a>(&mut self, at: At, (noun, name): (Noun, &str), scope: &str, known: impl Iterator<Item = &'a str>) {
        let doubted = [name.to_owned(), doubtful_name(scope, name)].into_iter().any(|name| self.doubtful.contains(&(noun, name)));
        if doubted || self.unreadable.contains(&noun) {
            return;
        }
        let known: BTreeSet<&str> = known.collect();
        let help = match nearest(name, known.iter().copied()) {
            Some(meant) => format!("是否想写 `{meant}`？"),
            None if known.is_empty() => {
                format!("{}还没有任何{}，请先登记", if scope.is_empty() { "规则包里" } else { scope }, noun.title())
            }
            None => format!("可用的有：{}", listed(known)),
        };
        let inside = if scope.is_empty() { String::new() } else { format!("{scope}中") };
        self.fault(at, noun.unknown(), format!("{inside}没有名为 `{name}` 的{}", noun.title()), help);
    }

    /// Everything found, faults and warnings apart, in the order of the files.
    pub(crate) fn finish(self) -> (Vec<Diagnostic>, Vec<Diagnostic>) {
        let mut findings = self.findings;
        findings.sort();
        findings.dedup();
        findings.into_iter().partition(|finding| finding.severity == Severity::Fault)
    }
}

/// Fields are doubted by record kind, everything else in the whole pack.
pub(crate) fn doubtful_name(scope: &str, name: &str) -> String {
    if scope.is_empty() { name.to_owned() } else { format!("{scope}/{name}") }
}
