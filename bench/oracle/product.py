"""The product's answers: what `xinzhi evaluate` writes for a table set, and the limits that `xinzhi cutoffs` makes of it."""

import json
import subprocess

import pyarrow.parquet as pq

from model import Answer, Ladder
from pack import CARD

# Words of the column `reason`.
REASONS = {None: ""}


def answers(binary, case, rules, files, out):
    """By subject; or what the program says where it gives no answers."""
    out.unlink(missing_ok=True)
    asked = ["--scorecard", CARD, "--tables", files, "--pack", rules, "--as-of", str(case.as_of), "--out", out]
    done = subprocess.run([binary, "evaluate", *asked], capture_output=True, text=True)
    if done.returncode != 0:
        return f"exit {done.returncode}: {done.stderr.strip() or done.stdout.strip()}"
    rows = pq.read_table(out).to_pylist()
    dimensions = [f"d{n + 1}" for n in range(len(case.card.dimensions))]
    return {row["subject"]: answer(row, dimensions) for row in rows}


def limits(binary, case, rules, files, out):
    """Everybody's ladder and those of the groups that are large enough, by title; None where it refuses, text where it fails otherwise."""
    out.unlink(missing_ok=True)
    asked = ["--scorecard", CARD, "--tables", files, "--pack", rules, "--as-of", str(case.as_of), "--out", out, "--json"]
    done = subprocess.run([binary, "cutoffs", *asked], capture_output=True, text=True)
    if done.returncode == 1 and ("grade-unreachable" in done.stderr or "group_size" in done.stderr):
        return None
    if done.returncode != 0:
        return f"exit {done.returncode}: {done.stderr.strip() or done.stdout.strip()}"
    told = json.loads(done.stdout)
    ladder = lambda part: Ladder(part["size"], None if part["limits"] is None else tuple(part["limits"]))  # noqa: E731
    return ladder(told["everyone"]), {name: ladder(part) for name, part in told["groups"].items()}


def answer(row, dimensions):
    reason = REASONS.get(row["reason"], row["reason"])
    sums = tuple(row[name] for name in dimensions)
    return Answer(reason, row["points"], row["grade"], row["forced"], row["assessed_share"], row["amount"], sums)
