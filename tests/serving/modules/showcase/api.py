"""The functions of the interface."""

import io
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

from aiohttp.web import HTTPBadRequest
from deepaas.model.v2.wrapper import UploadedFile
from webargs import fields, validate

from showcase import config


def get_metadata():
    return {
        "name": "Showcase",
        "author": "nobody",
        "license": "MIT",
        "description": config.METADATA_TEXT,
    }


def warm():
    folder = os.environ.get("SHOWCASE_FOLDER")
    if folder:
        warmed = Path(folder, f"warmed-{os.getpid()}")
        warmed.write_text((warmed.read_text() if warmed.exists() else "") + "x")
    if os.environ.get("SHOWCASE_COLD"):
        raise RuntimeError("the weights are gone")


def get_predict_args():
    return {
        "text": fields.Str(required=False, missing="hello", description="A text"),
        "choice": fields.Str(missing="b", enum=["a", "b"], description="One of two"),
        "colour": fields.Str(validate=validate.OneOf(["red", "green"])),
        "password": fields.String(
            missing="secret", validate=validate.Length(min=3), metadata={"format": "password"}
        ),
        "count": fields.Int(missing=50, validate=[validate.Range(min=1, max=100)]),
        "share": fields.Float(missing=0.5, validate=lambda value: 0 <= value <= 1),
        "is_loud": fields.Bool(missing=True),
        "numbers": fields.List(fields.Float(), missing=[0.1, 0.2]),
        "picture": fields.Field(
            required=True, type="file", location="form", description="test image upload"
        ),
        "accept": fields.Str(
            missing="application/json",
            description="Format of the answer",
            validate=validate.OneOf(
                ["application/json", "application/zip", "application/pdf", "image/*"]
            ),
        ),
    }


def predict(**given):
    picture = given.pop("picture")
    assert isinstance(picture, UploadedFile)
    content = Path(picture.filename).read_bytes()
    if given["text"] == "wait":
        release = Path(os.environ["SHOWCASE_FOLDER"], "release")
        Path(os.environ["SHOWCASE_FOLDER"], f"waits-{os.getpid()}").touch()
        while not release.exists():
            time.sleep(0.01)
    _misbehave(given["text"])
    accept = given["accept"]
    if accept == "image/*":
        return open(picture.filename, "rb")
    if accept == "application/zip":
        path = Path(f"{picture.filename}.zip")
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("content", content)
        return path.open("rb")
    if accept == "application/pdf":
        return io.BytesIO(b"%PDF-1.4 of " + content)
    sys.stdout.write(f"predicting {given['text']}\n")
    sys.stdout.flush()
    answer = {**given, "bytes": len(content), "name": picture.original_filename}
    if given["text"] == "unfit":
        answer["bytes"] = "many"
    return answer


def _misbehave(text):
    if text == "blame":
        raise HTTPBadRequest(reason="the picture shows nothing")
    if text == "fail":
        raise ValueError("no such weights")
    if text == "unwritten":
        raise NotImplementedError
    if text == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if text == "exit":
        sys.exit(3)


schema = {
    "text": fields.Str(),
    "choice": fields.Str(),
    "colour": fields.Str(),
    "password": fields.Str(),
    "count": fields.Int(),
    "share": fields.Float(),
    "is_loud": fields.Bool(),
    "numbers": fields.List(fields.Float()),
    "accept": fields.Str(),
    "bytes": fields.Int(),
    "name": fields.Str(),
}


def get_train_args():
    return {
        "epochs": fields.Int(required=True, description="Epochs of a tenth of a second"),
        "mode": fields.Str(missing="plain", enum=["plain", "fail", "child"]),
    }


def train(epochs, mode):
    if mode == "fail":
        raise ValueError("the loss is NaN")
    if mode == "child":
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        Path(os.environ["SHOWCASE_FOLDER"], "child").write_text(f"{os.getpid()} {child.pid}")
    for _ in range(epochs):
        time.sleep(0.1)
    return {"accuracy": 0.9}
