"""One attempt at handing a result to the address that a client gave."""

import asyncio
import time

import httpx
import msgspec

from sferic.errors import UrlError
from sferic.server import signing
from sferic.server.fetching import parse
from sferic.server.guard import Guard, GuardedTransport
from sferic.server.job_database import Job

FIRST_WAIT_S = 5.0
"""Seconds from the first attempt to the second."""
LONGEST_WAIT_S = 3_600.0
"""Seconds between two attempts, at most."""
_GROWTH = 3.0


class Attempt(msgspec.Struct, frozen=True):
    """What an attempt came to."""

    delivered: bool
    outcome: str
    """In a few words."""


def wait_after(attempts: int, first: float = FIRST_WAIT_S) -> float:
    """Return the seconds to wait after so many attempts."""
    return float(min(first * _GROWTH ** (attempts - 1), LONGEST_WAIT_S))


class Courier:
    """Hands over results, signed, past a guard.

    Args:
        guard: Says what may be connected to, at every attempt again.
        within: Seconds in which a receiver must have answered.
    """

    def __init__(self, guard: Guard, *, within: float) -> None:
        self._guard = guard
        self._within = within

    async def attempt(self, job: Job, secret: bytes) -> Attempt:
        """Try once; whatever the receiver does, this returns in time.

        Redirects are not followed: a receiver that has moved has to be named anew.
        """
        try:
            async with asyncio.timeout(self._within):
                status = await self._send(job, secret)
        except TimeoutError:
            return Attempt(delivered=False, outcome=f"no answer in {self._within:g} s")
        except UrlError as error:
            return Attempt(delivered=False, outcome=error.code)
        except httpx.HTTPError as error:
            return Attempt(delivered=False, outcome=f"no connection ({type(error).__name__})")
        return Attempt(delivered=200 <= status < 300, outcome=f"answered {status}")

    async def _send(self, job: Job, secret: bytes) -> int:
        url, body = parse(job.webhook_url), job.result or b""
        if job.webhook_method == "GET":
            # A request that has no body has no place for a transcript.
            status = "success" if job.succeeded else "error"
            notice = {"request_id": job.id, "status": status}
            extra = {} if job.webhook_extra is None else {"webhook_extra": job.webhook_extra}
            url, body = url.copy_merge_params({**notice, **extra}), b""
        headers = signing.headers(secret, job.id, int(time.time()), body)
        if body:
            headers["Content-Type"] = "application/json"
        async with httpx.AsyncClient(
            transport=GuardedTransport(self._guard),
            timeout=self._within,
            trust_env=False,
            headers={"User-Agent": "sferic"},
        ) as client:
            request = client.build_request(
                job.webhook_method, url, headers=headers, content=body or None
            )
            response = await client.send(request, stream=True)
            await response.aclose()
            return response.status_code
