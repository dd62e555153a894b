"""Of the stand-in: asks DET_MASTER before anything else, runs a program, and sends what it prints to the master."""
import datetime
import json
import os
import queue
import signal
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

MASTER = os.environ["DET_MASTER"].rstrip("/")
HEADERS = {
    "Grpc-Metadata-x-allocation-token": "Bearer " + os.environ["DET_SESSION_TOKEN"],
    "Content-Type": "application/json",
}
MARKS = json.loads(os.environ["DET_TASK_LOGGING_METADATA"])
PAUSES = [0, 1, 5, 10, 15]
UNREACHED = 80


def context():
    if not MASTER.startswith("https:"):
        return None
    made = ssl.create_default_context()
    if os.environ.get("DET_MASTER_CERT_FILE"):
        made.load_verify_locations(cafile=os.environ["DET_MASTER_CERT_FILE"])
    return made


def ask(path, data=None):
    request = urllib.request.Request(MASTER + path, data, HEADERS, method="POST" if data else "GET")
    with urllib.request.urlopen(request, context=CONTEXT, timeout=10) as answer:
        return answer.read()


CONTEXT = context()


def send(lines):
    for pause in PAUSES:
        time.sleep(pause)
        try:
            ask("/api/v1/task/logs", json.dumps({"logs": lines}).encode())
            return
        except Exception as trouble:
            print("failed to ship logs to master: %s" % trouble, file=sys.stderr, flush=True)


def verify_reachable():
    """Ends with 80 where the master does not answer; an answer of any status is one."""
    trouble = None
    for pause in PAUSES:
        time.sleep(pause)
        try:
            ask("/api/v1/me")
            return
        except urllib.error.HTTPError:
            return
        except Exception as met:
            trouble = met
    reason = getattr(trouble, "reason", trouble)
    what = "The connection to the master was refused" if isinstance(reason, ConnectionRefusedError) else str(reason)
    print("Unable to reach the master at DET_MASTER=%s.  %s." % (os.environ["DET_MASTER"], what), file=sys.stderr, flush=True)
    sys.exit(UNREACHED)


def read(stream, kind, lines):
    for raw in iter(stream.readline, b""):
        at = datetime.datetime.now(datetime.timezone.utc).isoformat()
        text = raw.decode("utf8", "replace").rstrip("\r\n") + "\n"
        lines.put({"timestamp": at, "log": text, "stdtype": kind, "source": "task", **MARKS})
    lines.put(None)


def ship(lines):
    open_streams = 2
    while open_streams:
        batch, until = [], time.time() + 1
        while open_streams and len(batch) < 1000 and time.time() < until:
            try:
                line = lines.get(timeout=max(0.01, until - time.time()))
            except queue.Empty:
                break
            if line is None:
                open_streams -= 1
            else:
                batch.append(line)
        if batch:
            send(batch)


def tell(text):
    at = datetime.datetime.now(datetime.timezone.utc).isoformat()
    send([{"timestamp": at, "log": text + "\n", "level": "LOG_LEVEL_ERROR", "stdtype": "stderr", "source": "task", **MARKS}])


def main(command):
    verify_reachable()
    try:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except FileNotFoundError:
        tell("FileNotFoundError executing %s" % command)
        return 127
    except PermissionError:
        tell("PermissionError executing %s" % command)
        return 126
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda got, _: child.send_signal(got))
    lines = queue.Queue()
    for stream, kind in ((child.stdout, "stdout"), (child.stderr, "stderr")):
        threading.Thread(target=read, args=(stream, kind, lines), daemon=True).start()
    shipper = threading.Thread(target=ship, args=(lines,), daemon=True)
    shipper.start()
    code = child.wait()
    shipper.join(timeout=30)
    return 128 - code if code < 0 else code


sys.exit(main(sys.argv[1:]))
