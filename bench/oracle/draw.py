"""Draws cases: every form of the language is common, and so are the days on which an answer turns."""

import itertools
from calendar import monthrange
from dataclasses import replace
from datetime import date, timedelta

from model import CLASS, CLASSES, All, Among, Any, Bound, Card, Case, Cutoffs, Dimension, Each, Field, Grade, Indicator, Kind, Ladder, Linear
from model import Not, Number, Override, Peers, Present, Steps, indicator_range, reach, take_range, within
from plain import holds, months_later, toward_zero

TITLES = ("甲", "乙", "丙", "丁", "戊", "己", "庚", "辛")
AREAS = ("33", "3308", "330803", "330803103", "330803103001", "330822", "3310", "331004")
KINDS = ("shop", "stall", "plant")


def draw(random, subjects=150):
    """One case; the same numbers from `random` give the same case."""
    as_of = draw_day(random)
    kinds = tuple(draw_kind(random, n) for n in range(random.randint(1, 4)))
    card = draw_card(random, kinds, as_of)
    # Now and then as many as go through the kernel in several pieces.
    people = draw_subjects(random, subjects * 20 if random.random() < 0.03 else subjects)
    cuts = tuple(sorted(random.sample(range(1, len(people)), min(random.choice((0, 0, 1, 2)), len(people) - 1))))
    rows = draw_rows(random, kinds, card, as_of, people)
    case = Case(kinds, card, as_of, people, draw_coverage(random, kinds, card, as_of), rows, cuts)
    return case if card.peers is None else replace(case, cutoffs=draw_cutoffs(random, case))


def draw_day(random):
    """Month ends and leap days are where months go wrong."""
    year, month = random.randint(2023, 2028), random.randint(1, 12)
    last = monthrange(year, month)[1]
    leap = [date(2024, 2, 29), date(2024, 2, 28), date(2025, 2, 28), date(2028, 2, 29), date(2024, 3, 1), date(2023, 3, 1)]
    return random.choice((date(year, month, random.randint(1, 28)), date(year, month, last), date(year, month, max(28, last - 1)), random.choice(leap)))


def draw_kind(random, number):
    nature = random.choices(("adverse", "neutral", "positive"), (3, 4, 2))[0]
    fields = [draw_field(random, n) for n in range(random.randint(1, 5))]
    span = None
    if random.random() < 0.35:
        fields.append(Field("entry", "列入日期", "day"))
        removal = random.random() < 0.8
        fields += [Field("removal", "移出日期", "day")] if removal else []
        span = ("entry", "removal" if removal else None)
    return Kind(f"kind-{number}", f"信息{TITLES[number]}", nature, tuple(fields), span, random.choice((60, 240)))


def draw_field(random, number):
    type = random.choices(("choice", "choices", "integer", "money", "day"), (4, 2, 3, 3, 1))[0]
    code, title = f"f{number}", f"字段{TITLES[number]}"
    if type in ("choice", "choices"):
        return Field(code, title, type, values=tuple(f"{TITLES[n]}类" for n in range(random.choice((1, 2, 3, 3, 5, 8)))))
    if type == "integer":
        # Some do not fit into 32 bits.
        least = random.choice((0, 0, 1, -50, -5_000_000_000))
        return Field(code, title, type, least=least, most=max(least, 0) + random.choice((3, 10, 1000, 3_000_000_000)))
    return Field(code, title, type, most=random.choice((1_000_00, 50_000_00, 10_000_000_00)))


def draw_points(random, nature):
    """More adverse records never help, more positive ones never harm."""
    size = random.choice((0, 500, 1000, 5000, 20_000, 33_333, 7, 1, random.randint(0, 90_000)))
    sign = {"adverse": -1, "positive": 1}.get(nature) or random.choice((-1, 1))
    return sign * size


