#!/usr/bin/env python3
"""An independent reader of vegeta results: gob, JSON lines and CSV, tolerant of damage.

    decode.py FILE...              one JSON line per file: format, records, sums, codes, first and last time
    decode.py --records FILE...    one JSON line per record instead
    decode.py --count DIR          one line "name count" per file of DIR, sorted by name (for mutation tests)

It is the floor of a property test: Plimsoll must never find fewer records in a damaged file than this
does. So it counts a record only where there is little room for doubt, and it was written from the
formats (encoding/gob's documentation, vegeta's field list), not from Plimsoll's code. Only the standard
library is used; gzip input is unpacked, zstd is not.

What counts as a record

gob   A message whose length fits, whose type is a struct with at least Timestamp, Code and Latency of the
      right kinds, and whose payload decodes to its last byte. Fields are found by name, absent ones are zero.
JSON  A line that is an object whose known keys have the right types; absent keys are zero.
CSV   A record with the file's usual number of columns (6 to 12), whose numbers, base64 and headers decode.
All   The code fits 16 bits, the latency is not negative, the time is the zero time or within 1678..2262.

What happens at damage

gob   A bad message is skipped by its length if that length fits and a good message (or the end) follows it.
      Otherwise the next offset at which a whole message decodes is searched. A definition of a type id that
      is known already (two streams in one file) replaces it.
JSON, CSV   A bad line is skipped. A CSV field in quotes may span lines, if the result is a good record.
The format is the one whose first good record comes first.
"""

import argparse
import base64
import binascii
import collections
import datetime
import gzip
import json
import os
import re
import sys
import zlib

U64 = (1 << 64) - 1
I64_MAX = (1 << 63) - 1
YEAR1 = 62135596800  # seconds from 0001-01-01 to 1970-01-01
ZERO_TIME = -YEAR1 * 10**9

Record = collections.namedtuple(
    "Record", "attack seq code timestamp_ns latency bytes_out bytes_in error method url"
)


class Bad(Exception):
    """The bytes at hand are not what the format asks for."""


def plausible(record):
    return (
        0 <= record.code <= 0xFFFF
        and 0 <= record.latency <= I64_MAX
        and (record.timestamp_ns == ZERO_TIME or -I64_MAX - 1 <= record.timestamp_ns <= I64_MAX)
        and 0 <= record.seq <= U64
        and 0 <= record.bytes_in <= U64
        and 0 <= record.bytes_out <= U64
    )


# ---------------------------------------------------------------------------------------------- gob

BOOL, INT, UINT, FLOAT, BYTES, STRING, COMPLEX, INTERFACE = range(1, 9)
FIRST_USER_ID = 64
MAX_DEPTH = 32

# The kinds that vegeta's fields must have; "time" and "headers" are user types.
KINDS = {
    "Attack": STRING, "Seq": UINT, "Code": UINT, "Timestamp": "time", "Latency": INT, "BytesOut": UINT,
    "BytesIn": UINT, "Error": STRING, "Body": BYTES, "Method": STRING, "URL": STRING, "Headers": "headers",
}


def uint(data, pos, end):
    """An unsigned integer: one byte below 128, else 256 minus the number of big-endian bytes that follow."""
    if pos >= end:
        raise Bad("cut in a number")
    first = data[pos]
    if first < 0x80:
        return first, pos + 1
    size = 256 - first
    if size > 8 or pos + 1 + size > end:
        raise Bad("number out of range")
    return int.from_bytes(data[pos + 1 : pos + 1 + size], "big"), pos + 1 + size


def sint(data, pos, end):
    value, pos = uint(data, pos, end)
    return (~(value >> 1) if value & 1 else value >> 1), pos


def counted(data, pos, end):
    size, pos = uint(data, pos, end)
    if size > end - pos:
        raise Bad("text longer than its message")
    return data[pos : pos + size], pos + size


def fields(data, pos, end):
    """Yield (field number, position of its value); the caller sends back the position after the value."""
    number = -1
    while True:
        delta, pos = uint(data, pos, end)
        if delta == 0:
            yield None, pos
            return
        number += delta
        pos = yield number, pos


def struct(data, pos, end, readers):
    """Read a struct with a fixed set of fields: `readers` has one function per field number."""
    out = {}
    walk = fields(data, pos, end)
    number, pos = next(walk)
    while number is not None:
        if number >= len(readers):
            raise Bad("field number out of bounds")
        out[number], pos = readers[number](data, pos, end)
        number, pos = walk.send(pos)
    return out, pos


