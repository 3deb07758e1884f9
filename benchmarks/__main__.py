"""Run the benchmarks and print their table: ``python -m benchmarks [NAME…]``."""

from __future__ import annotations

import argparse
import importlib

from benchmarks.table import Row, keep, show

NAMES = (
    "footprint",
    "submit_latency",
    "learn_overhead",
    "learn_throughput",
    "gang_speed",
    "evaluate_throughput",
    "curve_read",
    "first_page",
    "queueing",
    "catalogue_search",
    "planner",
    "fifty_jobs",
    "many_clients",
    "opening",
    "inference",
)


def main() -> None:
    """Run the benchmarks that were named, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], help="benchmarks to run")
    names = parser.parse_args().names or NAMES
    rows: list[Row] = []
    for name in names:
        print(f"running {name} …", flush=True)
        fresh = importlib.import_module(f"benchmarks.{name}").run()
        taken = {row.benchmark for row in rows} & {row.benchmark for row in fresh}
        if taken:
            raise ValueError(f"{name} would replace rows of another benchmark: {taken}")
        keep(fresh)
        rows += fresh
    show(rows)


if __name__ == "__main__":
    main()
