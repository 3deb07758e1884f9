"""What every option model shares."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError


class OptionModel(BaseModel):
    """Options of one job type.

    Values may be text, as they come from a command line or a form; they are converted, never
    guessed.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)

    @field_validator("*", mode="before")
    @classmethod
    def _truth_is_no_number(cls, value: Any, info: ValidationInfo) -> Any:
        if (
            isinstance(value, bool)
            and cls.model_fields[str(info.field_name)].annotation is not bool
        ):
            raise PydanticCustomError("truth_value", "true and false are no numbers")
        return value


def option(
    default: Any,
    help: str,
    *,
    group: str,
    unit: str | None = None,
    common: bool = False,
    default_text: str | None = None,
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
    **bounds
        ``ge``, ``gt``, ``le``, ``lt``, ``pattern``, as in `pydantic.Field`.
    """
    extra: dict[str, Any] = {"group": group, "common": common}
    if unit:
        extra["unit"] = unit
    if default_text:
        extra["default_text"] = default_text
    return Field(default=default, description=help, json_schema_extra=extra, **bounds)
