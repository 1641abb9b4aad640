#!/bin/sh
# Record notebooks-data/shedding-server again: sh record.sh   (about 15 seconds, Linux)
# Needs Go, zstd, iproute2, user namespaces (unshare -rn), and vegeta: VEGETA=... or in PATH or in ~/go/bin.
# OUT names another place for the recordings.
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

unshare -rn sh -euc '
  ip link set lo up
  mkfifo "$work/hold"
  "$work/server" -truth "$work/server.json" < "$work/hold" &
  server=$!
  exec 9> "$work/hold"
  sleep 0.5
  attack() { # CHAIN RATE
    echo "POST http://127.0.0.1:8545/$1" | "$VEGETA" attack -name "$1" -rate "$2" -duration 10s \
      -body "$work/body.json" -header "Content-Type: application/json" > "$work/$1.gob" 9>&-
  }
  attack ethereum 800 & a=$!
  attack boba 600 & b=$!
  attack kava 200
  wait $a; wait $b
  exec 9>&-
  wait $server'

for chain in ethereum boba kava; do
  "$VEGETA" report -type json "$work/$chain.gob" > "$work/$chain.report.json"
  zstd -qf -19 "$work/$chain.gob" -o "$out/results/$chain.gob.zst"
done
"$work/server" -merge "$work" > "$out/truth.json"
