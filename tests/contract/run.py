"""Contract test of the API: thousands of requests that its description allows, and as many that it forbids, to a running office.

    python run.py --url http://127.0.0.1:8080 --key xz_…

The office is a demonstration that may be thrown away afterwards: files are delivered, committed and recalled, checks run and answered.
"""

import argparse
import itertools
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import requests
from openapi_spec_validator import OpenAPIV31SpecValidator

PASSWORD = "demo-2026-xinzhi"

CONFIG = """
# One fault does not hide the next.
continue-on-failure = true
request-timeout = 30

[auth.openapi.key]
bearer = "${CONTRACT_KEY}"

[generation]
deterministic = true
max-examples = 200
# Wrong keys are tried by the checks `ignored_auth` and `missing_required_header`; drawn at random as well, they would turn half of the
# forbidden requests into 401.
with-security-parameters = false

[warnings]
# A test that no longer meets anything must not pass. `validation_mismatch` is absent: it counts every 422, and forbidden requests are
# there to get one.
display = ["missing_auth", "missing_test_data", "method_not_allowed", "unsupported_regex", "unused_openapi_auth", "dictionary_mismatch"]
fail-on = true

[parameters]
"path.code" = { dictionary = "codes", probability = 0.8 }
"query.q" = { dictionary = "names", probability = 0.5 }
"query.scorecard" = { dictionary = "scorecards", probability = 0.5 }
"query.source" = { dictionary = "sources", probability = 0.8 }
"body.subject" = { dictionary = "codes", probability = 0.8 }
"body.matter" = { dictionary = "matters", probability = 0.8 }
"body.measure" = { dictionary = "measures", probability = 0.8 }
"body.notice" = { dictionary = "blank", probability = 0.8 }
"body.until" = { dictionary = "blank", probability = 0.8 }
"body.source" = { dictionary = "sources", probability = 0.8 }
"body.url" = { dictionary = "urls", probability = 0.9 }

# Always: a number drawn at random comes to exist while the test runs, and a scenario that is answered differently the second time ends
# the stateful phase.
[[operations]]
include-path-regex = "/batches/"
parameters = { "path.id" = { dictionary = "batches", probability = 1.0 } }

[[operations]]
include-path-regex = "/subscriptions/"
parameters = { "path.id" = { dictionary = "subscriptions", probability = 1.0 }, "path.sequence" = { dictionary = "sequences", probability = 1.0 } }

[[operations]]
include-path-regex = "/checks/"
parameters = { "path.id" = { dictionary = "checks", probability = 1.0 } }

[[operations]]
include-path-regex = "/figures/"
parameters = { "path.id" = { dictionary = "figures", probability = 0.8 } }
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True, help="where the office listens")
    parser.add_argument("--key", required=True, help="API key of the credit centre or of a department")
    arguments = parser.parse_args()
    url = arguments.url.rstrip("/")

    faults = faults_of_the_description(url)
    for fault in faults:
        print(f"not OpenAPI 3.1: {fault}", flush=True)
    answer = run_schemathesis(url, arguments.key, Office(url, arguments.key).facts())
    return answer or int(bool(faults))


def faults_of_the_description(url):
    # Schemathesis reads over what generators of clients stumble on, such as an operationId given twice.
    description = requests.get(f"{url}/api/openapi.json", timeout=30).json()
    return [f"{error.json_path} {error.message.splitlines()[0]}" for error in OpenAPIV31SpecValidator(description).iter_errors()]


class Office:
    """Finds out what there is to ask about, since codes and numbers drawn at random would meet nothing but 404, and adds to it."""

    def __init__(self, url, key):
        self.base = f"{url}/api/v1"
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {key}"

    def get(self, path, **query):
        return self.read(self.session.get(self.base + path, params=query, timeout=30))

    def post(self, path, headers=None, **sent):
        headers = {"Idempotency-Key": uuid.uuid4().hex, **(headers or {})}
        return self.read(self.session.post(self.base + path, headers=headers, timeout=30, **sent))

    @staticmethod
    def read(response):
        response.raise_for_status()
        return response.json()

    def facts(self):
        subjects = self.get("/subjects", q="公司") + self.get("/subjects", q="店")
        codes = [subject["code"] for subject in subjects]
        purposes = {matter["id"]: matter["purpose"] for matter in self.get("/matters")}
        # Matters of stalls and streets know no company.
        purposes = {matter: purpose for matter, purpose in purposes.items() if self.knows(codes[0], (matter, purpose))}
        asked = [(question, self.check(*question)) for question in itertools.product(codes, purposes.items())]
        answered = [(question, check) for question, check in asked if check["measures"]]
        newest = self.batch(subjects[0], 0)
        url = self.recipient()
        subscription = self.subscribe(url)
        dictionaries = {
            "urls": [url],
            "subscriptions": [subscription],
            "sequences": self.told(subscription),
            "codes": codes,
            "names": [subject["name"] for subject in subjects],
            "matters": list(purposes),
            "scorecards": [found["scorecard"] for found in self.get(f"/subjects/{codes[0]}/evaluations", purpose="日常监管")],
            "checks": [check["id"] for _, check in answered],
            "measures": sorted({measure["measure"] for _, check in answered for measure in check["measures"]}),
            "batches": [batch for batch in range(1, newest + 1) if self.session.get(f"{self.base}/batches/{batch}", timeout=30).ok],
            "figures": [figure["id"] for figure in self.get("/figures")],
            "sources": ["cf-2018", "registration"],
            "blank": [""],
        }
        return {"dictionaries": dictionaries, "subjects": subjects, "purposes": purposes, "answered": [question for question, _ in answered]}

    def recipient(self):
        """Somebody who accepts every push, on the list of the office."""

        class Recipient(BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers["content-length"]))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        server = HTTPServer(("127.0.0.1", 0), Recipient)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        place = f"127.0.0.1:{server.server_port}"
        with requests.Session() as system:
            site = self.base.removesuffix("/api/v1")
            second = system.post(site + "/sign-in", data={"name": "xitong", "password": PASSWORD}, timeout=30)
            second.raise_for_status()
            # A demonstration shows the code of its accounts at the second step.
            code = re.search(r'id="demo-code" data-code="(\d{6})"', second.text).group(1)
            system.post(site + "/sign-in/code", data={"code": code}, timeout=30).raise_for_status()
            body = {"host": place, "allowed": True, "note": "contract"}
            system.post(f"{self.base}/operator/hosts", json=body, headers={"Idempotency-Key": uuid.uuid4().hex}, timeout=30).raise_for_status()
        return f"http://{place}/in"

    def subscribe(self, url):
        return self.post("/subscriptions", json={"events": ["obligation.due", "record.corrected"], "url": url})["id"]

    def spare(self, kept, url):
        """A subscription that may be ended: one that was made at random, since there may be only so many, or a new one."""
        running = [one["id"] for one in self.get("/subscriptions") if not one["ended"] and one["id"] not in kept]
        return running[0] if running else self.subscribe(url)

    def told(self, subscription):
        """The numbers of what was accepted, once something was."""
        for _ in range(60):
            events = self.get(f"/subscriptions/{subscription}/events")
            if events and all(event["state"] == "accepted" for event in events):
                return [event["sequence"] for event in events]
            time.sleep(0.5)
        raise SystemExit("nothing was pushed")

    def knows(self, code, matter):
        """Whether a matter is one for subjects of this kind."""
        headers = {"Idempotency-Key": uuid.uuid4().hex}
        return self.session.post(f"{self.base}/checks", json=self.question(code, matter), headers=headers, timeout=30).status_code != 422

    @staticmethod
    def question(code, matter):
        return {"subject": code, "matter": matter[0], "purpose": matter[1], "case": "CONTRACT"}

    def check(self, code, matter):
        return self.post("/checks", json=self.question(code, matter))

    def batch(self, subject, number):
        """Stages a file of one row."""
        organ = "示范县市场监督管理局"
        row = {
            "行政相对人名称": subject["name"],
            "行政相对人类别": "法人及非法人组织",
            "统一社会信用代码": subject["code"],
            "行政处罚决定书文号": f"示市监罚〔2026〕{9000 + number}号",
            "处罚类别": "警告",
            "处罚内容": "警告",
            "处罚决定日期": "2026-11-02",
            "处罚机关": organ,
            "数据来源单位": organ,
        }
        lines = {"data": json.dumps(row, ensure_ascii=False).encode(), "headers": {"Content-Type": "application/x-ndjson"}}
        return self.post("/batches", params={"source": "cf-2018"}, **lines)["id"]

    def commit(self, batch):
        self.post(f"/batches/{batch}/commit")


def run_schemathesis(url, key, facts):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # A list of JSON is a list of TOML.
        lists = {name: json.dumps(values, ensure_ascii=False) for name, values in facts["dictionaries"].items()}
        tables = [f"[dictionaries.{name}]\nvalues = {values}\n" for name, values in lists.items()]
        (folder / "schemathesis.toml").write_text("\n".join([CONFIG, *tables]), encoding="utf-8")
        (folder / "facts.json").write_text(json.dumps(facts), encoding="utf-8")
        environment = {
            **os.environ,
            "CONTRACT_URL": url,
            "CONTRACT_KEY": key,
            "CONTRACT_FACTS": str(folder / "facts.json"),
            "SCHEMATHESIS_HOOKS": "hooks",
            "PYTHONPATH": str(Path(__file__).resolve().parent),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        program = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(folder / "schemathesis.toml")]
        # In the folder, so that what schemathesis keeps of its failures goes with it.
        return subprocess.run([*program, "run", f"{url}/api/openapi.json", "--url", url], cwd=folder, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
