"""What the tests stand on: the program, made-up table sets for packs of this repository, and their tables in memory."""

import os
import pathlib
import subprocess

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
AS_OF = "2026-06-30"

#: Packs and scorecards of every kind that the repository has: points by class and band, lists, percentages, money, several dimensions.
CARDS = {
    "reference": ("bench/pack", "reference"),
    "national": ("packs/national", "market-entity"),
    "zhejiang": ("packs/zhejiang", "zj-enterprise-trial"),
    "stalls": ("packs/cangnan-market", "stall-monthly"),
    "carbon": ("packs/models", "carbon-credit"),
    "tax": ("packs/models", "tax-credit"),
    "food": ("packs/minneapolis", "food-facility"),
}


def binary():
    return os.environ.get("XINZHI_BINARY") or str(ROOT / "target/debug/xinzhi")


def xinzhi_command(*arguments):
    subprocess.run([binary(), *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)


def xinzhi_refused(*arguments):
    """What the command says where it does not do what it was asked for."""
    refused = subprocess.run([binary(), *map(str, arguments)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert refused.returncode == 1, refused
    return refused.stderr


class Made:
    """A table set and the result of the command over it."""

    def __init__(self, folder, card, subjects=700, partition=150):
        pack, self.scorecard = CARDS[card]
        self.pack, self.folder, self.tables = str(ROOT / pack), folder, str(folder / "tables")
        size = ["--subjects", subjects, "--records", 12 * subjects, "--seed", 11, "--partition-subjects", partition]
        # Where marks are needed for a grade, only what the scorecard reads: spread over all kinds, hardly anybody would have them all.
        only = ["--scorecard", self.scorecard] if pack == "packs/models" else []
        xinzhi_command("generate", "--only", "parquet", "--pack", self.pack, *only, *size, "--through", AS_OF, "--out", self.tables)
        self.result = self.command(self.tables)

    def command(self, tables, name="result.parquet", as_of=AS_OF):
        """What `xinzhi evaluate` says."""
        out = self.folder / name
        place = ["--tables", tables, "--pack", self.pack, "--scorecard", self.scorecard]
        xinzhi_command("evaluate", *place, "--as-of", as_of, "--out", out)
        return pq.read_table(out)

    def in_memory(self):
        """The tables of all partitions, each kind as one of several chunks."""
        parts = sorted(pathlib.Path(self.tables).glob("part=*"))
        read = lambda name: [pq.read_table(part / name, partitioning=None) for part in parts if (part / name).exists()]
        names = {path.name for part in parts for path in part.glob("*.parquet")}
        tables = {name.removesuffix(".parquet"): pa.concat_tables(read(name)) for name in names}
        tables["coverage"] = pq.read_table(pathlib.Path(self.tables) / "coverage.parquet")
        return tables


@pytest.fixture(scope="session", params=sorted(CARDS))
def made(request, tmp_path_factory):
    return Made(tmp_path_factory.mktemp(request.param), request.param)


@pytest.fixture(scope="session")
def reference(tmp_path_factory):
    return Made(tmp_path_factory.mktemp("plain"), "reference")


@pytest.fixture
def tables(reference):
    """The tables of the reference pack, free to be spoilt."""
    return reference.in_memory()