def read_common(data, pos, end):
    return struct(data, pos, end, (counted, sint))  # Name, Id


def read_field_type(data, pos, end):
    out, pos = struct(data, pos, end, (counted, sint))  # Name, Id
    return (out.get(0, b"").decode("utf-8", "replace"), out.get(1, 0)), pos


def read_field_types(data, pos, end):
    n, pos = uint(data, pos, end)
    if n > end - pos:
        raise Bad("more fields than bytes")
    out = []
    for _ in range(n):
        field, pos = read_field_type(data, pos, end)
        out.append(field)
    return out, pos


WIRE = (  # the fields of wireType, in their order
    lambda d, p, e: struct(d, p, e, (read_common, sint, sint)),  # ArrayT: Elem, Len
    lambda d, p, e: struct(d, p, e, (read_common, sint)),  # SliceT: Elem
    lambda d, p, e: struct(d, p, e, (read_common, read_field_types)),  # StructT
    lambda d, p, e: struct(d, p, e, (read_common, sint, sint)),  # MapT: Key, Elem
    lambda d, p, e: struct(d, p, e, (read_common,)),  # GobEncoderT
    lambda d, p, e: struct(d, p, e, (read_common,)),  # BinaryMarshalerT
    lambda d, p, e: struct(d, p, e, (read_common,)),  # TextMarshalerT
)
ARRAY, SLICE, STRUCT, MAP = range(4)


def read_definition(data, pos, end):
    """A type definition as (kind, parts)."""
    wire, pos = struct(data, pos, end, WIRE)
    if pos != end or len(wire) != 1:
        raise Bad("not one type definition")
    ((kind, parts),) = wire.items()
    if kind == ARRAY:
        return ARRAY, (parts.get(1, 0), parts.get(2, 0))
    if kind == SLICE:
        return SLICE, parts.get(1, 0)
    if kind == STRUCT:
        return STRUCT, tuple(parts.get(1, ()))
    if kind == MAP:
        return MAP, (parts.get(1, 0), parts.get(2, 0))
    return "opaque", None


def read_time(blob):
    """time.Time's binary form: version, seconds since year 1, nanoseconds, zone offset in minutes (, seconds)."""
    if not (len(blob) == 15 and blob[0] == 1 or len(blob) == 16 and blob[0] == 2):
        raise Bad("not a time")
    seconds = int.from_bytes(blob[1:9], "big", signed=True)
    nanos = int.from_bytes(blob[9:13], "big", signed=True)
    if not 0 <= nanos < 10**9:
        raise Bad("nanoseconds out of range")
    return (seconds - YEAR1) * 10**9 + nanos


