import ipaddress

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.errors import FailedUrlError, ForbiddenUrlError
from sferic.server.guard import Guard, is_public, shown

PRIVATE = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::ffff:0:10.0.0.1",
    "64:ff9b::10.0.0.1",
    "64:ff9b::8.8.8.8",
    "64:ff9b:1::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "3fff::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
]
PUBLIC = ["1.1.1.1", "8.8.8.8", "93.184.216.34", "2001:4860:4860::8888", "2606:4700::1111"]


def resolving(*addresses: str):  # type: ignore[no-untyped-def]
    async def resolve(host: str, port: int) -> list[str]:
        return list(addresses)

    return resolve


@pytest.mark.parametrize("address", PRIVATE)
async def test_addresses_that_are_not_public_are_refused(address: str) -> None:
    guard = Guard(resolve=resolving(address))
    with pytest.raises(ForbiddenUrlError, match=r"http://some\.name/a may not be requested"):
        await guard.addresses(httpx.URL("http://some.name/a"))


@pytest.mark.parametrize("address", PUBLIC)
async def test_public_addresses_pass(address: str) -> None:
    guard = Guard(resolve=resolving(address))
    assert await guard.addresses(httpx.URL("https://some.name/a")) == [address]


async def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    guard = Guard(resolve=resolving("8.8.8.8", "10.0.0.1"))
    with pytest.raises(ForbiddenUrlError):
        await guard.addresses(httpx.URL("http://some.name/"))


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://localhost/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[fe80::1%25lo]/",
    ],
)
async def test_however_loopback_is_written_it_is_refused(url: str) -> None:
    with pytest.raises((ForbiddenUrlError, FailedUrlError)):
        await Guard().addresses(httpx.URL(url))


@pytest.mark.parametrize("url", ["ftp://some.name/", "file:///etc/passwd", "gopher://a/", "/a"])
async def test_only_http_and_https_are_requested(url: str) -> None:
    with pytest.raises(ForbiddenUrlError, match="only http and https are"):
        await Guard(resolve=resolving("8.8.8.8")).addresses(httpx.URL(url))


@pytest.mark.parametrize("opened", ["some.name", "SOME.name", "10.0.0.0/8", "10.0.0.1"])
async def test_hosts_addresses_and_networks_can_be_opened(opened: str) -> None:
    guard = Guard([opened], resolve=resolving("10.0.0.1"))
    assert await guard.addresses(httpx.URL("http://Some.Name./")) == ["10.0.0.1"]


async def test_what_is_opened_opens_nothing_else() -> None:
    guard = Guard(["other.name", "10.0.0.2"], resolve=resolving("10.0.0.1"))
    with pytest.raises(ForbiddenUrlError):
        await guard.addresses(httpx.URL("http://some.name/"))


async def test_a_name_without_an_address_is_said_to_be_unreachable() -> None:
    async def resolve(host: str, port: int) -> list[str]:
        raise OSError(-2, "Name or service not known")

    with pytest.raises(FailedUrlError, match="Name or service not known"):
        await Guard(resolve=resolve).addresses(httpx.URL("http://some.name/"))


def test_an_url_is_shown_without_what_may_be_secret() -> None:
    url = httpx.URL("https://user:password@some.name:8443/a/b?token=secret#part")
    assert shown(url) == "https://some.name:8443/a/b"


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_in_ipv6_clothes_is_never_public(address: ipaddress.IPv4Address) -> None:
    number = int(address)
    for prefix, shift in ((0xFFFF << 32, 0), (0x64FF9B << 96, 0), (0x2002 << 112, 80), (0, 0)):
        assert not is_public(ipaddress.IPv6Address(prefix | (number << shift)))
