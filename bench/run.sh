#!/bin/sh
# Compare `plimsoll analyze` with the real `vegeta report` on generated files, and print a Markdown table.
#
#   sh bench/run.sh                 1 M results: gob, JSON and CSV, lean and full (about 1.8 GB in bench/data)
#   sh bench/run.sh --10m           and 10 M lean results (another 4 GB)
#   sh bench/run.sh --all           and 10 M full results (another 15 GB; the gob alone is 3.8 GB)
#   --texts        and 10 M lean results in gob of which a tenth fail with a million distinct error texts
#   --only TEXT    only the files whose name contains TEXT: lean-1m.gob, .csv, full-10m (with --all), ...
#   --repeat N     runs of each program per file (5)
#   --peer-only    vegeta alone, without building plimsoll
#
# Needs Go, Python 3 and Cargo. bench/bin and bench/data are made once and kept; git ignores them.
set -eu
cd "$(dirname "$0")"
sizes=1m
full10=no texts=no only= repeat=5 peer_only=no
while [ $# -gt 0 ]; do
  case $1 in
    --10m) sizes='1m 10m' ;;
    --all) sizes='1m 10m' full10=yes ;;
    --texts) texts=yes ;;
    --only) only=$2; shift ;;
    --repeat) repeat=$2; shift ;;
    --peer-only) peer_only=yes ;;
    *) sed -n '2,12s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
  esac
  shift
done

mkdir -p bin data
bin=$PWD/bin
version=v12.13.0
[ -x bin/vegeta ] || GOBIN=$bin go install "github.com/tsenart/vegeta/v12@$version"
(cd generate && go build -o "$bin/generate" .)
echo "vegeta: $(go version -m bin/vegeta | awk '$1 == "mod" { print $3 }'), built with $(go version bin/vegeta | awk '{ print $2 }')"
if [ $peer_only = no ]; then
  (cd .. && cargo build --quiet --release --package plimsoll)
  target=$(cd .. && cargo metadata --format-version 1 --no-deps | python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')
  set -- --plimsoll "$target/release/plimsoll"
  echo "plimsoll: $("$target/release/plimsoll" --version)"
fi
echo "machine: $(nproc) cores, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), load $(cut -d' ' -f1-3 /proc/loadavg)"
echo

files=
for size in $sizes; do
  case $size in
    1m) n=1000000 ;;
    10m) n=10000000 ;;
  esac
  for shape in lean full; do
    [ $shape-$size-$full10 = full-10m-no ] && continue
    for format in gob json csv; do
      file=$shape-$size.$format
      case $file in
        *"$only"*) ;;
        *) continue ;;
      esac
      if [ ! -e data/$file ]; then
        echo "generating data/$file" >&2
        bin/generate -n $n -shape $shape -format $format -seed 1 -o data/$file.part
        mv data/$file.part data/$file
      fi
      files="$files data/$file"
    done
  done
done
if [ $texts = yes ]; then
  if [ ! -e data/texts-10m.gob ]; then
    echo "generating data/texts-10m.gob" >&2
    bin/generate -n 10000000 -texts 1000000 -format gob -seed 1 -o data/texts-10m.gob.part
    mv data/texts-10m.gob.part data/texts-10m.gob
  fi
  files="$files data/texts-10m.gob"
fi
[ -n "$files" ] || { echo "no file has '$only' in its name" >&2; exit 2; }
# shellcheck disable=SC2086
python3 measure.py --vegeta "$bin/vegeta" "$@" --repeat "$repeat" $files
