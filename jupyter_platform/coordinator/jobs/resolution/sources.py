"""Where the samples of a job come from: a dataset, an environment, or a pool of experience."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from jupyter_platform.coordinator.repository import DatasetRepository
from jupyter_platform.coordinator.repository.pools import PoolRepository
from jupyter_platform.core.datasets import DatasetDescriptor
from jupyter_platform.core.errors import FieldError, InvalidRequestError, OptionError, unknown_name
from jupyter_platform.core.pools import PoolDescription, check_pool_name


@dataclass(frozen=True)
class DataSource:
    """The data of a job: a dataset, a pool or an environment."""

    dataset: DatasetDescriptor | None = None
    pool: str | None = None
    """Name of the pool that it learns from, or acts for."""
    pool_folder: str | None = None
    environment: str | None = None
    """That of the pool, where it is there already."""
    defaults: dict[str, Any] = field(default_factory=dict)
    """Options that follow from it."""

    @property
    def name(self) -> str | None:
        """Name of the dataset or of the pool."""
        return self.pool if self.dataset is None else self.dataset.name


class DataSources:
    """Finds what submissions name, and holds it against what their options ask for."""

    def __init__(self, datasets: DatasetRepository, pools: PoolRepository) -> None:
        self._datasets = datasets
        self._pools = pools

    async def refresh(self) -> None:
        """Look what people have changed."""
        await self._datasets.refresh()

    def find(self, name: str | None) -> DataSource:
        """Return the dataset or pool named by a submission.

        Raises
        ------
        InvalidRequestError
            If there is none of that name, or it cannot be used as it is.
        """
        if not name:
            return DataSource()
        dataset = self._datasets.usable(name)
        if dataset is not None:
            return DataSource(dataset=dataset, defaults=dataset.adapters)
        pool = self._pools.find(name)
        if pool is None:
            known = [*self._datasets.names(), *self._pools.names()]
            error = unknown_name("dataset", name, known)
            raise InvalidRequestError(error.message, errors=[error])
        return self._of_pool(name, pool)

    async def pinned(self, source: DataSource) -> DataSource:
        """Return a source whose files at paths are noted as they are now.

        Raises
        ------
        InvalidDataError
            If one cannot be read.
        """
        if source.dataset is None:
            return source
        return replace(source, dataset=await self._datasets.pins.pinned(source.dataset))

    def pool_to_fill(self, dataset: str | None, pool: Any) -> DataSource:
        """Return the pool that an ACT writes to; it need not be there yet.

        Parameters
        ----------
        dataset : str or None
            What was named as dataset.
        pool : object
            What was given as option ``pool``.

        Raises
        ------
        OptionError
            If two are named, or the name is that of a dataset.
        """
        if dataset and pool and dataset != pool:
            message = (
                f"ACT writes to one pool; {dataset!r} is given as dataset and {pool!r} as pool."
            )
            raise _bad("pool", pool, message, dataset)
        name = str(pool or dataset or "")
        if not name:
            return DataSource()
        check_pool_name(name, "pool")
        if self._datasets.find(name) is not None:
            message = f"{name!r} is a dataset; ACT writes to a pool: give pool another name."
            raise _bad("pool", name, message, "a name that no dataset has")
        found = self._pools.find(name)
        if found is not None:
            return self._of_pool(name, found)
        return DataSource(
            pool=name, pool_folder=str(self._pools.path(name)), defaults={"pool": name}
        )

    def _of_pool(self, name: str, pool: PoolDescription) -> DataSource:
        defaults = {"pool": name, "environment": pool.environment}
        folder = str(self._pools.path(name))
        return DataSource(
            pool=name, pool_folder=folder, environment=pool.environment, defaults=defaults
        )

    def new_pool(self, name: str) -> DataSource:
        """Return a pool that is not there yet."""
        return DataSource(pool=name, pool_folder=str(self._pools.path(name)))

    async def facts(self, source: DataSource) -> dict[str, Any] | None:
        """Return the facts of the dataset in JSON form; errors as of `DatasetRepository.facts`."""
        return None if source.dataset is None else await self._datasets.facts(source.dataset)

    def make(self, source: DataSource, environment: str | None, memory_size: int) -> None:
        """Make the pool of a job, unless it names none or it is there.

        Parameters
        ----------
        source : DataSource
            Where its samples come from.
        environment : str or None
            Name of the environment that fills it.
        memory_size : int
            Actions that it holds.
        """
        if source.pool and environment:
            self._pools.create(source.pool, environment, memory_size)

    def delete_pool(self, name: str) -> None:
        """Remove a pool; errors as of `PoolRepository.delete`."""
        self._pools.delete(name)


def check_environment(environment: str | None, source: DataSource) -> None:
    """Refuse another environment than that of the pool.

    Parameters
    ----------
    environment : str or None
        Name of the environment that was asked for.
    source : DataSource
        Where its samples come from.

    Raises
    ------
    OptionError
        Naming both.
    """
    if source.environment and environment not in (None, source.environment):
        message = (
            f"Pool {source.pool!r} holds experience of {source.environment}; "
            f"environment = {environment} is another."
        )
        raise _bad("environment", environment, message, source.environment)


def check_wanted(
    whose: str, wanted: set[str], source: DataSource, environment: str | None, *, kind: str
) -> None:
    """Hold a source against the sorts that are wanted.

    Parameters
    ----------
    whose : str
        Who wants it, for people.
    wanted : set of str
        ``dataset``, or ``environment`` and ``pool``.
    kind : str
        Kind of the job.

    Raises
    ------
    OptionError
        Naming the field, and what would do.
    """
    if "dataset" in wanted:
        if source.pool is not None:
            message = (
                f"{whose} works on a dataset; {source.pool!r} is a pool of experience, which "
                "dqn, recurrent_dqn and ddpg learn from."
            )
            raise _bad("dataset", source.pool, message, "a dataset's name")
        if source.dataset is None:
            raise _bad("dataset", None, f"{kind} needs a dataset; name one.", "a dataset's name")
        return
    if source.dataset is not None:
        accepted = "environment=… and no dataset"
        accepted += ", or a pool's name" if "pool" in wanted else ""
        message = (
            f"{whose} learns from acting; {source.dataset.name!r} is a dataset: give {accepted}."
        )
        raise _bad("dataset", source.dataset.name, message, accepted)
    if source.pool is not None and "pool" not in wanted:
        message = f"{whose} learns from its own acting; give environment=… and no pool."
        raise _bad("dataset", source.pool, message, "no dataset")
    if environment is None:
        message = f"{whose} acts in an environment; name one, as environment=CartPole-v1."
        raise _bad("environment", None, message, "a Gymnasium id")


def _bad(name: str, value: Any, message: str, accepted: str) -> OptionError:
    return OptionError.from_fields(
        [FieldError(field=name, value=value, message=message, accepted=accepted)]
    )
