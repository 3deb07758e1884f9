"""What of an environment a job never gets, because it may open something."""

from __future__ import annotations

import pytest

from jupyter_platform.core.secret_names import SECRET_NAME, SECRET_VALUE


@pytest.mark.parametrize(
    "name",
    [
        "GITHUB_TOKEN",
        "db_password",
        "PGPASSWORD",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "OPENAI_API_KEY",
        "WANDB_APIKEY",
        "SSH_PRIVATE_KEY",
        "SSH_AUTH_SOCK",
        "JUPYTER_PLATFORM_API_URL",
        "JUPYTERHUB_API_URL",
        "JPY_SESSION_NAME",
        "DASK_CONFIG",
    ],
)
def test_names_of_secrets_are_known(name):
    assert SECRET_NAME.search(name)


@pytest.mark.parametrize(
    "name", ["PATH", "HOME", "LANG", "CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS", "KEYBOARD"]
)
def test_names_that_programs_need_are_none(name):
    assert not SECRET_NAME.search(name)


def test_an_address_with_a_password_is_a_secret_whatever_its_name():
    assert SECRET_VALUE.search("postgresql://ada:lovelace@db.example.org/lab")
    assert SECRET_VALUE.search("use http://:key@proxy.example.org:3128 here")
    for harmless in (
        "https://example.org:8080/files@version",
        "https://ada@example.org/",
        "/usr/bin:/bin",
        "mail me@example.org",
    ):
        assert not SECRET_VALUE.search(harmless), harmless
