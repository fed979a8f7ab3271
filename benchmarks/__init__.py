"""Measurements on real speech, one command each: `python -m benchmarks.NAME`.

A command lies in this folder, what several of them need in `harness`; docs/benchmarks.md is the
manual.
"""
