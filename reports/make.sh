#!/bin/sh
# Makes the reports of the recordings in notebooks-data anew; `just reports` builds the binary first. The lines that begin
# with `report` are what tests/report.rs compares with what lies here.
set -eu
cd "$(dirname "$0")/.."
plimsoll=${PLIMSOLL:-target/release/plimsoll}

report() {
  name=$1
  shift
  "$plimsoll" analyze "$@" --report "reports/$name" >/dev/null
  # The figures alone, of which `analyze --format json` says the same.
  rm "reports/$name/summary.json"
}

report four-chains-failing notebooks-data/four-chains/failing --slo latency=500ms,success=99%
report four-chains-healthy notebooks-data/four-chains/healthy --slo latency=500ms,success=99%
report generator-collapse notebooks-data/generator-collapse/results --config notebooks-data/generator-collapse/plimsoll.toml
report port-exhaustion notebooks-data/port-exhaustion/results --slo latency=1s,success=99%
report shedding-server notebooks-data/shedding-server/results --slo latency=200ms,success=99%
report stepped-rates notebooks-data/stepped-rates/results --config notebooks-data/stepped-rates/plimsoll.toml
