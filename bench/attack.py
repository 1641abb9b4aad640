"""One run of a load generator, as a row of the table of attack.sh.

    python3 attack.py NAME RATE SECONDS RESULTS COMMAND...
"""

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
    answer = subprocess.run([command[0], "analyze", "--format=json", results], stdout=subprocess.PIPE)
    answer = json.loads(answer.stdout)
    unsent = sum(error["count"] for error in answer["total"]["errors"] if error["class"] == "generator.overload")
    sent = answer["total"]["requests"] - unsent
    if rate != "most":
        lag = [f"{answer['total']['send_lag_ms'][quantile]:.2f}" for quantile in ("p50", "p99")]
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
