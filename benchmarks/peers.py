"""Peers with an environment of their own, as what they need does not go with what we need.

``scripts/bootstrap benchmarks`` makes it; where it is not, they are left out.
"""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx

from benchmarks.jupyter import until

PROGRAMS = Path(__file__).parents[1] / ".make" / "peers" / "bin"
TOKEN = "benchmark"


def is_there(name: str) -> bool:
    """Return whether a program of a peer is installed."""
    return (PROGRAMS / name).exists()


@contextmanager
def mlflow_run() -> Iterator[Callable[[], float]]:
    """Start MLflow's tracking server on SQLite; give what makes a run there, and times it, s."""
    with tempfile.TemporaryDirectory() as scratch:
        store = f"sqlite:///{scratch}/mlflow.db"
        words = ("server", "--backend-store-uri", store, "--workers", "1")
        # Its runners of jobs would take a gigabyte, and the machine's CPUs while they start.
        with _serving("mlflow", words, scratch, MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false") as url:
            client = httpx.Client(base_url=url, timeout=60, trust_env=False)
            until(lambda: _answers(client, "/health"), "MLflow's server")

            def once() -> float:
                began = time.perf_counter()
                run = {"experiment_id": "0", "run_name": "alone", "start_time": 0}
                client.post("/api/2.0/mlflow/runs/create", json=run).raise_for_status()
                return time.perf_counter() - began

            with closing(client):
                yield once


@contextmanager
def scheduler_page(jobs: int, page: int) -> Iterator[Callable[[], float]]:
    """Start jupyter-scheduler with some jobs stored; give what lists a page, and times it, s.

    Parameters
    ----------
    jobs, page : int
        How many are stored, and on a page.
    """
    with tempfile.TemporaryDirectory() as scratch:
        database = f"{scratch}/scheduler.sqlite"
        words = (
            "--no-browser",
            "--allow-root",
            f"--IdentityProvider.token={TOKEN}",
            f"--SchedulerApp.db_url=sqlite:///{database}",
        )
        with _serving("jupyter-server", words, scratch) as url:
            headers = {"Authorization": f"token {TOKEN}"}
            client = httpx.Client(base_url=url, headers=headers, timeout=60, trust_env=False)
            listing = f"/scheduler/jobs?max_items={page}"
            until(lambda: _answers(client, listing), "jupyter-scheduler")
            _fill(database, jobs)

            def once() -> float:
                began = time.perf_counter()
                found = client.get(listing).raise_for_status().json()
                seconds = time.perf_counter() - began
                assert (found["total_count"], len(found["jobs"])) == (jobs, page)
                return seconds

            with closing(client):
                yield once


def _fill(database: str, jobs: int) -> None:
    """Store ended jobs: those that are submitted would all be run at once."""
    fields = {
        "job_id": "",
        "status": "COMPLETED",
        "name": "a job",
        "url": "/jobs",
        "runtime_environment_name": "python3",
        "runtime_environment_parameters": "{}",
        "input_filename": "train.ipynb",
        "output_filename_template": "{{input_filename}}-{{create_time}}",
        "output_formats": '["ipynb"]',
        "parameters": '{"learning_rate": "0.01"}',
        "tags": "[]",
        "packaged_files": "[]",
        "create_time": 0,
        "update_time": 0,
        "start_time": 0,
        "end_time": 1,
    }
    rows = ({**fields, "job_id": str(number), "create_time": number} for number in range(jobs))
    names = ", ".join(fields)
    places = ", ".join(f":{name}" for name in fields)
    with closing(sqlite3.connect(database, timeout=60)) as connection, connection:
        connection.executemany(f"INSERT INTO jobs ({names}) VALUES ({places})", rows)


@contextmanager
def _serving(name: str, words: tuple[str, ...], scratch: str, **variables: str) -> Iterator[str]:
    """Run a server with folders of its own and yield its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folders = {
        f"JUPYTER_{kind}_DIR": f"{scratch}/{kind.lower()}" for kind in ("CONFIG", "DATA", "RUNTIME")
    }
    path = f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"
    with open(f"{scratch}/log", "wb") as log:
        server = subprocess.Popen(
            [str(PROGRAMS / name), *words, "--port", str(port)],
            cwd=scratch,
            env={**os.environ, **folders, **variables, "HOME": scratch, "PATH": path},
            stdout=log,
            stderr=log,
        )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=60)


def _answers(client: httpx.Client, path: str) -> bool:
    try:
        return client.get(path).is_success
    except httpx.HTTPError:
        return False
