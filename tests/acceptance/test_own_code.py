"""Strategies and networks of one's own, as `docs/strategies.md` says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_platform import Platform
from jupyter_platform.core.errors import InvalidRequestError
from tests.waiting import DEADLINE_S, until

PAGE = Path(__file__).parents[2] / "docs" / "strategies.md"
BLOCK = re.compile(r"```(?:toml|python)\n# ([\w.]+)\n(.*?)```", re.DOTALL)
BRIEF = {"max_iterations": 20, "validation_interval": 10}


def page() -> dict[str, str]:
    """Return the files that the page shows, by name."""
    return dict(BLOCK.findall(PAGE.read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder that a platform's Python looks for packages in; empty at first."""
    return tmp_path_factory.mktemp("site")


@pytest.fixture(scope="module")
def own_platform(tmp_path_factory, run_platform, site):
    """A platform that was started before anything was installed."""
    folder = tmp_path_factory.mktemp("jupyter")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_DATA_DIR", str(folder / "data"))
        patch.setenv("JUPYTER_RUNTIME_DIR", str(folder / "runtime"))
        patch.setenv("PYTHONPATH", str(site))
        with run_platform(folder, cluster__cpus=2, cluster__overcommit=True), Platform() as found:
            yield found


def install(site: Path, source: Path) -> None:
    """Install a package as people do; its requirements are here already."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    command += ["--no-build-isolation", "--upgrade", "--target", str(site), str(source)]
    subprocess.run(command, check=True, timeout=DEADLINE_S, capture_output=True, text=True)


@pytest.fixture(scope="module")
def installed(own_platform, site, tmp_path_factory):
    """The package of the page, in a platform that runs."""
    assert "mixup" not in {item.name for item in own_platform.strategies()}
    source = tmp_path_factory.mktemp("source")
    files = page()
    for name in ("pyproject.toml", "mixup.py"):
        (source / name).write_text(files[name], encoding="utf-8")
    install(site, source)
    return own_platform, source


def test_the_package_of_the_page_learns_as_the_page_says(installed):
    platform, _ = installed
    (record,) = (item for item in platform.strategies() if item.name == "mixup")
    assert (record.origin, record.title, record.problem) == ("installed", "Mixup", None)
    assert record.own_options["properties"]["alpha"]["default"] == 0.2
    shown = subprocess.run(
        [sys.executable, "-c", page()["learn.py"]],
        check=True,
        timeout=DEADLINE_S,
        capture_output=True,
        text=True,
    )
    assert shown.stdout.startswith("finished {"), shown

    (job,) = platform.jobs()
    assert (job.record.dataset, job.record.networks) == ("iris", ["two-layers"])
    assert job.result()["best"]["validation_accuracy"] > 0.85
    curve = job.metrics()
    assert curve["share"].between(0, 1).all()
    assert (curve["share"] > 0.01).any()
    assert list(curve["step"]) == list(range(1, 301))
    evaluation = platform.submit("EVALUATE", "two-layers", "iris", tag=job.id)
    assert evaluation.wait(timeout=DEADLINE_S) == "finished"
    assert evaluation.result()["accuracy"] > 0.85


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"strategy_options": {"alpha": 0}}, "strategy_options: alpha: .* greater than 0"),
        ({"strategy_options": {"beta": 1}}, "strategy_options: beta: Extra inputs"),
        ({"dataset": "diabetes"}, "Mixup learns classes; choose a dataset that has some"),
        ({"strategy": "mixop"}, "Did you mean .mixup"),
    ],
)
def test_what_does_not_fit_is_refused_at_submit(installed, fields, sentence):
    platform, _ = installed
    options = {"strategy": "mixup", **BRIEF, **fields}
    dataset = options.pop("dataset", "iris")

    with pytest.raises(InvalidRequestError, match=sentence):
        platform.submit("LEARN", "mlp", dataset, **options)


def test_the_file_of_the_page_can_be_uploaded_alone(installed):
    platform, source = installed

    assert platform.add_strategy(source / "mixup.py", "blended").origin == "uploaded"
    job = platform.submit("LEARN", "mlp", "iris", strategy="blended", **BRIEF)

    assert job.wait(timeout=DEADLINE_S) == "finished", job.record.error
    platform.remove_strategy("blended")


def test_a_later_version_counts_at_once_and_its_error_shows_its_own_lines(installed, site):
    platform, source = installed
    text = (source / "mixup.py").read_text(encoding="utf-8")
    text = text.replace("    alpha: float", "    limit: int = 9\n    alpha: float")
    step = "        inputs, classes = next(self.batches)\n"
    fault = (
        "        self.count = getattr(self, 'count', 0) + 1\n"
        "        if self.count > self.own_options.limit:\n"
        '            raise RuntimeError("the fuse is lit")\n'
    )
    text = text.replace(step, step + fault, 1)
    (source / "mixup.py").write_text(text, encoding="utf-8")
    project = (source / "pyproject.toml").read_text(encoding="utf-8")
    (source / "pyproject.toml").write_text(project.replace('"1.0"', '"1.1"'), encoding="utf-8")
    install(site, source)

    job = platform.submit(
        "LEARN", "two-layers", "iris", strategy="mixup", strategy_options={"limit": 12}, **BRIEF
    )

    assert job.wait(timeout=DEADLINE_S) == "failed"
    error = job.record.error
    assert (error.type, error.message) == ("RuntimeError", "the fuse is lit")
    assert f'"{site / "mixup.py"}", line' in error.traceback
    assert 'raise RuntimeError("the fuse is lit")' in error.traceback
    assert len(job.record.attempts) == 1
    assert list(job.metrics().dropna(subset=["loss"])["step"]) == list(range(1, 13))


FAULTY = """
from jupyter_platform.learning.strategies import NetworkSignature, Strategy
from jupyter_platform.learning.strategies.supervised.feed_forward import FeedForward


