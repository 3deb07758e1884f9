"""Wasserstein GANs."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from jupyter_platform.learning.networks.modes import frozen
from jupyter_platform.learning.strategies.base import BuildContext
from jupyter_platform.learning.strategies.generative.adversarial import Adversarial


class WGAN(Adversarial):
    """A critic estimates the distance of generated from real samples, the generator reduces it.

    M. Arjovsky, S. Chintala and L. Bottou, "Wasserstein GAN", 2017 (arXiv:1701.07875), algorithm 1:
    `critic_steps` updates of the critic f, which maximises ``mean(f(x)) - mean(f(G(z)))`` with its
    weights clamped to ``[-c, c]`` after each (c is `weight_clamp`), then one of the generator,
    which minimises ``-mean(f(G(z)))``.

    With `lipschitz` PENALTY the critic's loss gets ``λ mean((|∇f(x̂)| - 1)²)`` instead, x̂ between
    real and generated samples and λ `gradient_penalty` (I. Gulrajani et al., "Improved Training of
    Wasserstein GANs", 2017, arXiv:1704.00028, equation 3 and algorithm 1).
    DIANNE: `WGANLearningStrategy`.
    """

    title = "Wasserstein GAN"
    roles: ClassVar[tuple[str, ...]] = ("generator", "critic")
    series = ("loss", "critic_distance")

    def __init__(self, context: BuildContext) -> None:
        super().__init__(context)
        options = context.options
        self._clamps = options.lipschitz == "CLAMP"
        self._done = 0
        self.samples_per_step *= options.critic_steps

    @property
    def critic_updates(self) -> int:
        """Updates of the critic in a step, but for the first steps."""
        return self.context.options.critic_steps

    def step(self) -> tuple[Tensor, Tensor]:
        """Update the critic some times and the generator once.

        Returns
        -------
        loss : Tensor
            Loss of the generator, ``-E critic(generated)``.
        critic_distance : Tensor
            ``E critic(real) - E critic(generated)``: the Wasserstein-1 distance up to a factor.
        """
        options = self.context.options
        is_early = self._done < options.initial_iterations
        for _ in range(options.initial_critic_steps if is_early else options.critic_steps):
            distance = self._update_critic()
        with frozen(self._critic_parameters):
            loss = -self.critic(self._generate(self._batches.batch_size)).mean()
            self._generator_updater.update(loss)
        self._done += 1
        return loss.detach(), distance

    def _update_critic(self) -> Tensor:
        real, _ = next(self._batches)
        with torch.no_grad():
            generated = self._generate(len(real))
        distance: Tensor = self.critic(real).mean() - self.critic(generated).mean()
        if self._clamps:
            self._critic_updater.update(-distance)
            clamp(self._critic_parameters, self.context.options.weight_clamp)
        else:
            weight = self.context.options.gradient_penalty
            penalty = gradient_penalty(self.critic, real, generated)
            self._critic_updater.update(weight * penalty - distance)
        return distance.detach()

    def judge(self, real: Tensor, generated: Tensor) -> dict[str, float]:
        """Return ``validation_critic_distance``."""
        distance = self.critic(real).mean() - self.critic(generated).mean()
        return {"validation_critic_distance": float(distance)}

    def state_dict(self) -> dict[str, Any]:
        """Return the state of both optimisers and of the sampling, and the updates done."""
        return {**super().state_dict(), "done": self._done}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the state that `state_dict` returned."""
        super().load_state_dict(state)
        self._done = int(state["done"])


def clamp(parameters: list[nn.Parameter], limit: float) -> None:
    """Bring all weights into ``[-limit, limit]``, in place.

    Parameters
    ----------
    parameters : list of Parameter
        Weights of the critic.
    limit : float
        c, above 0.
    """
    with torch.no_grad():
        for item in parameters:
            item.clamp_(-limit, limit)


def gradient_penalty(critic: nn.Module, real: Tensor, generated: Tensor) -> Tensor:
    """Return ``mean((|∇ critic(x)| - 1)²)`` at random points between real and generated samples.

    Gulrajani et al. (2017, arXiv:1704.00028), the second term of equation 3 without its factor.

    Parameters
    ----------
    critic : Module
        From samples to one number each.
    real, generated : Tensor, shape (B, …)
        Each pair gives one point, uniform on the line between them.
    """
    shares = torch.rand(len(real), *[1] * (real.ndim - 1), device=real.device)
    points = torch.lerp(generated, real, shares).requires_grad_()
    (slopes,) = torch.autograd.grad(critic(points).sum(), points, create_graph=True)
    norms = torch.linalg.vector_norm(slopes.flatten(1), dim=1)
    return torch.square(norms - 1).mean()
