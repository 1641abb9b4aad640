# Everything that is checked before a change lands.
ci:
    bash .ci/run

# The tests, as in the README.
test:
    cargo test --workspace

lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings

# Look at changed snapshots one by one.
review:
    cargo insta review

# Plimsoll against the real vegeta, side by side. Needs Go; see bench/run.sh for sizes.
bench *args:
    sh bench/run.sh {{args}}

# The reports of the recordings in notebooks-data, anew.
reports:
    cargo build --release --no-default-features
    sh reports/make.sh

# Fuzz one decoder for a while: gob, json, csv or any. Needs a nightly toolchain and cargo-fuzz.
fuzz target seconds="60":
    bash fuzz/run {{target}} {{seconds}}