class Gob:
    """The types known so far, and the decoding of one message with them."""

    memo = {}  # (types, payload) -> Record or None: mutated copies of one file share nearly every message

    def __init__(self):
        self.types = {}
        self.key = ()

    def define(self, type_id, definition):
        self.types[type_id] = definition
        self.key = tuple(sorted(self.types.items(), key=lambda item: item[0]))
        self.memo_here = self.memo.setdefault(self.key, {})

    def is_record(self, type_id):
        kind, parts = self.types.get(type_id, (None, None))
        if kind != STRUCT:
            return False
        names = dict(parts)
        if len(names) != len(parts) or not {"Timestamp", "Code", "Latency"} <= names.keys():
            return False
        return all(self.has_kind(names[name], KINDS[name]) for name in names.keys() & KINDS.keys())

    def has_kind(self, type_id, kind):
        if kind == "time":
            return type_id >= FIRST_USER_ID
        if kind == "headers":
            return type_id >= FIRST_USER_ID
        return type_id == kind

    def value(self, type_id, data, pos, end, depth=0):
        """Read (and for user types mostly skip) one value."""
        if depth > MAX_DEPTH:
            raise Bad("nested too deep")
        if type_id == BOOL or type_id == UINT:
            return uint(data, pos, end)
        if type_id == INT:
            return sint(data, pos, end)
        if type_id == FLOAT:
            return uint(data, pos, end)
        if type_id in (BYTES, STRING):
            return counted(data, pos, end)
        if type_id == COMPLEX:
            _, pos = uint(data, pos, end)
            return uint(data, pos, end)
        if type_id not in self.types:
            raise Bad("unknown type")
        kind, parts = self.types[type_id]
        if kind == "opaque":
            return counted(data, pos, end)
        if kind == STRUCT:
            walk = fields(data, pos, end)
            number, pos = next(walk)
            while number is not None:
                if number >= len(parts):
                    raise Bad("field number out of bounds")
                _, pos = self.value(parts[number][1], data, pos, end, depth + 1)
                number, pos = walk.send(pos)
            return None, pos
        n, pos = uint(data, pos, end)
        if n > end - pos:
            raise Bad("more elements than bytes")
        element_types = parts if kind == MAP else (parts,) if kind == SLICE else (parts[0],)
        if kind == ARRAY and n != parts[1]:
            raise Bad("wrong array length")
        for _ in range(n):
            for element in element_types:
                _, pos = self.value(element, data, pos, end, depth + 1)
        return None, pos

    def record(self, type_id, payload, start):
        memo_key = (type_id, start, payload)
        if memo_key in self.memo_here:
            found = self.memo_here[memo_key]
        else:
            try:
                found = self.decode_record(type_id, payload, start)
            except Bad:
                found = None
            if len(self.memo_here) < 200_000:
                self.memo_here[memo_key] = found
        if found is None:
            raise Bad("not a record")
        return found

    def decode_record(self, type_id, data, pos):
        end = len(data)
        names = self.types[type_id][1]
        got = {}
        walk = fields(data, pos, end)
        number, pos = next(walk)
        while number is not None:
            if number >= len(names):
                raise Bad("field number out of bounds")
            name, field_type = names[number]
            got[name], pos = self.value(field_type, data, pos, end)
            if name == "Timestamp":
                if self.types.get(field_type, (None,))[0] != "opaque":
                    raise Bad("not a time")
                got[name] = read_time(got[name])
            number, pos = walk.send(pos)
        if pos != end:
            raise Bad("bytes after the last field")

        def text(name):
            return got.get(name, b"").decode("utf-8", "replace")

        record = Record(
            text("Attack"), got.get("Seq", 0), got.get("Code", 0), got.get("Timestamp", ZERO_TIME),
            got.get("Latency", 0), got.get("BytesOut", 0), got.get("BytesIn", 0), text("Error"),
            text("Method"), text("URL"),
        )
        if not plausible(record):
            raise Bad("not plausible")
        return record

    def message(self, data, pos):
        """Decode the whole message at `pos`: (what, value, next position), what being "type" or "record"."""
        size, body = uint(data, pos, len(data))
        if size == 0 or size > len(data) - body:
            raise Bad("length does not fit")
        end = body + size
        type_id, start = sint(data, body, end)
        if type_id < 0:
            if -type_id < FIRST_USER_ID:
                raise Bad("definition of a basic type")
            return "type", (-type_id, read_definition(data, start, end)), end
        if not self.is_record(type_id):
            raise Bad("no record type")
        return "record", self.record(type_id, data[body:end], start - body), end

    def good(self, data, pos):
        try:
            self.message(data, pos)
            return True
        except Bad:
            return False


def encode_type_id(type_id):
    value = type_id << 1
    if value < 0x80:
        return bytes([value])
    raw = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return bytes([256 - len(raw)]) + raw


ODD = bytes(range(0x81, 0x100, 2))
ANY_ODD = bytes(range(0x01, 0x100, 2))
# Where a type definition may start: a length, a negative id, a field of wireType, its CommonType.
DEFINITION = re.compile(
    rb"(?s)(?=(?:[\x03-\x7f]|\xff[\x80-\xff]|\xfe[\x01-\xff].)"
    rb"(?:\x7f|\xff[" + re.escape(ODD) + rb"]|\xfe[\x01-\xff][" + re.escape(ANY_ODD) + rb"])[\x01-\x07]\x01)"
)


def next_definition(gob, data, pos):
    for match in DEFINITION.finditer(data, pos):
        if gob.good(data, match.start()):
            return match.start()
    return None


def next_record(gob, data, pos):
    best = None
    for type_id in gob.types:
        if not gob.is_record(type_id):
            continue
        pattern = encode_type_id(type_id)
        at = data.find(pattern, pos + 1)
        while at >= 0 and (best is None or at - 9 < best):
            for start in range(max(pos, at - 9), at):  # a length is 1 to 9 bytes
                try:
                    fits = uint(data, start, len(data))[1] == at
                except Bad:
                    fits = False
                if fits and gob.good(data, start) and (best is None or start < best):
                    best = start
            at = data.find(pattern, at + 1)
    return best


