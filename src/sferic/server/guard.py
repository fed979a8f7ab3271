"""Addresses that a client may have this server connect to: public ones, and those it is told of.

A name is resolved here, every address it has is checked, and the connection goes to one that was
checked: whatever the name stands for a moment later, it is not asked again. A request that is
redirected comes through here again.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

import httpx

from sferic.errors import FailedUrlError, ForbiddenUrlError

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolver: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
"""From a host and a port to its addresses."""

PORTS = {"http": 80, "https": 443}
"""The schemes that are allowed, and where they are served."""

_PRIVATE = tuple(
    ipaddress.ip_network(network)
    for network in (
        # Those that `is_global` lets through, or did in some version of Python.
        "100.64.0.0/10",  # carrier-grade NAT; some clouds have their metadata there
        "168.63.129.16/32",  # the metadata and management address of a large cloud
        "192.0.0.0/24",  # protocol assignments; metadata in some clouds
        "192.88.99.0/24",  # 6to4 relays
        "::/96",  # IPv4-compatible
        "::ffff:0:0/96",  # IPv4-mapped
        "::ffff:0:0:0/96",  # IPv4-translated
        "64:ff9b::/96",  # NAT64
        "64:ff9b:1::/48",  # NAT64, local
        "2001::/23",  # protocol assignments, Teredo among them
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
        "fec0::/10",  # site-local
    )
)


class Guard:
    """Says what may be connected to.

    Args:
        allowed: Hosts, addresses and networks that are open although they are not public.
        resolve: Finds the addresses of a name; unset, the system's resolver.
    """

    def __init__(self, allowed: Sequence[str] = (), *, resolve: Resolver | None = None) -> None:
        self._hosts: set[str] = set()
        self._networks: list[Network] = []
        for one in allowed:
            network = as_network(one)
            if network is None:
                self._hosts.add(one.lower())
            else:
                self._networks.append(network)
        self._resolve = resolve or _resolve

    async def addresses(self, url: httpx.URL) -> list[str]:
        """Return the addresses that a URL may be reached at.

        Raises:
            ForbiddenUrlError: Its scheme or one of its addresses is not allowed.
            FailedUrlError: Its host has no address.
        """
        if url.scheme not in PORTS:
            reason = "only http and https are"
            raise ForbiddenUrlError(shown(url), reason)
        host = url.raw_host.decode("ascii").lower().rstrip(".")
        if not host:
            raise ForbiddenUrlError(shown(url), "it names no host")
        try:
            found = await self._resolve(host, url.port or PORTS[url.scheme])
        except (OSError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or "its name cannot be resolved"
            raise FailedUrlError(shown(url), reason) from None
        if not found:
            raise FailedUrlError(shown(url), "its host has no address")
        if host not in self._hosts:
            for address in found:
                if not self.allows(address):
                    reason = "its host is in a network that is not open to requests of clients"
                    raise ForbiddenUrlError(shown(url), reason)
        return list(dict.fromkeys(found))

    def allows(self, address: str) -> bool:
        """Whether an address is public or in a network that was opened."""
        parsed = ipaddress.ip_address(address.partition("%")[0])
        if any(parsed in network for network in self._networks):
            return True
        return is_public(parsed)


def is_public(address: Address) -> bool:
    """Whether an address is one of the public internet, and stands for no other one."""
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and not any(address in network for network in _PRIVATE)
    )


def as_network(text: str) -> Network | None:
    """Read an address or a network; None for anything else, such as a name."""
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        return None


def shown(url: httpx.URL) -> str:
    """Write a URL for people: without credentials and query, which may be secret."""
    port = f":{url.port}" if url.port else ""
    host = f"[{url.host}]" if ":" in url.host else url.host
    return f"{url.scheme}://{host}{port}{url.path}"[:200]


class GuardedTransport(httpx.AsyncBaseTransport):
    """Connects to addresses that the guard lets pass, and to nothing else.

    TLS verifies the name that the URL has. Every request has a connection of its own: connections
    are known by address, and one that was verified for a name must not serve another.

    Args:
        guard: Decides.
    """

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._inner = httpx.AsyncHTTPTransport(
            trust_env=False, limits=httpx.Limits(max_keepalive_connections=0)
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request to the first of its addresses that can be connected to."""
        failure: httpx.ConnectError | httpx.ConnectTimeout | None = None
        for address in await self._guard.addresses(request.url):
            try:
                return await self._inner.handle_async_request(_addressed(request, address))
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                failure = error
        assert failure is not None  # noqa: S101  # there was an address
        raise failure

    async def aclose(self) -> None:
        """Close all connections."""
        await self._inner.aclose()


def _addressed(request: httpx.Request, address: str) -> httpx.Request:
    """The same request, for one address of its host. `Host` and TLS still say the name."""
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": request.url.raw_host.decode("ascii")},
    )


async def _resolve(host: str, port: int) -> list[str]:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]
