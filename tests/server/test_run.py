import asyncio
import json
import shutil
import socket
import ssl
import subprocess
from pathlib import Path

import httpx
import pytest

from server.harness import Start, received, until
from sferic.config import Settings
from sferic.errors import ListenError, PortInUseError, TlsError
from sferic.server.run import listen, tls_context

FINALIZE = '{"type":"finalize"}'


async def test_when_told_to_stop_open_sessions_get_their_last_transcript(start: Start) -> None:
    running = await start(drain_timeout_s=5)
    running.recognizer.finishing.clear()
    async with running.connect() as connection:
        await connection.send(b"audio")
        await (await running.stream()).heard.wait()
        running.server.stop()
        await until(lambda: running.services.sessions.draining)
        denial = await running.refused()
        assert (denial.status, denial.body["code"]) == (503, "server_draining")
        assert int(denial.headers["Retry-After"]) > 0
        assert (await running.get("/health")).status_code == 200
        assert (await running.get("/ready")).json()["code"] == "server_draining"
        running.recognizer.finishing.set()
        messages = await received(connection)
    assert messages[-2]["is_last"] is True
    assert messages[-1]["code"] == "server_restarting"
    assert connection.close_code == 1012
    assert running.task is not None
    await asyncio.wait_for(running.task, 2)
    with pytest.raises(httpx.ConnectError):
        await running.get("/health")


async def test_sessions_that_do_not_finish_in_time_are_closed_all_the_same(start: Start) -> None:
    running = await start(drain_timeout_s=0.1)
    running.recognizer.finishing.clear()
    async with running.connect() as connection:
        await connection.send(b"audio")
        await (await running.stream()).heard.wait()
        running.server.stop()
        messages = await received(connection)
    assert messages[-1]["code"] == "server_restarting"
    assert connection.close_code == 1012


async def test_a_session_that_was_ending_anyway_ends_as_it_should(start: Start) -> None:
    running = await start(drain_timeout_s=5)
    running.recognizer.finishing.clear()
    async with running.connect() as connection:
        await connection.send(FINALIZE)
        await (await connection.ping())
        running.server.stop()
        await until(lambda: running.services.sessions.draining)
        running.recognizer.finishing.set()
        messages = await received(connection)
    assert messages[-1]["is_last"] is True
    assert connection.close_code == 1000


async def test_a_second_signal_ends_it_at_once(start: Start) -> None:
    running = await start(drain_timeout_s=60)
    running.recognizer.finishing.clear()
    async with running.connect() as connection:
        await connection.send(b"audio")
        stream = await running.stream()
        await stream.heard.wait()
        running.server.stop()
        await until(lambda: running.services.sessions.draining)
        running.server.handle_exit(2, None)
        await asyncio.wait_for(stream.left.wait(), 2)
        assert running.task is not None
        await asyncio.wait_for(running.task, 2)
    assert connection.close_code == 1012
    # At once means that even the app is not told: its lifespan is still open.
    lifespan = [task for task in asyncio.all_tasks() if "LifespanOn.main" in repr(task)]
    for task in lifespan:
        task.cancel()
    await asyncio.gather(*lifespan, return_exceptions=True)