def read_gob(data):
    """Yield (offset, Record); after a fault yield (offset, None)."""
    gob = Gob()
    pos = 0
    definition_at = -1  # the next definition at or after a position, remembered between faults
    while pos < len(data):
        try:
            what, value, after = gob.message(data, pos)
        except Bad:
            yield pos, None
            try:
                size, body = uint(data, pos, len(data))
            except Bad:
                size, body = 0, pos
            after = body + size
            if size and (after == len(data) or after < len(data) and gob.good(data, after)):
                pos = after
                continue
            if definition_at is not None and definition_at <= pos:
                definition_at = next_definition(gob, data, pos + 1)
            found = [at for at in (definition_at, next_record(gob, data, pos + 1)) if at is not None]
            if not found:
                return
            pos = min(found)
            continue
        if what == "type":
            gob.define(*value)
        else:
            yield pos, value
        pos = after


# --------------------------------------------------------------------------------------------- JSON

RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)", re.ASCII
)


def json_time(text):
    match = RFC3339.fullmatch(text)
    if not match:
        raise Bad("not a time")
    try:
        when = datetime.datetime(*(int(part) for part in match.groups()[:6]))
    except ValueError:
        raise Bad("not a time") from None
    zone = match[8]
    offset = 0
    if zone != "Z":
        if int(zone[1:3]) > 23 or int(zone[4:]) > 59:
            raise Bad("not a zone")
        offset = (int(zone[1:3]) * 60 + int(zone[4:])) * (-60 if zone[0] == "-" else 60)
    seconds = (when - datetime.datetime(1970, 1, 1)) // datetime.timedelta(seconds=1) - offset
    return seconds * 10**9 + int((match[7] or "").ljust(9, "0"))


def json_record(line):
    try:
        value = json.loads(line, object_pairs_hook=unique)
    except (ValueError, RecursionError):
        raise Bad("not JSON") from None
    if type(value) is not dict:
        raise Bad("not an object")

    def get(key, kind, zero):
        found = value.get(key)
        if found is None:
            return zero
        if type(found) is not kind:
            raise Bad(f"{key} has the wrong type")
        return found

    get("headers", dict, {})
    body = get("body", str, "")
    base64_bytes(body)
    stamp = get("timestamp", str, None)
    record = Record(
        get("attack", str, ""), get("seq", int, 0), get("code", int, 0),
        ZERO_TIME if stamp is None else json_time(stamp), get("latency", int, 0), get("bytes_out", int, 0),
        get("bytes_in", int, 0), get("error", str, ""), get("method", str, ""), get("url", str, ""),
    )
    if not plausible(record):
        raise Bad("not plausible")
    return record


def unique(pairs):
    """An object without a key twice: such a line is two records that ran into one."""
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a key twice")
    return dict(pairs)


def base64_bytes(text):
    if len(text) % 4:
        raise Bad("not base64")
    try:
        return base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError, ValueError):
        raise Bad("not base64") from None


def lines_of(data):
    pos = 0
    while pos < len(data):
        end = data.find(b"\n", pos)
        end = len(data) if end < 0 else end + 1
        yield pos, data[pos:end]
        pos = end


def read_json(data):
    memo = read_json.memo
    for pos, line in lines_of(data):
        if not line.strip():
            continue
        key = line.rstrip(b"\r\n")
        if key not in memo:
            try:
                found = json_record(line)
            except Bad:
                found = None
            if len(memo) >= 200_000:
                memo.clear()
            memo[key] = found
        yield pos, memo[key]


read_json.memo = {}


# ---------------------------------------------------------------------------------------------- CSV

NUMBER = re.compile(r"[0-9]{1,20}", re.ASCII)
SIGNED = re.compile(r"-?[0-9]{1,19}", re.ASCII)
# v6 put quotes around the error without doubling those inside.
V6 = re.compile(r'(-?[0-9]+),([0-9]+),([0-9]+),([0-9]+),([0-9]+),"([^\n]*)"\r?\n?', re.ASCII)
MAX_JOIN = 16


def csv_fields(text):
    """The fields of one record, or None where the quoting is not strictly right or still open."""
    body = text[:-1] if text.endswith("\n") else text
    body = body[:-1] if body.endswith("\r") else body
    out = []
    pos = 0
    while True:
        while pos < len(body) and body[pos] == " ":
            pos += 1
        if pos < len(body) and body[pos] == '"':
            end = pos + 1
            while True:
                end = body.find('"', end)
                if end < 0:
                    return None
                if body[end + 1 : end + 2] == '"':
                    end += 2
                    continue
                break
            out.append(body[pos + 1 : end].replace('""', '"'))
            pos = end + 1
            if pos < len(body) and body[pos] != ",":
                return None
        else:
            end = body.find(",", pos)
            end = len(body) if end < 0 else end
            if '"' in body[pos:end] or "\n" in body[pos:end]:
                return None
            out.append(body[pos:end])
            pos = end
        if pos >= len(body):
            return out
        pos += 1


