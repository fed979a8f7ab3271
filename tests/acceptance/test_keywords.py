"""Keywords through a real server with the default model."""

from urllib.parse import quote

from acceptance.serving import ServerProcess
from acceptance.test_server import CHUNK, connected, conversation, refusal, text
from audio import material
from engines import cut
from recordings import clip


async def said(server: ServerProcess, name: str, query: str) -> str:
    samples, _ = clip(name)
    async with connected(server, query) as connection:
        return text(await conversation(connection, cut(material.linear16(samples), CHUNK)))


async def test_a_word_that_is_misheard_is_found_by_its_keyword(server: ServerProcess) -> None:
    plainly = await said(server, "es/pangrama", "language=es")
    assert "murciélago" not in plainly
    query = f"language=es&keywords={quote('murciélago:2,Jensen Huang:2,Blackwell')}"
    assert "murciélago" in await said(server, "es/pangrama", query)


async def test_keywords_that_nobody_says_change_nothing(server: ServerProcess) -> None:
    plainly = await said(server, "en/quick_brown_fox", "language=en")
    others = quote("Jensen Huang:3,Blackwell:3,Fawkes:3,Brawn:3,Layzee:3")
    expecting = await said(server, "en/quick_brown_fox", f"language=en&keywords={others}")
    assert expecting == plainly


async def test_keywords_that_are_wrong_are_refused(server: ServerProcess) -> None:
    status, body = await refusal(server, "keywords=Blackwell:much")
    assert status == 400
    assert body["errors"][0]["parameter"] == "keywords"
