#!/bin/sh
# Record notebooks-data/generator-collapse again: sh record.sh   (about a minute, Linux with at least 2 cores)
# Needs Go, zstd, iproute2, util-linux (taskset, unshare -rn), and vegeta: VEGETA=... or in PATH or in ~/go/bin.
# OUT names another place for the recordings. What a collapse looks like differs from run to run.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${OUT:-$(dirname "$here")}
mkdir -p "$out/results"
export VEGETA="${VEGETA:-$(command -v vegeta || echo "$HOME/go/bin/vegeta")}"
work=$(mktemp -d)
export work
trap 'rm -rf "$work"' EXIT
(cd "$here" && go build -o "$work/server" .)
printf '{"jsonrpc":"2.0","id":1,"method":"eth_blockNumber","params":[]}' > "$work/body.json"

# The server has CPU 1 for itself. vegeta has CPU 0, and shares it with NEIGHBOURS processes that compute all the time.
record() { # NAME WORK RATE SECONDS FILES NEIGHBOURS FLAGS...
  unshare -rn sh -euc '
    name=$1 serve=$2 rate=$3 seconds=$4 files=$5 neighbours=$6
    shift 6
    printf "{\"intended_rps\": %s, \"attack_s\": %s, \"flags\": \"%s\", \"generator_file_limit\": %s, \"generator_busy_neighbours\": %s}" \
      "$rate" "$seconds" "$*" "$files" "$neighbours" > "$work/$name.plan.json"
    ip link set lo up
    sysctl -qw net.ipv4.ip_local_port_range="10000 65000"
    ulimit -n "$(ulimit -Hn)"
    mkfifo "$work/$name.hold"
    taskset -c 1 "$work/server" -work "$serve" -truth "$work/$name.server.json" < "$work/$name.hold" &
    server=$!
    exec 9> "$work/$name.hold"
    sleep 0.5
    busy=
    while [ "$neighbours" -gt 0 ]; do
      neighbours=$((neighbours - 1))
      timeout 60 taskset -c 0 sh -c "while :; do :; done" 9>&- &
      busy="$busy $!"
    done
    (
      ulimit -n "$files"
      echo "POST http://127.0.0.1:8080/ethereum" | taskset -c 0 "$VEGETA" -cpus 1 attack -name ethereum -rate "$rate" \
        -duration "${seconds}s" -body "$work/body.json" -header "Content-Type: application/json" "$@" > "$work/$name.gob" 9>&-
    )
    [ -z "$busy" ] || kill $busy
    exec 9>&-
    wait $server' record "$@"
  "$VEGETA" report -type json "$work/$1.gob" > "$work/$1.report.json"
  zstd -qf -19 "$work/$1.gob" -o "$out/results/$1.gob.zst"
}
record healthy 1ms 500 10 20000 0
record fast 1ms 6000 3 20000 0
record collapse 1ms 6000 5 20000 5
record collapse-timeout 1ms 6000 5 20000 5 -timeout 5s
record collapse-files 1ms 6000 5 1024 5 -timeout 5s
record few-workers 100ms 1000 8 20000 0 -max-workers 20
"$work/server" -merge "$work" > "$out/truth.json"