def draw_condition(random, kind, beside=None, open=False):
    """A condition that some record can meet, together with another: the checker refuses any other. Where it is to be open, some can fail it,
    too; None where such a one is not found soon."""
    for _ in range(30) if open else itertools.count():
        condition = draw_any_condition(random, kind)
        rows = (draw_cells(random, kind) for _ in range(200))
        told = {holds(condition, row) for row in rows if holds(beside, row) is True}
        if told >= ({True, False} if open else {True}):
            return condition
    return None


def draw_any_condition(random, kind, depth=0):
    form = random.random()
    if depth < 3 and form < 0.36:
        parts = tuple(draw_any_condition(random, kind, depth + 1) for _ in range(random.randint(1, 3)))
        return All(parts) if form < 0.14 else Any(parts) if form < 0.28 else Not(parts[0])
    if kind.nature == "adverse" and random.random() < 0.35:
        if random.random() < 0.4:
            return Bound(CLASS, random.random() < 0.5, random.choice(CLASSES))
        return Among(CLASS, tuple(random.sample(CLASSES, random.randint(1, 2))), random.random() < 0.6)
    field = random.choice(kind.fields)
    if random.random() < 0.15:
        return Present(field.code, random.random() < 0.6)
    if field.type in ("choice", "choices"):
        count = random.randint(1, max(1, len(field.values) - 1))
        return Among(field.code, tuple(random.sample(field.values, count)), random.random() < 0.65)
    return Bound(field.code, random.random() < 0.6, draw_value(random, field))


def draw_value(random, field):
    """A few values are common, so that bands and conditions are met exactly."""
    if field.type == "choice":
        return random.choice(field.values)
    if field.type == "choices":
        return random.sample(field.values, random.randint(0, len(field.values)))
    if field.type == "day":
        return random.choice((date(2023, 12, 31), date(2024, 2, 29), date(2025, 6, 1), date(2020, 1, 1) + timedelta(random.randint(0, 3000))))
    if field.type == "integer":
        return min(field.most, max(field.least, random.choice((field.least, field.least + 1, field.least + 3, 0, field.most, random.randint(field.least, field.most)))))
    return random.choice((0, 1, 100_00, 100_00 - 1, 1_000_00, 2_000_00, 2_000_00 + 1, random.randint(0, field.most)))


def rising(random, least, most, count):
    """Starts of bands: the least possible, then some above it."""
    above = {random.choice((least + 1, least + 2, least + 3, 100_00, 2_000_00, random.randint(least, most))) for _ in range(count)}
    return [least, *sorted(start for start in above if least < start <= most)]


# One adverse record more may only lower, one positive record more may only lift.
PUTS = {"adverse": ("sum", "sum", "worst"), "positive": ("sum", "sum", "best"), "neutral": ("sum", "best", "worst", "latest", "first", "mean")}


def draw_each(random, kind):
    each = draw_worth(random, kind)
    # Only of what is neither good nor bad by itself may one record decide whether there is a grade.
    return replace(each, silence="unknown") if kind.nature == "neutral" and random.random() < 0.4 else each


def draw_worth(random, kind):
    put = random.choice(PUTS[kind.nature])
    form = random.random()
    if kind.nature == "adverse" and form < 0.45:
        # The graver, the fewer.
        points = sorted((draw_points(random, kind.nature) for _ in CLASSES), reverse=True)
        return Each(put, by=CLASS, named=tuple(zip(CLASSES, points, strict=True)))
    fields = [field for field in kind.fields if field.type in ("choice", "integer", "money")]
    if not fields or form > 0.8:
        return Each(put, constant=draw_points(random, kind.nature))
    field = random.choice(fields)
    if field.type == "choice":
        return Each(put, by=field.code, named=tuple((title, draw_points(random, kind.nature)) for title in field.values))
    starts = rising(random, field.least, field.most, random.randint(0, 4))
    return Each(put, by=field.code, bands=tuple((start, draw_points(random, kind.nature)) for start in starts))


