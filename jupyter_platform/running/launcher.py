"""Runs a script or a module as ``__main__``, and writes down the exception that ends it.

Started by path with the interpreter of the job's environment: standard library only, any Python
from 3.8 on. ``launcher.py ERROR_FILE script SOURCE SHOWN_AS ARGUMENT…`` compiles SOURCE, the script
as it was submitted, under the path SHOWN_AS; ``launcher.py ERROR_FILE module NAME ARGUMENT…``.
"""

from __future__ import annotations

import json
import linecache
import os
import runpy
import sys
import traceback
import types

LONGEST_TRACEBACK = 20_000
"""Characters of a traceback that are kept, from its end."""


def run_script(source_path: str, shown_as: str, arguments: list[str]) -> None:
    """Execute a file as ``__main__``, as if it lay at `shown_as`.

    Parameters
    ----------
    source_path : str
        File with the code.
    shown_as : str
        Path that tracebacks and `__file__` say.
    arguments : list of str
        Words of the command line.
    """
    with open(source_path, "rb") as file:
        source = file.read()
    sys.argv[:] = [shown_as, *arguments]
    sys.path[0] = os.path.dirname(shown_as)
    main = types.ModuleType("__main__")
    main.__dict__.update(__file__=shown_as, __builtins__=__builtins__)
    sys.modules["__main__"] = main
    lines = source.decode("utf-8", "replace").splitlines(keepends=True)
    # Tracebacks show what runs here, whatever stands in the file by now.
    linecache.cache[shown_as] = (len(source), None, lines, shown_as)
    exec(compile(source, shown_as, "exec", dont_inherit=True), main.__dict__)


def run_module(name: str, arguments: list[str]) -> None:
    """Execute a module of the environment, or of the working folder, as ``python -m`` does.

    Parameters
    ----------
    name : str
        Name of the module.
    arguments : list of str
        Words of the command line.
    """
    sys.argv[:] = [name, *arguments]
    sys.path[0] = os.getcwd()
    runpy.run_module(name, run_name="__main__", alter_sys=True)


def main() -> int:
    """Run what the command line says; return the exit code of an exception."""
    error_file, kind, target, *rest = sys.argv[1:]
    try:
        if kind == "module":
            run_module(target, rest)
        else:
            run_script(target, rest[0], rest[1:])
    except SystemExit:
        raise
    except BaseException as error:  # noqa: BLE001 - this is the top of the process
        shown = error.__traceback__
        while shown is not None and shown.tb_frame.f_code.co_filename in (__file__, runpy.__file__):
            shown = shown.tb_next
        error.__traceback__ = shown
        record = {
            "type": type(error).__name__,
            "message": str(error) or type(error).__name__,
            "traceback": "".join(traceback.format_exception(type(error), error, shown))[
                -LONGEST_TRACEBACK:
            ],
        }
        with open(error_file, "w", encoding="utf-8", errors="replace") as file:
            json.dump(record, file)
        sys.excepthook(type(error), error, shown)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
