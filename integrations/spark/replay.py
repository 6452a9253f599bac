#!/usr/bin/env python3
"""Runs `polcheck replay` over many log files on a Spark cluster, and joins the parts.

Usage: spark-submit integrations/spark/replay.py [options] LOG..

LOG is what Spark reads files by: paths, globs, `s3a://..`, `hdfs://..`. Each file is a task: its bytes go to `polcheck replay -
--partial` on the executor, packed as they are. What is said of standard output and the exit code is that of `polcheck replay --merge`.
A task that Spark runs again, because its executor was lost or as speculation, gives the same part, which counts once.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path


def part_of(content, polcheck, repository, options):
    """The part of the answer that `content`, the bytes of a log file, comes to: a line of JSON."""
    command = [polcheck, "replay", "-", "--partial", "-C", repository, "--quiet", *options]
    done = subprocess.run(command, input=bytes(content), capture_output=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"polcheck exits {done.returncode}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout.decode()


def main():
    """Reads the arguments, runs the job and gives the exit code of the joined answer."""
    parser = argparse.ArgumentParser(description="polcheck replay over many log files on a Spark cluster")
    parser.add_argument("--polcheck", default="polcheck", help="the program, on every machine [polcheck]")
    parser.add_argument("--repository", required=True, help="the policies, at the same path on every machine")
    for name in ("from", "to", "since", "sample"):
        parser.add_argument(f"--{name}", help="as of polcheck replay")
    parser.add_argument("--deny", action="append", default=[], help="as of polcheck replay")
    parser.add_argument("--undecided", help="as of polcheck replay")
    parser.add_argument("--report", action="append", default=[], help="as of polcheck replay")
    parser.add_argument("logs", nargs="+", metavar="LOG")
    args = parser.parse_args()

    from pyspark.sql import SparkSession  # noqa: PLC0415 (only the driver of a job needs it)

    asked = {name: getattr(args, name) for name in ("from", "to", "since", "sample")}
    options = [f"--{name}={value}" for name, value in asked.items() if value is not None]
    polcheck, repository = args.polcheck, args.repository
    spark = SparkSession.builder.appName("polcheck replay").getOrCreate()
    files = spark.read.format("binaryFile").load(args.logs).select("content").rdd
    # A task for each file: what is lost with an executor is no more than that.
    files = files.repartition(max(1, files.count()))
    parts = files.map(lambda row: part_of(row.content, polcheck, repository, options))
    with tempfile.TemporaryDirectory() as folder:
        together = Path(folder) / "parts.json"
        with together.open("w", encoding="utf-8") as file:
            # Parts come one after the other, so that the driver holds one at a time.
            file.writelines(parts.toLocalIterator())
        spark.stop()
        gates = [f"--deny={change}" for change in args.deny] + [f"--report={report}" for report in args.report]
        if args.undecided is not None:
            gates.append(f"--undecided={args.undecided}")
        return subprocess.run([polcheck, "replay", "--merge", str(together), *gates], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
