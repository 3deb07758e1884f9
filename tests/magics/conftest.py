"""A real IPython shell with the extension loaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from traitlets.config import Config


@dataclass(frozen=True)
class Ran:
    """What running a cell left."""

    error: BaseException | None
    displayed: list[dict[str, Any]]
    """The MIME bundles that were displayed, in their order."""
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
        displayed = [output.data for output in captured.outputs]
        error = result.error_in_exec or result.error_before_exec
        return Ran(error, displayed, captured.stdout + captured.stderr)

    def __getitem__(self, name: str) -> Any:
        return self.shell.user_ns[name]

    def complete(self, text: str) -> list[str]:
        """Return the lines that the text can be completed to with its cursor at the end."""
        with provisionalcompleter():
            found = list(self.shell.Completer.completions(text, len(text)))
        return [text[: item.start] + item.text for item in found]


@pytest.fixture
def notebook(tmp_path, monkeypatch):
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.chdir(tmp_path)
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance(config=config)
    shell.extension_manager.load_extension("jupyter_platform")
    yield Notebook(shell)
    shell.extension_manager.unload_extension("jupyter_platform")
    InteractiveShell.clear_instance()
