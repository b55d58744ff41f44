"""Several packs: what the wheel reads as one is what the command reads as one, with the same refusals."""

import itertools
import shutil
import types

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import xinzhi
from conftest import AS_OF, ROOT, xinzhi_command, xinzhi_refused
from xinzhi import spark


@pytest.fixture(scope="module")
def apart(tmp_path_factory):
    """A base that no program carries, what stands on it in another folder, and a set that was made where both lie side by side."""
    folder = tmp_path_factory.mktemp("packs")
    base = shutil.copytree(ROOT / "packs/national", folder / "side/province")
    upper = shutil.copytree(ROOT / "packs/zhejiang", folder / "side/county")
    head = upper / "pack.yaml"
    text = head.read_text(encoding="utf-8")
    assert "extends: [national]" in text
    head.write_text(text.replace("extends: [national]", "extends: [province]"), encoding="utf-8")
    tables = folder / "tables"
    size = ["--subjects", 300, "--records", 4000, "--seed", 5, "--partition-subjects", 100]
    xinzhi_command("generate", "--only", "parquet", "--pack", upper, *size, "--through", AS_OF, "--out", tables)
    base, upper = shutil.move(base, folder / "above/province"), shutil.move(upper, folder / "below/county")
    return types.SimpleNamespace(base=base, upper=upper, tables=tables, folder=folder)


def question(tables, packs):
    folders = [word for pack in packs for word in ("--pack", pack)]
    return ["evaluate", "--tables", tables, *folders, "--as-of", AS_OF, "--scorecard"]


def of_command(tables, packs, card, out):
    xinzhi_command(*question(tables, packs), card, "--out", out)
    return pq.read_table(out)


def test_a_pack_with_its_base_is_evaluated_as_by_the_command(apart, tmp_path):
    for place, packs in enumerate(itertools.permutations([apart.base, apart.upper])):
        expected = of_command(apart.tables, packs, "zj-enterprise-trial", tmp_path / f"{place}.parquet")
        found = xinzhi.evaluate(list(packs), "zj-enterprise-trial", apart.tables, AS_OF)
        assert found.equals(expected) and found.schema.metadata == expected.schema.metadata
        assert len(found) > 0 and found.column("points").null_count < len(found)
        opened = xinzhi.Evaluator(packs, "zj-enterprise-trial", AS_OF).open(apart.tables)
        assert opened.same_pack and pa.concat_tables(opened.partition(index) for index in range(3)).to_pylist() == found.to_pylist()


def test_the_base_alone_answers_for_its_own_models(apart, tmp_path):
    expected = of_command(apart.tables, [apart.base, apart.upper], "market-entity", tmp_path / "out.parquet")
    assert xinzhi.evaluate((apart.upper, apart.base), "market-entity", str(apart.tables), AS_OF).equals(expected)


def test_packs_that_do_not_stand_on_one_another_are_named_as_the_set_names_them(tmp_path):
    packs = [ROOT / "packs/national", ROOT / "packs/minneapolis"]
    size = ["--subjects", 60, "--records", 500, "--seed", 5, "--through", AS_OF]
    xinzhi_command("generate", "--only", "parquet", "--pack", packs[1], *size, "--out", tmp_path / "tables")
    digests = set()
    for place, asked in enumerate([packs, packs[::-1]]):
        expected = of_command(tmp_path / "tables", asked, "food-facility", tmp_path / f"{place}.parquet")
        found = xinzhi.evaluate(asked, "food-facility", tmp_path / "tables", AS_OF)
        assert found.equals(expected) and found.schema.metadata == expected.schema.metadata
        digests.add(found.schema.metadata[b"xinzhi.pack_digest"])
        assert spark._begin(asked, "food-facility", tmp_path / "tables", AS_OF)[0].schema.metadata[b"xinzhi.pack_digest"] in digests
    assert len(digests) == 1


def test_spark_is_asked_the_same_whatever_the_order(apart):
    asked = [spark._begin(packs, "zj-enterprise-trial", apart.tables, AS_OF) for packs in itertools.permutations([apart.base, apart.upper])]
    questions = {spark._Question.of(evaluator) for evaluator, _, _ in asked}
    assert len(questions) == 1
    evaluator, opened, _ = asked[0]
    again = spark._evaluator(questions.pop())
    assert again.open(apart.tables).partition(1).equals(opened.partition(1))
    assert spark._compiled([apart.base, apart.upper], "zj-enterprise-trial", AS_OF).pack.digest == evaluator.pack.digest


def refused(tables, packs, card="zj-enterprise-trial"):
    with pytest.raises(xinzhi.Refused) as fault:
        xinzhi.evaluate(packs, card, tables, AS_OF)
    return str(fault.value)


def test_refusals_are_those_of_the_command(apart, tmp_path):
    other = shutil.copytree(apart.base, tmp_path / "other/province")
    wrong = [
        ([apart.upper], "规则包所依据的 `province` 不在同一目录下，请把它放在旁边"),
        ([apart.base, apart.upper, other], "给出了两个名为 `province` 的规则包"),
        ([apart.base, tmp_path / "nowhere"], "请核对路径和权限"),
    ]
    for packs, words in wrong:
        said = refused(apart.tables, packs)
        assert words in said
        out = tmp_path / "out.parquet"
        assert said in xinzhi_refused(*question(apart.tables, packs), "zj-enterprise-trial", "--out", out) and not out.exists()
    assert refused(apart.tables, apart.upper) == refused(apart.tables, [apart.upper])
    with pytest.raises(xinzhi.Refused, match="`province` 不在同一目录下"):
        spark._begin([apart.upper], "zj-enterprise-trial", apart.tables, AS_OF)


def test_a_pack_that_is_named_twice_is_read_once(apart):
    assert xinzhi.Pack.load([apart.base, apart.upper, apart.base]).digest == xinzhi.Pack.load([apart.base, apart.upper]).digest


def test_no_pack_at_all(apart):
    assert "没有给出规则包" in refused(apart.tables, [])
    with pytest.raises(TypeError):
        xinzhi.Pack.load([xinzhi.Pack.load(apart.base)])
