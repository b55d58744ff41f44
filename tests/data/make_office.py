"""Makes the stored office of a schema with the program of that time, and tells what its people hold: see README.md beside it.

    python3 make_office.py OLD_PROGRAM WORK_FOLDER [POSTGRES_URL] > held.json
"""
import glob, json, os, re, subprocess, sys, time, urllib.request

program, folder, database = sys.argv[1], sys.argv[2], sys.argv[3:]
data, county, address = f"{folder}/data", f"{folder}/county", "127.0.0.1:9735"
place = ["--data", data] + [word for url in database for word in ("--database", url)]
organ = ["--role", "department", "--organ", "示范县市场监督管理局"]
PASSWORD = "parole-de-jadis-1"


def told(*arguments, line=""):
    return subprocess.run([program, *arguments], input=line, text=True, capture_output=True, check=True).stdout.strip()


files = told("generate", "--subjects", "40", "--records", "200", "--seed", "11", "--out", county)
# The first account founds the office.
told("account", "add", "wangming", "--title", "王明", "--role", "centre", *place, line=PASSWORD + "\n")
for line in files.splitlines():
    file, arguments, _ = line.split("\t")
    told("import", file, *arguments.split(), *place)
key = told("account", "key", "shenpi", "--title", "行政审批系统", *organ, *place)
told("account", "add", "lifang", "--title", "李芳", *organ, *place, line=PASSWORD + "\n")
server = subprocess.Popen([program, "serve", "--listen", address, *place], stdout=subprocess.DEVNULL)


class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


opener = urllib.request.build_opener(Stay)
for _ in range(100):
    try:
        opener.open(f"http://{address}/").read()
        break
    except OSError:
        time.sleep(0.1)


def cookie(name):
    form = f"name={name}&password={PASSWORD}".encode()
    try:
        opener.open(f"http://{address}/sign-in", form)
    except urllib.error.HTTPError as answer:
        return answer.headers["set-cookie"].split(";")[0]


person, centre, asked = cookie("lifang"), cookie("wangming"), []


def ask(path, body, who=("authorization", f"Bearer {key}"), kind="application/json"):
    once = f"jadis-{len(asked) + 1}"
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    headers = {who[0]: who[1], "idempotency-key": once, "content-type": kind}
    answer = urllib.request.urlopen(urllib.request.Request(f"http://{address}{path}", text.encode(), headers)).read().decode()
    by = "program" if who[0] == "authorization" else "lifang" if who[1] == person else "wangming"
    asked.append({"key": once, "by": by, "path": path, "kind": kind, "body": text, "answer": answer})
    return json.loads(answer)


def deliver(source, file):
    head = "".join(f'--b\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in (("source", source), ("encoding", "utf-8")))
    body = head + f'--b\r\nContent-Disposition: form-data; name="file"; filename="t.csv"\r\n\r\n{file}\r\n--b--\r\n'
    batch = ask("/api/v1/batches", body, kind="multipart/form-data; boundary=b")["id"]
    ask(f"/api/v1/batches/{batch}/commit", None)
    return batch


codes = sorted(set(re.findall(r"(?m)^91[0-9A-Z]{16}", open(f"{county}/01-registration.csv").read())))
decisions = []
for number, code in enumerate(codes[:3], 1):
    listed = ("主体名称,统一社会信用代码,名单类型,认定文书号,列入事由,认定单位,列入日期,移出日期\n"
              f"某公司,{code},重大税收违法失信主体,示税列〔2026〕{number}号,虚开发票,示范县税务局,2026-06-01,2099-03-31\n")
    batch = deliver("serious-list", listed)
    check = ask("/api/v1/checks", {"subject": code, "matter": "procurement-bid", "purpose": "政府采购", "case": f"CG{number}"}, ("cookie", person))
    document = {"number": f"示财采〔2026〕{number}号", "organ": "示范县财政局", "date": "2026-10-20"}
    body = {"measure": "procurement-limit", "outcome": "applied", "officer": "李芳", "document": document, "notice": "2026-10-23"}
    receipt = ask(f"/api/v1/checks/{check['id']}/feedback", body, ("cookie", person))
    decisions.append({"decision": receipt["decision"], "code": code, "fallen": number == 3})
ask(f"/api/v1/batches/{batch}/recall", {"reason": "认定决定已被撤销"}, ("cookie", centre))
for number, code in enumerate(codes[3:10], 1):
    check = ask("/api/v1/checks", {"subject": code, "matter": "food-licence", "purpose": "行政许可", "case": f"SP{number}"})
    for measure in [m for m in check["measures"] if m["kind"] != "restriction"][: number % 2]:
        ask(f"/api/v1/checks/{check['id']}/feedback", {"measure": measure["measure"], "outcome": "applied", "officer": "陈静"})
server.terminate()
server.wait()
keys = open(glob.glob(f"{data}/keys/*")[0], "rb").read().hex()
doctor = json.loads(told("doctor", "--json", *place))
assert doctor["sound"], doctor
print(json.dumps({"office_key": keys, "program_key": key, "password": PASSWORD, "asked": asked, "codes": codes, "decisions": decisions,
                  "doctor": {finding["invariant"]: finding["looked_at"] for finding in doctor["findings"]}}, ensure_ascii=False, indent=1))
