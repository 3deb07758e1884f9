"""httpx as it is where its extra ``cli`` is not installed.

It loads a command line of its own where it finds click, pygments and rich, as it does here. That
would be a third of the time that importing our client takes, and megabytes in each process.
"""

import ipaddress
import sys
from urllib.parse import urlsplit

_COMMAND_LINE = "httpx._main"

if "httpx" not in sys.modules:
    # Python raises ImportError for it meanwhile; httpx expects that.
    sys.modules[_COMMAND_LINE] = None  # type: ignore[assignment]  # documented, typeshed has no None
    import httpx as httpx

    del sys.modules[_COMMAND_LINE]
else:
    import httpx as httpx

__all__ = ["PROXY_FAULTS", "httpx", "is_this_machine", "proxy_problem"]

PROXY_FAULTS = (ImportError, ValueError)
"""Errors of creating a client when the proxies of the environment cannot be used.

One by SOCKS needs a package; one that is no address is no proxy.
"""


def is_this_machine(url: str) -> bool:
    """Return whether a URL leads to this machine by a loopback address."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def proxy_problem(url: str, error: Exception) -> str:
    """Return the message for a proxy that cannot be used, with advice.

    Parameters
    ----------
    url : str
        Address of the request.
    error : Exception
        One of `PROXY_FAULTS`.
    """
    return (
        f"The proxy of this environment cannot be used for {url}: {error} Unset ALL_PROXY, "
        "HTTP_PROXY and HTTPS_PROXY, or name the host in NO_PROXY; for a SOCKS proxy, install the "
        "package 'httpx[socks]'."
    )
