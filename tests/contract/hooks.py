"""What schemathesis cannot know by itself: keys that are used once, files with rows in them, refusals that no schema announces."""

import json
import os
import uuid

import requests
import schemathesis
from hypothesis import strategies as st
from run import Office
from schemathesis.openapi.checks import RejectedPositiveData

OFFICE = Office(os.environ["CONTRACT_URL"], os.environ["CONTRACT_KEY"])
with open(os.environ["CONTRACT_FACTS"], encoding="utf-8") as file:
    FACTS = json.load(file)
WORDS = FACTS["dictionaries"]

# A description says which requests are well formed. Whether a well-formed code, day or id means something here, the office alone knows:
# such a refusal (422 with this code, about this field) breaks no promise. What a schema can say does not belong here.
MEANT_BY_THE_OFFICE = {
    ("decision_incomplete", None),
    ("file_unreadable", "file"),
    ("matter_unknown", "matter"),
    ("measure_unknown", "measure"),
    ("source_unknown", "source"),
    ("subject_kind_wrong", None),
    # Which hosts may be sent to, and which events go together.
    ("host_not_listed", "url"),
    ("field_invalid", "url"),
    ("field_invalid", "events"),
    # Check digits.
    ("field_invalid", "subject"),
    # Text without control characters, of which something is left when white space is gone.
    ("field_invalid", "case"),
    ("field_invalid", "officer"),
    ("field_invalid", "q"),
    ("field_invalid", "reason"),
    # The same; and an organ has so many subscriptions and no more.
    ("field_invalid", "title"),
    # The calendar, and days that come in pairs.
    ("field_invalid", "as_of"),
    ("field_invalid", "covers_from"),
    ("field_invalid", "covers_through"),
    ("field_invalid", "document.date"),
    ("field_invalid", "from"),
    ("field_invalid", "to"),
    ("field_invalid", "notice"),
    ("field_invalid", "through"),
    ("field_invalid", "until"),
    # Each figure has its own breakdowns, and months at whose end it was evaluated.
    ("field_invalid", "by"),
    ("field_invalid", "month"),
    # A field that another one calls for or excludes: `as_of` needs a scorecard, only a decision has a document, the source stands in the
    # query beside NDJSON and in the form otherwise.
    ("field_invalid", "document"),
    ("field_invalid", "scorecard"),
    ("field_invalid", "source"),
}


@schemathesis.hook
def filter_failure(context, failure, case, response):
    if not isinstance(failure, RejectedPositiveData) or response.status_code != 422:
        return True
    problem = response.json()
    return (problem["code"], problem.get("field")) not in MEANT_BY_THE_OFFICE


@schemathesis.hook
def before_call(context, case, kwargs):
    # Hypothesis draws the same short keys again and again, and a key that comes back with another body is refused by design.
    headers = case.headers or {}
    for name in [name for name in headers if name.lower() == "idempotency-key"]:
        if is_key(headers[name]):
            headers[name] = headers[name][:160] + uuid.uuid4().hex
    if case.meta is not None and case.meta.generation.mode.is_positive and case.method == "POST":
        make_possible(case)


def is_key(value):
    return isinstance(value, str) and 1 <= len(value) <= 200 and all("!" <= letter <= "~" for letter in value)


