"""The repository says what is so: links, sizes, versions and names agree with the files."""

import json
import re
import runpy
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from jupyter_platform import __version__
from jupyter_platform.core.settings import load_settings
from tests.docstrings import Docstrings

ROOT = Path(__file__).resolve().parent.parent
LINE_LIMIT = 500
GENERATED = {ROOT / "labextension/src/wire/generated.ts"}
SOURCE_SUFFIXES = {".py", ".ts", ".tsx", ".css", ".mjs", ".sh"}
LINK = re.compile(r"\]\((?!https?://|#|mailto:)([^)#\s]+)")
CODE_PATH = re.compile(r"`((?:\.?[\w-]+/)+[\w.-]*)`")
MACHINE_PATH = re.compile(r"(?<![\w.~<>{}])/(?:root|Users|work|private)/[\w.-]+")


def _source_files() -> list[Path]:
    """Return the files of the project, without what git ignores, or of an unpacked archive."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.fail("the tests of the repository run in a git checkout")
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listing = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    paths = [ROOT / name for name in listing.stdout.split("\0") if name]
    return [path for path in paths if path.is_file()]


FILES = _source_files()
DOCUMENTS = [path for path in FILES if path.suffix == ".md"]


def _names(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


@pytest.mark.parametrize("document", DOCUMENTS, ids=_names(DOCUMENTS))
def test_links_lead_to_files(document: Path):
    targets = LINK.findall(document.read_text(encoding="utf-8"))

    missing = [target for target in targets if not (document.parent / target).exists()]

    assert missing == []


PACKAGE = ROOT / "jupyter_platform"
"""Where the table of CONTRIBUTING.md begins its paths."""
EXPLAINED_FOLDERS = (
    "client",
    "cluster",
    "coordinator",
    "core",
    "figures",
    "learning",
    "running",
    "runtime",
)
NOT_YET = ("coordinator/deployments",)
"""Folders whose functions do not say it everywhere yet."""


def test_public_functions_say_what_their_parameters_are():
    assert Docstrings(PACKAGE).unexplained(EXPLAINED_FOLDERS, NOT_YET) == []


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_named_folders_and_files_exist(name: str):
    named = CODE_PATH.findall((ROOT / name).read_text(encoding="utf-8"))
    made = {"jupyter_platform/", "dist/"}  # by the user's work, not by the checkout

    missing = [
        path
        for path in named
        if path not in made and not any((root / path).exists() for root in (ROOT, PACKAGE))
    ]

    assert named
    assert missing == []


def test_verbs_of_the_documents_are_in_the_makefile():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    known = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    named = {
        verb
        for path in DOCUMENTS
        for verb in re.findall(r"`make ([a-z]+)", path.read_text(encoding="utf-8"))
    }

    assert named
    assert named - known == set()


def test_files_stay_readable():
    sources = [path for path in FILES if path.suffix in SOURCE_SUFFIXES and path not in GENERATED]

    long = [path for path in sources if len(path.read_bytes().splitlines()) > LINE_LIMIT]

    assert _names(long) == []


def test_no_file_knows_the_machine_it_was_written_on():
    text = [
        path
        for path in FILES
        if path.suffix not in {".npz", ".png", ".gz", ".pt", ".safetensors"}
        and path != Path(__file__)
    ]

    here = str(ROOT)  # /home and /mnt alone occur in examples of mount tables

    found = [
        path
        for path in text
        if MACHINE_PATH.search(content := path.read_text(encoding="utf-8")) or here in content
    ]

    assert _names(found) == []


def test_locks_name_no_host():
    for name in ("constraints.txt", "labextension/yarn.lock"):
        assert "://" not in (ROOT / name).read_text(encoding="utf-8"), name


def test_labextension_has_the_version_of_the_package():
    manifest = json.loads((ROOT / "labextension/package.json").read_text(encoding="utf-8"))

    assert manifest["version"] == __version__


def test_constraints_pin_every_dependency():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [item for group in project["optional-dependencies"].values() for item in group]
    wanted = {
        _normal(re.split(r"[\[<>=~!;]", item)[0]) for item in project["dependencies"] + extras
    }
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {_normal(line.split("==")[0]) for line in lines if "==" in line}

    assert wanted - pinned - {"jupyter-platform"} == set()


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_typescript_has_the_types_of_the_api():
    script = runpy.run_path(str(ROOT / "scripts" / "write_wire_types.py"))

    assert script["PATH"] in GENERATED
    assert script["render"]() == script["PATH"].read_text(encoding="utf-8")


def test_changelog_has_a_place_for_what_comes():
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")

    assert re.search(r"^## \[Unreleased\]$", changelog, re.MULTILINE)


@pytest.mark.parametrize("path", sorted((ROOT / "configs").glob("*.toml")), ids=lambda p: p.name)
def test_example_settings_are_accepted(path: Path):
    settings = load_settings(path)

    assert settings != load_settings()


@pytest.mark.parametrize("page", ["README.md", "docs/figures.md"])
def test_figures_are_those_that_were_measured(page):
    script = runpy.run_path(str(ROOT / "scripts" / "write_figures.py"))
    text = (ROOT / page).read_text(encoding="utf-8")
    results = json.loads(script["RESULTS"].read_text(encoding="utf-8"))

    assert results["rows"]
    assert script["with_figures"](text, results, script["PAGES"][page]) == text


def test_the_demo_imports_only_packages_that_its_environment_has():
    script = runpy.run_path(str(ROOT / "scripts" / "demo_packages.py"))
    later = {name.replace("-", "_").lower() for name in script["LATER"]}
    imports = [name for group in script["IMPORTS"] for name in group]
    imports += ["jupyter_platform.cli.demo", "jupyter_platform.cluster.scheduler"]
    imports += [
        "jupyter_platform.runtime.supervisor",
        "jupyter_platform.learning.processes.inspector",
    ]
    code = f"import sys\nsys.modules.update(dict.fromkeys({later!r}))\nimport {', '.join(imports)}"

    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)

    assert later
    assert len(script["demo_requirements"]()) > 20
