#!/bin/sh
# Record everything under notebooks-data/four-chains again: sh record.sh   (about 80 seconds, Linux)
# Needs Go, zstd, iproute2, user namespaces (unshare -rn), and vegeta: VEGETA=... or in PATH or in ~/go/bin.
# SECONDS_HEALTHY and SECONDS_FAILING shorten it for a try; OUT names another place.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${OUT:-$(dirname "$here")}
export VEGETA="${VEGETA:-$(command -v vegeta || echo "$HOME/go/bin/vegeta")}"
export HEALTHY_S="${SECONDS_HEALTHY:-30}" FAILING_S="${SECONDS_FAILING:-40}"
work=$(mktemp -d)
export work
trap 'rm -rf "$work"' EXIT
(cd "$here" && go build -o "$work/gateway" .)
printf '{"jsonrpc":"2.0","id":1,"method":"eth_blockNumber","params":[]}' > "$work/body.json"

cat > "$work/lib.sh" <<'LIB'
set -eu
ip link set lo up
serve() { # PART TRUTH: start the gateway; it ends when file descriptor 9 closes
  mkfifo "$work/hold.$$"
  "$work/gateway" -part "$1" -truth "$2" < "$work/hold.$$" &
  gateway=$!
  exec 9> "$work/hold.$$"
  sleep 0.5
}
attack() { # PART CHAIN RATE SECONDS FLAGS...
  part=$1 chain=$2 rate=$3 seconds=$4
  shift 4
  echo "POST http://127.0.0.1:8545/$chain" | "$VEGETA" attack -name "$chain" -rate "$rate" -duration "${seconds}s" \
    -body "$work/body.json" -header 'Content-Type: application/json' "$@" > "$work/$part-$chain.gob" 9>&-
}
finish() {
  sleep 5 # slow answers end
  exec 9>&-
  wait "$gateway"
}
LIB

# The healthy part: all four at once against one gateway, in a network of their own.
unshare -rn sh -c '
  . "$work/lib.sh"
  serve healthy "$work/healthy.server.json"
  attack healthy ethereum 200 "$HEALTHY_S" & a=$!
  attack healthy boba 100 "$HEALTHY_S" & b=$!
  attack healthy mantle 100 "$HEALTHY_S" & c=$!
  attack healthy kava 100 "$HEALTHY_S"
  wait $a; wait $b; wait $c
  finish'

# The failing part: at the same time, but each chain has a gateway and a network of its own, so that
# one chain's trouble cannot touch another.
failing() { # CHAIN RATE FLAGS...
  unshare -rn sh -c '
    . "$work/lib.sh"
    chain=$1 rate=$2
    shift 2
    if [ "$chain" = ethereum ]; then
      # 4,000 ports at 200 new connections/s last for 20 s. After 28 s someone finds the reason and widens the range.
      sysctl -qw net.ipv4.ip_local_port_range="40000 43999" net.ipv4.tcp_tw_reuse=0
      (sleep 28.5 && sysctl -qw net.ipv4.ip_local_port_range="32768 60999") 9>&- &
    fi
    serve failing "$work/failing-$chain.server.json"
    attack failing "$chain" "$rate" "$FAILING_S" "$@"
    finish' failing "$@"
}
failing ethereum 200 -keepalive=false & a=$!
failing boba 100 & b=$!
failing mantle 100 -timeout 1s & c=$!
failing kava 200
wait $a
wait $b
wait $c

for part in healthy failing; do
  mkdir -p "$out/$part"
  for chain in ethereum boba mantle kava; do
    recording=$work/$part-$chain.gob
    "$VEGETA" report -type json "$recording" > "$work/$part-$chain.report.json"
    rm -f "$out/$part/$chain.gob" "$out/$part/$chain.gob.zst"
    case $part-$chain in
      healthy-kava | failing-boba) cp "$recording" "$out/$part/$chain.gob" ;; # a plain one in each part
      *) zstd -q -19 "$recording" -o "$out/$part/$chain.gob.zst" ;;
    esac
  done
done
"$work/gateway" -merge "$work" > "$out/truth.json"
