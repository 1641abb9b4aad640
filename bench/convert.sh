#!/bin/sh
# Compare `plimsoll convert` with the real `vegeta encode` on the files of bench/run.sh, and print Markdown tables.
#
#   sh bench/convert.sh             1 M results, lean and full: gob to native, JSON, CSV and gob; JSON and native to gob
#   --repeat N     runs of each program per file (5)
#
# Needs what bench/run.sh needs, which makes bench/bin and bench/data; git ignores them.
set -eu
cd "$(dirname "$0")"
repeat=5
while [ $# -gt 0 ]; do
  case $1 in
    --repeat) repeat=$2; shift ;;
    *) sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
  esac
  shift
done

mkdir -p bin data
[ -x bin/vegeta ] || GOBIN=$PWD/bin go install github.com/tsenart/vegeta/v12@v12.13.0
[ -x bin/generate ] || (cd generate && go build -o ../bin/generate .)
for shape in lean full; do
  for format in gob json; do
    file=data/$shape-1m.$format
    [ -e $file ] && continue
    echo "generating bench/$file" >&2
    bin/generate -n 1000000 -shape $shape -format $format -seed 1 -o $file.part
    mv $file.part $file
  done
done
(cd .. && cargo build --quiet --release --package plimsoll)
target=$(cd .. && cargo metadata --format-version 1 --no-deps | python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')
set -- --vegeta bin/vegeta --plimsoll "$target/release/plimsoll" --repeat "$repeat"
for shape in lean full; do
  "$target/release/plimsoll" convert --to native data/$shape-1m.gob -o data/$shape-1m.plim
done
python3 measure.py "$@" --convert native,json,csv,gob data/lean-1m.gob data/full-1m.gob
echo
python3 measure.py "$@" --convert gob data/lean-1m.json data/full-1m.json data/lean-1m.plim data/full-1m.plim
