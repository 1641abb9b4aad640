"""Small inputs of one kind, cut from the recordings in tests/fixtures: seeds.py gob|json|csv|native|any|stretch DIRECTORY"""

import gzip
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
RECORDS = 12
MOST = 6000

# Openings of records that look promising again and again.
OPENINGS = [
    b'{"', b'{"a":', b'{"a":\n', b"\n", b"\n{\"", b"\n1,", b'1,"\n', b'1,200,5,0,0,"\n', b'"\n', b'"', b"\xff\x80",
    b"\x7e\xff\x80\x01", b"\xfd\x01\x00\x00\xff\x80\x03", b"\x7f\x03\x01\x01\x06Result", b"\xff\x96\x7f\x03\x01\x01\x06Result\n",
]


def gob_head(data, count):
    """The type definitions and some records, by the lengths in front of them; what is damaged is cut anywhere."""
    at = records = 0
    while at < len(data) and records < count:
        first = data[at]
        width = 256 - first if first > 127 else 0
        length = int.from_bytes(data[at + 1 : at + 1 + width], "big") if width else first
        body = data[at + 1 + width : at + 1 + width + length]
        if width > 8 or not length or len(body) < length:
            return data[: at + 300]
        records += body[:1] == b"\xff" and body[1] % 2 == 0
        at += 1 + width + length
    return data[:at]


def head(path, count=RECORDS):
    data = path.read_bytes()
    if path.suffix == ".gob":
        return gob_head(data, count)[:MOST]
    return b"".join(data.splitlines(keepends=True)[:count])[:MOST]


def inputs(kind):
    fixtures = ROOT / "tests" / "fixtures"
    streams = sorted((ROOT / "crates" / "ingest" / "tests" / "fixtures" / "native").glob("*.plim"))
    if kind in ("native", "any"):
        for path in streams:
            yield path.name, path.read_bytes()
        yield "twice.plim", streams[0].read_bytes() + streams[-1].read_bytes()
    if kind == "native":
        return
    formats = [kind] if kind in ("gob", "json", "csv") else ["gob", "json", "csv"]
    for path in sorted(fixtures.rglob("*")):
        if path.suffix[1:] not in formats or path.name == "expected.json":
            continue
        yield path.name, head(path)
        if path.parent.name == "bad":
            # What is damaged may be so in the middle or at the end only.
            data = path.read_bytes()
            yield f"middle-{path.name}", head(path, 2) + data[len(data) // 2 - 700 : len(data) // 2 + 700]
            yield f"end-{path.name}", head(path, 2) + data[-900:]
    if kind == "stretch":
        for format in formats:
            start = head(fixtures / "corpus" / f"conn-refused.{format}", 1)
            for number, opening in enumerate(OPENINGS):
                # The target repeats the second half.
                yield f"{format}-{number}", start + (opening * len(start))[: len(start)]
    if len(formats) == 1:
        return
    two = [head(fixtures / "corpus" / f"mix-429.{format}", 2) for format in formats]
    for left, one in zip(formats, two):
        for right, other in zip(formats, two):
            yield f"{left}+{right}", one + other + one
        yield f"{left}.gz", gzip.compress(one) + gzip.compress(one)
        yield f"{left}.cut.gz", gzip.compress(one)[:-20]
        if zstd := shutil.which("zstd"):
            packed = subprocess.run([zstd, "-qc"], input=one, stdout=subprocess.PIPE, check=True).stdout
            yield f"{left}.zst", packed + packed
            yield f"{left}.cut.zst", packed[:-20]


kind, directory = sys.argv[1], pathlib.Path(sys.argv[2])
directory.mkdir(parents=True, exist_ok=True)
for name, data in inputs(kind):
    (directory / name).write_bytes(data)
