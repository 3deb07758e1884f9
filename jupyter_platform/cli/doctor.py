"""``jupyter platform doctor``: what this machine needs, whether it is there, what to do."""

from __future__ import annotations

import platform as machine
import shutil
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from jupyter_platform.cli.output import json_option, print_json
from jupyter_platform.client import Platform
from jupyter_platform.core.errors import CoordinatorError, PlatformError
from jupyter_platform.core.settings import Settings
from jupyter_platform.core.units import format_bytes, format_count
from jupyter_platform.runtime.connection import read_connection
from jupyter_platform.runtime.filesystem import network_file_system
from jupyter_platform.runtime.gpus import gpu_inventory
from jupyter_platform.runtime.paths import Paths

LEAST_PYTHON = (3, 11)
LEAST_DISK = 2_000_000_000
"""Bytes free below which weights and checkpoints soon find no room."""
TORCH_TIMEOUT_S = 120


@dataclass(frozen=True)
class Finding:
    """The finding of one check."""

    name: str
    ok: bool
    found: str
    advice: str | None = None
    """Advice, where something is wrong."""


@click.command()
@json_option
def doctor(as_json: bool) -> int:
    """Check this machine and the platform on it; starts nothing."""
    paths = Paths.default()
    findings: list[Finding] = []
    for check in CHECKS:
        findings.append(check(paths))
        if not as_json:
            _print(findings[-1])
    if as_json:
        print_json([asdict(item) for item in findings])
    return 0 if all(item.ok for item in findings) else 1


def check_python(paths: Paths) -> Finding:
    """Check the version of Python."""
    version = ".".join(str(part) for part in sys.version_info[:3])
    return Finding(
        "Python",
        sys.version_info >= LEAST_PYTHON,
        f"{version} on {machine.system()} {machine.machine()} ({sys.executable})",
        "Install Python 3.11 or newer.",
    )


def check_torch(paths: Paths) -> Finding:
    """Check in a child process that torch can be imported."""
    code = "import torch; print(torch.__version__, torch.cuda.is_available())"
    try:
        # -I keeps files of the present folder from being taken for torch.
        done = subprocess.run(
            [sys.executable, "-I", "-c", code],
            capture_output=True,
            text=True,
            timeout=TORCH_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        found = f"not imported within {TORCH_TIMEOUT_S} s"
        return Finding("torch", False, found, "Look for an overloaded disk or machine.")
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["it died without a word"])[-1]
        advice = f"Install it: {sys.executable} -m pip install --force-reinstall torch"
        return Finding("torch", False, reason, advice)
    version, cuda = done.stdout.split()
    return Finding("torch", True, f"{version}, {'with' if cuda == 'True' else 'without'} CUDA")


def check_file_system(paths: Paths) -> Finding:
    """Check that the state store can lie where it shall."""
    kind = network_file_system(paths.data)
    return Finding(
        "file system",
        kind is None,
        f"{paths.data} is on {kind or 'a local file system'}",
        "SQLite loses data on network file systems: set JUPYTER_DATA_DIR to a local folder.",
    )


def check_folders(paths: Paths) -> Finding:
    """Check that nobody else can read the platform's folders."""
    open_ones = [
        str(folder)
        for folder in (paths.data, paths.runtime)
        if folder.exists() and stat.S_IMODE(folder.stat().st_mode) & 0o077
    ]
    found = "closed to other users" if not open_ones else f"open to others: {', '.join(open_ones)}"
    return Finding("folders", not open_ones, found, f"chmod 700 {' '.join(open_ones)}")


def check_tls(paths: Paths) -> Finding:
    """Check that nobody else can read the keys of the cluster."""
    files = sorted(paths.tls.glob("*.pem")) if paths.tls.is_dir() else []
    if not files:
        return Finding("TLS files", True, "made at the first start")
    open_ones = [path for path in files if _others_may_read_secret(path)]
    found = f"{format_count(len(files), 'file')} in {paths.tls}"
    if open_ones:
        found = f"{', '.join(path.name for path in open_ones)} can be read by other users"
    advice = f"jupyter platform down, remove {paths.tls}, and start again: the key may be known."
    return Finding("TLS files", not open_ones, found, advice)