async def test_a_connection_that_sends_no_request_is_closed(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sferic.server.http.REQUEST_WITHIN_S", 0.1)
    running = await start()
    reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
    writer.write(b"GET /health HTTP/1.1\r\n")
    async with running.connect() as connection:
        assert await asyncio.wait_for(reader.read(), 2) == b""
        await connection.send(FINALIZE)
        assert await received(connection)
    writer.close()


def test_a_port_in_use_is_named_and_another_suggested() -> None:
    (taken,) = listen("127.0.0.1", 0)
    port = taken.getsockname()[1]
    with taken, pytest.raises(PortInUseError, match=rf"{port} on 127\.0\.0\.1.*--port {port + 1}"):
        listen("127.0.0.1", port)


def test_an_address_of_another_machine_is_named() -> None:
    with pytest.raises(ListenError, match=r"192\.0\.2\.1"):
        listen("192.0.2.1", 0)


def test_a_name_that_does_not_exist_is_named() -> None:
    with pytest.raises(ListenError, match=r"nowhere\.invalid"):
        listen("nowhere.invalid", 0)


def test_all_addresses_of_a_name_get_the_same_port() -> None:
    sockets = listen("localhost", 0)
    ports = {opened.getsockname()[1] for opened in sockets}
    for opened in sockets:
        opened.close()
    assert len(ports) == 1


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two self-signed certificates and their keys."""
    if shutil.which("openssl") is None:
        pytest.skip("needs the openssl command to make certificates")
    folder = tmp_path_factory.mktemp("tls")
    request = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=x"
    commands = [
        f"{request} -addext subjectAltName=IP:127.0.0.1 -keyout {name}.key -out {name}.pem"
        for name in ("one", "other")
    ]
    commands.append("ec -in one.key -aes256 -passout pass:secret -out encrypted.key")
    for command in commands:
        subprocess.run(["openssl", *command.split()], cwd=folder, check=True, capture_output=True)
    return folder


async def test_with_a_certificate_it_is_wss(start: Start, certificates: Path) -> None:
    one = {"tls_cert": str(certificates / "one.pem"), "tls_key": str(certificates / "one.key")}
    running = await start(tls=tls_context(Settings(**one)))  # type: ignore[arg-type]
    trust = ssl.create_default_context(cafile=str(certificates / "one.pem"))
    async with running.connect(ssl=trust) as connection:
        for _ in range(20):
            await connection.send(bytes(100_000))
        await connection.send(FINALIZE)
        messages = await received(connection)
    assert messages[-1]["is_last"] is True
    assert (await running.stream()).audio == 2_000_000


async def test_over_tls_reading_is_throttled_too(start: Start, certificates: Path) -> None:
    one = {"tls_cert": str(certificates / "one.pem"), "tls_key": str(certificates / "one.key")}
    running = await start(tls=tls_context(Settings(**one)), read_ahead_mb=1)  # type: ignore[arg-type]
    trust = ssl.create_default_context(cafile=str(certificates / "one.pem"))
    running.recognizer.flowing.clear()
    async with running.connect(ssl=trust) as connection:

        async def send() -> None:
            for _ in range(300):
                await connection.send(bytes(65_536))
            await connection.send(FINALIZE)

        sending = asyncio.create_task(send())
        await until(lambda: running.services.read_ahead.full)
        await asyncio.sleep(0.1)
        assert running.services.read_ahead.held < 2_500_000
        running.recognizer.flowing.set()
        assert json.loads(await connection.recv())["is_final"] is False
        await received(connection)
        await sending
    assert (await running.stream()).audio == 300 * 65_536


def test_without_tls_settings_there_is_no_tls() -> None:
    assert tls_context(Settings()) is None


@pytest.mark.parametrize(
    ("cert", "key", "message"),
    [
        ("missing.pem", "one.key", r"tls_cert=.*missing\.pem cannot be used: No such file"),
        ("one.pem", "missing.key", r"tls_key=.*missing\.key cannot be used: No such file"),
        ("one.pem", "other.key", r"tls_key=.*other\.key.* is not the key of the certificate in"),
        ("one.key", "one.key", r"tls_cert=.*one\.key.* no certificate in PEM form"),
        ("one.pem", "one.pem", r"tls_key=.*one\.pem.* no private key in PEM form"),
        ("one.pem", "encrypted.key", r"tls_key=.*encrypted\.key.* or an encrypted one"),
        (".", "one.key", r"tls_cert=.* cannot be used: Is a directory"),
    ],
)
def test_what_is_wrong_with_a_certificate_is_said(
    certificates: Path, cert: str, key: str, message: str
) -> None:
    settings = Settings(tls_cert=str(certificates / cert), tls_key=str(certificates / key))
    with pytest.raises(TlsError, match=message):
        tls_context(settings)


def test_a_socket_is_listening_before_the_server_runs() -> None:
    (opened,) = listen("127.0.0.1", 0)
    with opened, socket.create_connection(opened.getsockname(), 1):
        pass
