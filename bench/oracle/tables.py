"""Writes a case as a table set: the Parquet files that one run reads."""

import json
import shutil

import pyarrow as pa
import pyarrow.parquet as pq

from pack import DATED

EDITION = "xinzhi-tables/1"
CODES = pa.dictionary(pa.int32(), pa.utf8())
TYPES = {"choice": CODES, "choices": pa.list_(pa.utf8()), "integer": pa.int64(), "money": pa.int64(), "day": pa.date32()}


def kind_schema(kind):
    """What every record has, the field that its day stands in, and the fields that rules may read."""
    head = [("subject", pa.int64()), ("record", pa.int64()), ("day", pa.date32()), ("class", CODES), (DATED, pa.date32())]
    required = {"subject", "record", "day"}
    return pa.schema([pa.field(n, t, nullable=n not in required) for n, t in head + [(f.code, TYPES[f.type]) for f in kind.fields]])


def write_parquet(schema, rows, file, group=131_072):
    """Writes rows and gives what the manifest says of the file."""
    columns = [pa.array([row[name] for row in rows], type=schema.field(name).type) for name in schema.names]
    pq.write_table(pa.table(columns, schema=schema), file, row_group_size=group, compression="snappy")
    return {"rows": len(rows), "bytes": file.stat().st_size}


def write(case, folder, pack, digest):
    """A fresh table set; the manifest comes last."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    schema = pa.schema([("area", pa.utf8()), ("kind", pa.utf8()), ("from", pa.date32()), ("until", pa.date32())])
    rows = [dict(zip(schema.names, row, strict=True)) for row in case.coverage]
    coverage = write_parquet(schema, rows, folder / "coverage.parquet")
    bounds = [0, *case.cuts, len(case.subjects)]
    parts = [case.subjects[low:high] for low, high in zip(bounds, bounds[1:], strict=False)]
    described = {
        "edition": EDITION,
        "pack": pack,
        "pack_digest": digest,
        "position": None,
        "subjects": len(case.subjects),
        "records": {kind.id: len(case.rows[kind.id]) for kind in case.kinds},
        "coverage": coverage,
        "partitions": [write_part(case, folder / f"part={number:05}", part) for number, part in enumerate(parts)],
    }
    (folder / "tables.json").write_text(json.dumps(described, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def write_part(case, folder, part):
    folder.mkdir()
    words = ("kind", "area", "industry", "code")
    schema = pa.schema([pa.field("subject", pa.int64(), nullable=False)] + [(word, pa.utf8()) for word in words])
    rows = [{"subject": s, "kind": kind, "area": area, "industry": None, "code": None} for s, kind, area in part]
    files = {"subjects.parquet": write_parquet(schema, rows, folder / "subjects.parquet")}
    mine = {subject for subject, _, _ in part}
    for kind in case.kinds:
        rows = [row | {DATED: row["day"]} for row in case.rows[kind.id] if row["subject"] in mine]
        if rows:
            # Small groups, so that a subject straddles some.
            name = f"{kind.id}.parquet"
            files[name] = write_parquet(kind_schema(kind), sorted(rows, key=lambda row: row["subject"]), folder / name, group=64)
    return {"folder": folder.name, "first": part[0][0], "last": part[-1][0], "files": files}
