"""Each block against the same operations written out."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as f

from jupyter_platform.learning.networks.layers import (
    Bottleneck,
    ConvBlock,
    Fractal,
    Inception,
    Residual,
)

IMAGES = torch.rand(2, 4, 6, 6, generator=torch.Generator().manual_seed(0))


def settled(block: nn.Module) -> nn.Module:
    """Give a block's normalisations statistics of their own, so that none of them is a no-op."""
    torch.manual_seed(1)
    for layer in block.modules():
        if isinstance(layer, nn.modules.batchnorm._BatchNorm):
            layer.running_mean.normal_()
            layer.running_var.uniform_(0.5, 2)
            nn.init.normal_(layer.weight)
            nn.init.normal_(layer.bias)
    return block.eval()


def conv(block: nn.Module, name: str, values: Tensor, padding: int) -> Tensor:
    layer = block.get_submodule(name)
    return f.conv2d(values, layer.weight, layer.bias, padding=padding)


def norm(block: nn.Module, name: str, values: Tensor) -> Tensor:
    layer = block.get_submodule(name)
    return f.batch_norm(
        values, layer.running_mean, layer.running_var, layer.weight, layer.bias, eps=1e-5
    )


def test_conv_block():
    block = settled(ConvBlock(4, 5, 3, stride=2, padding=1, activation="Tanh"))
    values = f.conv2d(IMAGES, block.conv.weight, block.conv.bias, stride=2, padding=1)

    assert torch.allclose(block(IMAGES), torch.tanh(norm(block, "norm", values)), atol=1e-6)


@pytest.mark.parametrize("dims", [1, 3])
def test_conv_block_of_other_dimensions(dims):
    values = torch.rand(2, 4, *[5] * dims)

    assert ConvBlock(4, 3, [3] * dims, dims=dims)(values).shape == (2, 3, *[3] * dims)


@pytest.mark.parametrize("stride", [1, 2])
def test_residual_fills_its_shortcut_with_zeros_on_both_sides(stride):
    block = settled(Residual(4, 8, stride))
    branch = f.conv2d(IMAGES, block.conv1.weight, block.conv1.bias, stride, padding=1)
    branch = f.relu(norm(block, "norm1", branch))
    branch = norm(block, "norm2", conv(block, "conv2", branch, 1))
    kept = IMAGES[..., ::stride, ::stride]
    zeros = torch.zeros_like(kept[:, :2])

    wanted = f.relu(torch.cat([zeros, kept, zeros], 1) + branch)

    assert torch.allclose(block(IMAGES), wanted, atol=1e-6)


def test_bottleneck():
    block = settled(Bottleneck(4, 3, 4))
    branch = f.relu(norm(block, "norm1", conv(block, "conv1", IMAGES, 0)))
    branch = f.relu(norm(block, "norm2", conv(block, "conv2", branch, 1)))
    branch = norm(block, "norm3", conv(block, "conv3", branch, 0))

    assert torch.allclose(block(IMAGES), f.relu(IMAGES + branch), atol=1e-6)


@pytest.mark.parametrize("batch_norm", [False, True])
def test_inception(batch_norm):
    block = settled(Inception(4, 2, 3, 4, 2, 3, 5, batch_norm=batch_norm))

    def branch(name: str, values: Tensor, padding: int, *, normed: bool = batch_norm) -> Tensor:
        values = conv(block, f"{name}.conv", values, padding)
        return f.relu(norm(block, f"{name}.norm", values) if normed else values)

    wanted = [
        branch("branch1", IMAGES, 0),
        branch("branch3", branch("reduce3", IMAGES, 0, normed=True), 1),
        branch("branch5", branch("reduce5", IMAGES, 0, normed=True), 2),
        branch("project", f.max_pool2d(IMAGES, 3, stride=1), 1),
    ]

    assert torch.allclose(block(IMAGES), torch.cat(wanted, 1), atol=1e-6)


def test_fractal():
    block = settled(Fractal(4, 5))

    def path(values: Tensor, *names: str) -> Tensor:
        for name in names:
            values = f.relu(norm(block, f"{name}.norm", conv(block, f"{name}.conv", values, 1)))
        return values

    short = path(IMAGES, "short")
    middle = (path(IMAGES, "early") + path(IMAGES, "early_long1", "early_long2")) / 2
    late, long = path(middle, "late"), path(middle, "late_long1", "late_long2")

    assert torch.allclose(block(IMAGES), (late + long + short) / 3, atol=1e-6)
