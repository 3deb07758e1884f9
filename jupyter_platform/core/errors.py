"""The one error family.

Every message is safe to show to a person: it names the field, the value and what would be
accepted. Anything that is not a `PlatformError` is a defect and is answered without detail.

* PlatformError
  x InvalidRequestError          the caller asked for something that cannot be
    + OptionError                one or more options are unknown or out of range
    + InvalidDataError           a data file, network or archive cannot be used
    + RequestTooLargeError
    + MediaTypeError             no media type that is accepted can be given
  x AuthenticationError
  x ForbiddenError               it belongs to another user, or needs the platform's owner
  x NotFoundError
  x ConflictError                the request does not fit the present state
    + AmbiguousNameError         a name stands for several jobs
  x UnavailableError             a process that is needed does not answer
    + NoAnswerError                it crashed on the request, or took too long
    + CoordinatorError           the coordinator cannot be found, started or trusted
      - TakenDownError           a user took the platform down
      - VersionMismatchError
    + StartingError              the platform is being started; ask again
    + HostError                  a host refused or is gone
  x StoreError                   the state store cannot be opened or trusted
  x JobFailedError               a job that was waited for did not finish
"""

import difflib
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Self

from pydantic import ConfigDict, field_validator

from jupyter_platform.core.records import Record

SHOWN = 200
"""Characters of a value or a name that an error repeats."""
MOST_FIELDS = 20
"""Fields that one error blames; more help nobody."""


class FieldError(Record):
    """One thing that is wrong with one field of a request."""

    model_config = ConfigDict(frozen=True)

    field: str
    """Name of the field as the caller spelled it."""
    value: Any = None
    message: str
    """A whole sentence: what is wrong and what would be accepted."""
    accepted: str | None = None
    nearest: str | None = None
    """The known name nearest to an unknown one."""

    @field_validator("field", "value", "message", mode="before")
    @classmethod
    def _sendable(cls, value: Any) -> Any:
        return sendable(value)


class PlatformError(Exception):
    """Root of every error that is meant to be read by a person.

    Parameters
    ----------
    message : str
        What happened, why, and what to do.
    errors : sequence of FieldError
        The fields that are to blame, if any.
    """

    status_code: ClassVar[int] = 500
    """HTTP status this error is answered with."""
    code: ClassVar[str] = "error"
    """Stable machine-readable name."""

    def __init__(self, message: str, *, errors: Sequence[FieldError] = ()) -> None:
        super().__init__(sendable(message))
        self.message = str(sendable(message))
        self.errors = tuple(errors)

    def to_dict(self) -> dict[str, Any]:
        """Return the wire form ``{"message", "code", "errors"}``."""
        return {
            "message": self.message,
            "code": self.code,
            "errors": [error.model_dump(mode="json") for error in self.errors],
        }

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuild, (type(self), self.message, self.errors))


def sendable(value: Any) -> Any:
    """Return text that UTF-8 can hold; lone surrogates are escaped, all else is left alone."""
    if not isinstance(value, str):
        return value
    return value.encode("utf-8", "backslashreplace").decode()


def shortened(text: str) -> str:
    """Return text cut to what an error may repeat of it."""
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"


def _rebuild(cls: type[PlatformError], message: str, errors: Sequence[FieldError]) -> PlatformError:
    return cls(message, errors=errors)


class InvalidRequestError(PlatformError):
    """The caller asked for something that cannot be."""

    status_code = 400
    code = "invalid_request"


class MediaTypeError(InvalidRequestError):
    """None of the media types that a request accepts is there."""

    status_code = 415
    code = "media_type"


class OptionError(InvalidRequestError):
    """One or more options are unknown, ill-typed or out of range."""

    status_code = 422
    code = "invalid_options"

    @classmethod
    def from_fields(cls, errors: Sequence[FieldError]) -> Self:
        """Build the error whose message joins those of its fields, of the first `MOST_FIELDS`."""
        shown = errors[:MOST_FIELDS]
        text = " ".join(error.message for error in shown)
        left = len(errors) - len(shown)
        return cls(f"{text} And {left:,} more." if left else text, errors=shown)


class InvalidDataError(InvalidRequestError):
    """A data file, network description or archive cannot be used."""

    status_code = 422
    code = "invalid_data"


class RequestTooLargeError(InvalidRequestError):
    """The request is larger than the coordinator accepts."""

    status_code = 413
    code = "too_large"


class AuthenticationError(PlatformError):
    """No token, or a wrong one."""

    status_code = 401
    code = "unauthenticated"


class ForbiddenError(PlatformError):
    """The object belongs to another user, or the action is reserved for the platform's owner."""

    status_code = 403
    code = "forbidden"


class NotFoundError(PlatformError):
    """There is nothing by that name."""

    status_code = 404
    code = "not_found"


