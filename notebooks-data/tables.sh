#!/usr/bin/env bash
# The tables of the example runs, in notebooks-data/tables: windows as Parquet and CSV, records of one run as Parquet.
# $PLIMSOLL names the binary.
set -euo pipefail
cd "$(dirname "$0")"
plimsoll=${PLIMSOLL:-plimsoll}

table() {
  local name=$1
  shift
  for format in parquet csv; do
    "$plimsoll" convert --to "$format" --table windows --output "tables/$name.$format" "$@"
  done
}

records() {
  local name=$1
  shift
  "$plimsoll" convert --to parquet --table records --output "tables/$name.parquet" "$@"
}

mkdir -p tables
table four-chains-healthy --slo latency=250ms,success=99% four-chains/healthy
table four-chains-failing --slo latency=250ms,success=99% four-chains/failing
records four-chains-failing-records --slo latency=250ms,success=99% four-chains/failing
table port-exhaustion --slo latency=500ms,success=99% port-exhaustion/results
# The attacks that were to send 6,000/s.
table generator-collapse --config generator-collapse/plimsoll.toml \
  generator-collapse/results/{fast,collapse,collapse-timeout,collapse-files}.gob.zst
table shedding-server --slo latency=100ms,success=99% shedding-server/results
table ramp-hard --slo latency=200ms,success=99% stepped-rates/results/hard
table ramp-queue --slo latency=200ms,success=99% stepped-rates/results/queue
