from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

import psutil
import pynvml
import pytest

from jupyter_platform.runtime import gpus
from jupyter_platform.runtime.gpus import gpu_inventory
from jupyter_platform.runtime.telemetry import Telemetry


@dataclass
class Card:
    """What a driver says of one GPU; an error is raised where it stands for an answer."""

    uuid: str
    name: str = "H100"
    memory: object = 80
    mig: int | None = None


@pytest.fixture
def driver(monkeypatch):
    """Return a function that puts cards into this machine."""

    def install(*cards: Card, visible: str | None = None) -> None:
        def memory(card: Card):
            if isinstance(card.memory, Exception):
                raise card.memory
            return SimpleNamespace(total=card.memory, used=9)

        def mode(card: Card):
            if card.mig is None:
                raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)
            return card.mig, card.mig

        def none(_):
            raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)

        monkeypatch.setattr(gpus, "_nvml_ready", lambda: True)
        monkeypatch.setattr(pynvml, "nvmlDeviceGetCount", lambda: len(cards))
        monkeypatch.setattr(pynvml, "nvmlDeviceGetHandleByIndex", lambda index: cards[index])
        monkeypatch.setattr(pynvml, "nvmlDeviceGetUUID", lambda card: card.uuid)
        monkeypatch.setattr(pynvml, "nvmlDeviceGetName", lambda card: card.name.encode())
        monkeypatch.setattr(pynvml, "nvmlDeviceGetMemoryInfo", memory)
        monkeypatch.setattr(pynvml, "nvmlDeviceGetMigMode", mode)
        monkeypatch.setattr(pynvml, "nvmlDeviceGetUtilizationRates", none)
        monkeypatch.setattr(pynvml, "nvmlDeviceGetComputeRunningProcesses", none)
        monkeypatch.setattr(pynvml, "nvmlDeviceGetGraphicsRunningProcesses", none)
        if visible is None:
            monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
        else:
            monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)

    return install


@pytest.mark.parametrize(
    ("visible", "indices", "reason"),
    [
        (None, [0, 1, 2], None),
        ("", [], None),
        ("NoDevFiles", [], None),
        ("1", [1], None),
        ("2, 0", [0, 2], None),
        ("0,-1,1", [0], None),
        ("GPU-bb", [1], None),
        ("GPU-BBBB-2,GPU-aaaa-1", [0, 1], None),
        ("0,7,1", [0], "7 in CUDA_VISIBLE_DEVICES names no GPU of this machine"),
        ("1,GPU-dd,0", [1], "GPU-dd in CUDA_VISIBLE_DEVICES names no GPU of this machine"),
        ("GPU-", [], "GPU- in CUDA_VISIBLE_DEVICES names several GPUs"),
        ("cuda:0", [], "cuda:0 in CUDA_VISIBLE_DEVICES names no GPU of this machine"),
        ("MIG-12-34", [], "MIG-12-34 in CUDA_VISIBLE_DEVICES is not offered"),
        ("MIG-GPU-aaaa-1/1/0,2", [2], "MIG-GPU-aaaa-1/1/0 in CUDA_VISIBLE_DEVICES"),
    ],
)
def test_gpus_are_those_that_cuda_would_see_and_other_names_are_told(
    driver, visible, indices, reason
):
    driver(Card("GPU-aaaa-1"), Card("GPU-bbbb-2"), Card("GPU-cccc-3"), visible=visible)

    found = gpu_inventory()

    assert [gpu.index for gpu in found.offered] == indices
    assert all(gpu.name == "H100" and gpu.memory == 80 for gpu in found.offered)
    assert len(found.not_offered) == (reason is not None)
    assert all(text.startswith(reason) and text.endswith(".") for text in found.not_offered)


def test_unified_memory_is_that_of_the_machine(driver, tmp_path):
    unsupported = pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)
    driver(Card("GPU-a", "GB10", unsupported), Card("GPU-b", "Orin", 0), Card("GPU-c"))

    found = gpu_inventory()

    total = psutil.virtual_memory().total
    assert [(gpu.memory, gpu.is_unified) for gpu in found.offered] == [
        (total, True),
        (total, True),
        (80, False),
    ]
    assert found.not_offered == ()
    samples = Telemetry(tmp_path).sample().gpus
    assert [sample.index for sample in samples] == [0, 1, 2]
    assert 0 < samples[0].memory_used < total
    assert samples[2].memory_used == 9


def test_a_gpu_in_parts_and_one_that_fails_are_named_and_hide_no_other(driver, tmp_path):
    lost = pynvml.NVMLError(pynvml.NVML_ERROR_GPU_IS_LOST)
    driver(
        Card("GPU-a", "A100", mig=pynvml.NVML_DEVICE_MIG_ENABLE),
        Card("GPU-b", memory=lost),
        Card("GPU-c", mig=pynvml.NVML_DEVICE_MIG_DISABLE),
    )

    found = gpu_inventory()

    assert [gpu.index for gpu in found.offered] == [2]
    parts, gone = found.not_offered
    assert parts.startswith("GPU 0 (A100) is not offered: it is divided into parts (MIG)")
    assert gone == "GPU 1 is not offered: the driver says GPU is lost."
    assert [sample.index for sample in Telemetry(tmp_path).sample().gpus] == [2]
