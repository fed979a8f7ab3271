"""Every error a user can see, as a tree.

* SfericError
    * OptionsError (ValueError): one or more stream options are wrong
    * NotServedError (ValueError): no loaded model serves the language
        * SpeakersNotServedError: no models are loaded that tell speakers apart
    * SettingsError (ValueError): a setting of the process is wrong
        * InvalidSettingsError: one or more settings are malformed, unknown or contradict
        * NoKeysError: a server that nobody could use
        * PortInUseError (OSError): something else listens there
        * ListenError (OSError): the address cannot be listened on
        * TlsError: a certificate or its key cannot be used
    * AudioError (ValueError): audio that cannot be taken
        * UndecodableAudioError: the bytes are not what the encoding says
        * UnreadableRecordingError: a file holds no audio that can be read
        * RecordingTooBigError: it has more bytes than are taken
        * RecordingTooLongError: it has more seconds than are taken
        * MicrophoneError: there is no microphone to listen to
    * SpoolFullError: there is no room for one more recording
    * UrlError (ValueError): an address that a client gave
        * ForbiddenUrlError: it is not one that may be requested
        * FailedUrlError: nothing, or an error, is there
    * JobStoreError: the jobs cannot be read or changed
    * ModelError: a model that cannot be used
        * UnknownModelError (LookupError): no such name in the catalogue
        * ModelFileMissingError (FileNotFoundError): a folder lacks a file
        * ModelFetchError (ConnectionError): no source delivered the files
        * ChecksumError: a file that was fetched is not the one the catalogue pins
        * ModelStorageError (OSError): the disk is full or not writable
        * ModelLoadError: the files are there and the engine rejects them
        * ModelUnavailableError: one of several models that a server runs did not load
        * ModelMemoryError (MemoryError): a model runs out of memory
        * LockFileError (ValueError): a lock file cannot be read or written
        * MissingExtraError (ImportError): it needs a package that is not installed
    * KeyStoreError: the keys cannot be read or changed
        * UnknownKeyError (LookupError): no such key to revoke
    * SessionClosedError (RuntimeError): fed after its end
    * OutputError (OSError): a file that a transcript goes to cannot be written
    * TextInputError (ValueError): a file of text cannot be read
    * RemoteError (ConnectionError): what a client heard from a server
        * InvalidUrlError (ValueError): no address of a server
        * MalformedKeyError (ValueError): a key that cannot be sent
        * UnreachableError: nothing there answers as a server does
        * RefusedError: the server does not open the session
        * CutShortError: the session ended before its last transcript

An error builds its own message: it names the thing, its value, what was allowed and what to do.
`code` is the machine-readable name used on the wire.
"""

from collections.abc import Sequence
from pathlib import Path

import msgspec


class SfericError(Exception):
    """Base of all errors that are meant for a user's eyes."""

    code: str = "internal_error"


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing wrong with one parameter."""

    parameter: str
    value: str
    allowed: str
    message: str


class OptionsError(SfericError, ValueError):
    """One or more options of a stream are wrong; all of them are listed at once."""

    code = "invalid_parameters"

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(problem.message for problem in self.problems))


class NotServedError(SfericError, ValueError):
    """No loaded model serves what was asked for: here, the language."""

    code = "language_not_served"

    def __init__(
        self, language: str, *, model: str, served: Sequence[str], remedy: str = ""
    ) -> None:
        self.language = language
        self.problem = Problem(
            parameter="language",
            value=language,
            allowed=", ".join(served),
            message=(
                f"language={language} is not served by the model {model}, "
                f"which knows: {', '.join(served)}{remedy and '. ' + remedy}"
            ),
        )
        super().__init__(self.problem.message)


class KeywordsNotServedError(NotServedError):
    """The model of the language makes nothing of keywords.

    Args:
        model: Its name.
    """

    code = "keywords_not_served"

    def __init__(self, model: str) -> None:
        self.problem = Problem(
            parameter="keywords",
            value="",
            allowed="none",
            message=f"keywords are not served: the model {model} cannot favour them. Leave them "
            "out, or ask for a language that a Whisper model serves",
        )
        ValueError.__init__(self, self.problem.message)


class SpeakersNotServedError(NotServedError):
    """The models that tell speakers apart are not loaded.

    Args:
        reason: Why, as a sentence without its full stop.
    """

    code = "speakers_not_served"

    def __init__(self, reason: str) -> None:
        self.problem = Problem(
            parameter="diarize",
            value="true",
            allowed="false",
            message=f"diarize=true is not served: {reason}",
        )
        ValueError.__init__(self, self.problem.message)


class SettingsError(SfericError, ValueError):
    """A setting of the process is wrong."""

    code = "invalid_settings"


class InvalidSettingsError(SettingsError):
    """One or more settings are malformed, unknown or contradict; all of them are listed at once."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problem.message for problem in self.problems))


class NoKeysError(SettingsError):
    """No key exists, so nobody could use the server."""

    def __init__(self) -> None:
        super().__init__(
            "there is no key, so nobody could use this server. Make one with "
            "`sferic keys create`, or set SFERIC_API_KEYS; `sferic serve --dev` makes one for "
            "trying things out on this machine"
        )


