"""Makes what a release consists of. `package.py COMMAND ...`, in any folder of the repository:

  tag NAME              fails unless NAME is the tag of the version in Cargo.toml
  notes                 prints what CHANGELOG.md says of that version
  archive TARGET OUT    polcheck-VERSION-TARGET.tar.gz (.zip for Windows): the program, completions, man pages, licence
  sbom TARGET OUT       polcheck-VERSION-TARGET.cdx.json: what is compiled into the program (CycloneDX 1.6)
  npm TARGET OUT        the npm package that carries the program for one platform
  npm-main OUT          the npm package `polcheck`, which starts the one for the platform
  sums OUT              SHA256SUMS of the archives and bills of materials in OUT
  targets               the targets, one a line

Version, repository, licence and description are taken from Cargo.toml, and stand nowhere else. The program is the one
that `cargo build --profile dist --locked --target TARGET` leaves; POLCHECK_PROGRAM names another. The same program
gives the same bytes: files are dated by SOURCE_DATE_EPOCH, or else by the last commit.
"""

import gzip
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import uuid
import zipfile
from typing import Any, Dict, List, NoReturn, Optional, Tuple

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
NPM = os.path.join(ROOT, "packaging", "npm")

# What Rust calls a target, and what npm calls it: name of the package, os, cpu, libc.
TARGETS: Dict[str, Tuple[str, str, str, Optional[str]]] = {
    "x86_64-unknown-linux-gnu": ("linux-x64-gnu", "linux", "x64", "glibc"),
    "aarch64-unknown-linux-gnu": ("linux-arm64-gnu", "linux", "arm64", "glibc"),
    "x86_64-unknown-linux-musl": ("linux-x64-musl", "linux", "x64", "musl"),
    "aarch64-unknown-linux-musl": ("linux-arm64-musl", "linux", "arm64", "musl"),
    "x86_64-apple-darwin": ("darwin-x64", "darwin", "x64", None),
    "aarch64-apple-darwin": ("darwin-arm64", "darwin", "arm64", None),
    "x86_64-pc-windows-msvc": ("win32-x64", "win32", "x64", None),
    "aarch64-pc-windows-msvc": ("win32-arm64", "win32", "arm64", None),
}
SHELLS = {"bash": "polcheck.bash", "zsh": "_polcheck", "fish": "polcheck.fish", "powershell": "_polcheck.ps1"}


def fail(message: str) -> NoReturn:
    sys.exit(f"package.py: {message}")


