"""Two readings of the language against each other, and against the product.

    run.py [--seed 1] [--cases 300] [--subjects 150] [--binary target/release/xinzhi] [--keep DIR]

Each case is a random pack with a random scorecard and random records. Every subject is answered three times: by DuckDB (`sql.py`), by a plain
reading in Python (`plain.py`), and, where a binary is given, by `xinzhi evaluate` over the same Parquet files. All answers must be equal. A
case in which they are not is made as small as it goes and printed, and the run fails.
"""

import argparse
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import NamedTuple

import draw
import pack
import plain
import product
import shrink
import sql
import tables

TOLD = 100


def main():
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--cases", type=int, default=300)
    asked.add_argument("--subjects", type=int, default=150)
    asked.add_argument("--binary", type=Path)
    asked.add_argument("--keep", type=Path, help="where the files of the last case stay")
    asked = asked.parse_args()
    with tempfile.TemporaryDirectory(prefix="xinzhi-oracle-") as place:
        sys.exit(run(asked, asked.keep or Path(place)))


def run(asked, place):
    judge = Judge(place, asked.binary)
    begin = time.monotonic()
    answered, graded = 0, 0
    for number in range(asked.seed, asked.seed + asked.cases):
        case = draw.draw(Random(number), asked.subjects)
        fault = judge.differs(case)
        if fault:
            print(f"seed {number}: {fault.sentence}\nmaking it small", flush=True)
            show(shrink.shrink(case, judge.differs), judge, number)
            return 1
        answered += len(judge.last)
        graded += sum(answer.points is not None for answer in judge.last.values())
        if (number - asked.seed + 1) % TOLD == 0:
            print(f"{number - asked.seed + 1} cases, {time.monotonic() - begin:.0f} s", flush=True)
    if not 0 < graded < answered:
        print(f"{answered} subjects of which {graded} have points: these cases show nothing")
        return 1
    against = "DuckDB, plain reading and product agree" if asked.binary else "DuckDB and plain reading agree"
    last = asked.seed + asked.cases - 1
    print(f"seeds {asked.seed} to {last}: {against} on {asked.cases} scorecards and {answered} subjects, of which {graded} have points")
    print(f"limits by peers: equal in {judge.limited} scorecards" + (f", {judge.refused} of them rightly refused" if asked.binary else ""))
    return 0


class Difference(NamedTuple):
    word: str
    sentence: str


class Judge:
    """Answers a case in each way and compares."""

    def __init__(self, place, binary):
        self.place, self.binary = place, binary
        self.connection = sql.connect()
        self.last = {}
        # Cases whose limits were compared, and those of them that the product had to refuse.
        self.limited, self.refused = 0, 0

    def answers(self, case):
        """By the name of who answers; text in the place of answers is why there are none."""
        rules, files = self.place / pack.PACK, self.place / "tables"
        tables.write(case, files, pack.PACK, pack.write(case, rules))
        given = {"plain": plain.answers(case), "DuckDB": sql.answers(self.connection, case, files)}
        if self.binary:
            given["product"] = product.answers(self.binary, case, rules, files, self.place / "result.parquet")
        return given

    def differs(self, case):
        """What differs: a word for the kind of difference with a sentence, or None."""
        given = self.answers(case)
        self.last = first = given["plain"]
        for name, answers in given.items():
            if isinstance(answers, str):
                return Difference("no answer", f"{name}: {answers}")
            if set(answers) != set(first):
                return Difference("subjects", f"{name} answers other subjects: {sorted(set(answers) ^ set(first))[:5]}")
            wrong = [subject for subject in first if answers[subject] != first[subject]]
            if wrong:
                shown = f"{len(wrong)} subjects differ, as {wrong[0]}: plain {first[wrong[0]]}, {name} {answers[wrong[0]]}"
                return Difference("answers", shown)
        return self.limits_differ(case)

    def limits_differ(self, case):
        """The same of the limits by peers that a run over these records makes."""
        free = replace(case, cutoffs=())
        if case.card.peers is None or plain.asleep(free) != "no-cutoffs-in-force":
            return None
        found, again = plain.limits(free), sql.limits(self.connection, free)
        if found != again:
            return Difference("limits", f"plain makes {found}, DuckDB {again}")
        self.limited += 1
        if not self.binary:
            return None
        rules = self.place / "free" / pack.PACK
        pack.write(free, rules)
        told = product.limits(self.binary, case, rules, self.place / "tables", self.place / "free" / "limits.yaml")
        expected = taken(free, *found)
        self.refused += expected is None
        return None if told == expected else Difference("limits", f"expected {expected}, the product makes {told}")


def taken(case, everyone, groups):
    """The limits as the product tells them: none where too few have points, or where equal points leave a grade to nobody in any group."""
    peers, card = case.card.peers, case.card
    if everyone.size < peers.size:
        return None
    own = {name: ladder.size >= peers.size for name, ladder in groups.items()}
    ladders = [everyone] + [ladder for name, ladder in groups.items() if own[name]]
    low, _ = draw.total_range(card.dimensions, card.base, (card.least, card.most))
    for place in range(1, len(card.grades)):
        reached = any(ladder.limits[place - 1] > [*ladder.limits, low][place] for ladder in ladders)
        if not reached and not any(rule.grade == place for rule in card.overrides):
            return None
    title = lambda name: f"类型{name}" if peers.by is None else name  # noqa: E731
    return everyone, {title(name): ladder if own[name] else replace(ladder, limits=None) for name, ladder in groups.items()}


def show(case, judge, seed):
    given = judge.answers(case)
    for file in sorted((judge.place / pack.PACK).rglob("*.yaml")):
        print(f"--- {file.relative_to(judge.place)}\n{file.read_text(encoding='utf-8')}", end="")
    print(f"--- as of {case.as_of}\nsubjects {case.subjects}\ncoverage {case.coverage}")
    for kind, rows in case.rows.items():
        for row in rows:
            print(kind, {code: str(value) if code == "day" else value for code, value in row.items()})
    for name, answers in given.items():
        print(f"--- {name}\n{answers}")
    print(f"--- again: run.py --seed {seed} --cases 1")


if __name__ == "__main__":
    main()