class PortInUseError(SettingsError, OSError):
    """Something else listens on the port."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(
            f"port {port} on {host} is in use. Stop what listens there, or choose another: "
            f"--port {port + 1 if port < 65535 else 8080}, SFERIC_PORT, or port in the "
            "configuration file"
        )


class ListenError(SettingsError, OSError):
    """The address cannot be listened on."""

    def __init__(self, host: str, port: int, reason: str) -> None:
        super().__init__(
            f"cannot listen on {host}, port {port}: {reason}. Choose an address of this machine "
            "with --host and a port with --port"
        )


class TlsError(SettingsError):
    """A certificate or its key cannot be used."""

    def __init__(self, setting: str, path: str, reason: str) -> None:
        super().__init__(
            f"{setting}={path} cannot be used: {reason}. TLS needs a certificate chain and its "
            "private key, not encrypted, both as PEM files this user can read"
        )


class AudioError(SfericError, ValueError):
    """Audio that cannot be taken."""

    code = "invalid_audio"


class UndecodableAudioError(AudioError):
    """The bytes are not what the declared encoding says."""

    code = "undecodable_audio"

    def __init__(self, encoding: str, reason: str) -> None:
        self.encoding = encoding
        super().__init__(
            f"the audio is not decodable as {encoding}: {reason}. "
            "Send what the encoding parameter declares, or change the parameter"
        )


class UnreadableRecordingError(AudioError):
    """A file holds no audio that can be read."""

    code = "unreadable_recording"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)


class RecordingTooBigError(AudioError):
    """A recording has more bytes than are taken."""

    code = "recording_too_big"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"the recording is larger than {limit / 1_000_000:g} MB, which is the most that is "
            "taken. Compress it, for example to Opus, or send it in parts; the setting is "
            "max_recording_mb"
        )


class RecordingTooLongError(AudioError):
    """A recording has more seconds than are taken."""

    code = "recording_too_long"

    def __init__(self, limit: float) -> None:
        super().__init__(
            f"the recording is longer than {limit:g} s, which is the most that is taken. Send it "
            "in parts; the setting is max_recording_s"
        )


class MicrophoneError(AudioError):
    """There is no microphone to listen to."""

    code = "no_microphone"

    def __init__(
        self, reason: str, remedy: str = "Check that one is connected and that it may be used"
    ) -> None:
        super().__init__(f"the microphone cannot be used: {reason}. {remedy}")


class SpoolFullError(SfericError):
    """There is no room on disk for one more recording.

    Args:
        size: Bytes that all of them together may take; None if the disk itself is full.
    """

    code = "spool_full"

    def __init__(self, size: int | None) -> None:
        limit = "the disk is full" if size is None else f"they may take {size / 1_000_000:g} MB"
        super().__init__(
            f"there is no room for this recording beside those that wait: {limit}. Try again "
            "later; the setting is spool_mb"
        )


class UrlError(SfericError, ValueError):
    """An address that a client gave."""

    code = "url_error"


class ForbiddenUrlError(UrlError):
    """It is not one that may be requested.

    Args:
        url: The address, without what may be secret in it.
        reason: Why, as a sentence without its full stop.
    """

    code = "url_not_allowed"

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(
            f"{url} may not be requested: {reason}. Addresses of the public internet may, by http "
            "and https; the setting allowed_hosts opens others"
        )


class FailedUrlError(UrlError):
    """Nothing, or an error, is there.

    Args:
        url: The address, without what may be secret in it.
        reason: Why, as a sentence without its full stop.
    """

    code = "url_failed"

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(
            f"{url} could not be fetched: {reason}. Check that it can be reached from this server, "
            "or send the audio itself as the body"
        )


class JobStoreError(SfericError):
    """The jobs cannot be read or changed."""

    code = "job_store_error"


class ModelError(SfericError):
    """A model that cannot be used."""

    code = "model_error"


class UnknownModelError(ModelError, LookupError):
    """No such name in the catalogue, and no such folder."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(
            f"there is no model {name!r}; known models: {', '.join(known)}. "
            "A folder with a CTranslate2 Whisper model works too: give its path"
        )


class ModelFileMissingError(ModelError, FileNotFoundError):
    """A model folder lacks a file the engine needs."""

    def __init__(self, folder: Path, missing: Sequence[str], *, name: str | None = None) -> None:
        remedy = (
            "Copy what is missing there, or give a name of `sferic models list` instead"
            if name is None
            else f"`sferic models pull {name}` fetches it"
        )
        super().__init__(f"the model folder {folder} lacks {', '.join(missing)}. {remedy}")


class ModelFetchError(ModelError, ConnectionError):
    """No source delivered the files of a model."""

    def __init__(self, name: str, attempts: Sequence[str]) -> None:
        tried = "\n".join(f"  - {attempt}" for attempt in attempts)
        super().__init__(
            f"the model {name} could not be fetched from any of its sources:\n{tried}\n"
            "Check the network and pip's index settings, or copy the files to a folder and "
            "give its path with --model"
        )