def draw_number(random, kinds, kind, where):
    summed = [field for field in kind.fields if field.type == "money" or field.type == "integer" and field.least >= 0]
    counted = [field for field in kind.fields if field.type in ("choice", "integer", "money", "day")]
    others = [other for other in kinds if other.nature == "neutral" and other != kind]
    forms = ["count"] + ["rate"] * 2 * (kind.nature == "neutral") + ["total"] * 2 * bool(summed) + ["distinct"] * bool(counted)
    forms += ["ratio"] * 3 * bool(others)
    what = random.choice(forms)
    of = draw_condition(random, kind, where, open=True) if what == "rate" else None
    if what == "rate" and of is None:
        what = "count"
    field = {"total": summed, "distinct": counted}.get(what)
    field = random.choice(field) if field else None
    most = {"count": lambda: 12, "rate": lambda: 1000, "ratio": lambda: 5000, "total": lambda: field.most * 3, "distinct": lambda: values_of(random, kind, where, field)}[what]()
    starts = rising(random, 0, most, random.randint(1, 5))
    points = [draw_points(random, random.choice((kind.nature, "neutral"))) for _ in starts]
    if kind.nature != "neutral":
        points.sort(reverse=kind.nature == "adverse")
    lines = tuple(zip(starts, points, strict=True))
    if what == "ratio":
        other = random.choice(others)
        return Number(what, lines, of=draw_condition(random, other) if random.random() < 0.6 else None, other=other.id)
    return Number(what, lines, field and field.code, of)


def values_of(random, kind, where, field):
    """How many values of a field records that meet a condition were seen to have, up to six: a band of more is refused where there cannot be so many."""
    rows = (draw_cells(random, kind) for _ in range(300))
    seen = {row.get(field.code) for row in rows if where is None or holds(where, row) is True} - {None}
    return min(6, max(1, len(seen)))


def draw_window(random, kind):
    """Months. Nothing adverse has an effect for longer than three years."""
    longest = 36 if kind.nature == "adverse" else 60
    return min(longest, random.choice((1, 3, 6, 11, 12, 24, 36, 60, random.randint(1, 60))))


def draw_fade(random, window):
    if random.random() < 0.3:
        return Linear(random.choice((0, random.randint(0, window - 1))))
    ages = sorted(random.sample(range(1, window), min(window - 1, random.choice((0, 1, 1, 2, 3)))))
    keeps = sorted((random.choice((0, 1, 250, 333, 500, 667, 900, 1000)) for _ in ages), reverse=True)
    return Steps(tuple(zip(ages, keeps, strict=True)))


def draw_indicator(random, kinds, number):
    kind = random.choice(kinds)
    window = draw_window(random, kind)
    where = draw_condition(random, kind) if random.random() < 0.6 else None
    counts = random.random() < 0.35
    take = draw_number(random, kinds, kind, where) if counts else draw_each(random, kind)
    fade = Steps() if counts else draw_fade(random, window)
    least, most = take_range(take)
    bound = random.choice((1000, 20_000, 33_333, 100_000, 400_000))
    floor = -bound if least is None or random.random() < 0.3 else None
    cap = random.choice((bound, 12_345, 0)) if most is None or random.random() < 0.3 else None
    weight = random.choice((1000, 1000, 1000, 500, 333, 1, random.randint(1, 1000)))
    return Indicator(f"i{number}", kind.id, window, take, where, fade, floor, cap, weight)


