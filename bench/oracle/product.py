"""The product's answers: what `xinzhi evaluate` writes for a table set."""

import subprocess

import pyarrow.parquet as pq

from model import Answer
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


def answer(row, dimensions):
    reason = REASONS.get(row["reason"], row["reason"])
    sums = tuple(row[name] for name in dimensions)
    return Answer(reason, row["points"], row["grade"], row["forced"], row["assessed_share"], row["amount"], sums)