class ChecksumError(ModelError):
    """A file that was fetched is not the one that the catalogue pins."""

    def __init__(self, path: Path, *, expected: str, actual: str) -> None:
        super().__init__(
            f"{path.name} came with SHA-256 {actual} where {expected} is expected. Something on "
            "the way changes it, or its source replaced it: try again without the proxy or mirror, "
            "or copy the files to a folder and give its path with --model"
        )


class ModelStorageError(ModelError, OSError):
    """The model cache cannot be written."""

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(
            f"cannot store a model in {folder}: {reason}. "
            "Free some space, or point SFERIC_MODELS at another folder"
        )


class ModelLoadError(ModelError):
    """The files are there and the engine rejects them."""

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(f"the model in {folder} does not load: {reason}")


class ModelUnavailableError(ModelError):
    """One of several models that a server runs did not load; its log says why."""

    code = "model_failed"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"the model {name} could not be loaded; the log of the server says why. "
            "Other languages may be served by other models"
        )


class ModelMemoryError(ModelError, MemoryError):
    """A model has not memory enough for what it was given."""

    code = "out_of_memory"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"the model {name} ran out of memory. Try again later; whoever runs the server can "
            "give it fewer workers, smaller batches or a smaller model"
        )


class LockFileError(ModelError, ValueError):
    """A lock file of models cannot be read or written."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"the lock file {path} cannot be used: {reason}. `sferic models lock` writes one; "
            "without one, models are held to the catalogue"
        )


class MissingExtraError(ModelError, ImportError):
    """A model needs a package that comes with an extra of Sferic."""

    def __init__(self, model: str, *, extra: str, package: str) -> None:
        super().__init__(
            f"the model {model} needs {package}, which is not installed: "
            f"pip install 'sferic[{extra}]'"
        )


class KeyStoreError(SfericError):
    """The keys cannot be read or changed."""

    code = "key_store_error"


class UnknownKeyError(KeyStoreError, LookupError):
    """There is no such key to revoke."""

    def __init__(self, key_id: str) -> None:
        super().__init__(f"there is no key {key_id!r}; `sferic keys list` shows the keys")


class SessionClosedError(SfericError, RuntimeError):
    """Audio was fed to a session after its end."""

    code = "session_closed"

    def __init__(self) -> None:
        super().__init__("the session has ended; open a new one to feed more audio")


class OutputError(SfericError, OSError):
    """A file that a transcript goes to cannot be written."""

    code = "output_error"

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} cannot be written: {reason}. Choose another file with --output")


class TextInputError(SfericError, ValueError):
    """A file of text cannot be read."""

    code = "unreadable_text"

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name} cannot be read: {reason}")


class RemoteError(SfericError, ConnectionError):
    """What a client heard from a server that refused it or ended early.

    Attributes:
        code: The server's own name of what is wrong, or one of ours if it gave none.
    """

    code = "remote_error"


class InvalidUrlError(RemoteError, ValueError):
    """This is no address of a server."""

    code = "invalid_url"

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(
            f"{url} is no address of a server: {reason}. "
            "It looks like ws://HOST:PORT, or wss://HOST where there is TLS"
        )


class MalformedKeyError(RemoteError, ValueError):
    """The key cannot be sent, so it is none."""

    code = "malformed_key"

    def __init__(self) -> None:
        super().__init__(
            "the key holds characters that no key has; copy it anew, without quotation marks or "
            "anything around it"
        )


class UnreachableError(RemoteError):
    """Nothing at the address answers as a server does."""

    code = "unreachable"

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(
            f"there is no server at {url}: {reason}. Check the address, and that the server runs"
        )


class RefusedError(RemoteError):
    """The server answers with an HTTP error instead of opening the session.

    Attributes:
        status: The HTTP status.
        message: What the server says, without our words around it.
        problems: What is wrong with which parameter.
        retry_after: Seconds after which to try again, where the server says so.
    """

    def __init__(
        self,
        *,
        status: int,
        code: str,
        message: str,
        problems: Sequence[Problem] = (),
        retry_after: float | None = None,
    ) -> None:
        self.status = status
        self.code = code
        self.message = message
        self.problems = tuple(problems)
        self.retry_after = retry_after
        later = "" if retry_after is None else f". Try again in {retry_after:g} s"
        super().__init__(f"the server refuses the session ({status} {code}): {message}{later}")


class CutShortError(RemoteError):
    """A session ended before its last transcript.

    Attributes:
        close_code: The WebSocket close code; 1006 where the connection was lost without one.
        message: What the server says, if it says something.
    """

    def __init__(
        self, close_code: int, *, code: str = "connection_lost", message: str = ""
    ) -> None:
        self.close_code = close_code
        self.code = code
        self.message = message
        lost = close_code == 1006
        said = message or ("the connection was lost" if lost else "it does not say why")
        super().__init__(f"the server ended the session early ({close_code} {code}): {said}")
