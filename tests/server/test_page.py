import re
import threading
from importlib import resources

import pytest

from fakes import FakeRecognizer, FakeStream
from server.harness import PATH, Start, until
from sferic.config import Settings
from sferic.errors import SpeakersNotServedError
from sferic.protocol.dialects import LIGHTNING
from sferic.protocol.options import Options, rows
from sferic.server.backend import Backend, Recognizer

FILES = {entry.name for entry in resources.files("sferic.server").joinpath("web").iterdir()}


async def test_the_page_and_all_that_it_names_are_there(start: Start) -> None:
    running = await start()
    pages = {name: await running.get(f"/page/{name}") for name in FILES}
    assert (await running.get("/")).text == pages["index.html"].text
    named = {
        name
        for page in pages.values()
        for found in re.findall(r'(?:/page/|from "\./)([\w.-]+)', page.text)
        if (name := found)
    }
    assert named - FILES == {"settings.json"}
    assert {answer.status_code for answer in pages.values()} == {200}


async def test_it_needs_nothing_from_anywhere_else_and_runs_nothing_inline(start: Start) -> None:
    running = await start()
    for name in FILES:
        text = (await running.get(f"/page/{name}")).text
        urls = set(re.findall(r"https?://[\w.]+", text)) - {"http://www.w3.org"}
        assert not urls, name
    index = (await running.get("/")).text
    assert "<style" not in index
    assert not re.search(r"\son\w+=|\sstyle=|<script(?! [^>]*src=)|javascript:", index)


async def test_its_policy_allows_nothing_but_itself(start: Start) -> None:
    policy = (await (await start()).get("/")).headers["Content-Security-Policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules.pop("default-src") == "'none'"
    assert set(rules.values()) == {"'self'", "'none'", "blob:"}


@pytest.mark.parametrize(
    ("name", "kind"),
    [("app.js", "text/javascript"), ("page.css", "text/css"), ("icon.svg", "image/svg+xml")],
)
async def test_files_say_what_they_are_and_are_not_sent_twice(
    start: Start, name: str, kind: str
) -> None:
    running = await start()
    answer = await running.get(f"/page/{name}")
    assert answer.headers["Content-Type"].startswith(kind)
    again = await running.get(f"/page/{name}", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.text) == (304, "")


@pytest.mark.parametrize("name", ["nothing.js", "..%2fpage.py", "../page.py", "%2e%2e/page.py"])
async def test_nothing_else_is_served(start: Start, name: str) -> None:
    assert (await (await start()).get(f"/page/{name}")).status_code == 404


async def test_it_is_told_what_the_server_has(start: Start) -> None:
    told = (await (await start()).get("/page/settings.json")).json()
    assert (told["endpoint"], told["ready"], told["keyless"]) == (PATH, True, False)
    assert told["languages"] == [{"code": "en", "name": "English", "detected": False}]
    assert [option["name"] for option in told["options"]] == [spec.name for spec in rows(LIGHTNING)]
    options = {option["name"]: option for option in told["options"]}
    assert options["numerals"]["values"] == ["true", "false", "auto"]
    assert options["numerals"]["default"] == "auto"
    assert options["max_words"]["kind"] == "number"
    assert (options["max_words"]["minimum"], options["max_words"]["maximum"]) == (1, 1000)
    assert options["vad_threshold"]["step"] == "any"
    assert options["keywords"]["available"] is True
    assert {option["group"] for option in told["options"]} == set(told["titles"])


async def test_it_offers_no_speakers_where_no_model_tells_them_apart(start: Start) -> None:
    running = await start()

    reason = "it is a test"

    def check(options: Options) -> None:
        if options.diarize:
            raise SpeakersNotServedError(reason)

    running.recognizer.check = check  # type: ignore[method-assign]
    told = (await running.get("/page/settings.json")).json()
    (diarize,) = [option for option in told["options"] if option["name"] == "diarize"]
    assert diarize["available"] is False


async def test_until_the_model_is_loaded_it_is_told_so(start: Start) -> None:
    recognizer, may_load = FakeRecognizer(), threading.Event()

    def load(_: Settings) -> Recognizer:
        may_load.wait(10)
        return recognizer

    backend = Backend(load=load, open=lambda options, _, __: FakeStream(options, recognizer))
    running = await start(ready=False, backend=backend)
    told = (await running.get("/page/settings.json")).json()
    assert told["ready"] is False
    assert len(told["languages"]) > 30
    may_load.set()
    await until(lambda: running.services.ready)
    assert (await running.get("/page/settings.json")).json()["ready"] is True


async def test_a_development_server_asks_its_own_page_for_no_key(start: Start) -> None:
    running = await start(development_key="sferic_of-the-tests")
    assert (await running.get("/page/settings.json")).json()["keyless"] is True
    answer = await running.get("/page/settings.json", headers={"Host": "rebound.example.com"})
    assert answer.json()["keyless"] is False


async def test_nothing_of_a_request_gets_into_the_page(start: Start) -> None:
    running = await start()
    headers = {"Host": '"><script>alert(1)</script>'}
    answer = await running.get("/", headers=headers)
    assert answer.text == (await running.get("/")).text
    assert "alert" not in (await running.get("/page/settings.json", headers=headers)).text
