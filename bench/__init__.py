"""Benchmarks, side by side with the peer in one run. Not tests: nothing fails for being slow."""
