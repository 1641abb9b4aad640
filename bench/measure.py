#!/usr/bin/env python3
"""Measure `vegeta report FILE` against `plimsoll analyze FILE` and print a Markdown table.

    measure.py --vegeta PATH [--plimsoll PATH] [--repeat 5] FILE...
    measure.py --convert gob,json --vegeta PATH ...         `vegeta encode` against `plimsoll convert` instead

    measure.py --without-windows PATH --plimsoll PATH ...   `plimsoll analyze` without counting by time, and with it
    measure.py --report --plimsoll PATH ...                 `plimsoll analyze`, and the same with `--report`

vegeta knows no native stream: beside one, it reads or writes the same results as gob (FILE.gob beside FILE.plim).
Per file: one warm-up run of each (it also fills the page cache and checks that both read the same number of
results), then the two in turn, --repeat times. CPU is user plus system time of the whole process, all threads.
Figures are medians. A process's peak RSS as the kernel accounts it starts at that of this script (about
15 MiB), so smaller ones cannot be seen. Standard library only, and few modules of it, to keep that low.
"""

import argparse
import json
import os
import sys
import tempfile
import time


def run(command, stdout):
    """Run to the end: (exit status, CPU seconds, wall seconds, peak RSS in MiB)."""
    null = os.open(os.devnull, os.O_WRONLY)
    start = time.perf_counter()
    actions = [(os.POSIX_SPAWN_DUP2, stdout or null, 1)]
    pid = os.posix_spawn(command[0], command, os.environ, file_actions=actions)
    _, status, usage = os.wait4(pid, 0)
    wall = time.perf_counter() - start
    os.close(null)
    return os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024


def output_of(command):
    """What a command that must succeed prints."""
    reader, writer = os.pipe()
    pid = os.posix_spawn(
        command[0], command, os.environ,
        file_actions=[(os.POSIX_SPAWN_DUP2, writer, 1), (os.POSIX_SPAWN_CLOSE, reader)],
    )
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        text = pipe.read()
    _, status = os.waitpid(pid, 0)
    if status:
        sys.exit(f"failed ({os.waitstatus_to_exitcode(status)}): {' '.join(command)}")
    return text


def median(values):
    values = sorted(values)
    middle = len(values) // 2
    return values[middle] if len(values) % 2 else (values[middle - 1] + values[middle]) / 2


def measure(path, vegeta, plimsoll, repeat):
    records = json.loads(output_of([vegeta, "report", "-type", "json", path]))["requests"]
    commands = {"vegeta": [vegeta, "report", path]}
    if plimsoll:
        found = json.loads(output_of([plimsoll, "analyze", "--format", "json", path]))["total"]["requests"]
        if found != records:
            sys.exit(f"{path}: vegeta read {records} results, plimsoll {found}")
        commands["plimsoll"] = [plimsoll, "analyze", path]
    return records, in_turn(commands, repeat)


def requests_in(count, command):
    """The results that one program finds in what another prints."""
    reader, writer = os.pipe()
    pid = os.posix_spawn(
        command[0], command, os.environ,
        file_actions=[(os.POSIX_SPAWN_DUP2, writer, 1), (os.POSIX_SPAWN_CLOSE, reader)],
    )
    os.close(writer)
    os.set_inheritable(reader, True)
    records = count(f"/dev/fd/{reader}")
    os.close(reader)
    _, status = os.waitpid(pid, 0)
    if status:
        sys.exit(f"failed ({os.waitstatus_to_exitcode(status)}): {' '.join(command)}")
    return records


def measure_convert(path, to, vegeta, plimsoll, repeat):
    def by_vegeta(file):
        return json.loads(output_of([vegeta, "report", "-type", "json", file]))["requests"]

    def by_plimsoll(file):
        return json.loads(output_of([plimsoll, "analyze", "--format", "json", file]))["total"]["requests"]

    stem, extension = os.path.splitext(path)
    theirs = stem + ".gob" if extension == ".plim" else path
    commands = {"vegeta": [vegeta, "encode", "-to", "gob" if to == "native" else to, theirs]}
    records = {requests_in(by_vegeta, commands["vegeta"])}
    if plimsoll:
        commands["plimsoll"] = [plimsoll, "convert", "--to", to, path]
        records.add(requests_in(by_plimsoll if to == "native" else by_vegeta, commands["plimsoll"]))
    if len(records) > 1:
        sys.exit(f"{path} to {to}: vegeta and plimsoll write other numbers of results: {records}")
    return records.pop(), in_turn(commands, repeat)


