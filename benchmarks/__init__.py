"""The benchmark: the tool against what people use instead, on the same trees, in turn; `python -m benchmarks`."""
