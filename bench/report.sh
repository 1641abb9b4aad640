#!/bin/sh
# What the whole report adds to `plimsoll analyze`, in turn, as a Markdown table.
#
#   sh bench/report.sh              10 M lean results in gob, with an SLO
#   --repeat N     runs of each (11)
#   FILE...        other files
#
# Needs what bench/run.sh needs, which makes bench/bin and bench/data; git ignores them.
set -eu
here=$PWD
cd "$(dirname "$0")"
repeat=11 files=
while [ $# -gt 0 ]; do
  case $1 in
    --repeat) repeat=$2; shift ;;
    -*) sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
    /*) files="$files $1" ;;
    *) files="$files $here/$1" ;;
  esac
  shift
done

mkdir -p bin data
if [ -z "$files" ]; then
  files=data/lean-10m.gob
  if [ ! -e $files ]; then
    (cd generate && go build -o ../bin/generate .)
    echo "generating bench/$files" >&2
    bin/generate -n 10000000 -shape lean -format gob -seed 1 -o $files.part
    mv $files.part $files
  fi
fi
target=$(cd .. && cargo metadata --format-version 1 --no-deps | python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')
(cd .. && cargo build --quiet --release --package plimsoll --no-default-features)
echo "machine: $(nproc) cores, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), load $(cut -d' ' -f1-3 /proc/loadavg)"
echo
# shellcheck disable=SC2086
python3 measure.py --report --plimsoll "$target/release/plimsoll" --repeat "$repeat" $files
