"""The GPUs of this machine that can be offered, and why others cannot."""

from __future__ import annotations

import functools
import os
import threading
from dataclasses import dataclass
from typing import Any

import psutil
import pynvml

from jupyter_platform.core.hosts import GpuRecord

VISIBLE = "CUDA_VISIBLE_DEVICES"
HIDES_ALL = ("", "-1", "NoDevFiles")
"""Values of ``CUDA_VISIBLE_DEVICES`` that hide every GPU."""


@dataclass(frozen=True)
class GpuInventory:
    """The GPUs found on this machine."""

    offered: tuple[GpuRecord, ...] = ()
    not_offered: tuple[str, ...] = ()
    """A sentence for each GPU, or name of one, that cannot be offered."""


@dataclass(frozen=True)
class _Gpu:
    index: int
    uuid: str
    handle: Any


def gpu_inventory() -> GpuInventory:
    """Return the GPUs that ``CUDA_VISIBLE_DEVICES`` leaves visible; none is fine.

    Indices are those of the PCI bus, which CUDA follows when ``CUDA_DEVICE_ORDER`` is
    ``PCI_BUS_ID``. Parts of GPUs (MIG) are not offered: CUDA shows a process one part, whatever
    the whole GPU has.
    """
    reasons: list[str] = []
    gpus = _identified(reasons)
    visible = os.environ.get(VISIBLE)
    indices = {gpu.index for gpu in gpus} if visible is None else _chosen(visible, gpus, reasons)
    offered = []
    for gpu in gpus:
        if gpu.index not in indices:
            continue
        try:
            offered.append(_record(gpu, reasons))
        except pynvml.NVMLError as error:
            reasons.append(f"GPU {gpu.index} is not offered: the driver says {error}")
    return GpuInventory(tuple(filter(None, offered)), tuple(_as_sentence(text) for text in reasons))


def memory_use(handle: Any) -> tuple[int, int, bool]:
    """Return bytes of a GPU's memory in all and in use, and whether it is the machine's own.

    A GPU with unified memory has none of its own, which NVML tells by not supporting the question.

    Raises
    ------
    pynvml.NVMLError
        If the GPU does not answer.
    """
    try:
        found = pynvml.nvmlDeviceGetMemoryInfo(handle)
        if int(found.total) > 0:
            return int(found.total), int(found.used), False
    except pynvml.NVMLError_NotSupported:
        pass
    machine = psutil.virtual_memory()
    return int(machine.total), int(machine.total - machine.available), True


def gpu_handles() -> list[tuple[int, Any]]:
    """Return index and NVML's handle of each GPU that answers; none where there is no driver."""
    if not _nvml_starts():
        return []
    try:
        count = pynvml.nvmlDeviceGetCount()
    except pynvml.NVMLError:
        return []
    found = []
    for index in range(count):
        # One GPU that fails must not hide the others.
        try:
            found.append((index, pynvml.nvmlDeviceGetHandleByIndex(index)))
        except pynvml.NVMLError:
            continue
    return found


def _identified(reasons: list[str]) -> list[_Gpu]:
    found = []
    for index, handle in gpu_handles():
        try:
            found.append(_Gpu(index, _text(pynvml.nvmlDeviceGetUUID(handle)), handle))
        except pynvml.NVMLError as error:
            reasons.append(f"GPU {index} is not offered: the driver says {error}")
    return found


def _chosen(visible: str, gpus: list[_Gpu], reasons: list[str]) -> set[int]:
    """Return the indices that a value of ``CUDA_VISIBLE_DEVICES`` names.

    As for CUDA, the list ends at its first entry that names no GPU, and the beginning of a UUID
    will do where it is that of one GPU.
    """
    indices: set[int] = set()
    for entry in (part.strip() for part in visible.split(",")):
        if entry.startswith("MIG-"):
            reasons.append(
                f"{entry} in {VISIBLE} is not offered: it is a part of a GPU (MIG), and only whole "
                "GPUs are"
            )
            continue
        if entry.isdecimal():
            named = [gpu.index for gpu in gpus if gpu.index == int(entry)]
        elif entry.startswith("GPU-"):
            named = [gpu.index for gpu in gpus if gpu.uuid.lower().startswith(entry.lower())]
        else:
            named = []
        if len(named) != 1:
            if entry not in HIDES_ALL:
                what = "several GPUs" if named else "no GPU of this machine"
                reasons.append(
                    f"{entry} in {VISIBLE} names {what}; it and what follows are not offered"
                )
            break
        indices.update(named)
    return indices


def _record(gpu: _Gpu, reasons: list[str]) -> GpuRecord | None:
    name = _text(pynvml.nvmlDeviceGetName(gpu.handle))
    if _is_divided(gpu.handle):
        reasons.append(
            f"GPU {gpu.index} ({name}) is not offered: it is divided into parts (MIG), and only "
            "whole GPUs are"
        )
        return None
    total, _, is_unified = memory_use(gpu.handle)
    return GpuRecord(index=gpu.index, uuid=gpu.uuid, name=name, memory=total, is_unified=is_unified)


def _is_divided(handle: Any) -> bool:
    try:
        current, _ = pynvml.nvmlDeviceGetMigMode(handle)
    except pynvml.NVMLError:
        # Most models and older drivers know no parts.
        return False
    return bool(current == pynvml.NVML_DEVICE_MIG_ENABLE)


_nvml_lock = threading.Lock()


def _nvml_starts() -> bool:
    with _nvml_lock:
        return _nvml_ready()


@functools.cache
def _nvml_ready() -> bool:
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return False
    return True


def _as_sentence(text: str) -> str:
    return f"{text.rstrip('.')}."


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
