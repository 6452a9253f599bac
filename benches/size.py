"""How large polcheck is, how fast it starts, and of how many packages it is made: size.py PROGRAM.

Prints the table of docs/packages.md. Times are the best of many runs, with the program in the page cache: what the
program takes, not what else the machine does. With POLCHECK_BLESS the table of the page is written anew.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import List

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "packages.md"
sys.path.insert(0, str(ROOT / "packaging"))

import package  # noqa: E402


def best(command: List[str], runs: int) -> float:
    """The shortest time of `runs` runs, in milliseconds."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        times.append(time.perf_counter() - start)
    return min(times) * 1000


def main(program: str) -> None:
    program = os.path.abspath(program)
    host = re.search(r"^host: (.+)$", package.answer("rustc", "-vV"), re.M)
    target = host.group(1) if host else sys.exit("size.py: rustc does not say what this machine is")
    size = os.path.getsize(program) / 2**20
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "p.cedar").write_text('permit (principal == User::"ann", action, resource);\n')
        small = best([program, "check", "-C", folder], 30)
    packages, used, root = package.compiled_in(target)
    lines = [
        "| what | measured |",
        "|---|---|",
        f"| program (`--profile dist`, {target}) | {size:.1f} MiB |",
        f"| `polcheck --version` | {best([program, '--version'], 50):.0f} ms |",
        f"| `polcheck check` of one policy without a schema | {small:.0f} ms |",
        f"| `polcheck check` of fixtures/repos/step-up | {best([program, 'check', '-C', str(ROOT / 'fixtures/repos/step-up')], 10):.0f} ms |",
        f"| packages compiled into it | {len(packages) - 1} |",
        f"| of these named in Cargo.toml | {len(used[root])} |",
    ]
    print("\n".join(lines))
    if os.environ.get("POLCHECK_BLESS"):
        text = PAGE.read_text()
        PAGE.write_text(re.sub(r"\| what \| measured \|\n(\|.*\n)+", "\n".join(lines).replace("\\", "\\\\") + "\n", text))


if __name__ == "__main__":
    main(*sys.argv[1:])
