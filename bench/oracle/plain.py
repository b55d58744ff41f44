"""The language read record by record, in the plainest way there is. Slow, and meant to be read."""

import calendar
from datetime import date, timedelta

from dataclasses import replace

from model import CLASS, CLASSES, All, Among, Answer, Any, Each, Grade, Ladder, Linear, Not, Present, reach

DAY = timedelta(days=1)


def months_later(day, months):
    """The same day of another month, or that month's last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def first_day(as_of, months):
    """The first day of a window: a record exactly that old is outside."""
    return months_later(as_of, -months) + DAY


def toward_zero(number, divisor):
    return number // divisor if number >= 0 else -(-number // divisor)


def clamp(number, floor, cap):
    if floor is not None:
        number = max(number, floor)
    return number if cap is None else min(number, cap)


def holds(condition, row):
    """True, False, or None where it cannot be told."""
    if condition is None:
        return True
    if isinstance(condition, All):
        told = [holds(part, row) for part in condition.parts]
        return False if False in told else None if None in told else True
    if isinstance(condition, Any):
        told = [holds(part, row) for part in condition.parts]
        return True if True in told else None if None in told else False
    if isinstance(condition, Not):
        told = holds(condition.part, row)
        return None if told is None else not told
    value = row[condition.column]
    if isinstance(condition, Present):
        return (value is not None) == condition.filled
    if value is None:
        return None
    if isinstance(condition, Among):
        values = value if isinstance(value, list) else [value]
        return any(v in condition.values for v in values) == condition.inside
    bound = condition.value
    if condition.column == CLASS:
        value, bound = CLASSES.index(value), CLASSES.index(bound)
    return value >= bound if condition.at_least else value <= bound


def band(bands, value):
    """The points of the last band that has begun; None below the first."""
    points = None
    for start, worth in bands:
        if value >= start:
            points = worth
    return points


def worth(each, row):
    if each.constant is not None:
        return each.constant
    value = row[each.by]
    if value is None:
        return None
    return dict(each.named)[value] if each.named else band(each.bands, value)


def kept(indicator, as_of, day):
    """Thousandths left of the points of a record of that day."""
    fade = indicator.fade
    if isinstance(fade, Linear):
        first, whole = first_day(as_of, indicator.window), min(first_day(as_of, fade.after), as_of)
        return 1000 if day >= whole else ((day - first).days + 1) * 1000 // ((whole - first).days + 1)
    keep = 1000
    for after, left in fade.steps:
        if months_later(day, after) <= as_of:
            keep = left
    return keep


def each_points(indicator, as_of, rows):
    counted = []
    for row in rows:
        points = worth(indicator.take, row)
        if points is not None:
            counted.append((row["day"], toward_zero(points * kept(indicator, as_of, row["day"]), 1000)))
    if not counted:
        return 0, False
    points = [p for _, p in counted]
    last, first = max(d for d, _ in counted), min(d for d, _ in counted)
    return {
        "sum": lambda: sum(points),
        "best": lambda: max(points),
        "worst": lambda: min(points),
        "latest": lambda: max(p for d, p in counted if d == last),
        "first": lambda: max(p for d, p in counted if d == first),
        "mean": lambda: toward_zero(sum(points), len(points)),
    }[indicator.take.put](), True


def number(take, rows):
    """The number that records amount to; None where it cannot be told."""
    if take.what == "count":
        return len(rows)
    if take.what == "rate":
        told = [t for t in (holds(take.of, row) for row in rows) if t is not None]
        return told.count(True) * 1000 // len(told) if told else None
    values = [row[take.field] for row in rows if row[take.field] is not None]
    return sum(values) if take.what == "total" else len(set(values))


def ratio(case, indicator, count, others):
    """Thousandths of the number of the others; None where not one of them meets the condition for certain. Adverse records are divided by
    those in doubt, too."""
    told = [holds(indicator.take.of, row) for row in others]
    doubtful = told.count(None) if case.kind(indicator.kind).nature == "adverse" else 0
    return count * 1000 // (told.count(True) + doubtful) if True in told else None


def indicator_points(case, indicator, covered, records):
    """Points before the weight, and whether they are known."""
    first = first_day(case.as_of, indicator.window)
    by_kind = [[row for row in records.get(kind, []) if first <= row["day"] <= case.as_of] for kind in indicator.kinds()]
    rows = [row for row in by_kind[0] if holds(indicator.where, row) is True]
    if isinstance(indicator.take, Each):
        points, counted = each_points(indicator, case.as_of, rows)
        silence_says_none = covered and indicator.take.silence == "nothing"
        return clamp(points, indicator.floor, indicator.cap), counted or silence_says_none
    if not covered:
        found = None
    elif indicator.take.what == "ratio":
        found = ratio(case, indicator, len(rows), by_kind[1])
    else:
        found = number(indicator.take, rows)
    points = None if found is None else band(indicator.take.bands, found)
    if points is None:
        return 0, False
    return clamp(points, indicator.floor, indicator.cap), True


def bare(area):
    """An area without the zeros that other systems pad with."""
    for length, step in ((12, 3), (9, 3), (6, 2), (4, 2)):
        if len(area) == length and set(area[-step:]) == {"0"}:
            area = area[:-step]
    return area


def covers(case, area, indicator):
    return all(reported(case, area, indicator, kind) for kind in indicator.kinds())


def reported(case, area, indicator, counted):
    """Whether every day from the window's first to the one that must have been reached was reported."""
    spans = []
    for where, kind, since, until in case.coverage:
        if kind == counted and (where is None or area is not None and bare(area).startswith(bare(where))):
            spans.append((since, until or date.max))
    need = first_day(case.as_of, indicator.window)
    last = max(need, case.as_of - timedelta(days=case.card.lag))
    while need <= last:
        ends = [until for since, until in spans if since <= need <= until]
        if not ends:
            return False
        if max(ends) == date.max:
            return True
        need = max(ends) + DAY
    return True


