#!/bin/sh
# Compare `plimsoll attack` with other load generators against one nginx on this machine, and print a Markdown table.
#
#   sh bench/attack.sh                      10 s each at 5, 10, 20 and 30 thousand requests/s, and without a rate
#   --rates "5000 20000"   other rates
#   --seconds N            how long each (10)
#   --repeat N             runs of each; the table has all of them (3)
#
# Needs nginx, Python 3 and Cargo; of vegeta, wrk, h2load, oha and hey those are compared that are on the PATH.
# CPU is the generator's own, user and system, whatever nginx takes. The lag is plimsoll's, from its results.
set -eu
cd "$(dirname "$0")"
rates='5000 10000 20000 30000' seconds=10 repeat=3
while [ $# -gt 0 ]; do
  case $1 in
    --rates) rates=$2; shift ;;
    --seconds) seconds=$2; shift ;;
    --repeat) repeat=$2; shift ;;
    *) sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
  esac
  shift
done
command -v nginx >/dev/null || { echo "attack.sh: needs nginx" >&2; exit 2; }

(cd .. && cargo build --quiet --release --package plimsoll)
target=$(cd .. && cargo metadata --format-version 1 --no-deps | python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')
plimsoll=$target/release/plimsoll

dir=$(mktemp -d)
trap 'kill "$(cat "$dir/nginx.pid")" 2>/dev/null; rm -rf "$dir"' EXIT INT TERM
port=18089
url=http://127.0.0.1:$port/
cat > "$dir/nginx.conf" <<EOF
worker_processes 1;
error_log $dir/error.log;
pid $dir/nginx.pid;
events { worker_connections 8192; }
http {
  access_log off;
  keepalive_requests 100000000;
  client_body_temp_path $dir/1; proxy_temp_path $dir/2; fastcgi_temp_path $dir/3; uwsgi_temp_path $dir/4; scgi_temp_path $dir/5;
  server {
    listen 127.0.0.1:$port backlog=4096;
    location / {
      default_type application/json;
      return 200 '{"jsonrpc":"2.0","id":1,"result":"0x123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"}';
    }
  }
}
EOF
nginx -c "$dir/nginx.conf" 2>/dev/null
echo "GET $url" > "$dir/targets"
sleep 1

echo '| asked/s | generator | sent/s | CPU µs/request | peak MiB | lag p50 ms | lag p99 ms |'
echo '|---|---|---|---|---|---|---|'
measure() { python3 attack.py "$@"; }
has() { command -v "$1" >/dev/null; }
for _ in $(seq "$repeat"); do
  for rate in $rates; do
    measure plimsoll "$rate" "$seconds" "$dir/r.plim" "$plimsoll" attack -rate="$rate" -duration="${seconds}s" -targets="$dir/targets" -output="$dir/r.plim"
    # Without -max-workers it may collapse by itself.
    if has vegeta; then measure vegeta "$rate" "$seconds" "$dir/r.gob" vegeta attack -rate="$rate" -duration="${seconds}s" -targets="$dir/targets" -max-workers=64 -output="$dir/r.gob"; fi
    if has h2load; then measure h2load "$rate" "$seconds" - h2load --h1 -t1 -c64 --rps="$(python3 -c "print($rate / 64)")" -D "$seconds" "$url"; fi
    if has oha; then measure oha "$rate" "$seconds" - oha --no-tui -c64 -q "$rate" --latency-correction -z "${seconds}s" "$url"; fi
    if has hey; then measure hey "$rate" "$seconds" - hey -c 64 -q "$((rate / 64))" -z "${seconds}s" "$url"; fi
  done
  measure plimsoll most "$seconds" "$dir/r.plim" "$plimsoll" attack -rate=0 -max-workers=64 -threads=1 -duration="${seconds}s" -targets="$dir/targets" -output="$dir/r.plim"
  if has vegeta; then measure vegeta most "$seconds" "$dir/r.gob" vegeta attack -rate=0 -max-workers=64 -duration="${seconds}s" -targets="$dir/targets" -output="$dir/r.gob"; fi
  if has wrk; then measure wrk most "$seconds" - wrk -t1 -c64 -d "${seconds}s" "$url"; fi
  if has h2load; then measure h2load most "$seconds" - h2load --h1 -t1 -c64 -D "$seconds" "$url"; fi
  if has oha; then measure oha most "$seconds" - oha --no-tui -c64 -z "${seconds}s" "$url"; fi
done
