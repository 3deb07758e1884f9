"""Calls from a shell give what the API gives."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.serving.pictures import PIXEL
from tests.serving.serving import PREDICT


def _call(home: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return _run(home, "-m", "jupyter_platform.serving", *arguments)


def _run(home: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, *arguments]
    environment = {"PYTHONPATH": f"{home / 'site'}:{Path(__file__).parents[2]}", "PATH": "/bin"}
    return subprocess.run(command, env=environment, cwd=home, capture_output=True, check=False)


def test_predict_writes_what_the_api_answers(showcase, home):
    picture = home / "dot.png"
    picture.write_bytes(PIXEL)
    files = {"picture": ("dot.png", PIXEL, "image/png")}

    for accept, ending in (("application/json", ".json"), ("image/*", ".png")):
        words = ["--picture", str(picture), "--count=7", "--numbers", "[1, 2.5]"]
        words += ["--accept", accept, "-o", str(home / "made" / "answer")]
        done = _call(home, "predict", *words)
        assert done.returncode == 0, done.stderr
        query = {"count": "7", "numbers": ["1", "2.5"], "accept": accept}
        expected = showcase.post(PREDICT, params=query, files=files)
        assert (home / "made" / f"answer{ending}").read_bytes() == expected.content


def test_metadata_help_and_train_tell_what_the_api_tells(showcase, home):
    told = json.loads(_call(home, "metadata").stdout)
    assert told["name"] == "Showcase"
    assert (
        b"--count  integer; default 50; from 1; up to 100"
        in _call(home, "predict", "--help").stdout
    )
    done = json.loads(_call(home, "train", "--epochs", "1").stdout)
    assert done["args"] == {"epochs": 1, "mode": "plain"}
    assert done["status"] == "done"
    assert done["result"]["output"] == {"accuracy": 0.9}


ONE_AFTER_THE_OTHER = """
import json, sys
from click.testing import CliRunner
from jupyter_platform.serving.command_line import main

found = [CliRunner().invoke(main, words) for words in json.loads(sys.argv[1])]
print(json.dumps([[item.exit_code, item.output] for item in found]))
"""


def test_what_does_not_fit_is_refused(showcase, home):
    (home / "broken.py").write_text("import nothing_of_that_name\n")
    (home / "wrong.py").write_text("def get_predict_args():\n    return {'x': 3}\n")
    cases = [
        (["predict", "--picture", "no.png"], "there is no such file"),
        (["predict"], "--picture: Missing data for required field."),
        (["predict", "--cuont", "1"], "Did you mean --count?"),
        (["predict", "count", "1"], "'count' follows no argument"),
        (["predict", "--count"], "--count has no value"),
        (["predict", "--numbers", "[1,"], "--numbers [1, is no list"),
        (["train", "--epochs", "1", "--mode", "fail"], "ValueError: the loss is NaN"),
        (["warm", "--module", "showcas"], "Did you mean 'showcase'?"),
        (["warm", "--module", "broken.py"], "No module named 'nothing_of_that_name'"),
        (["warm", "--module", "wrong.py"], "'x' is int, not a field of webargs or marshmallow"),
        (["warm", "--module", "none.py"], "there is no such file"),
    ]
    words = json.dumps([given for given, _ in cases])
    done = _run(home, "-c", ONE_AFTER_THE_OTHER, words)
    for (given, told), (code, output) in zip(cases, json.loads(done.stdout), strict=True):
        assert code == 1, given
        assert told in output, given
