"""Checking files of metadata against the schema, without a platform."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from jupyter_platform.catalogue.schema import schema_faults
from jupyter_platform.runtime.bounded import BoundsError, parse_json, parse_yaml, read_text


def check_file(path: Path) -> list[str]:
    """Return what schema 2.3 refuses of a file of metadata, a sentence each.

    Parameters
    ----------
    path : Path
        A file of YAML or JSON.
    """
    try:
        text = read_text(path)
        found = parse_json(text) if text.lstrip().startswith("{") else parse_yaml(text)
        # What is no JSON, such as a date without quotes, is no metadata either.
        return schema_faults(json.loads(json.dumps(found, default=_not_json)))
    except OSError as error:
        return [f"It cannot be read: {error.strerror}."]
    except (BoundsError, UnicodeDecodeError, TypeError) as error:
        return [f"It is not read: {error}."]
    except (yaml.YAMLError, ValueError) as error:
        return [f"It is no YAML or JSON: {str(error).splitlines()[0]}."]


def _not_json(value: object) -> object:
    raise TypeError(f"{value} is a {type(value).__name__}, which needs quotes to be text")
