"""A module behind its contract: what it tells of itself, and calls of its functions."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

import marshmallow
from marshmallow import fields

from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.core.inference import (
    JSON_TYPE,
    ArgumentDescription,
    Method,
    MethodDescription,
    ModelDescription,
)
from jupyter_platform.serving.contract.describing import describe_all
from jupyter_platform.serving.contract.loading import Loaded
from jupyter_platform.serving.contract.missing_files import replace_missing
from jupyter_platform.serving.contract.parsing import (
    ACCEPT,
    ArgumentsError,
    RawArguments,
    offered,
    parse,
)
from jupyter_platform.serving.contract.results import Answer, failure, now, to_file, to_json

log = logging.getLogger(__name__)

Arguments: TypeAlias = "dict[str, fields.Field[Any]]"


class Module:
    """A module with the functions of the DEEPaaS V2 interface.

    Parameters
    ----------
    loaded : Loaded
        The module, imported.

    Raises
    ------
    InvalidDataError
        If what it tells of its arguments cannot be used.
    """

    def __init__(self, loaded: Loaded) -> None:
        self.name = loaded.name
        self._functions = loaded.functions
        self._distribution = loaded.distribution
        self._arguments = {method: self._told_arguments(method) for method in _METHODS}

    def metadata(self) -> dict[str, Any]:
        """Return what the module tells of itself; a placeholder where it tells nothing."""
        function = self._function("get_metadata")
        try:
            told = None if function is None else self._reading(function)
        except NotImplementedError:
            told = None
        if not isinstance(told, Mapping):
            return {
                "id": "0",
                "name": self.name,
                "description": f"The module {self.name!r} tells nothing of itself.",
            }
        return {str(key): value for key, value in told.items()}

    def warm(self) -> None:
        """Let the module make itself ready, where it has a function for that."""
        function = self._function("warm")
        if function is not None:
            try:
                function()
            except NotImplementedError:
                log.debug("%s has nothing to warm.", self.name)

    def describe(self) -> ModelDescription:
        """Return the functions with their arguments."""
        return ModelDescription(
            name=self.name,
            metadata=self.metadata(),
            predict=self._describe("predict"),
            train=self._describe("train"),
        )

    def check(self, method: Method, raw: RawArguments) -> dict[str, Any]:
        """Return the arguments of a call without making it.

        Raises
        ------
        ArgumentsError
            If something does not fit.
        """
        return parse(self._arguments[method], raw)

    def is_implemented(self, method: Method) -> bool:
        """Return whether the module has a function."""
        return self._function(method) is not None

    def predict(self, raw: RawArguments, folder: Path) -> Answer:
        """Check arguments, call ``predict``, and return its answer.

        Parameters
        ----------
        raw : RawArguments
            What the request holds.
        folder : Path
            For the body of an answer that is a file.
        """
        return self._answered(
            "predict", raw, lambda values, result: self._body(values, result, folder)
        )

    def train(self, raw: RawArguments) -> Answer:
        """Check arguments, call ``train``, and return output and date as JSON."""

        def body(_values: dict[str, Any], result: Any) -> Answer:
            return Answer(text=to_json({"output": result, "finish_date": now()}))

        return self._answered("train", raw, body)

    def _answered(
        self, method: Method, raw: RawArguments, body: Callable[[dict[str, Any], Any], Answer]
    ) -> Answer:
        function = self._function(method)
        if function is None:
            return failure(501, f"Module {self.name!r} has no function {method}.")
        try:
            values = self.check(method, raw)
        except ArgumentsError as error:
            return refused(error)
        try:
            return body(values, function(**values))
        except NotImplementedError as error:
            return failure(501, str(error) or f"Module {self.name!r} does not implement {method}.")
        except Exception as error:  # noqa: BLE001 - the code of a stranger raises anything
            log.error("%s of %s failed:\n%s", method, self.name, traceback.format_exc())  # noqa: TRY400 - once
            return raised(error)

    def _body(self, values: dict[str, Any], result: Any, folder: Path) -> Answer:
        accept = str(values.get(ACCEPT, JSON_TYPE))
        is_json = accept in (JSON_TYPE, "*/*")
        if not is_json or hasattr(result, "read"):
            found = to_file(result, accept, folder)
            if found is not None:
                return found
        if not self._schema:
            return Answer(text=to_json({"status": "OK", "predictions": result}))
        try:
            self._schema().load(result)
        except marshmallow.ValidationError as error:
            return failure(
                500, f"The answer of {self.name!r} does not fit its schema: {error.messages}"
            )
        return Answer(text=to_json(result))

    @cached_property
    def _schema(self) -> type[marshmallow.Schema] | None:
        told = getattr(self._functions, "schema", None)
        if isinstance(told, Mapping):
            made: type[marshmallow.Schema] = marshmallow.Schema.from_dict(dict(told))
            return made
        if isinstance(told, type) and issubclass(told, marshmallow.Schema):
            return told
        if told is None:
            return None
        raise InvalidDataError(
            f"schema of module {self.name!r} is {type(told).__name__}; it must be a dict of fields "
            "or a class derived from marshmallow.Schema."
        )

    def _describe(self, method: Method) -> MethodDescription:
        arguments = self._arguments[method]
        accept = offered(arguments[ACCEPT]) if ACCEPT in arguments else [JSON_TYPE]
        return MethodDescription(
            implemented=self.is_implemented(method),
            arguments=describe_all(arguments, without=(ACCEPT,)),
            accept=accept if method == "predict" else [JSON_TYPE],
            answer=self._answer_fields() if method == "predict" else None,
        )

    def _answer_fields(self) -> list[ArgumentDescription] | None:
        return None if self._schema is None else describe_all(self._schema().fields)

    def _told_arguments(self, method: Method) -> Arguments:
        function = self._function(f"get_{method}_args")
        if function is None:
            return {}
        try:
            told = self._reading(function)
        except NotImplementedError:
            return {}
        except Exception as error:
            raise InvalidDataError(
                f"get_{method}_args of module {self.name!r} fails: {type(error).__name__}: {error}."
            ) from error
        wrong = [name for name, field in told.items() if not isinstance(field, fields.Field)]
        if wrong:
            raise InvalidDataError(
                f"get_{method}_args of module {self.name!r}: {wrong[0]!r} is "
                f"{type(told[wrong[0]]).__name__}, not a field of webargs or marshmallow."
            )
        return dict(told)

    def _function(self, name: str) -> Callable[..., Any] | None:
        found = getattr(self._functions, name, None)
        return found if callable(found) else None

    def _reading(self, function: Callable[[], Any]) -> Any:
        """Call a function, finding files elsewhere that the installation left out."""
        try:
            return function()
        except FileNotFoundError as error:
            if not replace_missing(error, self._distribution):
                raise
            return function()


_METHODS: tuple[Method, ...] = ("predict", "train")


def refused(error: ArgumentsError) -> Answer:
    """Return the answer to arguments that do not fit: what is wrong, by name."""
    return Answer(status=422, text=to_json(error.messages))


def raised(error: Exception) -> Answer:
    """Return the answer to an error of a module: the status that it chose, or 500."""
    status = getattr(error, "status_code", getattr(error, "status", None))
    if isinstance(status, int) and 400 <= status < 600:
        reason = getattr(error, "reason", None)
        return failure(status, str(reason or error))
    return failure(500, f"{type(error).__name__}: {error}")
