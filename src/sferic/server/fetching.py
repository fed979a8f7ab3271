"""Recordings that a client names by their address."""

import asyncio
from contextlib import aclosing

import httpx

from sferic.errors import FailedUrlError, ForbiddenUrlError
from sferic.server.guard import Guard, GuardedTransport, shown
from sferic.server.spool import Spool

MOST_REDIRECTS = 5

_PATIENCE = httpx.Timeout(30.0, connect=10.0)
_HEADERS = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "sferic"}


async def fetch(url: str, spool: Spool, guard: Guard, *, within: float) -> None:
    """Fetch what is at an address.

    Args:
        url: http or https.
        spool: Takes it in as it comes.
        guard: Says what may be connected to, at every redirect again.
        within: Seconds that all of it may take.

    Raises:
        ForbiddenUrlError: It, or what it redirects to, may not be requested.
        FailedUrlError: Nothing comes, or an error does.
        RecordingTooBigError: It is more than the spool takes.
    """
    target = parse(url)
    try:
        async with (
            asyncio.timeout(within),
            httpx.AsyncClient(
                transport=GuardedTransport(guard),
                timeout=_PATIENCE,
                trust_env=False,
                headers=_HEADERS,
            ) as client,
        ):
            await _fetch(client.build_request("GET", target), client, spool)
    except TimeoutError:
        reason = f"it takes longer than {within:g} s"
        raise FailedUrlError(shown(target), reason) from None
    except httpx.TimeoutException:
        raise FailedUrlError(shown(target), "it does not answer") from None
    except httpx.HTTPError as error:
        reason = f"the connection failed ({type(error).__name__})"
        raise FailedUrlError(shown(target), reason) from None


def parse(url: str) -> httpx.URL:
    """Read a URL.

    Raises:
        ForbiddenUrlError: It is none.
    """
    try:
        return httpx.URL(url)
    except (httpx.InvalidURL, UnicodeError):
        pass
    what, reason = "what the client gave as a URL", "it is none"
    raise ForbiddenUrlError(what, reason)


async def _fetch(request: httpx.Request, client: httpx.AsyncClient, spool: Spool) -> None:
    for _ in range(MOST_REDIRECTS + 1):
        # Httpx would read all of what comes with a redirect.
        response = await client.send(request, stream=True, follow_redirects=False)
        async with aclosing(response):
            if response.next_request is None:
                _check(response)
                await spool.fill(response.aiter_raw())
                return
            request = response.next_request
    raise FailedUrlError(shown(request.url), f"it redirects more than {MOST_REDIRECTS} times")


def _check(response: httpx.Response) -> None:
    """See that the answer is the file."""
    if response.status_code != httpx.codes.OK:
        reason = f"the answer is {response.status_code}"
        raise FailedUrlError(shown(response.url), reason)
    encoding = response.headers.get("content-encoding", "identity")
    if encoding.strip().lower() not in ("", "identity"):
        reason = "the answer is compressed, although that was not asked for"
        raise FailedUrlError(shown(response.url), reason)
