#!/usr/bin/env python3
"""Hold decode.py against vegeta's own figures (fixtures/expected/corpus.json) and against damaged copies.

    python3 tests/oracle/check.py
"""

import json
import pathlib
import random
import sys

sys.dont_write_bytecode = True
import decode  # noqa: E402  (after the line above on purpose)

FIXTURES = pathlib.Path(__file__).resolve().parent.parent / "fixtures"


def same_as_vegeta():
    expected = json.loads((FIXTURES / "expected/corpus.json").read_text())
    files = 0
    for name, case in expected.items():
        for source in case["sources"]:
            path = FIXTURES / "corpus" / source
            form, records, faults = decode.read(path.read_bytes())
            got = decode.summary(source, form, records, faults)
            report, exact = case["report"], case["exact"]["all"]
            assert form == path.suffix[1:] and faults == 0, got
            assert got["records"] == report["requests"] == exact["count"], got
            assert got["codes"] == report["status_codes"], got
            assert got["sum_latency"] == report["latencies"]["total"] == exact["sum"], got
            assert got["bytes_in"] == report["bytes_in"]["total"], got
            assert got["bytes_out"] == report["bytes_out"]["total"], got
            assert got["first_ts"] == decode.json_time(report["earliest"]), got
            assert got["last_ts"] == decode.json_time(report["latest"]), got
            assert len({r.error for r in records if r.error}) == case["error_texts"]["distinct"], got
            files += 1
    for report in sorted((FIXTURES / "old").glob("*.report.json")):
        expected = json.loads(report.read_text())
        for suffix in ("gob", "json", "csv"):
            source = report.with_name(report.name.replace("report.json", suffix))
            form, records, faults = decode.read(source.read_bytes())
            assert (form, len(records), faults) == (suffix, expected["requests"], 0), source
            assert sum(r.latency for r in records) == expected["latencies"]["total"], source
            files += 1
    print(f"{files} files agree with vegeta")


def one_change_costs_little():
    """A flipped byte costs two records at most, a cut nothing before it; the type definitions are spared."""
    rng = random.Random(1)
    tried = 0
    for name in ("ok-eth.gob", "ok-eth.json", "ok-eth.csv"):
        path = FIXTURES / "corpus" / name
        if not path.exists():
            path = FIXTURES / "reencoded" / name.replace(".", ".from-gob.")
        good = path.read_bytes()
        whole = len(decode.read(good)[1])
        for _ in range(150):
            at = rng.randrange(600, len(good))
            broken = bytearray(good)
            broken[at] ^= rng.randrange(1, 256)
            left = len(decode.read(bytes(broken))[1])
            assert left >= whole - 2, (name, at, left)
            cut = rng.randrange(600, len(good))
            left = len(decode.read(good[:cut])[1])
            last = len(decode.read(good[: max(600, cut - 2000)])[1])
            assert last <= left <= whole * cut // len(good) + 60, (name, cut, left)
            tried += 2
    print(f"{tried} damaged copies read")


if __name__ == "__main__":
    same_as_vegeta()
    one_change_costs_little()
