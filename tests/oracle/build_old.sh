#!/bin/sh
# Build an old vegeta: sh tests/oracle/build_old.sh v12.7.0 DIR  ->  DIR/vegeta-v12.7.0
# These versions come from before Go modules, so `go install` refuses them; their sources are in the
# module cache all the same. They get a go.mod here, and today's versions of what they depend on.
set -eu
version=$1
dir=$(mkdir -p "$2" && cd "$2" && pwd)
export GOFLAGS='-mod=mod -buildvcs=false'
rm -rf "$dir/get" "$dir/src-$version"
mkdir "$dir/get"
cd "$dir/get"
printf 'module get\ngo 1.16\nrequire github.com/tsenart/vegeta %s+incompatible\n' "$version" > go.mod
go mod download "github.com/tsenart/vegeta@$version+incompatible"
cp -r "$(go list -m -f '{{.Dir}}' github.com/tsenart/vegeta)" "$dir/src-$version"
cd "$dir/src-$version"
chmod -R u+w .
rm -rf vendor
printf 'module github.com/tsenart/vegeta\ngo 1.16\n' > go.mod
if [ -d lib/plot ]; then
  printf 'require github.com/tsenart/go-tsz v0.0.0-20180814235614-0bd30b3df1c3\n' >> go.mod
fi
go build -ldflags "-X main.Version=$version" -o "$dir/vegeta-$version" .
