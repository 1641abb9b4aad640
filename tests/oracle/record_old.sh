#!/bin/sh
# Write tests/fixtures/old/: 50 requests with each of several old vegetas, in the formats each can write.
# Usage: sh tests/oracle/record_old.sh DIR   (builds the old versions in DIR)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mkdir -p "$1" && cd "$1" && pwd)
out=$here/../fixtures/old
mkdir -p "$out"
for version in v6.3.0 v7.0.3 v8.0.0 v10.0.0 v12.7.0; do
  [ -x "$dir/vegeta-$version" ] || sh "$here/build_old.sh" $version "$dir"
done
[ -x "$dir/vegeta-v12.8.4" ] || { GOBIN=$dir go install github.com/tsenart/vegeta/v12@v12.8.4; mv "$dir/vegeta" "$dir/vegeta-v12.8.4"; }

rm -f "$dir/port" "$dir/hold"
mkfifo "$dir/hold"
python3 "$here/old_server.py" < "$dir/hold" > "$dir/port" &
server=$!
exec 9> "$dir/hold" # the server ends when this closes
while [ ! -s "$dir/port" ]; do sleep 0.1; done
base=http://127.0.0.1:$(cat "$dir/port")
for path in ok ok ok ok ok ok busy ok drop ok; do echo "GET $base/$path"; done > "$dir/targets"

for version in v6.3.0 v7.0.3 v8.0.0 v10.0.0 v12.7.0 v12.8.4; do
  vegeta=$dir/vegeta-$version
  case $version in
    v6.* | v7.*) name= ;;
    *) name="-name old" ;;
  esac
  "$vegeta" attack $name -rate 50 -duration 1s -timeout 2s -targets "$dir/targets" > "$out/$version.gob"
  case $version in
    v12.*)
      "$vegeta" encode -to json "$out/$version.gob" > "$out/$version.json"
      "$vegeta" encode -to csv "$out/$version.gob" > "$out/$version.csv"
      "$vegeta" report -type json "$out/$version.gob" > "$out/$version.report.json"
      ;;
    *)
      "$vegeta" dump -dumper json -inputs "$out/$version.gob" > "$out/$version.json"
      "$vegeta" dump -dumper csv -inputs "$out/$version.gob" > "$out/$version.csv"
      case $version in
        v6.* | v7.*) "$vegeta" report -inputs "$out/$version.gob" -reporter json > "$out/$version.report.json" ;;
        *) "$vegeta" report -type json "$out/$version.gob" > "$out/$version.report.json" 2> /dev/null ||
           "$vegeta" report -inputs "$out/$version.gob" -reporter json > "$out/$version.report.json" ;;
      esac
      ;;
  esac
done
exec 9>&-
wait $server
