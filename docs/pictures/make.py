"""Draws the pictures of the README: make.py PROGRAM FOLDER.

Types in what docs/start.md says, up to its change, with the polcheck that PROGRAM is; records what the terminal then
shows of `polcheck check --against HEAD`, colours and all, as check.svg; and draws the comment that the same run
leaves on a pull request as comment.svg. A test holds both to what is printed today (`POLCHECK_BLESS=1 cargo test
--test ci documents`).
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import List, NamedTuple, Tuple
from xml.sax.saxutils import escape

PAGE = Path(__file__).resolve().parent.parent / "start.md"
COMMAND = "polcheck check --against HEAD"
MONO = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace"
SANS = "-apple-system,BlinkMacSystemFont,'Segoe UI','Noto Sans',Helvetica,Arial,sans-serif"
# Colours of a dark terminal, by the number of the escape sequence.
COLOURS = {"31": "#ff7b72", "32": "#7ee787", "33": "#e3b341", "36": "#76e3ea"}
PLAIN, DIM = "#e6edf3", "#8b949e"
COLUMNS, WIDE, HIGH = 82, 8.4, 19


def run(program: str, folder: str) -> Tuple[str, str]:
    """What the terminal shows after the page's change, and the comment."""
    bin_folder = os.path.join(folder, "bin")
    os.makedirs(bin_folder)
    os.symlink(program, os.path.join(bin_folder, "polcheck"))
    here = os.path.join(folder, "here")
    os.makedirs(here)
    environment = {"PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}", "HOME": folder, "GIT_CONFIG_NOSYSTEM": "1"}
    for who in ("AUTHOR", "COMMITTER"):
        environment[f"GIT_{who}_NAME"], environment[f"GIT_{who}_EMAIL"] = "t", "t@example.com"
        environment[f"GIT_{who}_DATE"] = "2026-01-01T00:00:00Z"

    def typed(command: str) -> str:
        done = subprocess.run(["bash", "-c", command], cwd=here, env=environment, stdout=subprocess.PIPE, text=True)
        return done.stdout

    for info, body in re.findall(r"^```(.*)\n((?:.*\n)*?)```$", PAGE.read_text(encoding="utf-8"), re.M):
        language, _, path = info.partition(" ")
        if language == "sh":
            typed(body)
        elif path:
            Path(here, path).write_text(body, encoding="utf-8")
        elif body.startswith(f"$ {COMMAND}\n"):
            return typed(f"{COMMAND} --color always"), typed(f"{COMMAND} --report markdown")
    sys.exit(f"make.py: {PAGE} does not run `{COMMAND}`")


def attributes(codes: List[str]) -> str:
    """How text looks after the escape sequences `codes`."""
    colour = next((COLOURS[code] for code in reversed(codes) if code in COLOURS), DIM if "2" in codes else PLAIN)
    return f'fill="{colour}"' + (' font-weight="bold"' if "1" in codes else "")


def broken(line: str) -> List[str]:
    """A line as a terminal breaks it, which does not look for words."""
    parts, room = [""], COLUMNS
    for token in re.findall(r"\x1b\[[0-9;]*m|.", line):
        if not token.startswith("\x1b"):
            if not room:
                parts, room = parts + [""], COLUMNS
            room -= 1
        parts[-1] += token
    return parts


def terminal(text: str) -> str:
    """A recording: the command is typed, then the lines come."""
    lines = [part for line in text.rstrip("\n").split("\n") for part in broken(line)]
    width, height = COLUMNS * WIDE + 32, (len(lines) + 1) * HIGH + 62
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'role="img" aria-label="{COMMAND} in a terminal">',
        "<style>@keyframes s{from{opacity:0}}g{animation:s .01s both}"
        "@media (prefers-reduced-motion:reduce){g{animation:none}}</style>",
        f'<rect width="100%" height="100%" rx="8" fill="#0d1117"/>',
        *(f'<circle cx="{20 + 18 * at}" cy="18" r="5.5" fill="{fill}"/>' for at, fill in enumerate(("#ff5f57", "#febc2e", "#28c840"))),
        f'<g font-family="{MONO}" font-size="14" xml:space="preserve" style="animation:none">',
    ]

    def piece(at: int, row: int, words: str, look: str) -> str:
        return (
            f'<text x="{16 + at * WIDE:.1f}" y="{54 + row * HIGH}" textLength="{len(words) * WIDE:.1f}" '
            f'lengthAdjust="spacingAndGlyphs" {look}>{escape(words)}</text>'
        )

    parts.append(piece(0, 0, "$", f'fill="{COLOURS["32"]}"'))
    for at, letter in enumerate(COMMAND):
        if letter != " ":
            parts.append(f'<g style="animation-delay:{0.5 + at * 0.05:.2f}s">{piece(2 + at, 0, letter, attributes([]))}</g>')
    start = 0.5 + len(COMMAND) * 0.05 + 0.4
    codes: List[str] = []
    for row, line in enumerate(lines, 1):
        at, drawn = 0, []
        for index, token in enumerate(re.split(r"\x1b\[([0-9;]*)m", line)):
            if index % 2:
                codes = [] if token in ("", "0") else codes + token.split(";")
            elif token.strip():
                drawn.append(piece(at + len(token) - len(token.lstrip()), row, token.strip(), attributes(codes)))
            at += 0 if index % 2 else len(token)
        if drawn:
            parts.append(f'<g style="animation-delay:{start + row * 0.06:.2f}s">{"".join(drawn)}</g>')
    return "\n".join(parts + ["</g>", "</svg>", ""])