class Unplaced(FeedForward):
    @classmethod
    def signatures(cls, options, facts):
        return facts.shape["height"]


class Unlike(FeedForward):
    series = ("loss", "extra")


def network(input_shape, outputs):
    return "a network"
"""


@pytest.fixture(scope="module")
def faulty(own_platform, site):
    """A package that was put together by hand, with entry points that lead to nothing good."""
    info = site / "faulty-1.0.dist-info"
    info.mkdir()
    (site / "faulty.py").write_text(FAULTY, encoding="utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: faulty\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[jupyter_platform.strategies]\n"
        "unplaced = faulty:Unplaced\n"
        "unlike = faulty:Unlike\n"
        "absent = faulty:Absent\n"
        "[jupyter_platform.networks]\n"
        "no-network = faulty:network\n",
        encoding="utf-8",
    )
    return own_platform


@pytest.mark.parametrize(
    ("network", "strategy", "sentence"),
    [
        ("mlp", "unplaced", r"its signatures\(\) failed with TypeError: .* \(faulty.py, line 9\)"),
        ("mlp", "absent", "'absent' cannot be loaded from faulty:Absent: AttributeError"),
        ("no-network", "feed_forward", "faulty:network gave str; it must give a torch.nn.Module"),
    ],
)
def test_what_is_broken_in_a_package_is_told_at_submit(faulty, network, strategy, sentence):
    known = until_listed(faulty, "no-network")
    assert "no-network" in known

    with pytest.raises(InvalidRequestError, match=sentence):
        faulty.submit("LEARN", network, "iris", strategy=strategy, **BRIEF)


def until_listed(platform: Platform, name: str) -> set[str]:
    """Return the names of networks once new packages were looked for."""

    def names() -> set[str]:
        return {item.description.name for item in platform.networks()}

    until(lambda: name in names(), f"the listing of {name}")
    return names()


def test_a_report_that_is_not_as_announced_fails_with_a_sentence(faulty):
    job = faulty.submit("LEARN", "mlp", "iris", strategy="unlike", **BRIEF)

    assert job.wait(timeout=DEADLINE_S) == "failed"
    assert job.record.error.message == (
        "Strategy 'unlike': its step() returned 1 value for its 2 series (loss, extra)."
    )
