#!/usr/bin/env python3
"""Write tests/fixtures/expected/corpus.json: what the real vegeta says of every recording.

    python3 tests/oracle/expect.py [--vegeta PATH]

Per case NAME (tests/fixtures/corpus/NAME.gob):

* "report"   the object that `vegeta report -type json` prints. Its 50th, 90th, 95th and 99th come from
             a t-digest, so they are estimates: compare them with nothing but vegeta.
* "exact"    percentiles by nearest rank (the value at rank ceil(q*n) of the sorted latencies), with
             min, max, sum and count, in ns, for all records, for successes (200 <= code < 400, and no
             JSON-RPC error in the body) and for failures. Taken from `vegeta encode -to json`, so every record was read by vegeta.
* "by"       counts of records per attack, method, URL and code.
* "error_texts"  records with a non-empty error, and how many different texts they carry.
* "rpc_errors"  records by the code of the JSON-RPC error in the body of their HTTP success.
* "sources"  the files that hold the same records (.gob, .json, .csv).

Only the standard library and vegeta are used: none of Plimsoll's code, and not decode.py either.
"""

import argparse
import base64
import collections
import json
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
FIXTURES = HERE.parent / "fixtures"
PER_MILLE = {"p50": 500, "p90": 900, "p95": 950, "p99": 990, "p999": 999}


def find_vegeta(given):
    for candidate in (given, shutil.which("vegeta"), str(pathlib.Path.home() / "go/bin/vegeta")):
        if candidate and pathlib.Path(candidate).exists():
            return candidate
    sys.exit("vegeta not found: go install github.com/tsenart/vegeta/v12@v12.13.0")


def distribution(latencies):
    latencies = sorted(latencies)
    n = len(latencies)
    if n == 0:
        return {"count": 0}
    out = {"count": n, "sum": sum(latencies), "min": latencies[0], "max": latencies[-1]}
    for name, q in PER_MILLE.items():
        rank = -(-n * q // 1000)  # ceil, in whole numbers
        out[name] = latencies[rank - 1]
    return out


def rpc_error(record):
    """The code of the first error in the body of an HTTP success; None where there is none."""
    if not 200 <= record["code"] < 300 or not record["body"]:
        return None
    try:
        answers = json.loads(base64.b64decode(record["body"]))
    except ValueError:
        return None
    for answer in answers if isinstance(answers, list) else [answers]:
        if isinstance(answer, dict) and answer.get("error"):
            return answer["error"]["code"]
    return None


def count(values):
    return dict(sorted(collections.Counter(values).items()))


def expect(vegeta, gob):
    report = json.loads(subprocess.check_output([vegeta, "report", "-type", "json", str(gob)]))
    lines = subprocess.check_output([vegeta, "encode", "-to", "json", str(gob)]).splitlines()
    records = [json.loads(line) for line in lines]
    assert len(records) == report["requests"], gob
    rpc = [rpc_error(r) for r in records]
    good = [200 <= r["code"] < 400 and e is None for r, e in zip(records, rpc)]
    return {
        "sources": sorted(p.name for p in gob.parent.glob(gob.stem + ".*") if p.stem == gob.stem),
        "report": report,
        "exact": {
            "all": distribution(r["latency"] for r in records),
            "success": distribution(r["latency"] for r, g in zip(records, good) if g),
            "failure": distribution(r["latency"] for r, g in zip(records, good) if not g),
        },
        "by": {
            "attack": count(r["attack"] for r in records),
            "method": count(r["method"] for r in records),
            "url": count(r["url"] for r in records),
            "code": count(str(r["code"]) for r in records),
        },
        "error_texts": {
            "records": sum(1 for r in records if r["error"]),
            "distinct": len({r["error"] for r in records if r["error"]}),
        },
        "rpc_errors": count(str(e) for e in rpc if e is not None),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vegeta")
    parser.add_argument("--corpus", type=pathlib.Path, default=FIXTURES / "corpus")
    parser.add_argument("--out", type=pathlib.Path, default=FIXTURES / "expected/corpus.json")
    args = parser.parse_args()
    vegeta = find_vegeta(args.vegeta)
    cases = {gob.stem: expect(vegeta, gob) for gob in sorted(args.corpus.glob("*.gob"))}
    # One case per line: small, and a change shows as one line.
    rows = [f"{json.dumps(k)}: {json.dumps(v, separators=(',', ':'))}" for k, v in cases.items()]
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text("{\n" + ",\n".join(rows) + "\n}\n")
    print(f"{len(cases)} cases")


if __name__ == "__main__":
    main()