def asleep(case):
    card, as_of = case.card, case.as_of
    if as_of < card.since:
        return "not-yet-in-force"
    if card.until is not None and as_of > card.until:
        return "no-longer-in-force"
    if as_of > card.review_by:
        return "review-overdue"
    if not any(since <= as_of and (until is None or as_of <= until) for since, until in card.bases):
        return "no-basis-in-force"
    if card.peers is not None and case.in_force() is None:
        return "no-cutoffs-in-force"
    return ""


def group(case, kind, rows):
    """Name of the group of a subject; None where nothing says one."""
    by = case.card.peers.by
    if by is None:
        return kind
    of = case.kind(by[0])
    first = first_day(case.as_of, of.retention)
    told = [(row["day"], row[by[1]]) for row in rows.get(of.id, []) if first <= row["day"] <= case.as_of and row[by[1]] is not None]
    if not told:
        return None
    last = max(day for day, _ in told)
    values = of.field(by[1]).values
    return min((value for day, value in told if day == last), key=values.index)


def starts(case, kind, rows):
    """Least points of each grade, best first."""
    if case.card.peers is None:
        return [grade.start for grade in case.card.grades]
    limits = case.in_force()
    own = dict(limits.groups).get(group(case, kind, rows))
    return [*(own if isinstance(own, Ladder) else limits.everyone).limits, case.card.least]


def limits(case):
    """Everybody's ladder and those of all groups, made from everybody's points: what a run of the product writes."""
    points = replace(case, card=replace(case.card, peers=None, overrides=(), grades=(Grade("A", case.card.least),)))
    rows = by_subject(case)
    everyone, groups = [], {name: [] for name in case.groups()}
    for subject, kind, area in case.subjects:
        if kind in case.card.subjects:
            found = answer(points, (kind, area), rows.get(subject, {})).points
            if found is not None:
                everyone.append(found)
                groups.get(group(case, kind, rows.get(subject, {})), []).append(found)
    return ladder(case, everyone), {name: ladder(case, mine) for name, mine in groups.items()}


def ladder(case, points):
    """The points at the last place of each share, counted from the top; equal points are one place as good as the other."""
    points = sorted(points, reverse=True)
    sums = [sum(case.card.peers.shares[: n + 1]) for n in range(len(case.card.grades) - 1)]
    return Ladder(len(points), tuple(points[-(-len(points) * share // 1000) - 1] for share in sums) if points else ())


def listed(kind, row, as_of):
    entry, removal = kind.list
    since = row[entry] or row["day"]
    until = row[removal] if removal else None
    return since <= as_of and (until is None or as_of < until)


def forced(case, rows):
    """The override that holds with the worst grade, the first of equal ones."""
    worst = None
    for override in case.card.overrides:
        kind, mine = case.kind(override.kind), rows.get(override.kind, [])
        if override.window is None:
            on = any(listed(kind, row, case.as_of) for row in mine)
        else:
            first = first_day(case.as_of, override.window)
            on = any(first <= row["day"] <= case.as_of and holds(override.where, row) is True for row in mine)
        if on and (worst is None or override.grade > worst.grade):
            worst = override
    return worst


def answer(case, who, rows):
    """Of one subject, its kind and area, with these rows by kind."""
    card, (mine, area) = case.card, who
    reason = asleep(case)
    if reason:
        return Answer(reason, None, None, False, 0, None, tuple(None for _ in card.dimensions))
    total, known_weight, weight, sums = card.base, 0, 0, []
    for dimension in card.dimensions:
        subtotal = 0
        for indicator in dimension.indicators:
            covered = covers(case, area, indicator)
            points, known = indicator_points(case, indicator, covered, rows)
            subtotal += toward_zero(points * indicator.weight, 1000)
            share = toward_zero(toward_zero(reach(indicator) * indicator.weight, 1000) * dimension.weight, 1000)
            weight += share
            known_weight += share if known else 0
        sums.append(toward_zero(clamp(subtotal, dimension.floor, dimension.cap) * dimension.weight, 1000))
        total += sums[-1]
    override = forced(case, rows)
    grade, points, reason = None, None, "too-little-known"
    if known_weight * 1000 >= card.assessed_share * weight:
        points, reason = clamp(total, card.least, card.most), ""
        grade = next(i for i, start in enumerate(starts(case, mine, rows)) if points >= start)
    if override is not None:
        lifts = case.kind(override.kind).nature == "positive"
        grade = override.grade if grade is None else min(grade, override.grade) if lifts else max(grade, override.grade)
    named = None if grade is None else card.grades[grade]
    share = known_weight * 1000 // weight
    return Answer(reason, points, named and named.name, override is not None, share, named and named.amount, tuple(sums))


def by_subject(case):
    rows = {}
    for kind, records in case.rows.items():
        for row in records:
            rows.setdefault(row["subject"], {}).setdefault(kind, []).append(row)
    return rows


def answers(case):
    """By subject, for the subjects whom the scorecard is for."""
    rows = by_subject(case)
    mine = [(subject, (kind, area)) for subject, kind, area in case.subjects if kind in case.card.subjects]
    return {subject: answer(case, who, rows.get(subject, {})) for subject, who in mine}
