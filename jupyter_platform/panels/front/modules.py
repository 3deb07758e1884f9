"""Widgets with a front end of their own, whose parts are files of this package."""

from __future__ import annotations

import re
from importlib import resources

_IMPORT = re.compile(r"^import [^;]*;\n", re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default)", re.MULTILINE)


def joined(*names: str) -> str:
    """Return JavaScript files as the one module that a widget's front end has to be.

    Parameters
    ----------
    names : str
        Files of the folder ``parts`` without their ends, those that are imported first. What they
        declare is unique, and they import nothing but one another.
    """
    folder = resources.files(__package__).joinpath("parts")
    texts = (folder.joinpath(f"{name}.js").read_text("utf-8") for name in names)
    return "\n".join(_EXPORT.sub("", _IMPORT.sub("", text)) for text in texts)


def style(*names: str) -> str:
    """Return style sheets of the folder ``parts`` as one."""
    folder = resources.files(__package__).joinpath("parts")
    return "\n".join(folder.joinpath(f"{name}.css").read_text("utf-8") for name in names)