def answer(*command: str) -> str:
    """What a command prints; it is run at the root of the repository, and has to succeed."""
    program = shutil.which(command[0]) or fail(f"`{command[0]}` is not installed")
    return subprocess.run([program, *command[1:]], cwd=ROOT, check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout


def metadata(*options: str) -> Dict[str, Any]:
    """What cargo knows of the package, and with no `--no-deps` of all that it is made of."""
    found: Dict[str, Any] = json.loads(answer("cargo", "metadata", "--format-version", "1", "--locked", *options))
    return found


def facts() -> Dict[str, Any]:
    """What Cargo.toml says of the package."""
    packages: List[Dict[str, Any]] = metadata("--no-deps")["packages"]
    return packages[0]


def known(target: str) -> str:
    return target if target in TARGETS else fail(f"`{target}` is not released; what is: {', '.join(TARGETS)}")


def program(target: str) -> str:
    """Where the program for `target` lies."""
    name = "polcheck.exe" if "windows" in target else "polcheck"
    built = os.path.join(metadata("--no-deps")["target_directory"], target, "dist", name)
    path = os.environ.get("POLCHECK_PROGRAM") or built
    return path if os.path.isfile(path) else fail(f"{path} is not there; build it first")


def epoch() -> int:
    """The date of the files in archives."""
    return int(os.environ.get("SOURCE_DATE_EPOCH") or answer("git", "log", "-1", "--format=%ct"))


def name_of(target: str) -> str:
    """What is released for `target`, without an ending: the name that the action and the GitLab template ask for."""
    return f"polcheck-{facts()['version']}-{known(target)}"


def write(out: str, name: str, content: bytes) -> None:
    os.makedirs(out, exist_ok=True)
    path = os.path.join(out, name)
    with open(path, "wb") as file:
        file.write(content)
    print(path)


def read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def tag(name: str) -> None:
    wanted = f"v{facts()['version']}"
    if name != wanted:
        fail(f"the tag is {name}, and Cargo.toml says {wanted}")


def notes() -> None:
    version = facts()["version"]
    text = read(os.path.join(ROOT, "CHANGELOG.md")).decode()
    found = re.search(rf"^## \[{re.escape(version)}\][^\n]*\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    print(found.group(1).strip() if found else fail(f"CHANGELOG.md has no section for {version}"))


def contents(target: str) -> List[Tuple[str, bytes, int]]:
    """The files of the archive: path, content, mode."""
    path = program(target)
    files = [(os.path.basename(path), read(path), 0o755)]
    files += [(name, read(os.path.join(ROOT, name)), 0o644) for name in ("LICENSE", "README.md", "CHANGELOG.md")]
    for shell, name in SHELLS.items():
        files.append((f"completions/{name}", answer(path, "completions", shell).encode(), 0o644))
    with tempfile.TemporaryDirectory() as folder:
        answer(path, "completions", "--man", folder)
        files += [(f"man/{name}", read(os.path.join(folder, name)), 0o644) for name in sorted(os.listdir(folder))]
    return files


def archive(target: str, out: str) -> None:
    name, when = name_of(target), epoch()
    packed = io.BytesIO()
    if "windows" in target:
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as opened:
            for path, content, mode in contents(target):
                entry = zipfile.ZipInfo(f"{name}/{path}")
                entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, mode << 16
                opened.writestr(entry, content)
        write(out, f"{name}.zip", packed.getvalue())
        return
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=when) as zipped:
        with tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as tar:
            for path, content, mode in contents(target):
                member = tarfile.TarInfo(f"{name}/{path}")
                member.size, member.mode, member.mtime = len(content), mode, when
                tar.addfile(member, io.BytesIO(content))
    write(out, f"{name}.tar.gz", packed.getvalue())


def compiled_in(target: str) -> Tuple[Dict[str, Any], Dict[str, List[str]], str]:
    """The packages that the program for `target` is made of, which of them uses which, and which is polcheck."""
    found = metadata("--filter-platform", known(target))
    nodes = {node["id"]: node for node in found["resolve"]["nodes"]}
    root, seen, waiting = found["resolve"]["root"], {}, [found["resolve"]["root"]]
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        # What only tests and build scripts use is not in the program.
        used = [dep["pkg"] for dep in nodes[one]["deps"] if any(kind["kind"] is None for kind in dep["dep_kinds"])]
        seen[one] = sorted(used)
        waiting += used
    return {package["id"]: package for package in found["packages"] if package["id"] in seen}, seen, root


def checksums() -> Dict[Tuple[str, str], str]:
    """The checksum of each package, as Cargo.lock has it."""
    text = read(os.path.join(ROOT, "Cargo.lock")).decode()
    form = re.compile(r'name = "(.+)"\nversion = "(.+)"\nsource = ".+"\nchecksum = "([0-9a-f]{64})"')
    return {(name, version): checksum for name, version, checksum in form.findall(text)}


def sbom(target: str, out: str) -> None:
    packages, used, root = compiled_in(target)
    sums = checksums()

    def component(package: Dict[str, Any]) -> Dict[str, Any]:
        name, version = package["name"], package["version"]
        purl = f"pkg:cargo/{name}@{version.replace('+', '%2B')}"
        made: Dict[str, Any] = {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}
        if package["license"]:
            # Older packages write `MIT/Apache-2.0` for what SPDX calls OR.
            made["licenses"] = [{"expression": re.sub(r"\s*/\s*", " OR ", package["license"])}]
        if (name, version) in sums:
            made["hashes"] = [{"alg": "SHA-256", "content": sums[name, version]}]
        return made

    refs = {one: component(package) for one, package in packages.items()}
    top = {**refs[root], "type": "application"}
    names = {one: str(made["bom-ref"]) for one, made in refs.items()}
    uses = [{"ref": names[one], "dependsOn": sorted({names[dep] for dep in deps})} for one, deps in used.items()]
    bill = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": uuid.uuid5(uuid.NAMESPACE_URL, f"{facts()['repository']}#{name_of(target)}").urn,
        "version": 1,
        "metadata": {"component": top, "properties": [{"name": "cdx:rustc:target", "value": target}]},
        "components": sorted((refs[one] for one in refs if one != root), key=lambda made: str(made["bom-ref"])),
        "dependencies": sorted(uses, key=lambda made: str(made["ref"])),
    }
    write(out, f"{name_of(target)}.cdx.json", (json.dumps(bill, indent=1) + "\n").encode())


