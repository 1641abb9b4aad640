#!/bin/sh
# Write tests/fixtures/reencoded/: vegeta's own re-encodings of three recordings, and compressed ones.
# Usage: sh tests/oracle/reencode.sh   (needs vegeta, gzip and zstd; VEGETA=... names another binary)
set -eu
cd "$(dirname "$0")/../fixtures"
vegeta=${VEGETA:-$(command -v vegeta || echo "$HOME/go/bin/vegeta")}
rm -rf reencoded.new
mkdir reencoded.new
for name in ok-eth mix-429 unexpected-eof-body; do
  out=reencoded.new/$name
  "$vegeta" encode -to json corpus/$name.gob > $out.from-gob.json
  "$vegeta" encode -to csv corpus/$name.gob > $out.from-gob.csv
  "$vegeta" encode -to gob $out.from-gob.json > $out.from-json.gob
  "$vegeta" encode -to gob $out.from-gob.csv > $out.from-csv.gob
done
# The same bytes, compressed. -n keeps names and times out of the gzip header.
gzip -9nc corpus/ok-eth.gob > reencoded.new/ok-eth.gob.gz
gzip -9nc reencoded.new/unexpected-eof-body.from-gob.json > reencoded.new/unexpected-eof-body.json.gz
gzip -9nc reencoded.new/unexpected-eof-body.from-gob.csv > reencoded.new/unexpected-eof-body.csv.gz
zstd -q -19 -c corpus/ok-eth.gob > reencoded.new/ok-eth.gob.zst
zstd -q -19 -c reencoded.new/mix-429.from-gob.csv > reencoded.new/mix-429.csv.zst
zstd -q -19 -c reencoded.new/mix-429.from-gob.json > reencoded.new/mix-429.json.zst
# Two members and two frames, one after another: legal, and readers that stop at the first lose half.
{ gzip -9nc corpus/ok-eth.gob; gzip -9nc corpus/ok-boba.gob; } > reencoded.new/ok-eth+ok-boba.gob.gz
{ zstd -q -19 -c corpus/ok-eth.gob; zstd -q -19 -c corpus/ok-boba.gob; } > reencoded.new/ok-eth+ok-boba.gob.zst
cp reencoded/SOURCE.md reencoded.new/ 2>/dev/null || true
rm -rf reencoded
mv reencoded.new reencoded
