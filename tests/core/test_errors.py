import pickle
from http import HTTPStatus

import pytest

from jupyter_platform.core import errors
from jupyter_platform.core.errors import (
    AuthenticationError,
    ConflictError,
    FieldError,
    ForbiddenError,
    InvalidRequestError,
    JobFailedError,
    NotFoundError,
    OptionError,
    PlatformError,
    UnavailableError,
    VersionMismatchError,
    from_dict,
    nearest,
    unknown_name,
)


def _family(root):
    """Return the classes of the family that travel; others are kinds of them in one process."""
    below = (item for cls in root.__subclasses__() for item in _family(cls))
    return [cls for cls in (root, *below) if cls.__module__ == errors.__name__]


@pytest.mark.parametrize("cls", _family(PlatformError))
def test_every_error_survives_the_wire(cls):
    error = cls("what happened", errors=[FieldError(field="a", value=1, message="bad a")])

    back = from_dict(error.to_dict())

    assert type(back) is cls
    assert back.message == "what happened"
    assert back.errors == error.errors


def test_codes_are_unique():
    family = _family(PlatformError)

    assert len({cls.code for cls in family}) == len(family)


def test_the_module_docstring_draws_every_error():
    for cls in _family(PlatformError):
        assert cls.__name__ in errors.__doc__


def test_unknown_code_becomes_the_root():
    assert type(from_dict({"code": "from the future", "message": "m"})) is PlatformError


def test_errors_can_be_pickled():
    error = OptionError.from_fields([FieldError(field="a", message="bad a.")])

    back = pickle.loads(pickle.dumps(error))

    assert type(back) is OptionError
    assert back.errors == error.errors


def test_nearest_ignores_case_and_far_words():
    assert nearest("Learning_rte", ["learning_rate", "momentum"]) == "learning_rate"
    assert nearest("zzz", ["learning_rate", "momentum"]) is None


def test_unknown_name_lists_what_is_known():
    field = unknown_name("network", "lenet-digit", ["mlp", "lenet-digits"])

    assert field.nearest == "lenet-digits"
    assert "lenet-digits, mlp" in field.message
    assert "none yet" in unknown_name("network", "x", []).message


@pytest.mark.parametrize("cls", _family(PlatformError))
def test_status_codes_say_who_can_mend_it(cls):
    """Programs on the way, such as proxies, ask again after 5xx: never what stays refused."""
    stays = (
        InvalidRequestError,
        AuthenticationError,
        ForbiddenError,
        NotFoundError,
        ConflictError,
        VersionMismatchError,
        JobFailedError,
    )

    assert HTTPStatus(cls.status_code)
    assert (cls.status_code < 500) == issubclass(cls, stays)
    if issubclass(cls, UnavailableError) and not issubclass(cls, stays):
        assert cls.status_code == HTTPStatus.SERVICE_UNAVAILABLE
