#!/usr/bin/env python3
"""Times `polcheck lsp` over a store of 1,000 policies: from an edit until its diagnostics arrive, and until all is proved.

Usage: benches/lsp.py [--polcheck FILE] [--policies N] [--edits N] [--keep FOLDER]

Builds polcheck in release unless FILE names one. The store has N policies in files of 100, from a fixed seed. Edits are of one
policy: good ones, ones with a mistake that the validator sees, and ones that do not parse; each is made once all that the one
before it started is done ("idle"), and again while the whole look that it started is under way ("busy"). An edit of the schema
has every policy validated anew. The median and the slowest of each kind are printed, in milliseconds, and what it
costs of the processor (on Linux), which hangs less on what else the machine does; what has to hold is that edits of a policy are
below 100.
"""

import argparse
import json
import queue
import random
import re
import statistics
import subprocess
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIMIT = 100


def store(folder, count, rng):
    """A schema and `count` policies in files of a hundred."""
    actions = ", ".join(f"act{i}" for i in range(12))
    (folder / "app.cedarschema").write_text(
        "entity Team;\nentity User in [Team] { level: Long, blocked: Bool };\nentity Doc in [Team] { owner: User, level: Long };\n"
        f"action {actions} appliesTo {{ principal: User, resource: Doc, context: {{ mfa: Bool, now: datetime, net: String }} }};\n"
    )
    conditions = (
        "context.mfa", "principal.level >= resource.level", "resource.owner == principal", "!principal.blocked",
        'context.net == "office"', 'context.now < datetime("2026-12-01T00:00:00Z")', "principal.level > {}",
    )
    files = {}
    for number in range(count):
        effect = "forbid" if number % 12 == 0 else "permit"
        principal = f'principal in Team::"t{rng.randrange(400)}"'
        chosen = " && ".join(c.format(rng.randrange(9)) for c in rng.sample(conditions, 2))
        scope = f'{principal}, action == Action::"act{rng.randrange(12)}", resource in Team::"t{rng.randrange(400)}"'
        files.setdefault(number // 100, []).append(f'@id("p{number}")\n{effect} ({scope})\nwhen {{ {chosen} }};\n')
    for number, policies in files.items():
        (folder / f"policies{number}.cedar").write_text("\n".join(policies))


class Server:
    """`polcheck lsp`, and what it says."""

    def __init__(self, program, folder):
        self.process = subprocess.Popen([program, "lsp"], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.messages = queue.Queue()
        threading.Thread(target=self.listen, daemon=True).start()
        self.request("initialize", {"rootUri": folder.as_uri(), "capabilities": {"textDocument": {"codeLens": {}}, "workspace": {"codeLens": {"refreshSupport": True}}}})
        self.send({"method": "initialized", "params": {}})

    def listen(self):
        out = self.process.stdout
        while line := out.readline():
            length = int(re.match(rb"Content-Length: (\d+)", line).group(1))
            out.readline()
            self.messages.put((time.perf_counter(), json.loads(out.read(length))))

    def send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def request(self, method, params):
        self.send({"id": method, "method": method, "params": params})
        return self.until(lambda message: message.get("id") == method and "method" not in message)

    def until(self, wanted, patience=300):
        """When the first message came that is `wanted`; `None` where none does."""
        while True:
            try:
                at, message = self.messages.get(timeout=patience)
            except queue.Empty:
                return None
            if wanted(message):
                return at

    def processor(self):
        """Seconds that the threads had which look at once; 0 where that is not known."""
        spent = 0
        for task in Path(f"/proc/{self.process.pid}/task").glob("*"):
            if (task / "comm").read_text().startswith("quick-"):
                spent += int((task / "schedstat").read_text().split()[0])
        return spent / 1e9

    def change(self, uri, version, text):
        """Seconds until the diagnostics of this version arrive, and seconds of the processor."""
        before = self.processor()
        document = {"uri": uri, "version": version}
        started = time.perf_counter()
        self.send({"method": "textDocument/didChange", "params": {"textDocument": document, "contentChanges": [{"text": text}]}})

        def shows(message):
            params = message.get("params") or {}
            return message.get("method") == "textDocument/publishDiagnostics" and params["uri"] == uri and params.get("version") == version

        took = self.until(shows) - started
        return took, self.processor() - before

    def idle(self):
        """Waits until nothing is said for a while."""
        while self.until(lambda _: True, patience=3) is not None:
            pass


def row(kind, times, limit=None):
    wall, processor = ([1000 * one[at] for one in times] for at in (0, 1))
    verdict = "" if limit is None else ("ok" if max(wall) < limit else f"OVER {limit}")
    print(f"{kind:32} {statistics.median(wall):8.1f} {max(wall):8.1f} {statistics.median(processor):10.1f}   {verdict}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--polcheck")
    parser.add_argument("--policies", type=int, default=1000)
    parser.add_argument("--edits", type=int, default=10)
    parser.add_argument("--keep", type=Path)
    args = parser.parse_args()
    program = args.polcheck
    if program is None:
        subprocess.run(["cargo", "build", "--release", "--locked", "--bin", "polcheck"], cwd=ROOT, check=True)
        program = ROOT / "target/release/polcheck"
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.keep or Path(scratch)
        folder.mkdir(exist_ok=True)
        store(folder, args.policies, random.Random(7))
        subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
        server = Server(str(Path(program).resolve()), folder.resolve())
        path = folder.resolve() / "policies0.cedar"
        text = path.read_text()
        document = {"uri": path.as_uri(), "languageId": "cedar", "version": 0, "text": text}
        started = time.perf_counter()
        server.send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
        opened = server.until(lambda message: message.get("method") == "textDocument/publishDiagnostics" and message["params"]["uri"] == path.as_uri())
        print(f"{args.policies} policies, milliseconds{'':8} median  slowest  processor")
        row("opened", [(opened - started, 0)])
        server.idle()
        version = 0
        spot = text.index("when {", len(text) // 2) + len("when {")
        kinds = {"good": " principal.level > {} &&", "with a mistake": " principal.levl > {} &&", "that does not parse": " principal. {} &&"}
        for kind, added in kinds.items():
            for busy in (False, True):
                times = []
                for number in range(args.edits):
                    version += 1
                    edited = text[:spot] + added.format(number) + text[spot:]
                    took = server.change(path.as_uri(), version, edited)
                    times.append(took)
                    if busy:
                        # Into the middle of the whole look.
                        time.sleep(0.6)
                    else:
                        server.idle()
                row(f"edit {kind}, {'busy' if busy else 'idle'}", times, LIMIT)
        server.idle()
        schema = folder.resolve() / "app.cedarschema"
        declared = schema.read_text()
        document = {"uri": schema.as_uri(), "languageId": "cedarschema", "version": 0, "text": declared}
        server.send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
        server.idle()
        times = []
        for number in range(args.edits):
            times.append(server.change(schema.as_uri(), number + 1, declared + f"entity More{number};\n"))
            server.idle()
        row("edit of the schema, idle", times)
        version += 1
        started = time.perf_counter()
        server.change(path.as_uri(), version, text + "\n")
        whole = server.until(lambda message: message.get("method") == "workspace/codeLens/refresh")
        row("until all is proved", [(whole - started, 0)])
        server.request("shutdown", None)
        server.send({"method": "exit"})
        server.process.stdin.close()
        return server.process.wait()


if __name__ == "__main__":
    raise SystemExit(main())
