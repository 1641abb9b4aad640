"""One run of a load generator, as a row of the table of attack.sh.

    python3 attack.py NAME RATE SECONDS RESULTS COMMAND...
"""

import datetime
import json
import re
import resource
import subprocess
import sys

name, rate, seconds, results, *command = sys.argv[1:]
run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
cpu = usage.ru_utime + usage.ru_stime
lag = ["", ""]
if name == "plimsoll":
    with open(results) as lines:
        done = [json.loads(line) for line in lines]
    sent = sum(not result["error"].startswith("not sent") for result in done)
    if rate != "most":
        # The schedule is even: what is earliest by it shows when it began.
        def nanos(text):
            whole, _, rest = text.rstrip("Z").partition(".")
            moment = datetime.datetime.fromisoformat(whole + "+00:00")
            return int(moment.timestamp()) * 10**9 + int(rest.ljust(9, "0") or 0)

        late = [nanos(result["timestamp"]) - result["seq"] * 10**9 // int(rate) for result in done]
        late = sorted(moment - min(late) for moment in late)
        lag = [f"{late[int(len(late) * share)] / 1e6:.2f}" for share in (0.5, 0.99)]
elif name == "vegeta":
    report = subprocess.run(["vegeta", "report", "-type=json", results], stdout=subprocess.PIPE)
    sent = json.loads(report.stdout)["requests"]
else:
    patterns = {
        "h2load": r"requests: \d+ total, (\d+) started",
        "wrk": r"(\d+) requests in",
        "oha": r"\[200\] (\d+) responses",
        "hey": r"\[200\]\s+(\d+) responses",
    }
    sent = int(re.search(patterns[name], run.stdout).group(1))
row = [rate, name, f"{sent / float(seconds):.0f}", f"{cpu * 1e6 / sent:.1f}", f"{usage.ru_maxrss / 1024:.0f}", *lag]
print("| " + " | ".join(row) + " |")
