"""Arguments of `Deployment.predict`, as the inference API gets them."""

from urllib.parse import parse_qsl, urlsplit

import pytest

from jupyter_platform.client.deployments import Deployment
from jupyter_platform.core.errors import InvalidRequestError


class Recorded(Deployment):
    """Keeps the last request instead of sending it, as to a DEEPaaS that describes nothing."""

    def __init__(self) -> None:
        self.path = ""

    def call(self, service, method, path, **_more):
        self.path = path
        if path == "description":
            raise InvalidRequestError("There is no such route.")
        return b'{"models": [{"id": "a model"}]}'


@pytest.mark.parametrize(
    ("arguments", "sent"),
    [
        ({"text": "a & b", "count": 3}, [("text", "a & b"), ("count", "3")]),
        ({"values": [1.5, 2.0]}, [("values", "1.5"), ("values", "2.0")]),
        ({"sentences": ("one", "two")}, [("sentences", "one"), ("sentences", "two")]),
        ({"on": True, "rows": [[1, 2]], "map": {"a": 1}},
         [("on", "true"), ("rows", "[1, 2]"), ("map", '{"a": 1}')]),
        ({"values": []}, []),
    ],
)  # fmt: skip
def test_a_list_is_an_argument_that_is_given_several_times(arguments, sent):
    deployment = Recorded()
    deployment.predict(**arguments)
    parts = urlsplit(deployment.path)
    assert parts.path == "v2/models/a%20model/predict/"
    assert parse_qsl(parts.query) == sent
