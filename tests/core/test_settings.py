import pytest

from jupyter_platform.core.errors import InvalidRequestError
from jupyter_platform.core.settings import load_settings


def test_overrides_win_over_the_file(tmp_path):
    path = tmp_path / "lab.toml"
    path.write_text('[cluster]\nhosts = 2\nmemory = "4GB"\n')

    settings = load_settings(path, {"cluster.hosts": 3, "cluster.cpus": None})

    assert settings.cluster.hosts == 3
    assert settings.cluster.memory == 4_000_000_000
    assert settings.cluster.cpus is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[cluster]\nhost = 2\n", "Did you mean 'cluster.hosts'"),
        ("[cluster]\nhosts = 0\n", "cluster.hosts = 0"),
        ('[cluster]\nmemory = "much"\n', "is no size"),
        ("[clutser]\n", "Unknown setting 'clutser'"),
        ("not toml", "cannot be read"),
    ],
)
def test_mistakes_are_named_with_the_file(tmp_path, text, message):
    path = tmp_path / "lab.toml"
    path.write_text(text)

    with pytest.raises(InvalidRequestError, match=message) as caught:
        load_settings(path)

    assert "lab.toml" in caught.value.message


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InvalidRequestError, match=r"none\.toml cannot be read"):
        load_settings(tmp_path / "none.toml")
