"""Other systems beside this one: the same audio, the same machine, one run.

`python -m benchmarks.peers install`, then `python -m benchmarks.peers`; docs/benchmarks.md says
what is compared. Nothing of the peers is in this folder: they are installed from the package
index into environments of their own, and talked to through what they offer their users.
"""
