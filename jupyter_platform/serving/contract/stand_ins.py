"""What modules import besides their own: provided where it is not installed, or has changed.

The names are those of the documented interface of DEEPaaS V2. A module that was written for
webargs 5 and marshmallow 3 finds the keywords that these had in current releases, too.
"""

from __future__ import annotations

import functools
import importlib.util
import inspect
import sys
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import marshmallow
from marshmallow import fields

from jupyter_platform.serving.contract import base_model, uploads, web_errors

_DEEPAAS: Mapping[str, Mapping[str, object]] = {
    "deepaas": {},
    "deepaas.model": {},
    "deepaas.model.v2": {},
    "deepaas.model.v2.base": {"BaseModel": base_model.BaseModel},
    "deepaas.model.v2.wrapper": {
        "UploadedFile": uploads.UploadedFile,
        "ReturnedFile": uploads.ReturnedFile,
    },
}
_ERRORS = ("HTTPException", "HTTPError", "HTTPClientError", "HTTPServerError")
_AIOHTTP: Mapping[str, Mapping[str, object]] = {
    "aiohttp": {},
    "aiohttp.web": {name: getattr(web_errors, name) for name in _ERRORS} | web_errors.NAMED,
}
_RENAMED = {"missing": "load_default", "default": "dump_default"}
"""Keywords of fields that have another name in marshmallow 4."""


def provide() -> None:
    """Make this process one that a module can be imported into; doing it twice does no harm."""
    for modules in (_DEEPAAS, _AIOHTTP):
        root = next(iter(modules))
        if root not in sys.modules and importlib.util.find_spec(root) is None:
            _register(modules)
    _accept_old_keywords()


def _register(modules: Mapping[str, Mapping[str, object]]) -> None:
    for name, content in modules.items():
        module = ModuleType(name, "Stand-in with the documented names.")
        module.__path__ = []
        vars(module).update(content)
        sys.modules[name] = module
        parent, _, last = name.rpartition(".")
        if parent:
            setattr(sys.modules[parent], last, module)


@functools.cache
def _accept_old_keywords() -> None:
    """Let fields of marshmallow 4 take the keywords that those of marshmallow 3 took."""
    original = fields.Field.__init__
    known = set(inspect.signature(original).parameters)
    if "missing" in known:
        return

    @functools.wraps(original)
    def init(self: fields.Field[Any], **given: Any) -> None:
        for old, new in _RENAMED.items():
            if old in given:
                given[new] = given.pop(old)
        other = {key: given.pop(key) for key in list(given) if key not in known}
        if other:
            given["metadata"] = {**other, **(given.get("metadata") or {})}
        if given.get("validate") is not None:
            given["validate"] = _validators(given["validate"])
        original(self, **given)

    field: Any = fields.Field
    field.__init__ = init


def _validators(given: Any) -> Any:
    """Let validators refuse a value by returning False, as they could in marshmallow 3."""
    if isinstance(given, list | tuple):
        return [_refusing(item) for item in given]
    return _refusing(given)


def _refusing(validator: Any) -> Any:
    return _refuse_where_false(validator) if inspect.isfunction(validator) else validator


def _refuse_where_false(validator: Callable[[Any], Any]) -> Callable[[Any], Any]:
    @functools.wraps(validator)
    def refusing(value: Any) -> Any:
        if validator(value) is False:
            raise marshmallow.ValidationError("Invalid value.")
        return value

    return refusing
