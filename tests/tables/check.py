#!/usr/bin/env python3
"""Open Parquet tables with polars and DuckDB and hold their totals against `plimsoll analyze --format json`.

    python3 tests/tables/check.py target/debug/plimsoll

Both are installed from PyPI (requirements.txt) into a virtual environment below target/, where they are not yet.
"""

import collections
import json
import pathlib
import subprocess
import sys
import tempfile
import venv

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
VENV = ROOT / "target/tables-venv"
SIDES = ("generator", "setup", "path", "server", "application", "unknown")

RUNS = [
    ["--slo", "latency=250ms", "notebooks-data/four-chains/failing"],
    ["--slo", "latency=500ms", "--skip", "10s", "notebooks-data/port-exhaustion/results"],
    ["--slo", "latency=200ms", "notebooks-data/stepped-rates/results/hard"],
    # The same records twice; and without an SLO nothing is good or bad.
    ["tests/fixtures/corpus/mix-429.gob", "tests/fixtures/corpus/mix-429.csv"],
]


def in_environment():
    """Run this script again with the packages."""
    wanted = (HERE / "requirements.txt").read_text()
    mark = VENV / "installed.txt"
    python = VENV / "bin/python"
    if not mark.exists() or mark.read_text() != wanted:
        venv.create(VENV, with_pip=True, clear=True)
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "-r", HERE / "requirements.txt"], check=True)
        mark.write_text(wanted)
    sys.exit(subprocess.run([python, __file__, *sys.argv[1:]]).returncode)


def plimsoll(*args):
    # What is told beside the answer (duplicates) is not looked at here.
    done = subprocess.run([BINARY, *args], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.returncode == 0, (args, done.stderr.decode())
    return done.stdout


def analyzed(run):
    """Per chain: requests, successes, good ones, failures by side."""
    chains = json.loads(plimsoll("analyze", "--format", "json", *run))["chains"]
    return {
        name: (
            chain["requests"],
            chain["successes"],
            chain["good"],
            *(chain["errors_by_side"].get(side, 0) for side in SIDES),
        )
        for name, chain in chains.items()
    }


def with_polars(windows, records):
    import polars as pl

    failed = [f"failed_{side}" for side in SIDES]
    table = pl.read_parquet(windows)
    assert table.schema["start_utc"] == pl.Datetime("ns", "UTC"), table.schema
    counted = {
        chain: tuple(of[name].sum() if of[name].null_count() == 0 else None for name in ["sent", "successes", "good", *failed])
        for (chain,), of in table.partition_by("chain", as_dict=True).items()
    }
    table = pl.read_parquet(records)
    assert table.schema["timestamp_utc"] == pl.Datetime("ns", "UTC"), table.schema
    single = {
        chain: (
            len(of),
            of["success"].sum(),
            None if of["good"].null_count() else of["good"].sum(),
            *(of.filter(pl.col("side") == side).height for side in SIDES),
        )
        for (chain,), of in table.partition_by("chain", as_dict=True).items()
    }
    return counted, single


def with_duckdb(windows, records):
    import duckdb

    failed = ", ".join(f"sum(failed_{side})::bigint" for side in SIDES)
    counted = duckdb.sql(
        f"select chain, sum(sent)::bigint, sum(successes)::bigint, sum(good)::bigint, {failed}"
        f" from '{windows}' group by chain"
    ).fetchall()
    failed = ", ".join(f"count(*) filter (side = '{side}')" for side in SIDES)
    single = duckdb.sql(
        f"select chain, count(*), count(*) filter (success), sum(good::int)::bigint, {failed}"
        f" from '{records}' group by chain"
    ).fetchall()
    return tuple({chain: tuple(rest) for chain, *rest in rows} for rows in (counted, single))


def check():
    tools = collections.OrderedDict(polars=with_polars, duckdb=with_duckdb)
    with tempfile.TemporaryDirectory() as directory:
        for number, run in enumerate(RUNS):
            expected = analyzed(run)
            assert sum(total[0] for total in expected.values()) > 500, expected
            files = []
            for table in ("windows", "records"):
                file = pathlib.Path(directory) / f"{number}-{table}.parquet"
                plimsoll("convert", "--to", "parquet", "--table", table, "-o", file, *run)
                files.append(file)
            for name, tool in tools.items():
                for table, found in zip(("windows", "records"), tool(*files)):
                    assert found == expected, (name, table, run, found, expected)
    print(f"{len(RUNS)} runs: polars and DuckDB find what analyze counts")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    if pathlib.Path(sys.prefix) != VENV:
        in_environment()
    BINARY = pathlib.Path(sys.argv[1]).resolve()
    check()
