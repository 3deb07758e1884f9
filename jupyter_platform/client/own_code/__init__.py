"""One's own torch modules: a file, a class, an instance, or a class of a notebook."""

from jupyter_platform.client.own_code.adding import add_own, is_own, own_network_of
from jupyter_platform.client.own_code.files import is_source_argument

__all__ = ["add_own", "is_own", "is_source_argument", "own_network_of"]