class Run(NamedTuple):
    """Words that look alike: `kind` is text, bold or code."""

    kind: str
    words: str


def runs(markdown: str, bold: bool = False) -> List[Run]:
    """A line of the comment, taken apart."""
    plain = re.sub(r"\\(.)", r"\1", markdown).replace("&lt;", "<").replace("&gt;", ">").replace("&#124;", "|").replace("&amp;", "&")
    found = []
    for index, token in enumerate(re.split(r"(\*\*|`[^`]*`)", plain)):
        if token == "**":
            bold = not bold
        elif index % 2:
            found.append(Run("code", token.strip("`")))
        elif token:
            found.append(Run("bold" if bold else "text", token))
    return found


def wide(run_: Run, size: float) -> float:
    """About how wide words are: fonts differ, so a little more than they take."""
    if run_.kind == "code":
        return len(run_.words) * size * 0.52
    narrow = sum(letter in "iljtf.,:;'|()[] I" for letter in run_.words)
    return (narrow * 0.31 + (len(run_.words) - narrow) * (0.6 if run_.kind == "bold" else 0.56)) * size


def wrapped(pieces: List[Run], room: float, size: float) -> List[List[Run]]:
    """The pieces in lines that fit."""
    lines: List[List[Run]] = [[]]
    used = 0.0
    for kind, words in pieces:
        for word in re.findall(r"\s+|\S+\s?", words):
            width = wide(Run(kind, word), size)
            if used + width > room and lines[-1]:
                lines.append([])
                used, word = 0.0, word.lstrip()
            lines[-1].append(Run(kind, word))
            used += width
    return lines


def comment(markdown: str) -> str:
    """The comment as a page shows it: what is folded stays folded."""
    width, size, leading = 760, 14.0, 21
    folded = re.sub(r"<details><summary>(.*?)</summary>.*?</details>", r"▸ \1", markdown, flags=re.S)
    drawn: List[str] = []
    y = 66.0

    def put(line: List[Run], x: float, at: float, scale: float = size) -> None:
        looks = {
            "text": "",
            "bold": ' font-weight="600"',
            "code": f' font-family="{MONO}" font-size="{scale * 0.86:.1f}" fill="#0550ae"',
        }
        spans = "".join(f"<tspan{looks[kind]}>{escape(words)}</tspan>" for kind, words in line)
        drawn.append(f'<text x="{x:.0f}" y="{at:.0f}" font-size="{scale:.0f}">{spans}</text>')

    for block in folded.strip().split("\n"):
        block = block.strip()
        if not block or re.fullmatch(r"[|:-]+", block):
            continue
        if block.startswith("### "):
            for line in wrapped(runs(block[4:], bold=True), width - 40, 17):
                put(line, 20, y, 17)
                y += 26
        elif block.startswith("|"):
            cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", block)[1:-1]]
            edges = [20, 160, 325, width - 20]
            top = y - 12
            ends = []
            for at, cell in enumerate(cells):
                row = y + 6
                for part in cell.split("<br>"):
                    for one in part.replace("▸", "\n▸").strip().split("\n"):
                        for line in wrapped(runs(one, bold="`" not in block), edges[at + 1] - edges[at] - 16, 13):
                            put(line, edges[at] + 8, row, 13)
                            row += 19
                ends.append(row)
            bottom = max(ends) - 8
            for left, right in zip(edges, edges[1:]):
                drawn.append(f'<rect x="{left}" y="{top:.0f}" width="{right - left}" height="{bottom - top:.0f}" fill="none" stroke="#d0d7de"/>')
            y = bottom + 12
        else:
            item = block.startswith("- ")
            if item:
                drawn.append(f'<circle cx="30" cy="{y - 5:.0f}" r="2.5" fill="#1f2328"/>')
            indent = 42 if item or block.startswith("▸") else 20
            for part in block[2 if item else 0 :].split("<br>"):
                for line in wrapped(runs(part), width - 20 - indent, size):
                    put(line, indent, y)
                    y += leading
            y += 8
    height = y + 8
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height:.0f}" viewBox="0 0 {width} {height:.0f}" role="img" '
        'aria-label="the comment on a pull request">',
        f'<g font-family="{SANS}" fill="#1f2328" xml:space="preserve">',
        f'<rect x=".5" y=".5" width="{width - 1}" height="{height - 1:.0f}" rx="6" fill="#ffffff" stroke="#d0d7de"/>',
        f'<path d="M.5 38.5v-32a6 6 0 0 1 6-6h{width - 13}a6 6 0 0 1 6 6v32z" fill="#f6f8fa" stroke="#d0d7de"/>',
        '<text x="20" y="25" font-size="14"><tspan font-weight="600">github-actions</tspan><tspan fill="#59636e"> commented</tspan></text>',
    ]
    return "\n".join(head + drawn + ["</g>", "</svg>", ""])


def main(program: str, out: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        shown, markdown = run(os.path.abspath(program), folder)
    os.makedirs(out, exist_ok=True)
    for name, picture in (("check.svg", terminal(shown)), ("comment.svg", comment(markdown))):
        Path(out, name).write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
