"""The version route, asked through a real Jupyter server."""

import json

import pytest
from tornado.httpclient import HTTPClientError

from jupyter_platform import __version__
from jupyter_platform.runtime.connection import PROTOCOL


async def test_version_is_that_of_the_package(jp_fetch):
    answer = await jp_fetch("jupyter-platform", "api", "version")

    assert json.loads(answer.body) == {"version": __version__, "protocol": PROTOCOL}


async def test_version_is_refused_without_a_token(jp_fetch):
    with pytest.raises(HTTPClientError) as refused:
        await jp_fetch("jupyter-platform", "api", "version", headers={"Authorization": ""})

    assert refused.value.code == 403
