//! Figures: indicators of the office itself, such as 闭环率.
//!
//! What can be counted, and by what it can be broken down, is a closed set of the engine. Which figures an office shows, under
//! which title, in which order, of which part, and how each is defined in words, is the pack's.

use xinzhi_core::Day;
use xinzhi_core::measure::MeasureKind;

use crate::model::{FieldIx, KindIx, LawIx, MatterIx, Pack, ScorecardIx, SubjectKindIx};

/// Position of a figure in [`Pack::figures`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FigureIx(pub usize);

/// Most months that a figure looks back.
pub const MONTHS_MAX: u32 = 36;

/// A figure, as a file of `figures/` defines it.
#[derive(Clone, Debug)]
pub struct Figure {
    /// Id, as in `closed-share`.
    pub id: String,
    /// Chinese title.
    pub title: String,
    /// Figures are shown by rising order.
    pub order: i64,
    /// What it counts.
    pub counts: Population,
    /// What it says of what it counts.
    pub kind: FigureKind,
    /// Which part of the population: any of the values of each dimension named here.
    pub filter: Vec<Only>,
    /// By what it may be broken down, the first unless another is asked for.
    pub by: Vec<Dimension>,
    /// Months of its trend.
    pub months: u32,
    /// Whether the running month is left out because it has not ended.
    pub whole_months: bool,
    /// What one is called, as in 项 or 户; of a share it is the unit of its parts.
    pub unit: String,
    /// Which way is better.
    pub better: Better,
    /// What is counted, in words.
    pub definition: String,
    /// Legal bases.
    pub basis: Vec<LawIx>,
    /// Where the definition comes from, where it rests on no legal basis.
    pub source: String,
    /// After this day it is no longer shown: when the pack that it stands in must be reviewed (W6).
    pub review_by: Day,
}

/// What can be counted. Each has its own dimensions and states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Population {
    /// Measures of checks that are owed an answer, in the month in which the answer is due.
    Obligations,
    /// Checks, in the month in which they were made.
    Checks,
    /// Rows of committed batches, in the month of the commit.
    Rows,
    /// Records in effect, in the month since which they are known.
    Records,
    /// Subjects evaluated by a scorecard at the end of a month.
    Evaluations {
        /// By which scorecard.
        scorecard: ScorecardIx,
        /// Where a subject belongs: a field of its registration.
        place: Option<(KindIx, FieldIx)>,
    },
    /// Measures in force today: one for each subject and measure.
    Measures,
}

impl Population {
    /// Every word of `counts` with the Chinese for it.
    pub const WORDS: [(&'static str, &'static str); 6] = [
        ("obligations", "应反馈的措施"),
        ("checks", "信用核查"),
        ("rows", "报送的行"),
        ("records", "现行有效的记录"),
        ("evaluations", "评价的主体"),
        ("measures", "生效中的措施"),
    ];