def check_port(paths: Paths) -> Finding:
    """Check that the coordinator can listen on its port."""
    port = _settings(paths).coordinator.port
    if _is_running(paths):
        return Finding("port", True, "in use by the coordinator")
    try:
        with socket.socket() as probe:
            # As servers do: connections that linger from the last run do not count.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
    except OSError as error:
        advice = "Choose another: jupyter platform up --port N, or end the program that has it."
        return Finding("port", False, f"{port or 'any'}: {error.strerror}", advice)
    return Finding("port", True, f"{port} is free" if port else "any free one of 127.0.0.1")


def check_disk(paths: Paths) -> Finding:
    """Check that there is room for weights and checkpoints."""
    folder = next(path for path in (paths.data, *paths.data.parents) if path.exists())
    free = shutil.disk_usage(folder).free
    advice = "Free some space, delete jobs, or set JUPYTER_DATA_DIR to another disk."
    return Finding("disk", free >= LEAST_DISK, f"{format_bytes(free)} free", advice)


def check_gpus(paths: Paths) -> Finding:
    """Tell which GPUs are offered, and why others are not; none is fine."""
    inventory = gpu_inventory()
    found = [
        f"{gpu.name} ({format_bytes(gpu.memory)}{', shared with the CPUs' * gpu.is_unified})"
        for gpu in inventory.offered
    ]
    offered = ", ".join(found) or "none; jobs run on CPUs"
    return Finding("GPUs", True, " ".join((f"{offered}.", *inventory.not_offered)).rstrip("."))


def check_coordinator(paths: Paths) -> Finding:
    """Check the connection file, and that the coordinator answers and fits."""
    try:
        if read_connection(paths) is None:
            return Finding("coordinator", True, "not running; started on demand")
        record = Platform(start=False).status()
    except PlatformError as error:
        advice = f"See {paths.log('coordinator')}; jupyter platform down, then up."
        return Finding("coordinator", False, error.message, advice)
    found = f"{record.version}, {record.running} running, {record.queued} waiting"
    return Finding("coordinator", True, found)


def check_hosts(paths: Paths) -> Finding:
    """Check that a host is there whenever the coordinator is."""
    if not _is_running(paths):
        return Finding("hosts", True, "none while the platform is down")
    try:
        record = Platform(start=False).status()
    except PlatformError as error:
        return Finding("hosts", False, f"not known: {error.message}", "First the coordinator.")
    found = f"{record.hosts} up, {record.hosts_lost} lost"
    advice = "See `jupyter platform logs`: the log of the host says why it is not there."
    return Finding("hosts", record.hosts > 0, found, " ".join(record.warnings) or advice)


CHECKS: tuple[Callable[[Paths], Finding], ...] = (
    check_python,
    check_torch,
    check_file_system,
    check_folders,
    check_tls,
    check_port,
    check_disk,
    check_gpus,
    check_coordinator,
    check_hosts,
)
"""In the order in which one fault explains the next."""


def _print(finding: Finding) -> None:
    mark = "✓" if finding.ok else "✗"
    click.echo(f"{mark} {finding.name:<12} {finding.found}")
    if not finding.ok and finding.advice:
        click.echo(f"  {'':<12} → {finding.advice}")


def _others_may_read_secret(path: Path) -> bool:
    is_secret = b"PRIVATE KEY" in path.read_bytes()
    return is_secret and bool(stat.S_IMODE(path.stat().st_mode) & 0o077)


def _is_running(paths: Paths) -> bool:
    try:
        return read_connection(paths) is not None
    except CoordinatorError:
        return False


def _settings(paths: Paths) -> Settings:
    try:
        return Settings.model_validate_json(paths.settings_file.read_bytes())
    except (OSError, ValueError):
        return Settings()