def csv_record(parts):
    if not 6 <= len(parts) <= 12:
        raise Bad("number of columns")
    parts = parts + [""] * (12 - len(parts))
    seq = parts[8] or "0"  # absent in old layouts
    if not SIGNED.fullmatch(parts[0]) or not all(NUMBER.fullmatch(p) for p in (*parts[1:5], seq)):
        raise Bad("not a number")
    base64_bytes(parts[6])
    headers = base64_bytes(parts[11])
    if headers and headers != b"\r\n" and not headers.endswith(b"\r\n\r\n"):
        raise Bad("headers are cut")
    record = Record(
        parts[7], int(seq), int(parts[1]), int(parts[0]), int(parts[2]), int(parts[3]), int(parts[4]),
        parts[5].replace("\r\n", "\n"), parts[9], parts[10],
    )
    if not plausible(record):
        raise Bad("not plausible")
    return record


def csv_line(text):
    """(columns, Record) of one record, or None."""
    parts = csv_fields(text)
    if parts is None:
        match = V6.fullmatch(text)
        if not match:
            return None
        parts = list(match.groups())
    try:
        return len(parts), csv_record(parts)
    except Bad:
        return None


def read_csv(data):
    memo = read_csv.memo
    found = []
    lines = [(pos, line.decode("utf-8", "surrogateescape")) for pos, line in lines_of(data)]
    at = 0
    while at < len(lines):
        pos, text = lines[at]
        at += 1
        if not text.strip():
            continue
        key = text.rstrip("\r\n")
        if key not in memo:
            if len(memo) >= 200_000:
                memo.clear()
            memo[key] = csv_line(text)
        got = memo[key]
        if got is None and text.count('"') % 2:
            joined = text
            for more in range(at, min(at + MAX_JOIN, len(lines))):
                joined += lines[more][1]
                if joined.count('"') % 2 == 0:
                    got = csv_line(joined)
                    if got is not None:
                        at = more + 1
                        break
        found.append((pos, got))
    usual = collections.Counter(got[0] for _, got in found if got).most_common(1)
    for pos, got in found:
        yield pos, got[1] if got and got[0] == usual[0][0] else None


read_csv.memo = {}


# -------------------------------------------------------------------------------------------- files

READERS = {"gob": read_gob, "json": read_json, "csv": read_csv}


def unpack(data):
    if data[:2] == b"\x1f\x8b":
        try:
            return gzip.decompress(data)
        except (OSError, EOFError, zlib.error):
            return data
    return data


def read(data):
    """(format, records, number of faults): the format whose first good record comes first."""
    data = unpack(data)
    best = (len(data) + 1, "unknown", [], 0)
    for name, reader in READERS.items():
        if name == "json" and b"{" not in data or name == "csv" and b"," not in data:
            continue
        found = list(reader(data))
        records = [(pos, record) for pos, record in found if record is not None]
        if records and records[0][0] < best[0]:
            best = (records[0][0], name, [record for _, record in records], len(found) - len(records))
            if name == "gob" and data.lstrip()[:1] != b"{":
                break  # whatever text may follow, it comes later
    return best[1:]


def summary(path, form, records, faults):
    stamps = [record.timestamp_ns for record in records]
    return {
        "file": path,
        "format": form,
        "records": len(records),
        "faults": faults,
        "sum_latency": sum(record.latency for record in records),
        "codes": {str(k): v for k, v in sorted(collections.Counter(r.code for r in records).items())},
        "first_ts": min(stamps, default=None),
        "last_ts": max(stamps, default=None),
        "bytes_in": sum(record.bytes_in for record in records),
        "bytes_out": sum(record.bytes_out for record in records),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--records", action="store_true", help="one line per record")
    what.add_argument("--count", metavar="DIR", help='"name count" for every file of a directory')
    parser.add_argument("files", nargs="*")
    args = parser.parse_args()
    if args.count:
        for name in sorted(os.listdir(args.count)):
            with open(os.path.join(args.count, name), "rb") as file:
                print(name, len(read(file.read())[1]))
        return
    for path in args.files:
        with open(path, "rb") as file:
            form, records, faults = read(file.read())
        if args.records:
            for record in records:
                print(json.dumps(record._asdict()))
        else:
            print(json.dumps(summary(path, form, records, faults)))


if __name__ == "__main__":
    try:
        main()
    except BrokenPipeError:
        sys.stderr.close()
