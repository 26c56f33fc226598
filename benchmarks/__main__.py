"""`python -m benchmarks` is the benchmark."""

from benchmarks.bench import main

main()