class ConflictError(PlatformError):
    """The request does not fit the present state."""

    status_code = 409
    code = "conflict"


class AmbiguousNameError(ConflictError):
    """A name stands for several jobs where exactly one is needed."""

    code = "ambiguous_name"


class UnavailableError(PlatformError):
    """A process that is needed does not answer."""

    status_code = 503
    code = "unavailable"


class NoAnswerError(UnavailableError):
    """A process crashed on a request, or did not answer it in time."""

    code = "no_answer"


class CoordinatorError(UnavailableError):
    """The coordinator cannot be found, started or trusted."""

    code = "coordinator"


class TakenDownError(CoordinatorError):
    """The platform was taken down by a user; the next request for work starts it again."""

    code = "taken_down"


class VersionMismatchError(CoordinatorError):
    """The coordinator speaks another protocol version."""

    status_code = 409
    code = "version_mismatch"


class StartingError(UnavailableError):
    """The platform is being started; the same request succeeds a little later."""

    code = "starting"


class HostError(UnavailableError):
    """A host refused a request, or is gone."""

    code = "host"


class StoreError(PlatformError):
    """The state store cannot be opened or trusted."""

    code = "store"


class JobFailedError(PlatformError):
    """A job that was waited for ended without finishing."""

    status_code = 409
    code = "job_failed"


def _all_errors(root: type[PlatformError]) -> dict[str, type[PlatformError]]:
    # A class without a code of its own travels as the one that it is a kind of.
    found = {root.code: root} if "code" in vars(root) else {}
    for cls in root.__subclasses__():
        found |= _all_errors(cls)
    return found


def from_dict(data: dict[str, Any]) -> PlatformError:
    """Rebuild an error from its wire form; unknown codes become `PlatformError`."""
    cls = _all_errors(PlatformError).get(str(data.get("code")), PlatformError)
    fields = [FieldError.model_validate(item) for item in data.get("errors") or ()]
    return cls(str(data.get("message", "unknown error")), errors=fields)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word nearest to `word`, or None when nothing is near.

    Parameters
    ----------
    word : str
        The misspelt word; its case is ignored.
    known : iterable of str
        Words to choose from.
    """
    lowered = {item.lower(): item for item in known}
    match = difflib.get_close_matches(word.lower(), lowered, n=1, cutoff=0.6)
    return lowered[match[0]] if match else None


def unknown_name(kind: str, name: str, known: Iterable[str]) -> FieldError:
    """Describe an unknown network, dataset, type and the like.

    Parameters
    ----------
    kind : str
        What was asked for, also the field's name: ``"network"``.
    name : str
        What the caller wrote.
    known : iterable of str
        The names that would be accepted.
    """
    names = sorted(known)
    name = shortened(name)
    near = nearest(name, names)
    shown = ", ".join(names[:20]) + (", …" if len(names) > 20 else "")
    hint = f" Did you mean {near!r}?" if near else ""
    return FieldError(
        field=kind,
        value=name,
        message=f"Unknown {kind} {name!r}.{hint} Known: {shown or 'none yet'}.",
        accepted=shown,
        nearest=near,
    )


def no_answer(field: str, name: str, error: NoAnswerError) -> InvalidDataError:
    """Return the error that refuses code which cannot be looked at.

    Parameters
    ----------
    field : str
        Name of the field that names it.
    name : str
        What the code is called.
    error : NoAnswerError
        What became of the process that looked at it.
    """
    message = f"{name!r} cannot be used: {error.message[:1].lower()}{error.message[1:]}"
    return InvalidDataError(message, errors=[FieldError(field=field, value=name, message=message)])


def refused_other(kind: str, name: str) -> ConflictError:
    """Return the error that something of other content has a name already.

    Parameters
    ----------
    kind : str
        What it is: ``"network"``.
    name : str
        Its name, which is given as the field ``name``.
    """
    message = (
        f"There is a {kind} {name!r} of other content already; choose another name, or set replace."
    )
    accepted = "another name, or replace"
    field = FieldError(field="name", value=name, message=message, accepted=accepted)
    return ConflictError(message, errors=[field])


def refusal(
    field: str, value: Any, message: str, accepted: str, nearest: str | None = None
) -> OptionError:
    """Return the error that refuses one field of a request.

    Parameters
    ----------
    field : str
        Name of the field as the caller spelled it.
    value : Any
        What was given.
    message : str
        A whole sentence: what is wrong and what would be accepted.
    accepted : str
        What would be accepted, in few words.
    nearest : str, optional
        The known name nearest to an unknown one.
    """
    error = FieldError(
        field=field, value=value, message=message, accepted=accepted, nearest=nearest
    )
    return OptionError.from_fields([error])
