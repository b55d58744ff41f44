"""Whether one subject alone is told what it is told among all others: some subjects of a table set, each made a set of its own by copying its
rows, evaluated by `xinzhi evaluate`, and held against its row in the result of the whole set, column by column.

Subjects are drawn by a fixed seed, as many from each partition as from the next. What was found is one line of JSON; where a subject differs
the command fails.
"""

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

SEED = 7
SUBJECTS = "subjects.parquet"
# Differences that are shown; the others are counted.
SHOWN = 5


def drawn(partitions, many):
    """By partition the places of its subjects that are looked at."""
    dice = random.Random(SEED)
    share, more = divmod(many, len(partitions))
    for place, partition in enumerate(partitions):
        rows = partition["files"][SUBJECTS]["rows"]
        yield partition, dice.sample(range(rows), min(rows, share + (place < more)))


def of(table, subject):
    return table.filter(pc.equal(table["subject"], subject))


def written(table, file):
    """Writes a file of a set and gives what its list says of it."""
    pq.write_table(table, file, compression="snappy")
    return {"rows": len(table), "bytes": file.stat().st_size}


def alone(whole, tables, subject, target):
    """A set of one subject: the rows of each file that are its own, and what was reported about everybody."""
    part = target / "part=00000"
    part.mkdir(parents=True)
    shutil.copy(whole / "coverage.parquet", target / "coverage.parquet")
    mine = {name: of(table, subject) for name, table in tables.items()}
    files = {name: written(table, part / name) for name, table in mine.items() if len(table)}
    manifest = json.loads((whole / "tables.json").read_text(encoding="utf-8"))
    records = {kind: files.get(f"{kind}.parquet", {"rows": 0})["rows"] for kind in manifest["records"]}
    partition = {"folder": part.name, "first": subject, "last": subject, "files": files}
    manifest |= {"subjects": 1, "records": records, "partitions": [partition]}
    (target / "tables.json").write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")
    return sum(records.values())


def evaluated(asked, tables, out):
    """Its row, or none where the scorecard is not meant for it."""
    question = ["--pack", asked.pack, "--scorecard", asked.scorecard, "--as-of", asked.as_of, "--threads", "1"]
    command = [asked.binary, "evaluate", "--json", *question, "--tables", tables, "--out", out]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stderr.strip()}")
    return pq.read_table(out).to_pylist()


def main():
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--binary", type=Path, required=True)
    asked.add_argument("--tables", type=Path, required=True)
    asked.add_argument("--pack", type=Path, required=True)
    asked.add_argument("--scorecard", required=True)
    asked.add_argument("--as-of", required=True)
    asked.add_argument("--ours", type=Path, required=True, help="the result of the whole set")
    asked.add_argument("--subjects", type=int, default=200)
    # What the other commands of the benchmark take as well.
    asked.add_argument("--threads", type=int, help=argparse.SUPPRESS)
    asked = asked.parse_args()
    partitions = json.loads((asked.tables / "tables.json").read_text(encoding="utf-8"))["partitions"]
    among = pq.read_table(asked.ours)
    looked, graded, records, wrong = 0, 0, 0, 0
    for partition, places in drawn(partitions, asked.subjects):
        tables = {name: pq.read_table(asked.tables / partition["folder"] / name) for name in partition["files"]}
        here = among.filter(pc.is_in(among["subject"], value_set=tables[SUBJECTS]["subject"].combine_chunks()))
        for subject in tables[SUBJECTS]["subject"].take(pa.array(places, pa.int64())).to_pylist():
            with tempfile.TemporaryDirectory(dir=asked.tables.parent) as folder:
                records += alone(asked.tables, tables, subject, Path(folder) / "tables")
                found = evaluated(asked, Path(folder) / "tables", Path(folder) / "out.parquet")
            expected = of(here, subject).to_pylist()
            looked, graded = looked + 1, graded + sum(row["points"] is not None for row in expected)
            if found != expected:
                wrong += 1
                if wrong <= SHOWN:
                    print(f"subject {subject}\n  alone      {found}\n  among all  {expected}", file=sys.stderr)
    told = {"subjects": looked, "partitions": len(partitions), "graded": graded, "records": records, "equal": wrong == 0 and looked > 0}
    print(json.dumps(told))
    sys.exit(0 if told["equal"] else 1)


if __name__ == "__main__":
    main()
