"""Small inputs of one kind, cut from the recordings in tests/fixtures: seeds.py TARGET DIRECTORY"""

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


# Files of targets as vegeta's README and its users write them; @body stands for a file that is there.
TARGETS = [
    b"GET http://goku:9090/path/to/dragon?item=ball\nGET http://user:password@goku:9090/path/to\nHEAD http://goku:9090/path/to/success\n",
    b"GET http://user:password@goku:9090/path/to\nX-Account-ID: 8675309\n\nDELETE http://goku:9090/path/to/remove\n"
    b"Confirmation-Token: 90215\nAuthorization: Token DEADBEEF\n",
    b"POST http://goku:9090/things\n@body\n\nPATCH http://goku:9090/thing/71988591\n@body\n",
    b"POST http://goku:9090/things\nX-Account-ID: 99\n@body\nGET http://goku:9090/next\n",
    b"# a comment\n\nGET http://goku:9090/path\n# another\n  X-Account-ID:  8675309  \r\n#\nAccept: a:b\r\n\r\n\r\nHEAD http://[::1]:80/?q#f\n",
    b"POST https://rpc.example:8545/v1/lb/0123?x=%20y\nContent-Type: application/json\nX-Relay-Time: 2026-11-23T08:35:57Z\n@body",
    b"GET http://a/1\nX: 1\nGET http://b/2\n@nothing\n",
    b"get http://a\n", b"GET\n", b"GET  http://a\n", b"GET :80\n", b"GET http://a\nX\n", b"GET http://\xc3\xa9/\xc3\xa9 b\n", b"\xff\n",
]
TARGETS_JSON = [
    b'{"method":"POST","url":"http://goku/1","body":"eyJpZCI6MX0K","header":{"Content-Type":["text/plain","a"],"x-Lower":["1"]}}\n'
    b'{"method":"GET","url":"http://goku/2"}\n',
    b'\n  {"url":"https://user:pw@[::1]:8545/?q","method":"PUT","header":null,"body":null,"more":[{"a":1}]}\r\n\n',
    b'{"method":"GET","url":"http://\\u00e9/\\ud83d\\ude00\\n","header":{"a":null,"b":[],"a":["1"]}}',
    b'{"method":"GET"}\n', b'{"url":"http://a"}\n', b"[]\n", b"GET http://a\n", b'{"method":"GET","url":"http://a","body":"="}\n',
    b'{"method":"GET","url":"http://a"} {"method":"GET","url":"http://b"}\n',
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
    if kind.startswith("targets_"):
        for number, data in enumerate(TARGETS_JSON if kind == "targets_json" else TARGETS):
            yield f"{number}", data
        return
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
