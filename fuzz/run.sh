#!/bin/sh
# Fuzz every target for MINUTES in all: the Rust ones with libFuzzer on the stable toolchain,
# the Python ones with atheris, where that is installed. Corpora are generated first; what fails
# stays in fuzz/artifacts. Used by `make fuzz MINUTES=10`.
set -eu
cd "$(dirname "$0")"
minutes=${1:-10}
python=${2:-python3}
rust="header text data"
scripted="strategy gatingml flowjo spillover sheet manifest"
set -- $rust
n=$#
if "$python" -c 'import atheris' 2>/dev/null; then
    set -- $rust $scripted
    n=$#
else
    echo "atheris is not installed: the Python targets are left out"
    scripted=""
fi
seconds=$((minutes * 60 / n))
[ "$seconds" -gt 0 ] || seconds=1
mkdir -p artifacts
host=$(rustc -vV | sed -n 's/^host: //p')
cargo run --quiet --release --example seeds
RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module \
-Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
-Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares" \
    cargo build --quiet --release --bins --target "$host"
failed=0
for target in $rust; do
    echo "== $target, $seconds s"
    "target/$host/release/$target" "corpus/$target" -dict=keywords.dict \
        -max_total_time="$seconds" -artifact_prefix=artifacts/ -print_final_stats=1 \
        -verbosity=0 -timeout=20 -rss_limit_mb=2048 || failed=1
done
for target in $scripted; do
    echo "== $target (Python), $seconds s"
    "$python" python/targets.py "$target" -max_total_time="$seconds" \
        -artifact_prefix=artifacts/ -print_final_stats=1 -verbosity=0 -timeout=20 \
        -rss_limit_mb=2048 || failed=1
done
exit $failed
