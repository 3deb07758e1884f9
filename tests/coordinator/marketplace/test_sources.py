"""Each kind of source, over real files: folder, git repository, AI4OS API, list of models."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

import pytest

from jupyter_platform.catalogue.entries import ItemFiles
from jupyter_platform.catalogue.reading import normalise
from jupyter_platform.coordinator.marketplace import sources
from jupyter_platform.coordinator.marketplace.gathering import gather, read_source
from jupyter_platform.coordinator.marketplace.sources import fetching, git
from jupyter_platform.coordinator.marketplace.sources.base import Gathered
from jupyter_platform.core.settings import SourceSettings, load_settings
from tests.catalogue.files import AI4OS, BROKEN, FILES, text_of


def source(kind, location, **more):
    return SourceSettings(kind=kind, name="there", location=str(location), **more)


def names(outcome):
    assert outcome.error is None
    return {entry.record.name for entry in outcome.entries}


HOSTILE = {
    "bomb": "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
    "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
    "e: [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d,*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]",
    "binary": "\x00\x01",
}


def test_a_hostile_file_in_a_folder_hurts_itself_only(paths, tmp_path):
    secret = tmp_path / "secret.yml"
    secret.write_text(text_of("retinopathy-test"))
    folder = tmp_path / "items"
    for name, text in HOSTILE.items():
        (folder / name).mkdir(parents=True)
        (folder / name / "ai4-metadata.yml").write_text(text)
    for name in ("good", "huge", "outside", "titled", "nested/too"):
        (folder / name).mkdir(parents=True)
    good = text_of("retinopathy-test")
    (folder / "good/ai4-metadata.yml").write_text(good)
    (folder / "good/README.md").symlink_to("/etc/passwd")
    with open(folder / "huge/ai4-metadata.yml", "wb") as file:
        file.truncate(50_000_000)
    (folder / "outside/ai4-metadata.yml").symlink_to(secret)
    html = good.replace("title: ", "title: <img src=x onerror=alert(1)> ", 1)
    (folder / "titled/ai4-metadata.yml").write_text(html)
    os.mkfifo(folder / "pipe.yml")

    found = read_source(source("folder", folder), paths)

    records = {entry.record.name: entry.record for entry in found.entries}
    valid = {name for name, record in records.items() if record.valid}
    assert valid == {"good", "titled"}
    assert set(records) == {*valid, *HOSTILE, "huge", "outside", "pipe"}
    assert "link that leads out" in records["outside"].problems[0]
    assert "larger than" in records["huge"].problems[0]
    assert any("README.md" in problem for problem in records["good"].problems)
    assert "root:" not in records["good"].description_html
    assert records["titled"].title.startswith("<img")  # text, which pages escape


async def test_a_source_is_read_in_a_process_of_its_own(paths):
    found = await gather(source("folder", AI4OS), paths)

    assert {path.stem for path in FILES} <= names(found)
    assert sum(not entry.record.valid for entry in found.entries) == 1


@pytest.fixture
def repository(tmp_path):
    """A bare repository with one item that can be run, and things that must not be followed."""
    work, bare = tmp_path / "work", tmp_path / "catalogue.git"
    item = work / "retinopathy-test"
    item.mkdir(parents=True)
    (item / "ai4-metadata.yml").write_text(text_of("retinopathy-test"))
    (item / "recipe.yml").write_text("services:\n  api:\n    module: model.py\n")
    (item / "LICENSE").write_text("Permission is hereby granted, free of charge, to any person")
    (work / "link").symlink_to("/etc")
    (work / "broken.yml").write_text(text_of(BROKEN))
    run_git(work, "init", "-q", "-b", "main")
    run_git(work, "add", "-A")
    run_git(work, "commit", "-qm", "first")
    run_git(tmp_path, "clone", "-q", "--bare", str(work), str(bare))
    return work, bare


def run_git(folder, *words):
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


def test_a_git_repository_is_read_and_read_again(repository, paths):
    work, bare = repository
    there = source("git", bare.as_uri(), branch="main")

    first = read_source(there, paths)
    (work / "second.yml").write_text(text_of("sentinel-data-fusion"))
    run_git(work, "add", "-A")
    run_git(work, "commit", "-qm", "second")
    run_git(work, "push", "-q", str(bare), "main")
    second = read_source(there, paths)

    assert names(first) == {"retinopathy-test", "broken"}
    assert names(second) == {"retinopathy-test", "broken", "second"}
    (entry,) = (one for one in second.entries if one.recipe is not None)
    assert entry.record.license == "MIT"
    assert (paths.marketplace / "sources/there/commits") in (
        parent for parent in type(paths.marketplace)(entry.record.folder).parents
    )


@pytest.mark.parametrize(
    ("location", "told"),
    [
        ("ext::sh -c true", "no address of a repository"),
        ("-u./evil", "no address of a repository"),
        ("file:///nothing/there.git", "git failed"),
    ],
)
def test_a_repository_that_cannot_be_read_is_told(location, told, paths):
    found = read_source(source("git", location), paths)

    assert told in found.error


def test_a_repository_that_is_too_large_is_refused(repository, paths, monkeypatch):
    monkeypatch.setattr(git, "MOST_BYTES", 100)

    found = read_source(source("git", repository[1].as_uri()), paths)

    assert "at most 100 B" in found.error


class Api(BaseHTTPRequestHandler):
    """An AI4OS API over the test files, with some that misbehave."""

    metadata = {
        path.stem: normalise(__import__("yaml").safe_load(path.read_text()), path.stem).data
        for path in FILES[:3]
    }

    def do_GET(self):
        parts = unquote(self.path).strip("/").split("/")[2:]
        if parts == ["modules"]:
            self.answer([*self.metadata, "gone"])
        elif parts == ["tools"]:
            self.answer([])
        elif len(parts) == 3 and parts[1] in self.metadata:
            extra = {"id": parts[1], "license": "AGPL_3_0"}
            self.answer({**self.metadata[parts[1]], **extra})
        elif parts == ["large"]:
            self.answer("x" * 2000)
        elif parts == ["away"]:
            self.send_response(302)
            self.send_header("Location", "http://elsewhere.invalid/")
            self.end_headers()
        else:
            self.send_error(404)

    def answer(self, value):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(value).encode())

    def log_message(self, *_):
        pass


@contextmanager
def serving(handler):
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_an_ai4os_api_is_read(paths, monkeypatch):
    monkeypatch.setattr(fetching, "MOST_BYTES", 1_000_000)
    with serving(Api) as url:
        found = read_source(source("ai4os", f"{url}/v1"), paths)

    assert names(found) == {*Api.metadata, "gone"}
    records = {entry.record.name: entry.record for entry in found.entries}
    assert not records.pop("gone").valid
    for name, record in records.items():
        assert record.valid
        assert record.title == Api.metadata[name]["title"]
        assert (record.license, record.license_url[-8:]) == ("AGPL-3.0", "AGPL_3_0")


@pytest.mark.parametrize(
    ("path", "told"),
    [("large", "more than 1,000 bytes"), ("away", "not followed"), ("nothing", "answers 404")],
)
def test_an_address_that_misbehaves_is_told(path, told, monkeypatch):
    monkeypatch.setattr(fetching, "MOST_BYTES", 1000)
    with (
        serving(Api) as url,
        fetching.Fetcher() as fetcher,
        pytest.raises(sources.base.SourceError, match=told),
    ):
        fetcher.json(f"{url}/v1/catalog/{path}")


def test_an_api_that_is_not_there_is_told(paths):
    with serving(Api) as url:
        pass

    assert "does not answer" in read_source(source("ai4os", url), paths).error


LLMS = [
    {
        "id": "Qwen/Qwen2.5-7B-Instruct-AWQ",
        "description": "A language model.",
        "license": "apache-2.0",
        "context": 32768,
    },
    {"id": "meta-llama/Llama-3.2-3B", "family": "Llama", "gated": True, "license": "llama3.2"},
    "nonsense",
]
ZOO = {"affable-shark": {"name": "NucleiSegmentation", "description": "U-Net.", "tags": ["nuclei"]}}


def test_language_models_and_models_of_a_zoo_are_read(paths, tmp_path):
    llms, zoo = tmp_path / "llms.json", tmp_path / "zoo.json"
    llms.write_text(json.dumps({"models": LLMS}))
    zoo.write_text(json.dumps(ZOO))

    language = read_source(source("models", llms, items="llm"), paths)
    external = read_source(source("models", zoo, tool="loader"), paths)

    qwen, llama = (entry.record for entry in language.entries)
    assert (qwen.kind, qwen.license, qwen.model.family) == ("llm", "Apache-2.0", "Qwen")
    assert (qwen.model.context_tokens, qwen.model.tool) == (32768, "ai4os-llm")
    assert (llama.model.needs_token, llama.license) == (True, "llama3.2")
    assert len(language.problems) == 1
    (shark,) = (entry.record for entry in external.entries)
    assert (shark.kind, shark.model.id, shark.model.tool) == ("model", "affable-shark", "loader")


class PointOfAPackage:
    name = "added"

    def load(self):
        return lambda settings, _place: Gathered(
            [ItemFiles("one", normalise({"title": settings.location}, "one"))]
        )


def test_a_package_adds_a_kind_of_source(paths, monkeypatch):
    monkeypatch.setattr(sources, "entry_points", lambda group: [PointOfAPackage()])

    found = read_source(source("added", "here"), paths)
    unknown = read_source(source("foldr", "here"), paths)

    assert [entry.record.title for entry in found.entries] == ["here"]
    assert "Did you mean 'folder'? Known: own, folder, git, ai4os, models, added" in unknown.error


def test_sources_stand_in_the_settings(tmp_path):
    path = tmp_path / "settings.toml"
    path.write_text(
        '[marketplace]\nrefresh_hours = 1\ndefault_filter = {tags = ["a"]}\n'
        '[[marketplace.sources]]\nkind = "git"\nname = "ours"\nlocation = "https://example.org/x"\n'
    )

    settings = load_settings(path).marketplace

    assert [one.name for one in settings.sources] == ["ours"]
    assert settings.default_filter == {"tags": ["a"]}
    path.write_text(path.read_text().replace('"ours"', '"jupyter-platform"'))
    with pytest.raises(Exception, match="two sources are called 'jupyter-platform'"):
        load_settings(path)
