"""Files over HTTP, from the Hugging Face hub or from plain addresses, resumed where they broke off.

The hub's conventions: a file is at ENDPOINT/REPOSITORY/resolve/REVISION/NAME; a large one is
redirected to storage, and the answer that redirects carries its SHA-256 as `X-Linked-Etag`.
HF_ENDPOINT, HF_TOKEN and HF_HUB_OFFLINE mean what they mean to huggingface_hub; proxies and
certificates come from the environment as well.
"""

import os
import re
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

import httpx

from sferic.errors import ChecksumError
from sferic.models.catalogue import HubSource, ModelFile, WebSource
from sferic.models.progress import Position, Progress
from sferic.models.staging import SourceError, Staging, has_size, length, sha256

HUB = "https://huggingface.co"

_ANSWER_WITHIN = 5.0
"""Seconds a server has to answer at all before the next source is tried."""
_STALLED_AFTER = 20.0
"""Seconds without a byte after which a transfer is broken off and resumed."""
_TRIES = 4
"""Breaks in a row, with nothing received in between, after which a source is given up."""
_PAUSE = 0.5
"""Seconds before the first retry; doubled each time."""
_PASSING = {408, 425, 429, 500, 502, 503, 504}
"""Answers that another try may change."""


class Downloads:
    """HTTP transfers of one process. Remembers which servers do not answer, to ask only once."""

    def __init__(self) -> None:
        self._silent: dict[str, str] = {}

    def fetch_hub(self, source: HubSource, staging: Staging, progress: Progress) -> None:
        """Fetch the missing files from the hub.

        Raises:
            SourceError: The hub does not deliver them.
            ChecksumError: It delivered a wrong file, twice.
        """
        if os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}:
            reason = "skipped, because HF_HUB_OFFLINE is set"
            raise SourceError(reason)
        endpoint = (os.environ.get("HF_ENDPOINT") or HUB).rstrip("/")
        base = f"{endpoint}/{source.repository}/resolve/{source.revision}"
        urls = {file.name: f"{base}/{file.name}" for file in staging.missing}
        token = os.environ.get("HF_TOKEN")
        self._fetch(urls, staging, progress, {"Authorization": f"Bearer {token}"} if token else {})

    def fetch_web(self, source: WebSource, staging: Staging, progress: Progress) -> None:
        """Fetch the missing files from their addresses; raises what `fetch_hub` raises."""
        self._fetch(source.urls, staging, progress, {})

    def fetch_file(
        self, url: str, file: ModelFile, path: Path, label: str, progress: Progress
    ) -> None:
        """Fetch one file that is not of a model itself, and check it.

        Raises:
            SourceError: The address does not deliver it.
            ChecksumError: It delivered a wrong one, twice.
        """
        with _client({}) as client:
            if not has_size(path, file.size):
                self._ask(client, url)
            with progress.track(label, file.size) as position:
                for last in (False, True):
                    _download(client, url, path, file.size, position)
                    if (actual := sha256(path)) == file.sha256:
                        return
                    path.unlink()
                    if last:
                        expected = file.sha256 or ""
                        raise ChecksumError(path, expected=expected, actual=actual)

    def _fetch(
        self,
        urls: Mapping[str, str],
        staging: Staging,
        progress: Progress,
        headers: Mapping[str, str],
    ) -> None:
        missing = staging.missing
        with _client(headers) as client:
            self._ask(client, urls[missing[0].name])
            total = sum(file.size for file in missing)
            with progress.track(staging.model.name, total) as position:
                done = 0
                for file in missing:
                    _fetch_file(client, urls[file.name], file, staging, _after(done, position))
                    done += file.size

    def _ask(self, client: httpx.Client, url: str) -> None:
        """Find out quickly whether the server answers, name resolution included."""
        server = urlsplit(url).netloc or url
        if reason := self._silent.get(server):
            raise SourceError(reason)
        outcome: list[httpx.Response | Exception] = []

        def ask() -> None:
            try:
                outcome.append(client.head(url, follow_redirects=False))
            except Exception as error:  # noqa: BLE001 - handed to the thread that asked
                outcome.append(error)

        # A look-up of a name cannot be given a time limit: hence a thread that may be left behind.
        thread = threading.Thread(target=ask, name="sferic-ask", daemon=True)
        thread.start()
        thread.join(_ANSWER_WITHIN)
        answer = outcome[0] if outcome else httpx.ConnectTimeout("")
        if isinstance(answer, httpx.Response):
            # Some mirrors know no HEAD: that is an answer, too.
            if answer.is_error and answer.status_code not in {405, 501}:
                _refused(answer)
        elif isinstance(answer, httpx.HTTPError | httpx.InvalidURL):
            self._silent[server] = _in_words(answer, server)
            raise SourceError(self._silent[server]) from answer
        else:
            raise answer


def _fetch_file(
    client: httpx.Client, url: str, file: ModelFile, staging: Staging, position: Position
) -> None:
    """Bring one file in and have it checked; a wrong one is fetched once more from the start."""
    part = staging.part(file)
    try:
        announced = _download(client, url, part, file.size, position)
        staging.accept(file, part, announced=announced)
    except ChecksumError:
        announced = _download(client, url, part, file.size, position)
        staging.accept(file, part, announced=announced)


