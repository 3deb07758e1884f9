from __future__ import annotations

import sys
from importlib import import_module

import pytest

from jupyter_platform.core.errors import InvalidDataError, OptionError
from jupyter_platform.core.options import LearnOptions
from jupyter_platform.core.runs import RunSpec
from jupyter_platform.core.states import JobType
from jupyter_platform.learning.strategies.moved import MOVED
from jupyter_platform.learning.strategies.records import describe
from jupyter_platform.learning.strategies.uploaded import load_strategy

SOURCE = '''
"""Half steps."""

from pydantic import BaseModel, Field

from jupyter_platform.learning.strategies.supervised.feed_forward import FeedForward


class Settings(BaseModel, extra="forbid"):
    factor: float = Field(default=0.5, gt=0)
    fail_at: int = 0


class HalfSteps(FeedForward):
    """Feed-forward learning with a part of the loss."""

    title = "Half steps"
    Options = Settings
    done = 0

    def step(self):
        inputs, targets = next(self._batches)
        loss = self.own_options.factor * self._loss(self.networks[0](inputs), targets)
        self._updater.update(loss)
        self.done += 1
        if self.done == self.own_options.fail_at:
            raise RuntimeError("as asked")
        return loss.detach()
'''


@pytest.fixture
def file(tmp_path):
    def write(source=SOURCE):
        path = tmp_path / "source"
        path.write_text(source, encoding="utf-8")
        return path

    return write


def test_a_file_becomes_a_strategy_with_options_of_its_own(file):
    kind = load_strategy("half", file())
    record = describe("half", "uploaded", file())

    assert (record.title, record.roles) == ("Half steps", ("network",))
    assert record.summary == "Feed-forward learning with a part of the loss."
    assert list(record.own_options["properties"]) == ["factor", "fail_at"]
    assert kind.check_own_options(LearnOptions(strategy_options={"factor": 2})).factor == 2
    with pytest.raises(OptionError, match=r"strategy_options: factor: .*greater than 0"):
        kind.check_own_options(LearnOptions(strategy_options={"factor": -1}))
    with pytest.raises(OptionError, match="other"):
        kind.check_own_options(LearnOptions(strategy_options={"other": 1}))


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("x = 1", "defines none"),
        ("import nowhere_at_all", "No module named 'nowhere_at_all' .line 1: import nowhere"),
        (SOURCE + "\n\nclass Second(HalfSteps): pass\n", "defines HalfSteps, Second"),
    ],
)
def test_a_file_that_is_no_strategy_says_why(file, source, words):
    with pytest.raises(InvalidDataError, match=words):
        load_strategy("half", file(source))
    assert describe("half", "uploaded", file(source)).problem


def run_uploaded(make_run, run_process, respecify, path, name="u", **own):
    digest = f"sha256:{'2' * 64}"
    options = {"strategy": "half", "max_iterations": 20, "strategy_options": own}
    run = make_run(name, JobType.LEARN, "mlp", "iris", files={digest: str(path)}, **options)
    return run, run_process(respecify(run, code=digest))


@pytest.fixture
def respecify():
    def change(run, **changes):
        path = run / "spec.json"
        spec = RunSpec.model_validate_json(path.read_bytes())
        path.write_text(
            spec.model_copy(
                update={"job": spec.of_job().model_copy(update=changes)}
            ).model_dump_json(),
            encoding="utf-8",
        )
        return run

    return change


def test_it_learns_in_a_job(make_run, run_process, respecify, file):
    _, result = run_uploaded(make_run, run_process, respecify, file(), factor=0.25)

    assert (result.status, result.step) == ("finished", 20)


def test_an_error_in_it_fails_the_job_with_its_own_lines(make_run, run_process, respecify, file):
    _, result = run_uploaded(make_run, run_process, respecify, file(), fail_at=7)

    assert result.status == "failed"
    assert (result.error.type, result.error.message) == ("RuntimeError", "as asked")
    assert 'File "half.py", line 27, in step' in result.error.traceback
    assert 'raise RuntimeError("as asked")' in result.error.traceback


@pytest.mark.parametrize(("earlier", "present"), MOVED.items())
def test_modules_are_found_by_the_names_of_the_last_release(earlier, present):
    sys.modules.pop(earlier, None)
    with pytest.warns(FutureWarning, match=present):
        assert import_module(earlier) is import_module(present)


def test_a_strategy_written_for_the_last_release_still_learns(
    make_run, run_process, respecify, file
):
    source = SOURCE.replace("strategies.supervised.feed_forward", "strategies.feed_forward")
    source = source.replace(
        "from pydantic", "from jupyter_platform.learning.updates import Updater\nfrom pydantic", 1
    )

    run, result = run_uploaded(make_run, run_process, respecify, file(source))

    assert (result.status, result.step) == ("finished", 20)
    assert "learning.optimization.updater" in (run / "output.log").read_text(encoding="utf-8")


EARLIER = """
from torch.nn.functional import nll_loss

from jupyter_platform.learning.strategies import Place, Strategy
from jupyter_platform.learning.updates import Updater


class Plain(Strategy):
    @classmethod
    def places(cls, options, facts):
        return (Place("network", tuple(facts.shape), facts.outputs, (facts.outputs,)),)

    def __init__(self, material):
        super().__init__(material)
        self.batches = material.batches()
        self.updater = Updater(self.network.parameters(), self.material.options)

    def step(self):
        inputs, classes = next(self.batches)
        loss = nll_loss(self.network(inputs), classes)
        self.updater.update(loss)
        return loss.detach()

    def state_dict(self):
        return {}

    def load_state_dict(self, state):
        pass
"""


def test_the_documented_interface_of_the_last_release_still_learns(
    make_run, run_process, respecify, file
):
    run, result = run_uploaded(make_run, run_process, respecify, file(EARLIER))

    assert (result.status, result.step) == ("finished", 20)
    assert "Place is now NetworkSignature" in (run / "output.log").read_text(encoding="utf-8")