def draw_card(random, kinds, as_of):
    while True:
        dimensions, count = [], 0
        for number in range(random.randint(1, 4)):
            indicators = tuple(draw_indicator(random, kinds, count + n) for n in range(random.randint(1, 4)))
            count += len(indicators)
            floor, cap = (random.choice((None, None, 1000, 15_000, 50_001, 300_000)) for _ in range(2))
            weight = random.choice((1000, 1000, 1000, 500, 300, 999))
            dimensions.append(Dimension(f"维度{TITLES[number]}", indicators, floor and -floor, cap, weight))
        if any(weighs(d, i) for d in dimensions for i in d.indicators):
            break
    least, most = random.choice(((0, 1000_000), (0, 100_000), (-50_000, 200_000), (350_000, 950_000)))
    base = random.choice((least, most, (least + most) // 2, least + (most - least) * 4 // 5))
    grades = draw_grades(random, least, draw_totals(random, kinds, dimensions, base, (least, most)))
    overrides, peers = draw_overrides(random, kinds, len(grades)), draw_peers(random, kinds, len(grades))
    if peers:
        grades = tuple(replace(grade, start=None) for grade in grades)
    return Card(
        subjects=tuple(random.sample(KINDS, random.choice((1, 2, 2, 3)))),
        base=base,
        least=least,
        most=most,
        assessed_share=random.choice((1, 300, 600, 600, 900, 1000)),
        lag=random.choice((0, 10, 45, 400)),
        dimensions=tuple(dimensions),
        grades=grades,
        overrides=overrides,
        peers=peers,
        **draw_force(random, as_of),
    )


def weighs(dimension, indicator):
    return reach(indicator) * indicator.weight // 1000 * dimension.weight // 1000


def draw_force(random, as_of):
    """Mostly in force; sometimes beginning or ending on the very day or the one beside it."""
    near = lambda: as_of + timedelta(random.choice((-1, 0, 1)))  # noqa: E731
    since = near() if random.random() < 0.06 else as_of - timedelta(400)
    until = near() if random.random() < 0.06 else random.choice((None, as_of + timedelta(900)))
    until = max(until, since) if until else None
    review_by = max(near() if random.random() < 0.06 else as_of + timedelta(500), since)
    ended = near() if random.random() < 0.06 else random.choice((None, as_of + timedelta(100)))
    bases = [(date(2000, 1, 1), max(ended, since) if ended else None)]
    if random.random() < 0.3:
        bases.append((date(2010, 5, 1), None if random.random() < 0.5 else max(since, near())))
    return {"since": since, "until": until, "review_by": review_by, "bases": tuple(bases)}


def total_range(dimensions, base, bounds):
    """What points can come to; a grade outside is refused."""
    total = [base, base]
    for dimension in dimensions:
        for side in (0, 1):
            points = sum(toward_zero(indicator_range(i)[side] * i.weight, 1000) for i in dimension.indicators)
            total[side] += toward_zero(within(points, dimension.floor, dimension.cap) * dimension.weight, 1000)
    return tuple(within(points, *bounds) for points in total)


def draw_totals(random, kinds, dimensions, base, bounds):
    """Some of the points that can come about, rising."""
    totals = set()
    by_id = {kind.id: kind for kind in kinds}
    worths = {i.id: worths_of(random, by_id[i.kind], i) for d in dimensions for i in d.indicators}
    for _ in range(100):
        total = base
        for dimension in dimensions:
            points = sum(toward_zero(draw_taken(random, i, worths[i.id]) * i.weight, 1000) for i in dimension.indicators)
            total += toward_zero(within(points, dimension.floor, dimension.cap) * dimension.weight, 1000)
        totals.add(within(total, *bounds))
    return sorted(totals)


def worths_of(random, kind, indicator):
    """What single records that meet the condition were seen to be worth when new."""
    take = indicator.take
    if isinstance(take, Number):
        return [worth for _, worth in take.bands]
    if take.constant is not None:
        return [take.constant]
    rows = [row for row in (draw_cells(random, kind) for _ in range(300)) if indicator.where is None or holds(indicator.where, row) is True]
    seen = {row[take.by] for row in rows} - {None}
    reached = {max((start for start, _ in take.bands if start <= value), default=None) for value in seen if take.bands}
    return [worth for value, worth in take.named if value in seen] + [worth for start, worth in take.bands if start in reached]


def draw_taken(random, indicator, worths):
    """What some records amount to: nothing, a band, or the points of some that are new."""
    points = random.choice((0, *worths)) if isinstance(indicator.take, Number) else random.choice((0, random.choice(worths or [0])))
    if not isinstance(indicator.take, Number):
        points *= random.randint(1, 4) if indicator.take.put == "sum" else 1
    return within(points, indicator.floor, indicator.cap)


def draw_grades(random, least, totals):
    """Each starts at points that can come about, or shortly before, above some others: a grade that no points reach is refused."""
    count = min(random.randint(2, 5), len(totals))
    starts = sorted(random.sample(totals[1:], count - 1), reverse=True)
    below = [*starts[1:], totals[0]]
    starts = [max(worse + 1, start - random.choice((0, 0, 1, 500))) for start, worse in zip(starts, below, strict=False)]
    amounts = sorted((random.choice((0, 1, random.randint(0, 10**9))) for _ in range(count)), reverse=True)
    paid = random.random() < 0.4
    names = [chr(ord("A") + n) for n in range(count)]
    return tuple(Grade(name, start, amount if paid else None) for name, start, amount in zip(names, [*starts, least], amounts, strict=True))


def draw_overrides(random, kinds, grades):
    """Nothing positive names the worst grade, nothing else the best."""
    rules = []
    for _ in range(random.choice((0, 0, 1, 2, 3, 4)) if grades > 1 else 0):
        kind = random.choice(kinds)
        grade = random.randrange(grades - 1) if kind.nature == "positive" else random.randrange(1, grades)
        if kind.list and random.random() < 0.6:
            rules.append(Override(kind.id, grade))
        else:
            where = draw_condition(random, kind) if random.random() < 0.8 else None
            rules.append(Override(kind.id, grade, random.choice((1, 6, 12, 36)), where))
    # The same list or record forces no two grades.
    return tuple(r for n, r in enumerate(rules) if all((r.kind, r.window, r.where) != (e.kind, e.window, e.where) for e in rules[:n]))


def draw_peers(random, kinds, grades):
    """Groups by the kind of subject or by a choice that is neither good nor bad."""
    if random.random() < 0.7:
        return None
    choices = [(kind.id, field.code) for kind in kinds if kind.nature == "neutral" for field in kind.fields if field.type == "choice"]
    cuts = sorted(random.sample(range(1, 1000), grades - 1))
    shares = tuple(high - low for low, high in zip([0, *cuts], [*cuts, 1000], strict=True))
    return Peers(random.choice(choices) if choices and random.random() < 0.75 else None, random.choice((10, 10, 15, 40)), shares)


def draw_cutoffs(random, case):
    """None, limits that begin or end on the day or beside it, or several one after another."""
    as_of, sets = case.as_of, []
    since = as_of - timedelta(random.choice((1, 2, 30, 200, 200)))
    for _ in range(random.choice((0, 1, 2, 2, 3, 3))):
        until = max(since, random.choice((as_of - timedelta(1), as_of, as_of + timedelta(random.choice((1, 300))))))
        sets.append(draw_limits(random, case, since, until))
        since = until + timedelta(random.choice((1, 1, 2)))
    return tuple(sets)


def draw_limits(random, case, since, until):
    """Everybody's limits part all grades; those of a group may leave some to nobody."""
    card = case.card
    low, high = total_range(card.dimensions, card.base, (card.least, card.most))
    asked = len(card.grades) - 1
    everyone = sorted(random.sample(range(low + 1, high + 1), asked), reverse=True)
    groups = []
    for name in case.groups():
        limits = sorted((random.choice((low, high, random.randint(low, high), *everyone)) for _ in range(asked)), reverse=True)
        small = random.random() < 0.3
        size = random.randint(0, card.peers.size - 1) if small else random.randint(card.peers.size, 1000)
        groups.append((name, size if small else Ladder(size, tuple(limits))))
    return Cutoffs(since, until, Ladder(1_000_000, tuple(everyone)), tuple(groups))


def draw_subjects(random, count):
    """Numbers with gaps; some of kinds that the scorecard does not evaluate, some without a known area."""
    numbers = sorted(random.sample(range(1, count * 4), count))
    return tuple((n, random.choice(KINDS), random.choice(AREAS) if random.random() < 0.85 else None) for n in numbers)


def turning_days(kind, card, as_of):
    """The days on which a record of a kind begins or ceases to matter, and their neighbours."""
    ages = set()
    for indicator in (i for d in card.dimensions for i in d.indicators if kind.id in i.kinds()):
        ages.add(indicator.window)
        ages |= {indicator.fade.after} if isinstance(indicator.fade, Linear) else {after for after, _ in indicator.fade.steps}
    ages |= {o.window for o in card.overrides if o.kind == kind.id and o.window is not None}
    ages |= {kind.retention} if card.peers and card.peers.by and card.peers.by[0] == kind.id else set()
    days = {months_later(as_of, -age) + timedelta(near) for age in ages for near in range(-2, 4)}
    return sorted(days | {as_of + timedelta(near) for near in (-1, 0, 1, 40)})


def draw_rows(random, kinds, card, as_of, people):
    rows = {kind.id: [] for kind in kinds}
    record = 0
    for kind in kinds:
        turns = turning_days(kind, card, as_of)
        for subject, _, _ in people:
            for _ in range(skewed(random)):
                record += 1
                rows[kind.id].append(draw_row(random, kind, subject, record, turns, as_of))
    return rows


def skewed(random):
    return random.choices((0, random.randint(1, 4), random.randint(5, 15), 60), (30, 60, 9, 0.3))[0]


def draw_row(random, kind, subject, record, turns, as_of):
    day = random.choice(turns) if random.random() < 0.6 else as_of - timedelta(random.choice((random.randint(0, 400), random.randint(0, 2000))))
    row = {"subject": subject, "record": record, "day": day} | draw_cells(random, kind)
    for code in kind.list or ():
        if code and random.random() < 0.6:
            row[code] = as_of + timedelta(random.choice((-700, -30, -1, 0, 1, 30)))
    return row


def draw_cells(random, kind):
    """Class and fields of a record; some are not known."""
    cells = {CLASS: random.choices((*CLASSES, None), (3, 4, 2, 1))[0] if kind.nature == "adverse" else None}
    return cells | {field.code: draw_value(random, field) if random.random() < 0.85 else None for field in kind.fields}


def draw_coverage(random, kinds, card, as_of):
    """Everything, nothing, or spans that begin and end near the days that matter, whole and in pieces, by area."""
    rows = []
    for kind in kinds:
        ages = {i.window for d in card.dimensions for i in d.indicators if kind.id in i.kinds()}
        starts = [months_later(as_of, -age) + timedelta(near) for age in ages for near in (-1, 0, 1, 2)] + [date(2010, 1, 1)] * 6
        ends = [as_of - timedelta(card.lag) + timedelta(near) for near in (-1, 0, 1)] + [as_of]
        for _ in range(random.choice((1, 1, 2, 3))):
            area = random.choice((None, None, "33", random.choice(AREAS), "330800000000"))
            since, until = random.choice(starts), random.choice((None, None, *ends))
            if until is None or random.random() < 0.6:
                rows.append((area, kind.id, since, until))
                continue
            # In two pieces, that touch, overlap, or leave a day out.
            middle = since + timedelta(max(0, (until - since).days // 2))
            rows.append((area, kind.id, middle + timedelta(random.choice((0, 1, 2))), max(until, middle + timedelta(2))))
            rows.append((area, kind.id, since, middle))
    random.shuffle(rows)
    return tuple(row for row in rows if row[3] is None or row[3] >= row[2])