def about(name: str) -> Dict[str, Any]:
    """What both kinds of npm package say of themselves."""
    own = facts()
    repository = {"type": "git", "url": f"git+{own['repository']}.git"}
    said = {"name": name, "version": own["version"], "description": own["description"], "license": own["license"]}
    return {**said, "homepage": own["repository"], "repository": repository, "engines": {"node": ">=18"}}


def pack(package: Dict[str, Any], files: Dict[str, Tuple[bytes, int]], out: str) -> None:
    """Packs an npm package of these files."""
    os.makedirs(out, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        files = {"package.json": ((json.dumps(package, indent=2) + "\n").encode(), 0o644), **files}
        files["LICENSE"] = (read(os.path.join(ROOT, "LICENSE")), 0o644)
        for path, (content, mode) in files.items():
            place = os.path.join(folder, path)
            os.makedirs(os.path.dirname(place), exist_ok=True)
            with open(place, "wb") as file:
                file.write(content)
            os.chmod(place, mode)
        npm = shutil.which("npm") or fail("`npm` is not installed")
        command = [npm, "pack", "--silent", "--ignore-scripts", "--pack-destination", os.path.abspath(out)]
        made = subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, text=True).stdout
    print(os.path.join(out, made.strip()))


def npm(target: str, out: str) -> None:
    name, system, machine, libc = TARGETS[known(target)]
    path = program(target)
    package = {**about(f"@polcheck/{name}"), "os": [system], "cpu": [machine], "preferUnplugged": True}
    if libc:
        package["libc"] = [libc]
    package["description"] = f"polcheck for {target}; install the package `polcheck`"
    readme = f"The program of [polcheck](https://www.npmjs.com/package/polcheck) for {target}.\n".encode()
    pack(package, {f"bin/{os.path.basename(path)}": (read(path), 0o755), "README.md": (readme, 0o644)}, out)


def npm_main(out: str) -> None:
    package = {**about("polcheck"), "keywords": facts()["keywords"], "bin": {"polcheck": "bin/polcheck.js"}}
    version = package["version"]
    package["optionalDependencies"] = {f"@polcheck/{name}": version for name, *_ in TARGETS.values()}
    launcher, readme = read(os.path.join(NPM, "polcheck.js")), read(os.path.join(ROOT, "packaging", "README.md"))
    pack(package, {"bin/polcheck.js": (launcher, 0o755), "README.md": (readme, 0o644)}, out)


def sums(out: str) -> None:
    names = sorted(name for name in os.listdir(out) if name.endswith((".tar.gz", ".zip", ".cdx.json")))
    lines = [f"{hashlib.sha256(read(os.path.join(out, name))).hexdigest()}  {name}\n" for name in names]
    write(out, "SHA256SUMS", "".join(lines).encode() or fail(f"nothing in {out} is released"))


def targets() -> None:
    print("\n".join(TARGETS))


COMMANDS = {
    "tag": tag,
    "notes": notes,
    "archive": archive,
    "sbom": sbom,
    "npm": npm,
    "npm-main": npm_main,
    "sums": sums,
    "targets": targets,
}


if __name__ == "__main__":
    given = sys.argv[1:]
    if not given or given[0] not in COMMANDS:
        sys.exit(__doc__)
    COMMANDS[given[0]](*given[1:])  # type: ignore[operator]