def make_possible(case):
    path, number = case.operation.path, int(case.path_parameters.get("id", 0))
    # An act can be done once, the second time it is a conflict: whatever was there before the run is replaced by something fresh. That
    # also keeps the batches of the county in force; a recall of its registrations would leave nothing to ask about.
    if path.startswith("/api/v1/batches/") and number <= max(WORDS["batches"]):
        case.path_parameters["id"] = OFFICE.batch(FACTS["subjects"][number % len(FACTS["subjects"])], number)
        if path.endswith("/recall"):
            OFFICE.commit(case.path_parameters["id"])
    if path == "/api/v1/checks/{id}/feedback" and number <= max(WORDS["checks"]):
        check = OFFICE.check(*FACTS["answered"][number % len(FACTS["answered"])])
        case.path_parameters["id"] = check["id"]
        measures = [measure["measure"] for measure in check["measures"]]
        if measures and case.body["measure"] in WORDS["measures"]:
            case.body["measure"] = measures[number % len(measures)]
    if path == "/api/v1/subscriptions/{id}/end" and number in WORDS["subscriptions"]:
        case.path_parameters["id"] = OFFICE.spare(WORDS["subscriptions"], WORDS["urls"][0])
    # No schema ties one field to another: a matter has its purpose, and what stands in the parts of a form stands nowhere else.
    if path == "/api/v1/checks":
        case.body["purpose"] = FACTS["purposes"].get(case.body["matter"], case.body["purpose"])
    if case.media_type == "multipart/form-data":
        case.query = {}


@schemathesis.check
def same_key_same_answer(ctx, response, case):
    """The same request under the same key gets the first answer again; another body under it is refused."""
    request = response.request
    if request.method != "POST" or response.status_code != 200:
        return
    with requests.Session() as session:
        again = session.send(request, timeout=30)
        assert (again.status_code, again.content) == (200, response.content), f"the second answer is another one: {again.text}"
        if case.media_type == "application/json":
            request = request.copy()
            request.prepare_body(request.body + b" ", None)
            other = session.send(request, timeout=30)
            assert other.status_code == 422 and other.json()["code"] == "key_reused", f"another body was answered {other.text}"


@schemathesis.check
def problem_tells_the_truth(ctx, response, case):
    """A problem repeats the status, and names a field rather than what stood in it."""
    if response.status_code < 400:
        return
    problem = response.json()
    assert problem["status"] == response.status_code, f"the problem says {problem['status']}"
    if problem["code"] == "body_invalid" and "field" in problem:
        schemas = case.operation.schema.raw_schema["components"]["schemas"].values()
        known = {name for schema in schemas for name in schema.get("properties", {})}
        # The reader of JSON sets a name between backticks: one inside the name ends it early.
        known |= {name.split("`")[0] for name in names(case.body)}
        assert problem["field"] in known, f"`{problem['field']}` is no field"


def names(body):
    children = body.values() if isinstance(body, dict) else body if isinstance(body, list) else ()
    yield from body if isinstance(body, dict) else ()
    for child in children:
        yield from names(child)


def rows():
    """Rows as in a file of penalties, some cells filled in wrong."""
    text = st.text(max_size=20)
    organ = st.just("示范县市场监督管理局")
    return st.fixed_dictionaries(
        {
            "行政相对人名称": st.sampled_from(WORDS["names"]) | text,
            "行政相对人类别": st.sampled_from(["法人及非法人组织", "自然人", "个体工商户"]) | text,
            "统一社会信用代码": st.sampled_from(WORDS["codes"]) | text,
            "行政处罚决定书文号": st.integers(1, 9999).map("示市监罚〔2026〕{}号".format) | text,
            "处罚类别": st.sampled_from(["警告", "罚款", "吊销许可证件", "其他"]) | text,
            "处罚内容": st.just("罚款2000元") | text,
            "处罚决定日期": st.dates().map(str) | text,
            "处罚机关": organ | text,
            "数据来源单位": organ | text,
        },
        optional={"罚款金额（万元）": st.sampled_from(["0.2", "20", "-1"]) | text, "备注": text},
    )


def csv(table):
    header = sorted({column for row in table for column in row})
    lines = [header, *([row.get(column, "") for column in header] for row in table)]
    return "\n".join(",".join('"' + cell.replace('"', '""') + '"' for cell in line) for line in lines).encode()


def ndjson(table):
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in table).encode()


TABLES = st.lists(rows(), min_size=1, max_size=5)
schemathesis.openapi.format("binary", TABLES.map(csv) | st.binary(max_size=200))
schemathesis.openapi.media_type("application/x-ndjson", TABLES.map(ndjson) | st.binary(max_size=200))