def in_turn(commands, repeat):
    """The medians of each command's CPU, wall and RSS."""
    runs = {name: [] for name in commands}
    for _ in range(repeat):
        for name, command in commands.items():
            code, *figures = run(command, None)
            if code:
                sys.exit(f"failed ({code}): {' '.join(command)}")
            runs[name].append(figures)
    return {name: [median(column) for column in zip(*rows)] for name, rows in runs.items()}


def compare_windows(args):
    print("| file | SLO | CPU s without | with | more | RSS MiB without | with |")
    print("|---|---|---:|---:|---:|---:|---:|", flush=True)
    for path in args.files:
        for slo in ([], ["--slo", "latency=50ms,success=99%"]):
            programs = {"without": args.without_windows, "with": args.plimsoll}
            commands = {name: [program, "analyze", *slo, path] for name, program in programs.items()}
            figures = in_turn(commands, args.repeat)
            (cpu, _, rss), (cpu_with, _, rss_with) = figures["without"], figures["with"]
            row = [os.path.basename(path), slo[1] if slo else "none", f"{cpu:.3f}", f"{cpu_with:.3f}"]
            row += [f"{cpu_with / cpu - 1:.1%}", f"{rss:.0f}", f"{rss_with:.0f}"]
            print("| " + " | ".join(row) + " |", flush=True)


def compare_report(args):
    print("| file | CPU s | with report | more | wall s | with report | more | RSS MiB | with report | report MB |")
    print("|---|" + "---:|" * 9, flush=True)
    for path in args.files:
        with tempfile.TemporaryDirectory() as directory:
            slo = ["--slo", "latency=50ms,success=99%"]
            analyze = [args.plimsoll, "analyze", *slo, path]
            commands = {"plain": analyze, "report": [*analyze, "--report", directory]}
            figures = in_turn(commands, args.repeat)
            size = sum(os.path.getsize(os.path.join(top, name)) for top, _, names in os.walk(directory) for name in names)
        (cpu, wall, rss), (cpu_with, wall_with, rss_with) = figures["plain"], figures["report"]
        row = [os.path.basename(path), f"{cpu:.3f}", f"{cpu_with:.3f}", f"{cpu_with - cpu:.3f}"]
        row += [f"{wall:.3f}", f"{wall_with:.3f}", f"{wall_with - wall:.3f}", f"{rss:.0f}", f"{rss_with:.0f}", f"{size / 1e6:.1f}"]
        print("| " + " | ".join(row) + " |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vegeta")
    parser.add_argument("--without-windows", metavar="PATH")
    parser.add_argument("--report", action="store_true")
    parser.add_argument("--plimsoll")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--convert", metavar="FORMATS")
    parser.add_argument("files", nargs="+")
    args = parser.parse_args()
    if args.without_windows:
        return compare_windows(args)
    if args.report:
        return compare_report(args)
    if not args.vegeta:
        parser.error("--vegeta is needed")
    head = ["file", "results", "vegeta CPU s", "wall s", "RSS MiB"]
    if args.plimsoll:
        head += ["plimsoll CPU s", "wall s", "RSS MiB", "CPU ratio", "wall ratio"]
    print("| " + " | ".join(head) + " |")
    print("|---|" + "---:|" * (len(head) - 1), flush=True)
    formats = args.convert.split(",") if args.convert else [None]
    for path, to in [(path, to) for path in args.files for to in formats]:
        name = os.path.basename(path)
        if to:
            name += f" → {to}"
            records, figures = measure_convert(path, to, args.vegeta, args.plimsoll, args.repeat)
        else:
            records, figures = measure(path, args.vegeta, args.plimsoll, args.repeat)
        row = [name, f"{records:,}"]
        for name in figures:
            cpu, wall, rss = figures[name]
            row += [f"{cpu:.3f}", f"{wall:.3f}", f"{rss:.0f}"]
        if args.plimsoll:
            (cpu, wall, _), (own_cpu, own_wall, _) = figures["vegeta"], figures["plimsoll"]
            row += [f"{cpu / own_cpu:.1f}x", f"{wall / own_wall:.1f}x"]
        print("| " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()