    /// The word of `counts`.
    pub fn word(self) -> &'static str {
        match self {
            Population::Obligations => "obligations",
            Population::Checks => "checks",
            Population::Rows => "rows",
            Population::Records => "records",
            Population::Evaluations { .. } => "evaluations",
            Population::Measures => "measures",
        }
    }

    /// The Chinese for what is counted.
    pub fn title(self) -> &'static str {
        Population::WORDS.iter().find(|(word, _)| *word == self.word()).map_or("", |(_, title)| title)
    }

    /// What one is called unless the pack says otherwise.
    pub fn unit(self) -> &'static str {
        match self {
            Population::Obligations | Population::Measures => "项",
            Population::Checks => "次",
            Population::Rows => "行",
            Population::Records => "条",
            Population::Evaluations { .. } => "户",
        }
    }

    /// By what it can be broken down.
    pub fn dimensions(self) -> &'static [Dimension] {
        use Dimension::{Area, Grade, Kind, Matter, Month, Organ, Place, Reason, Source, Subject};
        match self {
            Population::Obligations => &[Month, Organ, Area, Kind, Matter],
            Population::Checks => &[Month, Organ, Area, Matter, Subject],
            Population::Rows => &[Month, Organ, Source, Reason],
            Population::Records => &[Month, Organ, Area, Kind, Source, Subject],
            Population::Evaluations { place: Some(_), .. } => &[Month, Area, Subject, Grade, Place],
            Population::Evaluations { place: None, .. } => &[Month, Area, Subject, Grade],
            Population::Measures => &[Organ, Area, Kind],
        }
    }

    /// The states that one of it can be in, those of a scorecard being its grades.
    pub fn states(self) -> &'static [State] {
        use State::{
            Accepted, Acknowledged, Closed, Duplicate, Executed, InTime, Late, NotExecuted, Open, Overdue, Quarantined, Refused, Untimed,
        };
        match self {
            Population::Obligations => &[Open, Acknowledged, Executed, NotExecuted, Closed, Overdue, InTime, Late],
            Population::Rows => &[Accepted, Duplicate, Refused, Quarantined],
            Population::Records => &[InTime, Late, Untimed],
            Population::Checks | Population::Evaluations { .. } | Population::Measures => &[],
        }
    }

    /// What a median is taken of, where one can be.
    pub fn lasts(self) -> Option<&'static str> {
        match self {
            Population::Obligations => Some("从核查到办结的天数"),
            Population::Records => Some("从文书作出到归集生效的天数"),
            Population::Checks | Population::Rows | Population::Evaluations { .. } | Population::Measures => None,
        }
    }
}

/// What a figure says of what it counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FigureKind {
    /// How many, of those in one of the states, or all where none is named.
    Count {
        /// Which states.
        of: Vec<State>,
    },
    /// How many of one sort there are among another.
    Share {
        /// The part.
        of: Vec<State>,
        /// The whole; everything where none is named.
        among: Vec<State>,
    },
    /// The days in the middle of all.
    Median,
}

impl FigureKind {
    /// The word of `kind`.
    pub fn word(&self) -> &'static str {
        match self {
            FigureKind::Count { .. } => "count",
            FigureKind::Share { .. } => "share",
            FigureKind::Median => "median",
        }
    }
}

/// How one of a population stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Not answered and in time.
    Open,
    /// Taken up and in time.
    Acknowledged,
    /// Carried out.
    Executed,
    /// Not carried out, for a stated reason.
    NotExecuted,
    /// Answered for good.
    Closed,
    /// Not answered for good and past its day.
    Overdue,
    /// Done by its day.
    InTime,
    /// Done after its day.
    Late,
    /// Of a kind without a term.
    Untimed,
    /// A new fact.
    Accepted,
    /// Known already.
    Duplicate,
    /// Sent back.
    Refused,
    /// Waiting for a person.
    Quarantined,
    /// Graded, with the position of the grade.
    Grade(usize),
    /// Not evaluable.
    Ungraded,
}

impl State {
    /// The word of a state; a grade has its own name.
    pub fn word(self) -> &'static str {
        match self {
            State::Open => "open",
            State::Acknowledged => "acknowledged",
            State::Executed => "executed",
            State::NotExecuted => "not_executed",
            State::Closed => "closed",
            State::Overdue => "overdue",
            State::InTime => "in_time",
            State::Late => "late",
            State::Untimed => "untimed",
            State::Accepted => "accepted",
            State::Duplicate => "duplicate",
            State::Refused => "refused",
            State::Quarantined => "quarantined",
            State::Grade(_) => "grade",
            State::Ungraded => "not_evaluable",
        }
    }

    /// The Chinese for it, as said of one of `counts`.
    pub fn title(self, counts: Population) -> &'static str {
        match (self, counts) {
            (State::InTime, Population::Obligations) => "按期办结",
            (State::Late, Population::Obligations) => "逾期办结",
            (State::InTime, _) => "按期归集",
            (State::Late, _) => "逾期归集",
            (State::Untimed, _) => "未规定期限",
            (State::Open, _) => "待反馈",
            (State::Acknowledged, _) => "已签收",
            (State::Executed, _) => "已实施",
            (State::NotExecuted, _) => "未实施",
            (State::Closed, _) => "已办结",
            (State::Overdue, _) => "已逾期",
            (State::Accepted, _) => "接收",
            (State::Duplicate, _) => "重复",
            (State::Refused, _) => "退回",
            (State::Quarantined, _) => "待核实",
            (State::Grade(_), _) => "等级",
            (State::Ungraded, _) => "不作评价",
        }
    }
}

