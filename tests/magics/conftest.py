"""A real IPython shell with the extension loaded."""

from __future__ import annotations

from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from typing import Any

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from IPython.terminal.interactiveshell import TerminalInteractiveShell
from IPython.utils.capture import capture_output
from traitlets.config import Config


@dataclass(frozen=True)
class Ran:
    """What running a cell left."""

    error: BaseException | None
    displayed: list[dict[str, Any]]
    """The MIME bundles that were displayed, in their order."""
    updated: list[dict[str, Any]]
    """Those that took the place of earlier ones."""
    out: str
    """What was printed, and values as they stand behind ``Out[…]:``."""


class Notebook:
    """Runs cells."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell

    def run(self, cell: str) -> Ran:
        """Run a cell as a front end does."""
        with capture_output() as captured:
            result = self.shell.run_cell(cell, store_history=True)
        displayed = [output.data for output in captured.outputs if not output.update]
        updated = [output.data for output in captured.outputs if output.update]
        error = result.error_in_exec or result.error_before_exec
        return Ran(error, displayed, updated, captured.stdout + captured.stderr)

    def __getitem__(self, name: str) -> Any:
        return self.shell.user_ns[name]

    def complete(self, text: str) -> list[str]:
        """Return the lines that the text can be completed to with its cursor at the end."""
        with provisionalcompleter():
            found = list(self.shell.Completer.completions(text, len(text)))
        return [text[: item.start] + item.text for item in found]


class Terminal:
    """Runs cells in a terminal."""

    def __init__(self, shell: TerminalInteractiveShell) -> None:
        self._shell = shell

    def run(self, cell: str) -> str:
        """Run a cell; return what is to be read after it."""
        with redirect_stdout(StringIO()) as screen:
            self._shell.run_cell(cell, store_history=True)
        return screen.getvalue().strip()


class KernelShell(InteractiveShell):
    """The shell of a kernel, as far as magics can tell."""

    kernel = object()


@contextmanager
def _loaded(kind: type[InteractiveShell], tmp_path, monkeypatch):
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.chdir(tmp_path)
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    config.TerminalInteractiveShell.simple_prompt = True
    kind.clear_instance()
    shell = kind.instance(config=config)
    shell.extension_manager.load_extension("jupyter_platform")
    yield shell
    shell.extension_manager.unload_extension("jupyter_platform")
    kind.clear_instance()


@pytest.fixture
def notebook(tmp_path, monkeypatch):
    with _loaded(KernelShell, tmp_path, monkeypatch) as shell:
        yield Notebook(shell)


@pytest.fixture
def terminal(tmp_path, monkeypatch):
    with _loaded(TerminalInteractiveShell, tmp_path, monkeypatch) as shell:
        yield Terminal(shell)
