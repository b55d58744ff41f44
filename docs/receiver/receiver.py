"""Reference receiver of Xinzhi pushes: verifies, keeps an inbox, applies each event once and in order, acknowledges. Standard library only.

    SECRET=whsec_… KEY=xz_… OFFICE=http://office:8080 SUBSCRIPTION=7 INBOX=inbox.db PORT=8470 python3 receiver.py
"""
import base64, hashlib, hmac, json, os, sqlite3, time, urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer

SECRETS = [base64.b64decode(secret.removeprefix("whsec_")) for secret in os.environ["SECRET"].split()]
SKEW_SECONDS = int(os.environ.get("SKEW_SECONDS", 300))
ACKNOWLEDGE = f"{os.environ['OFFICE']}/api/v1/subscriptions/{os.environ['SUBSCRIPTION']}/events/%d/acknowledgement"
inbox = sqlite3.connect(os.environ["INBOX"], isolation_level=None)
inbox.execute("create table if not exists inbox (id text primary key, sequence integer unique, body text, acknowledged integer default 0)")
inbox.execute("create table if not exists measure (decision integer primary key, state text, sequence integer)")


def is_genuine(headers, body):
    name, moment = headers["webhook-id"], headers["webhook-timestamp"]
    if not moment.isdigit() or abs(time.time() - int(moment)) > SKEW_SECONDS:
        return False
    made = [base64.b64encode(hmac.digest(secret, f"{name}.{moment}.".encode() + body, hashlib.sha256)).decode() for secret in SECRETS]
    return any(hmac.compare_digest(f"v1,{one}", given) for one in made for given in headers["webhook-signature"].split(" "))


def take(event, body):
    """The event and its effect in one transaction: the id makes it happen once, the number keeps the order."""
    number, data = int(event["sequence"]), event["data"]
    inbox.execute("begin immediate")
    fresh = inbox.execute("insert or ignore into inbox (id, sequence, body) values (?, ?, ?)", (event["id"], number, body)).rowcount
    if fresh and event["type"].startswith("measure."):
        # A beginning that was sent again late never undoes a later end.
        inbox.execute("insert into measure values (?, ?, ?) on conflict (decision) do update set state = excluded.state, sequence = excluded.sequence"
                      " where excluded.sequence > measure.sequence", (data["decision"], event["type"], number))
    inbox.execute("commit")


def acknowledge():
    for (number,) in inbox.execute("select sequence from inbox where acknowledged = 0 order by sequence").fetchall():
        headers = {"Authorization": f"Bearer {os.environ['KEY']}", "Idempotency-Key": f"ack-{number}"}
        try:
            urllib.request.urlopen(urllib.request.Request(ACKNOWLEDGE % number, b"", headers), timeout=5)
            inbox.execute("update inbox set acknowledged = 1 where sequence = ?", (number,))
        except OSError:
            return  # 409 while the office has not our answer yet, or the line is down: at the next turn


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(min(int(self.headers["content-length"]), 1 << 20))
        genuine = is_genuine(self.headers, body)
        if genuine:
            take(json.loads(body), body.decode())
        self.send_response(204 if genuine else 401)
        self.end_headers()


server = HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Receiver)
server.timeout = 1
while True:
    server.handle_request()
    acknowledge()
