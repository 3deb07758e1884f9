"""The base of all option models."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

_UNSET = (None, False, 0, "constant")
"""Values by which an option asks for nothing."""


class OptionModel(BaseModel):
    """Options of one job type.

    Values may be text, as they come from a command line or a form; they are converted, never
    guessed.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, defer_build=True)

    unchecked: ClassVar[frozenset[str]] = frozenset()
    """Options that never decide whether networks, dataset and options go together."""

    refused: ClassVar[Mapping[str, str]] = {}
    """Options that a model inherits and that can have no effect in it, with the reason."""

    alternatives: ClassVar[tuple[tuple[str, str], ...]] = ()
    """Pairs of mutually exclusive options, two spellings of one setting."""

    @field_validator("*", mode="before")
    @classmethod
    def _truth_is_no_number(cls, value: Any, info: ValidationInfo) -> Any:
        if (
            isinstance(value, bool)
            and cls.model_fields[str(info.field_name)].annotation is not bool
        ):
            raise PydanticCustomError("truth_value", "true and false are no numbers")
        return value

    @classmethod
    def condition(cls, name: str) -> Mapping[str, tuple[str, ...]]:
        """Return which values of other options an option goes with; empty: with any."""
        return _conditions(cls)[name]

    @classmethod
    def spellings(cls) -> dict[str, str]:
        """Return DIANNE's name of each option that has one, to ours."""
        return {spelling: names[-1] for spelling, names in _spelled(cls).items()}

    @classmethod
    def spelled(cls, key: str) -> list[str]:
        """Return the options that a key may stand for, in our spelling or DIANNE's.

        DIANNE has one name for options that mean different things: ``decayRate``.
        """
        if key in cls.model_fields:
            return [key]
        return list(_spelled(cls).get(key, ()))

    def applies(self, name: str) -> bool:
        """Return whether an option means anything beside the others as they are."""
        return name not in self.refused and all(
            str(getattr(self, key)) in values for key, values in self.condition(name).items()
        )

    @classmethod
    def needed(cls, name: str) -> tuple[str, ...]:
        """Return the options that this one depends on: one of them must be set."""
        return tuple(_extra(cls, name).get("needs", ()))

    def is_idle(self, name: str) -> bool:
        """Return whether an option has no effect, since none that it depends on is set."""
        needed = self.needed(name)
        return bool(needed) and all(getattr(self, other) in _UNSET for other in needed)

    def applicable(self) -> dict[str, Any]:
        """Return the options that mean something, as JSON values."""
        names = {name for name in type(self).model_fields if self.applies(name)}
        return self.model_dump(mode="json", include=names)

    def checked(self) -> dict[str, Any]:
        """Return the options that a check of networks and dataset needs, without defaults."""
        given = self.model_dump(mode="json", exclude=set(self.unchecked), exclude_defaults=True)
        return {name: value for name, value in given.items() if self.applies(name)}


@cache
def _spelled(model: type[OptionModel]) -> dict[str, list[str]]:
    """Return the options by each name that DIANNE has for them."""
    found: dict[str, list[str]] = {}
    for name in model.model_fields:
        for spelling in _extra(model, name).get("dianne", ()):
            found.setdefault(spelling, []).append(name)
    return found


@cache
def _conditions(model: type[OptionModel]) -> dict[str, dict[str, tuple[str, ...]]]:
    """Return which values of others each option goes with."""
    return {
        name: {key: tuple(values) for key, values in _extra(model, name).get("when", {}).items()}
        for name in model.model_fields
    }


def _extra(model: type[OptionModel], name: str) -> dict[str, Any]:
    extra = model.model_fields[name].json_schema_extra
    return extra if isinstance(extra, dict) else {}


def option(
    default: Any,
    help: str,
    *,
    group: str,
    unit: str | None = None,
    common: bool = False,
    default_text: str | None = None,
    when: Mapping[str, tuple[str, ...]] | None = None,
    needs: tuple[str, ...] = (),
    dianne: str | tuple[str, ...] = (),
    **bounds: Any,
) -> Any:
    """Declare an option.

    Parameters
    ----------
    default : object
        Value when the option is not given.
    help : str
        One sentence for form, completion and documentation.
    group : str
        Heading under which a form shows it.
    unit : str, optional
        Unit of the value.
    common : bool
        Whether it is one of the few that people change most.
    default_text : str, optional
        What the default means, where the value alone does not tell.
    when : mapping, optional
        Other options and their values that this one goes with: ``{"method": ("SGD",)}``. Given
        beside any other value it is refused.
    needs : tuple of str, optional
        Options of which one must be set for this one to have an effect. Given beside none of them
        it is warned of: lines of DIANNE's carry such options along.
    dianne : str or tuple of str
        DIANNE's names of it.
    **bounds
        ``ge``, ``gt``, ``le``, ``lt``, ``pattern``, as in `pydantic.Field`.
    """
    extra: dict[str, Any] = {"group": group, "common": common}
    if unit:
        extra["unit"] = unit
    if default_text:
        extra["default_text"] = default_text
    if when:
        extra["when"] = {key: list(values) for key, values in when.items()}
    if needs:
        extra["needs"] = list(needs)
    if dianne:
        extra["dianne"] = [dianne] if isinstance(dianne, str) else list(dianne)
    return Field(default=default, description=help, json_schema_extra=extra, **bounds)
