"""Benchmarks: each module here with a `main()` is one, `make bench` runs them all.

A benchmark's `main()` takes nothing, runs with Django set up and an empty, migrated database of
its own, and returns its results. Goals are ratios measured within one run; see docs.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Result:
    """One measured figure. `met` says whether the goal was reached; None where there is no goal."""

    name: str
    value: float
    unit: str
    goal: str = ""
    met: bool | None = None
