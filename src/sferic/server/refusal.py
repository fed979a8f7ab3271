"""A request that is answered with an HTTP error in JSON, before any upgrade."""

from collections.abc import Mapping, Sequence

from starlette.responses import Response

from sferic.errors import (
    AudioError,
    ForbiddenUrlError,
    NotServedError,
    OptionsError,
    Problem,
    RecordingTooBigError,
    RecordingTooLongError,
    SpoolFullError,
    UrlError,
)
from sferic.protocol.messages import ErrorMessage, encode


class Refusal(Exception):  # noqa: N818  # an answer rather than a fault
    """Why a request is refused, and how that is said.

    Args:
        status: HTTP status code.
        code: Name for machines.
        message: Sentence for people.
        problems: What is wrong with which parameter.
        retry_after: Seconds after which to try again.
        headers: More headers of the answer.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        problems: Sequence[Problem] = (),
        retry_after: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.problems = tuple(problems)
        self._body = ErrorMessage(code=code, message=message, errors=self.problems)
        self._headers = dict(headers or {})
        if retry_after is not None:
            self._headers["Retry-After"] = str(retry_after)

    @classmethod
    def of(cls, error: OptionsError | NotServedError) -> "Refusal":
        """Say that parameters are wrong."""
        said = ErrorMessage.of(error)
        return cls(400, said.code, said.message, problems=said.errors)

    @classmethod
    def of_recording(cls, error: AudioError | UrlError | SpoolFullError) -> "Refusal":
        """Say that a recording cannot be taken."""
        status = 422
        if isinstance(error, RecordingTooBigError | RecordingTooLongError):
            status = 413
        elif isinstance(error, ForbiddenUrlError):
            status = 400
        elif isinstance(error, SpoolFullError):
            status = 503
        return cls(status, error.code, str(error), retry_after=30 if status == 503 else None)

    @classmethod
    def of_url(cls, error: UrlError, parameter: str) -> "Refusal":
        """Say that an address cannot be requested."""
        allowed = "an http or https URL that this server may request"
        problem = Problem(parameter=parameter, value="", allowed=allowed, message=str(error))
        return cls(400, error.code, str(error), problems=[problem])

    def response(self) -> Response:
        """Return the answer."""
        return Response(
            encode(self._body), self.status, self._headers, media_type="application/json"
        )


def unauthorized(code: str, message: str, *, error: str = "") -> Refusal:
    """Return a 401.

    Args:
        code: Name for machines.
        message: Sentence for people.
        error: What RFC 6750 calls it, where there was a key.
    """
    told = f', error="{error}"' if error else ""
    return Refusal(401, code, message, headers={"WWW-Authenticate": f'Bearer realm="sferic"{told}'})