/// By what a figure is broken down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    /// Calendar month.
    Month,
    /// Who made the check, delivered the file or supplied the record.
    Organ,
    /// One level below the area of whoever looks.
    Area,
    /// Kind of the measure or of the record.
    Kind,
    /// Source of the file.
    Source,
    /// Why a row was sent back.
    Reason,
    /// Kind of the subject.
    Subject,
    /// Grade of the scorecard.
    Grade,
    /// Matter of the check.
    Matter,
    /// Where the subject belongs, by its registration.
    Place,
}

impl Dimension {
    /// Every dimension.
    pub const ALL: [Dimension; 10] = [
        Dimension::Month,
        Dimension::Organ,
        Dimension::Area,
        Dimension::Kind,
        Dimension::Source,
        Dimension::Reason,
        Dimension::Subject,
        Dimension::Grade,
        Dimension::Matter,
        Dimension::Place,
    ];

    /// The word of `by`.
    pub fn word(self) -> &'static str {
        match self {
            Dimension::Month => "month",
            Dimension::Organ => "organ",
            Dimension::Area => "area",
            Dimension::Kind => "kind",
            Dimension::Source => "source",
            Dimension::Reason => "reason",
            Dimension::Subject => "subject",
            Dimension::Grade => "grade",
            Dimension::Matter => "matter",
            Dimension::Place => "place",
        }
    }

    /// The inverse of [`Dimension::word`].
    pub fn from_word(word: &str) -> Option<Dimension> {
        Dimension::ALL.into_iter().find(|dimension| dimension.word() == word)
    }

    /// The Chinese for it.
    pub fn title(self) -> &'static str {
        match self {
            Dimension::Month => "月份",
            Dimension::Organ => "部门",
            Dimension::Area => "区域",
            Dimension::Kind => "种类",
            Dimension::Source => "数据来源",
            Dimension::Reason => "退回原因",
            Dimension::Subject => "主体类型",
            Dimension::Grade => "等级",
            Dimension::Matter => "办理事项",
            Dimension::Place => "场所",
        }
    }
}

/// A condition on one dimension: any of its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Only {
    /// Measures of these kinds.
    MeasureKinds(Vec<MeasureKind>),
    /// Records of these kinds.
    RecordKinds(Vec<KindIx>),
    /// Subjects of these kinds.
    Subjects(Vec<SubjectKindIx>),
    /// Checks at these matters.
    Matters(Vec<MatterIx>),
    /// Files of these sources, by id.
    Sources(Vec<String>),
}

/// Which way a figure should move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// More is better.
    More,
    /// Less is better.
    Less,
    /// Neither.
    Neither,
}

impl Better {
    /// Every word of `better`.
    pub const WORDS: [(&'static str, Better); 3] = [("more", Better::More), ("less", Better::Less), ("neither", Better::Neither)];

    /// The word of `better`.
    pub fn word(self) -> &'static str {
        match self {
            Better::More => "more",
            Better::Less => "less",
            Better::Neither => "neither",
        }
    }

    /// The Chinese for it.
    pub fn title(self) -> &'static str {
        match self {
            Better::More => "越高越好",
            Better::Less => "越低越好",
            Better::Neither => "不分好坏",
        }
    }
}

impl Figure {
    /// What a state of it is called; a grade by its name and title.
    pub fn state_title(&self, pack: &Pack, state: State) -> String {
        if let (State::Grade(grade), Population::Evaluations { scorecard, .. }) = (state, self.counts)
            && let Some(grade) = pack.scorecard(scorecard).and_then(|card| card.grades.get(grade))
        {
            return format!("{} {}", grade.name, grade.title);
        }
        state.title(self.counts).to_owned()
    }
}

impl Pack {
    /// Finds a figure by id.
    pub fn figure_by_id(&self, id: &str) -> Option<&Figure> {
        self.figures.iter().find(|figure| figure.id == id)
    }
}
