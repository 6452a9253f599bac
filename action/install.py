"""Gets polcheck: a released binary whose checksum is verified, or a build of the action's own checkout.

Sets the outputs `bin` and `version`, and puts the program on the PATH of later steps. POLCHECK_BIN names a program to use as it
is: a name on PATH or a whole path, never one that could lie in the workspace, which holds what a pull request put there.
POLCHECK_RELEASES is where releases are downloaded from, instead of GitHub.
"""

import hashlib
import http.client
import io
import os
import platform
import re
import shutil
import subprocess
import tarfile
import tempfile
import urllib.request
import zipfile

from github import fail, output, shown, text_input, variable

VERSION = re.compile(r"v?([0-9]+\.[0-9]+\.[0-9]+(?:-[0-9A-Za-z.]+)?)\Z")
REPOSITORY = re.compile(r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+\Z")
SYSTEMS = {"Linux": "unknown-linux-gnu", "macOS": "apple-darwin", "Windows": "pc-windows-msvc"}
MACHINES = {"X64": "x86_64", "ARM64": "aarch64"}
LARGEST = 256 * 1024 * 1024


def target() -> str:
    """The Rust name of this machine."""
    system = variable("RUNNER_OS") or {"Darwin": "macOS"}.get(platform.system(), platform.system())
    machine = variable("RUNNER_ARCH") or {"x86_64": "X64", "AMD64": "X64"}.get(platform.machine(), "ARM64")
    if system not in SYSTEMS or machine not in MACHINES:
        fail(f"there is no released polcheck for {system} on {machine}; set the input `version` to `source`")
    return f"{MACHINES[machine]}-{SYSTEMS[system]}"


def releases() -> str:
    """Where releases are: of the repository that the action comes from."""
    override = variable("POLCHECK_RELEASES")
    if override:
        return override.rstrip("/")
    # The checkout lies in _actions/OWNER/NAME/REF. Inside another composite action, what GitHub names is empty, or that action.
    parts = variable("GITHUB_ACTION_PATH").replace("\\", "/").rsplit("/_actions/", 1)
    named = "/".join(parts[1].split("/")[:2]) if len(parts) == 2 else ""
    named = named or variable("ACTION_REPOSITORY") or variable("GITHUB_REPOSITORY")
    if not REPOSITORY.match(named):
        fail("it cannot be told which repository the action comes from; set the input `version` to `source`")
    return f"{variable('GITHUB_SERVER_URL') or 'https://github.com'}/{named}/releases/download"


def fetch(url: str) -> bytes:
    """The content at `url`."""
    try:
        with urllib.request.urlopen(url, timeout=120) as answer:
            content: bytes = answer.read(LARGEST + 1)
    except (OSError, http.client.HTTPException) as error:
        fail(f"cannot download {url}: {error}")
    if len(content) > LARGEST:
        fail(f"{url} is larger than any release")
    return content


def download(version: str, folder: str) -> str:
    """Downloads the release, verifies it, and unpacks the program into `folder`."""
    name = f"polcheck-{version}-{target()}"
    program = "polcheck.exe" if "windows" in name else "polcheck"
    archive = name + (".zip" if "windows" in name else ".tar.gz")
    place = f"{releases()}/v{version}"
    sums = fetch(f"{place}/SHA256SUMS").decode("utf-8", "replace")
    wanted = [line.split()[0].lower() for line in sums.splitlines() if line.split()[1:] in ([archive], ["*" + archive])]
    if len(wanted) != 1:
        fail(f"SHA256SUMS of version {version} does not name {archive} once, so it cannot be verified")
    content = fetch(f"{place}/{archive}")
    got = hashlib.sha256(content).hexdigest()
    if got != wanted[0]:
        fail(f"the checksum of {archive} is {got} and SHA256SUMS says {wanted[0]}; it is not used")
    path = os.path.join(folder, program)
    with open(path, "wb") as file:
        file.write(unpack(content, archive, program))
    os.chmod(path, 0o755)
    return path


def unpack(content: bytes, archive: str, program: str) -> bytes:
    """The one file of the archive that is wanted; nothing else is written anywhere."""
    try:
        if archive.endswith(".zip"):
            with zipfile.ZipFile(io.BytesIO(content)) as opened:
                return opened.read(next(name for name in opened.namelist() if name.split("/")[-1] == program))
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as opened:
            wanted = (opened.extractfile(m) for m in opened if m.isfile() and m.name.split("/")[-1] == program)
            return next(file for file in wanted if file).read()
    except (StopIteration, tarfile.TarError, zipfile.BadZipFile, OSError) as error:
        fail(f"{archive} holds no {program}: {error}")


def build(folder: str) -> str:
    """Builds the action's own checkout."""
    checkout = variable("GITHUB_ACTION_PATH")
    manifest = os.path.join(checkout, "Cargo.toml")
    # The program is looked for where a build for this machine leaves it.
    environment = {name: value for name, value in os.environ.items() if name != "CARGO_BUILD_TARGET"}
    try:
        subprocess.run(
            ["cargo", "build", "--release", "--locked", "--manifest-path", manifest, "--target-dir", folder],
            # cargo and rustup obey the configuration of the folder that they run in, and the workspace's is the pull request's.
            cwd=checkout,
            env=environment,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError) as error:
        fail(f"polcheck cannot be built: {error}; name a released version in the input `version`, or install Rust before")
    return os.path.join(folder, "release", "polcheck.exe" if os.name == "nt" else "polcheck")


def installed(given: str) -> str:
    """The program that POLCHECK_BIN names: one on PATH, or a whole path."""
    found = given if os.path.isabs(given) else None if os.path.dirname(given) else shutil.which(given)
    # Windows looks into the current folder too, and PATH may name a folder of the workspace.
    if not found or not os.path.isabs(found):
        fail(f"POLCHECK_BIN names no program on PATH and is no whole path: `{given}`")
    return found


def main() -> None:
    wanted = text_input("version")
    temp = os.path.abspath(variable("RUNNER_TEMP") or tempfile.gettempdir())
    given = variable("POLCHECK_BIN")
    matched = VERSION.match(wanted)
    if given:
        program = installed(given)
        print(f"POLCHECK_BIN is set: {shown(given)}")
    elif wanted in ("", "source"):
        program = build(os.path.join(temp, "polcheck-target"))
    elif matched:
        program = download(matched.group(1), tempfile.mkdtemp(prefix="polcheck-bin-", dir=temp))
    else:
        fail(f"the input `version` is a version such as 0.1.0, or `source`, not `{wanted}`")
    try:
        answer = subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        fail(f"`{program}` does not run: {error}")
    version = answer.strip().split(" ")[-1]
    if matched and not given and version != matched.group(1):
        fail(f"version {matched.group(1)} was asked for and the release holds {version}")
    path = variable("GITHUB_PATH")
    if path:
        with open(path, "a", encoding="utf-8", newline="\n") as file:
            file.write(os.path.dirname(program) + "\n")
    output("bin", program)
    output("version", version)


if __name__ == "__main__":
    main()
