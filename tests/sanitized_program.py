"""Builds the program on a core under sanitizers: the package with another extension module.

The core's objects are those of the C tests; what cffi generates is added to them.  Knows
nothing of tests; whoever runs the program looks whether anything was reported.
"""

import subprocess
import sysconfig
from pathlib import Path

from laiobench.native.build import CORE, ROOT, ffibuilder
from native_programs import COMPILER, SANITIZERS, being_built, build_core, build_folder

_VARIANT = "address"
_EXTENSION = "_core.abi3.so"


def _build_extension(target: Path) -> None:
    generated = target.with_name("_core.c")
    ffibuilder.emit_c_code(str(generated))
    flags = ["-std=gnu11", "-O1", "-g", "-fPIC", "-shared", *SANITIZERS[_VARIANT]]
    include = [f"-I{CORE}", f"-I{sysconfig.get_path('include')}"]
    objects = [str(path) for path in build_core(_VARIANT)]
    link = ["-o", str(target), "-pthread", "-ldl", "-lm"]
    subprocess.run([COMPILER, *flags, *include, str(generated), *objects, *link], check=True)


def _link_package(folder: Path) -> None:
    """Link all of the package but the extension into a folder."""
    package = ROOT / "laiobench"
    border = package / "native"
    (folder / "native").mkdir(parents=True)
    for source in [*package.glob("[!_.]*"), *package.glob("__*__.py")]:
        if source != border:
            (folder / source.name).symlink_to(source)
    for source in border.glob("*.py"):
        (folder / "native" / source.name).symlink_to(source)
    if not (folder / "profiles").exists():
        (folder / "profiles").symlink_to(ROOT / "profiles")


def _packages() -> Path:
    """The folder with the package, built at the first call."""
    folder = build_folder() / "sanitized"
    with being_built("sanitized") as is_ours:
        if is_ours:
            _link_package(folder / "laiobench")
            _build_extension(folder / "laiobench" / "native" / _EXTENSION)
    return folder


def _runtime() -> str:
    """The sanitizers' runtime library, which must be loaded before Python."""
    ask = [COMPILER, "-print-file-name=libasan.so"]
    return subprocess.run(ask, capture_output=True, text=True, check=True).stdout.strip()


def environment(reports: Path) -> dict[str, str]:
    """The environment for the program; sanitizers write to files in the folder `reports`."""
    log = f"log_path={reports}/report:exitcode=99"
    return {
        "PYTHONPATH": str(_packages()),
        "LD_PRELOAD": _runtime(),
        "ASAN_OPTIONS": f"{log}:detect_leaks=0",  # Python does not free its memory when it exits
        "UBSAN_OPTIONS": f"{log}:print_stacktrace=1",
    }
