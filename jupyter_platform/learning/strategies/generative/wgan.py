"""Wasserstein GANs."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from jupyter_platform.learning.networks.modes import frozen
from jupyter_platform.learning.strategies.base import Material
from jupyter_platform.learning.strategies.generative.adversarial import Adversarial


class WGAN(Adversarial):
    """A critic estimates how far made samples are from real ones, the generator comes nearer.

    Arjovsky et al. (2017), algorithm 1: the critic is updated several times before the generator
    is, and its weights are clamped after each. With `lipschitz` PENALTY the norm of its gradient
    between real and made samples is drawn to 1 instead (Gulrajani et al. 2017, algorithm 1).
    DIANNE: `WGANLearningStrategy`.
    """

    title = "Wasserstein GAN"
    roles: ClassVar[tuple[str, ...]] = ("generator", "critic")
    series = ("loss", "critic_distance")

    def __init__(self, material: Material) -> None:
        super().__init__(material)
        options = material.options
        self._clamps = options.lipschitz == "CLAMP"
        self._done = 0
        self.samples_per_step *= options.critic_steps

    @property
    def opponent_updates(self) -> int:
        """Updates of the critic in a step, but for the first steps."""
        return self.material.options.critic_steps

    def step(self) -> tuple[Tensor, Tensor]:
        """Update the critic some times and the generator once.

        Returns
        -------
        loss : Tensor
            What the generator minimises, ``-E critic(made)``.
        critic_distance : Tensor
            ``E critic(real) - E critic(made)``: the Wasserstein-1 distance up to a factor.
        """
        options = self.material.options
        is_early = self._done < options.initial_iterations
        for _ in range(options.initial_critic_steps if is_early else options.critic_steps):
            distance = self._update_critic()
        with frozen(self._learnt):
            loss = -self.opponent(self._make(self._batches.batch_size)).mean()
            self._generator_updater.update(loss)
        self._done += 1
        return loss.detach(), distance

    def _update_critic(self) -> Tensor:
        real, _ = next(self._batches)
        with torch.no_grad():
            made = self._make(len(real))
        distance: Tensor = self.opponent(real).mean() - self.opponent(made).mean()
        if self._clamps:
            self._opponent_updater.update(-distance)
            clamp(self._learnt, self.material.options.weight_clamp)
        else:
            weight = self.material.options.gradient_penalty
            penalty = gradient_penalty(self.opponent, real, made)
            self._opponent_updater.update(weight * penalty - distance)
        return distance.detach()

    def judge(self, real: Tensor, made: Tensor) -> dict[str, float]:
        """Return ``validation_critic_distance``."""
        distance = self.opponent(real).mean() - self.opponent(made).mean()
        return {"validation_critic_distance": float(distance)}

    def state_dict(self) -> dict[str, Any]:
        """Return the state of both optimisers and of the sampling, and the updates done."""
        return {**super().state_dict(), "done": self._done}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what `state_dict` gave."""
        super().load_state_dict(state)
        self._done = int(state["done"])


def clamp(parameters: list[nn.Parameter], limit: float) -> None:
    """Bring all weights into ``[-limit, limit]``, in place."""
    with torch.no_grad():
        for item in parameters:
            item.clamp_(-limit, limit)


def gradient_penalty(critic: nn.Module, real: Tensor, made: Tensor) -> Tensor:
    """Return the mean of ``(|∇ critic(x)| - 1)²`` at random points x between real and made samples.

    Parameters
    ----------
    critic : Module
        From samples to one number each.
    real, made : Tensor, shape (B, …)
        Each pair gives one point, uniform on the line between them.
    """
    shares = torch.rand(len(real), *[1] * (real.ndim - 1), device=real.device)
    points = torch.lerp(made, real, shares).requires_grad_()
    (slopes,) = torch.autograd.grad(critic(points).sum(), points, create_graph=True)
    norms = torch.linalg.vector_norm(slopes.flatten(1), dim=1)
    return torch.square(norms - 1).mean()