def _download(
    client: httpx.Client, url: str, part: Path, size: int, position: Position
) -> str | None:
    """Complete a partial file; returns the SHA-256 that the server announced, if it did."""
    announced: str | None = None
    failures = 0
    while not has_size(part, size):
        before = length(part)
        try:
            announced = _transfer(client, url, part, size, position) or announced
            if length(part) < size:
                reason = "the connection ended early"
                raise _RetryError(reason)  # noqa: TRY301
        except (httpx.TransportError, _RetryError) as error:
            failures = 1 if length(part) > before else failures + 1
            if failures == _TRIES:
                raise SourceError(_in_words(error, urlsplit(url).netloc)) from error
            time.sleep(_PAUSE * 2 ** (failures - 1))
        except httpx.HTTPError as error:
            raise SourceError(_in_words(error, urlsplit(url).netloc)) from error
    return announced


def _transfer(
    client: httpx.Client, url: str, part: Path, size: int, position: Position
) -> str | None:
    """One request for what is missing of a file."""
    have = length(part)
    if have > size:
        part.unlink()
        have = 0
    headers = {"Range": f"bytes={have}-"} if have else {}
    with client.stream("GET", url, headers=headers) as response:
        if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            part.unlink(missing_ok=True)
            reason = "the server has less of the file than is here"
            raise _RetryError(reason)
        if response.status_code in _PASSING:
            raise _RetryError(_status(response))
        if response.is_error:
            _refused(response)
        if response.status_code != httpx.codes.PARTIAL_CONTENT:
            have = 0
        elif not response.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
            part.unlink(missing_ok=True)
            reason = "the server sends another range than the one asked for"
            raise _RetryError(reason)
        _check_length(response, size - have)
        with part.open("ab" if have else "wb") as stream:
            for chunk in response.iter_raw():
                have += len(chunk)
                if have > size:
                    reason = f"it sends more than the {size} bytes of {part.name}"
                    raise SourceError(reason)
                stream.write(chunk)
                position(have)
        return _announced_digest(response)


def _client(headers: Mapping[str, str]) -> httpx.Client:
    try:
        return httpx.Client(
            headers={"User-Agent": "sferic", "Accept-Encoding": "identity", **headers},
            timeout=httpx.Timeout(_STALLED_AFTER, connect=_ANSWER_WITHIN),
            follow_redirects=True,
            verify=_certificates(),
        )
    except (ImportError, ValueError, OSError, httpx.InvalidURL) as error:
        reason = f"the proxy or certificate settings cannot be used: {error}"
        raise SourceError(reason) from error


def _certificates() -> ssl.SSLContext:
    """Those that come with httpx, and those of the system, where a company keeps its own."""
    context = httpx.create_ssl_context()
    context.load_default_certs()
    return context


def _check_length(response: httpx.Response, expected: int) -> None:
    announced = response.headers.get("Content-Length", "")
    if announced.isdigit() and int(announced) != expected:
        reason = (
            f"it answers with {announced} bytes where {expected} are expected; "
            "is there a login page or a filter in between?"
        )
        raise SourceError(reason)


def _announced_digest(response: httpx.Response) -> str | None:
    for answer in (*response.history, response):
        match = re.fullmatch(r'(?:W/)?"?([0-9a-f]{64})"?', answer.headers.get("X-Linked-Etag", ""))
        if match:
            return match[1]
    return None


def _refused(response: httpx.Response) -> NoReturn:
    raise SourceError(_status(response))


def _status(response: httpx.Response) -> str:
    reasons = {
        401: "it asks for a token: set HF_TOKEN",
        403: "it refuses access, or a filter in between does",
        404: "it does not have the file",
        407: "the proxy asks for a password",
        429: "it is asked too often",
    }
    reason = reasons.get(response.status_code, response.reason_phrase or "an error")
    return f"{response.url.host}: {reason} (HTTP {response.status_code})"


def _in_words(error: Exception, server: str) -> str:
    """Say what went wrong on the way, for people."""
    cause: BaseException | None = error
    while cause:
        if isinstance(cause, socket.gaierror):
            return f"the name {server} is not known here"
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"the certificate of {server} is not trusted: {cause.verify_message}"
        cause = cause.__cause__ or cause.__context__
    reasons: dict[type[Exception], str] = {
        httpx.ConnectTimeout: f"no answer within {_ANSWER_WITHIN:.0f} s",
        httpx.TimeoutException: "it sends nothing any more",
        httpx.ProxyError: f"the proxy does not let it through: {error}",
        httpx.ConnectError: f"it cannot be reached: {error}",
    }
    for kind, reason in reasons.items():
        if isinstance(error, kind):
            return f"{server}: {reason}"
    return f"{server}: {str(error) or 'the connection broke'}"


def _after(done: int, position: Position) -> Position:
    return lambda have: position(done + have)


class _RetryError(Exception):
    """An answer after which the request is worth repeating."""
