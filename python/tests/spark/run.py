"""Spark with two executors of one core against the local command with two threads: every row must be the same, then times count.

    run.py --binary xinzhi --pack DIR --scorecard ID --as-of DATE --tables DIR --small DIR --work DIR [--repeat 3]

`--tables` is the set that is timed; `--small` one of few subjects, whose rows are cut into batches of three on purpose.
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import time

import pyarrow as pa
import pyarrow.parquet as pq
import pyspark
import xinzhi
from xinzhi import spark as on_spark

#: The bound of the usual way, as a multiple of the local time.
USUAL_AT_MOST = 1.5
#: Seconds of the local run below which starting the tasks would be most of what is measured.
SHORTEST = 0.5


def main():
    arguments = parsed()
    work = pathlib.Path(arguments.work)
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    check = Check(arguments, work)
    local, expected = check.local(arguments.tables)
    begin = time.perf_counter()
    spark = session(work)
    started = time.perf_counter() - begin
    try:
        check.small(spark)
        spark.conf.unset("spark.sql.execution.arrow.maxRecordsPerBatch")
        times = check.timed(spark, expected)
        taken = dict(local=local, started=started, **times)
    finally:
        spark.stop()
        # What the executors left of themselves.
        shutil.rmtree(os.path.join(os.environ["SPARK_HOME"], "work"), ignore_errors=True)
    print(table(expected, taken, arguments))
    if local < SHORTEST:
        print(f"\nA local run of less than {SHORTEST} s is too short to be held against what starting tasks takes.")
    elif times["files"] > USUAL_AT_MOST * local:
        sys.exit(f"the usual way took {times['files'] / local:.2f} times the local run; at most {USUAL_AT_MOST} are allowed")


def parsed():
    parser = argparse.ArgumentParser()
    for name in ["binary", "pack", "scorecard", "as-of", "tables", "small", "work"]:
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--repeat", type=int, default=3)
    return parser.parse_args()


def session(work):
    """Two executors of one core each, as processes of their own."""
    home = os.path.dirname(pyspark.__file__)
    os.environ.update(SPARK_HOME=home, SPARK_SCALA_VERSION="2.13", SPARK_LOCAL_IP="127.0.0.1", PYSPARK_PYTHON=sys.executable)
    builder = pyspark.sql.SparkSession.builder.master("local-cluster[2,1,1536]").appName("xinzhi")
    settings = {
        "spark.driver.host": "127.0.0.1",
        "spark.driver.memory": "1g",
        "spark.executor.memory": "1536m",
        "spark.local.dir": str(work / "spark"),
        "spark.sql.shuffle.partitions": "8",
        "spark.sql.warehouse.dir": str(work / "warehouse"),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "OFF",
    }
    for key, value in settings.items():
        builder = builder.config(key, value)
    return builder.getOrCreate()


class Check:
    def __init__(self, arguments, work):
        self.arguments, self.work, self.made = arguments, work, 0
        self.question = arguments.pack, arguments.scorecard

    def place(self):
        """A place for a result, each time another."""
        self.made += 1
        return str(self.work / f"out-{self.made}")

    def best(self, job, repeat=None):
        """Seconds at best and where the last result lies. The first run warms up and does not count."""
        times = []
        for _ in range((repeat or self.arguments.repeat) + 1):
            out = self.place()
            begin = time.perf_counter()
            job(out)
            times.append(time.perf_counter() - begin)
        print(f"  seconds {' '.join(f'{taken:.2f}' for taken in times)}", flush=True)
        return min(times[1:]), out

    def local(self, tables):
        """The command with two threads, from start to result file."""

        def job(out):
            place = ["--tables", tables, "--pack", self.arguments.pack, "--scorecard", self.arguments.scorecard]
            command = [self.arguments.binary, "evaluate", *place, "--as-of", self.arguments.as_of, "--threads", "2", "--out", out]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

        print("local, two threads", flush=True)
        taken, out = self.best(job)
        return taken, pq.read_table(out)

    def written(self, spark, tables):
        return lambda out: on_spark.write_table_set(spark, *self.question, tables, self.arguments.as_of, out)

    def rows(self, spark, tables):
        frame = on_spark.evaluate_table_set(spark, *self.question, tables, self.arguments.as_of)
        return lambda out: frame.write.parquet(out)

    def general(self, spark, tables, **other):
        frame = on_spark.evaluate_frames(*self.question, *frames(spark, tables), self.arguments.as_of, **other)
        return lambda out: frame.write.parquet(out)

    def timed(self, spark, expected):
        times = {}
        ways = [
            ("files", self.written, "each task writes its file", None),
            ("rows", self.rows, "rows through Spark", None),
            # It takes its time, and nothing depends on how much.
            ("general", self.general, "mapInArrow after a shuffle", 1),
        ]
        for name, way, title, repeat in ways:
            print(title, flush=True)
            times[name], out = self.best(way(spark, self.arguments.tables), repeat)
            same(title, read(out), expected)
        return times

    def small(self, spark):
        """Batches of three rows, pieces of five: nearly every subject lies in several."""
        tables = self.arguments.small
        _, expected = self.local(tables)
        spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", "3")
        ways = [("files", self.written(spark, tables)), ("rows", self.rows(spark, tables))]
        for partitions, rows in [(1, 5), (3, 1), (2, 40)]:
            ways.append((f"general {partitions} {rows}", self.general(spark, tables, partitions=partitions, rows_at_once=rows)))
        for name, job in ways:
            out = self.place()
            job(out)
            same(f"small, {name}", read(out), expected)
        self.refusals(spark, tables)

    def refusals(self, spark, tables):
        """What is wrong ends the job with its sentence, or is told before there is one."""
        subjects, records, coverage = frames(spark, tables)
        kind = next(iter(records))
        ask = lambda subjects, records: on_spark.evaluate_frames(*self.question, subjects, records, coverage, self.arguments.as_of)
        refused("没有传入表", lambda: ask(subjects, {}))
        refused("的类型是 string", lambda: ask(subjects, {**records, kind: records[kind].withColumn("day", records[kind]["day"].cast("string"))}))
        refused("没有列 `area`", lambda: ask(subjects.drop("area"), records))
        first = subjects.agg({"subject": "min"}).collect()[0][0]
        refused(f"含有主体 {first}", lambda: ask(subjects.where(f"subject <> {first}"), records).collect())
        refused("已存在", lambda: on_spark.write_table_set(spark, *self.question, tables, self.arguments.as_of, self.work))


def refused(sentence, job):
    try:
        job()
    except Exception as fault:
        if sentence not in str(fault):
            raise
        return
    sys.exit(f"nothing was refused; `{sentence}` was expected")


def frames(spark, tables):
    """The tables of a set as any program would load them."""
    root = pathlib.Path(tables)
    load = lambda name: spark.read.option("recursiveFileLookup", "true").parquet(*(str(path) for path in sorted(root.glob(f"part=*/{name}"))))
    kinds = {path.name for path in root.glob("part=*/*.parquet")} - {"subjects.parquet"}
    return load("subjects.parquet"), {name.removesuffix(".parquet"): load(name) for name in sorted(kinds)}, pq.read_table(root / "coverage.parquet")


def read(out):
    """A result of any number of files, in the order of subjects."""
    return pa.concat_tables(pq.read_table(path) for path in sorted(pathlib.Path(out).glob("*.parquet"))).sort_by("subject")


def same(title, found, expected):
    """Row for row, every column."""
    bare = expected.replace_schema_metadata()
    found = found.replace_schema_metadata().cast(bare.schema)
    if not found.equals(bare):
        sys.exit(f"{title}: results differ, {found.num_rows} and {bare.num_rows} rows")
    print(f"  {title}: {found.num_rows} rows, all the same", flush=True)


def table(expected, taken, arguments):
    local = taken["local"]
    row = lambda title, seconds: f"{title:<48} {seconds:>8.2f} {seconds / local:>7.2f}x"
    lines = [
        "",
        f"{expected.num_rows} rows, best of {arguments.repeat}; PySpark {pyspark.__version__}, two executors of one core",
        f"start-up, {taken['started']:.1f} s, and the first run of each way do not count",
        "",
        f"{'':<48} {'seconds':>8} {'ratio':>8}",
        row("local command, two threads", local),
        row("our Parquet, each task writes its file", taken["files"]),
        row("our Parquet, rows through Spark into Parquet", taken["rows"]),
        row("any DataFrame through mapInArrow, with a shuffle", taken["general"]),
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
