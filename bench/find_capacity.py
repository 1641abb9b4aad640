"""Searches live for capacities that are known, as a Markdown table: the stub with three kinds of service, at three SLOs each.

    python3 bench/find_capacity.py PLIMSOLL DIRECTORY [--seeds N] [--parallel N] [--budget TIME]
    python3 bench/find_capacity.py PLIMSOLL DIRECTORY --table

The directory gets the results of each search, and what it said; searches that are in it already are not made again.

Searches run side by side, and what one of them sends late counts for its server. Run as root, servers and the threads that send have
priority over all else on the machine, and over the searches' own analysis; otherwise leave cores free.
"""

import argparse
import json
import os
import re
import signal
import statistics
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

SERVERS = {
    "exponential": "workers:4,service:5ms,spread:exponential,queue:unbounded",
    "fixed": "workers:4,service:5ms,queue:unbounded",
    "contention": "workers:8,service:5ms,spread:exponential,sigma:0.05,kappa:0.01,queue:unbounded",
}

# Requests per second that a server carries at an SLO (milliseconds, good ratio) in the long run. Those of exponential service are
# M/M/4's; the others are from a simulation of 60 million requests, written for that alone.
CAPACITIES = {
    ("exponential", "37.5", "0.95"): 711.8,
    ("exponential", "50", "0.99"): 700.2,
    ("exponential", "50", "0.95"): 736.1,
    ("fixed", "37.5", "0.95"): 756.3,
    ("fixed", "50", "0.99"): 751.2,
    ("fixed", "50", "0.95"): 767.9,
    ("contention", "37.5", "0.95"): 734.6,
    ("contention", "50", "0.99"): 713.7,
    ("contention", "50", "0.95"): 768.4,
}

CONFIG = "[slo]\ngood_ratio_min = {good}\n\n[measure]\nwindow_s = 2\nwarmup_s = 2\n"
REQUEST = '{"jsonrpc":"2.0","id":1,"method":"eth_blockNumber"}'


def search(plimsoll, directory, server, latency, good, seed, budget):
    """One search, on a server of its own."""
    name = f"{server}-{latency}-{good}-{seed}"
    if (directory / f"{name}.json").exists():
        return
    config = directory / f"{good}.toml"
    config.write_text(CONFIG.format(good=good))
    body = directory / "request.json"
    body.write_text(REQUEST)
    chain = f"c={SERVERS[server]}"
    stub = [plimsoll, "stub", "--listen", "127.0.0.1:0", "--seed", str(seed), "--for", "1h", "--chain", chain]
    with subprocess.Popen(stub, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as stub:
        try:
            url = f"{stub.stdout.readline().strip()}/c"
            attack = [plimsoll, "attack", url, "-body", body, "-output", directory / f"{name}.plim"]
            attack += ["--find-capacity", "--poisson", "--seed", str(seed), "--rates", f"{100 + 7 * seed}..10000"]
            attack += ["--config", config, "--slo", f"latency={latency}ms", "--budget", budget]
            begin = time.monotonic()
            attack = subprocess.Popen(attack, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            give_priority(stub.pid, "stub")
            give_priority(attack.pid, "attack-")
            _, said = attack.communicate()
            seconds = time.monotonic() - begin
        finally:
            stub.send_signal(signal.SIGTERM)
    (directory / f"{name}.json").write_text(json.dumps({"said": said, "seconds": seconds}))
    print(name, said.strip().splitlines()[-1], flush=True)


def give_priority(process, names):
    """Real-time priority for the threads whose names begin so, where that is allowed."""

    def give():
        time.sleep(0.5)
        tasks = Path(f"/proc/{process}/task")
        for task in tasks.iterdir() if tasks.exists() else []:
            try:
                if (task / "comm").read_text().startswith(names):
                    os.sched_setscheduler(int(task.name), os.SCHED_RR, os.sched_param(40))
            except OSError:
                return

    threading.Thread(target=give, daemon=True).start()


def table(directory):
    """What became of all searches in the directory."""
    print("| server | SLO | capacity | in the bracket | farthest beside it | widest | ended narrow | median time |")
    print("|---|---|---|---|---|---|---|---|")
    for (server, latency, good), capacity in CAPACITIES.items():
        searches = [json.loads(path.read_text()) for path in directory.glob(f"{server}-{latency}-{good}-*.json")]
        if not searches:
            continue
        beside, widths, narrow = [], [], 0
        for search in searches:
            bracket = re.search(r"capacity: at least ([\d.]+)/s, less than ([\d.]+)/s", search["said"])
            if not bracket:
                beside.append(float("inf"))
                widths.append(1.0)
                continue
            lower, upper = (float(bound) for bound in bracket.groups())
            beside.append(max(lower / capacity - 1, 1 - upper / capacity, 0))
            widths.append((upper - lower) / upper)
            narrow += "the bracket is narrow enough" in search["said"]
        within = sum(far == 0 for far in beside)
        row = [server, f"{float(good):.0%} in {latency} ms".replace("%", " %"), f"{capacity:.0f}/s", f"{within} of {len(searches)}"]
        row += [f"{max(beside):.1%}".replace("%", " %"), f"{max(widths):.1%}".replace("%", " %"), f"{narrow} of {len(searches)}"]
        row += [f"{statistics.median(search['seconds'] for search in searches):.0f} s"]
        print("| " + " | ".join(row) + " |")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("plimsoll", type=lambda path: str(Path(path).resolve()))
    parser.add_argument("directory", type=Path)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--parallel", type=int, default=4)
    parser.add_argument("--budget", default="15m")
    parser.add_argument("--table", action="store_true", help="only print the table of what is there")
    args = parser.parse_args()
    if not args.table:
        args.directory.mkdir(parents=True, exist_ok=True)
        with ThreadPoolExecutor(args.parallel) as pool:
            for seed in range(1, args.seeds + 1):
                for server, latency, good in CAPACITIES:
                    pool.submit(search, args.plimsoll, args.directory, server, latency, good, seed, args.budget)
    table(args.directory)


main()
