# What CI does on a change.
check:
    bash .ci/run

# Ten seconds for each fuzz target; needs nightly and cargo-fuzz.
fuzz-smoke:
    for target in $(cargo fuzz list); do cargo +nightly fuzz run "$target" -- -max_total_time=10 -dict=fuzz/words.dict; done

# All benches, with figures for BENCHMARKING.md.
bench:
    cargo bench -p offhook-benches
