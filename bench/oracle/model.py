"""What the oracle draws: a pack with one scorecard, and the records it is asked about.

This is the oracle's own description of the language. `plain.py` and `sql.py` each give it a meaning of their own; neither looks at
how the product reads a pack. Points are thousandths, money is 分, shares and weights are thousandths, ages are months.
"""

from dataclasses import dataclass, field
from datetime import date

CLASSES = ("轻微", "一般", "严重")
CLASS = "class"


@dataclass(frozen=True)
class Field:
    code: str
    title: str
    type: str  # choice choices integer money day
    values: tuple = ()
    least: int = 0
    most: int = 0


@dataclass(frozen=True)
class Kind:
    id: str
    title: str
    nature: str  # adverse neutral positive
    fields: tuple
    # Codes of the day of entry and of the day of removal; the second may be None. None: not a list.
    list: tuple | None = None
    # Months for which its records are used.
    retention: int = 240

    def field(self, code):
        return next(f for f in self.fields if f.code == code)


# Conditions. A column is a field's code, or CLASS.


@dataclass(frozen=True)
class Among:
    column: str
    values: tuple
    inside: bool


@dataclass(frozen=True)
class Bound:
    column: str
    at_least: bool
    value: object


@dataclass(frozen=True)
class Present:
    column: str
    filled: bool


@dataclass(frozen=True)
class All:
    parts: tuple


@dataclass(frozen=True)
class Any:
    parts: tuple


@dataclass(frozen=True)
class Not:
    part: object


# What records amount to.


@dataclass(frozen=True)
class Each:
    """Points of each record: the same, by class, by choice (title, points), or by band (from, points)."""

    put: str  # sum best worst latest first mean
    constant: int | None = None
    by: str | None = None
    named: tuple = ()
    bands: tuple = ()
    silence: str = "nothing"  # nothing unknown


@dataclass(frozen=True)
class Number:
    """`of` is the condition of a rate, or of the other records of a ratio, whose kind is `other`."""

    what: str  # count distinct total rate ratio
    bands: tuple
    field: str | None = None
    of: object = None
    other: str | None = None


@dataclass(frozen=True)
class Steps:
    """(after months, keep thousandths), rising in age."""

    steps: tuple = ()


@dataclass(frozen=True)
class Linear:
    after: int


@dataclass(frozen=True)
class Indicator:
    id: str
    kind: str
    window: int
    take: object
    where: object = None
    fade: object = Steps()
    floor: int | None = None
    cap: int | None = None
    weight: int = 1000

    def kinds(self):
        """Every kind that it counts."""
        other = self.take.other if isinstance(self.take, Number) else None
        return (self.kind,) if other is None else (self.kind, other)


@dataclass(frozen=True)
class Dimension:
    title: str
    indicators: tuple
    floor: int | None = None
    cap: int | None = None
    weight: int = 1000


@dataclass(frozen=True)
class Override:
    """On the list where `window` is None; otherwise a record of the window that meets `where`."""

    kind: str
    grade: int
    window: int | None = None
    where: object = None


@dataclass(frozen=True)
class Grade:
    """`start` is None where peers decide."""

    name: str
    start: int | None
    amount: int | None = None


@dataclass(frozen=True)
class Peers:
    """Grades by share of a group: by subject kind where `by` is None, else by (record kind, choice)."""

    by: tuple | None
    size: int
    shares: tuple


@dataclass(frozen=True)
class Ladder:
    size: int
    limits: tuple


@dataclass(frozen=True)
class Cutoffs:
    """Limits of the days from `since` to `until`; a group without a ladder of its own is the number of its subjects."""

    since: date
    until: date
    everyone: Ladder
    groups: tuple  # (name, Ladder or int), in the order of the groups


@dataclass(frozen=True)
class Card:
    subjects: tuple
    since: date
    until: date | None
    review_by: date
    bases: tuple  # (from, until or None) of each legal basis
    base: int
    least: int
    most: int
    assessed_share: int
    lag: int
    dimensions: tuple
    grades: tuple
    overrides: tuple = ()
    peers: Peers | None = None


@dataclass(frozen=True)
class Case:
    """A question with everything that its answer depends on."""

    kinds: tuple
    card: Card
    as_of: date
    # (subject, kind, area or None), rising
    subjects: tuple
    # (area or None, kind, from, until or None)
    coverage: tuple
    # record kind -> rows: dicts of subject, record, day, class, and the fields
    rows: dict = field(hash=False)
    # Where partitions begin, but for the first.
    cuts: tuple = ()
    cutoffs: tuple = ()

    def kind(self, id):
        return next(k for k in self.kinds if k.id == id)

    def in_force(self):
        """The limits that hold on the day."""
        return next((c for c in self.cutoffs if c.since <= self.as_of <= c.until), None)

    def groups(self):
        """Names of the groups, in order."""
        by = self.card.peers.by
        return self.card.subjects if by is None else self.kind(by[0]).field(by[1]).values


@dataclass(frozen=True)
class Answer:
    """What is said of one subject. `reason` is empty where there are points."""

    reason: str
    points: int | None
    grade: str | None
    forced: bool
    assessed_share: int
    amount: int | None
    dimensions: tuple


def take_range(take):
    """The least and the most points of any number of records, none included; None where enough records exceed every bound."""
    if isinstance(take, Number):
        points = [worth for _, worth in take.bands]
    else:
        points = [take.constant] if take.constant is not None else [worth for _, worth in take.named + take.bands]
    least, most = min(0, *points, 0), max(0, *points, 0)
    if isinstance(take, Each) and take.put == "sum":
        return (None if least else 0), (None if most else 0)
    return least, most


def indicator_range(indicator):
    """The least and the most points of an indicator before its weight; a sum is bounded on each side on which it can grow."""
    least, most = take_range(indicator.take)
    floor, cap = indicator.floor, indicator.cap
    least, most = (floor if least is None else least), (cap if most is None else most)
    return tuple(within(points, floor, cap) for points in (least, most))


def within(points, floor, cap):
    points = points if floor is None else max(points, floor)
    return points if cap is None else min(points, cap)


def reach(indicator):
    """The most that an indicator can move before any weighing: of a sum its bounds, of anything else what it can come to."""
    if isinstance(indicator.take, Each) and indicator.take.put == "sum":
        return max(abs(indicator.floor or 0), abs(indicator.cap or 0))
    return max(abs(points) for points in indicator_range(indicator))
