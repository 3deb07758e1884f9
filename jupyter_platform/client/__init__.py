"""The Python client: submit jobs, watch them, get results, from anywhere.

>>> from jupyter_platform import Platform  # doctest: +SKIP
>>> job = Platform().submit("LEARN", "lenet-digits", "digits", method="ADAM")  # doctest: +SKIP
"""

from jupyter_platform.client.job import Job
from jupyter_platform.client.listing import Listing
from jupyter_platform.client.platform import Platform

__all__ = ["Job", "Listing", "Platform"]
