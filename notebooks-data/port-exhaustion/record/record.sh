#!/bin/sh
# Record notebooks-data/port-exhaustion again: sh record.sh   (about a minute, Linux)
# Needs Go 1.24 or later, zstd, iproute2, user namespaces (unshare -rn), and vegeta: VEGETA=... or in PATH or in ~/go/bin.
# ATTACK_S shortens it for a try; OUT names another place.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${OUT:-$(dirname "$here")}
mkdir -p "$out/results"
export VEGETA="${VEGETA:-$(command -v vegeta || echo "$HOME/go/bin/vegeta")}"
export ATTACK_S="${ATTACK_S:-60}"
work=$(mktemp -d)
export work
trap 'rm -rf "$work"' EXIT
(cd "$here" && go build -o "$work/gateway" .)
printf '{"jsonrpc":"2.0","id":1,"method":"eth_blockNumber","params":[]}' > "$work/body.json"

# Four generator processes on one host, that is, with 600 local ports between them. mantle and kava keep connections alive.
# After 20 s ethereum and boba join in, with keep-alive off: a connection, and a local port, for every request.
unshare -rn sh -euc '
  ip link set lo up
  sysctl -qw net.ipv4.ip_local_port_range="40000 40599" net.ipv4.tcp_tw_reuse=0
  ulimit -n "$(ulimit -Hn)"
  mkfifo "$work/hold"
  "$work/gateway" -truth "$work/server.json" < "$work/hold" &
  gateway=$!
  exec 9> "$work/hold"
  sleep 0.5
  attack() { # CHAIN RATE SECONDS FLAGS...
    chain=$1 rate=$2 seconds=$3
    shift 3
    echo "POST https://127.0.0.1:8443/$chain" | "$VEGETA" attack -name "$chain" -rate "$rate" -duration "${seconds}s" \
      -timeout 3s -insecure -body "$work/body.json" -header "Content-Type: application/json" "$@" > "$work/$chain.gob" 9>&-
  }
  attack mantle 160 "$ATTACK_S" & a=$!
  attack kava 160 "$ATTACK_S" & b=$!
  sleep 20
  attack ethereum 320 $((ATTACK_S - 20)) -keepalive=false & c=$!
  attack boba 160 $((ATTACK_S - 20)) -keepalive=false
  wait $a; wait $b; wait $c
  exec 9>&-
  wait $gateway'

for chain in ethereum boba mantle kava; do
  "$VEGETA" report -type json "$work/$chain.gob" > "$work/$chain.report.json"
  zstd -qf -19 "$work/$chain.gob" -o "$out/results/$chain.gob.zst"
done
"$work/gateway" -merge "$work" > "$out/truth.json"
