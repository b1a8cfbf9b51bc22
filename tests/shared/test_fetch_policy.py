"""Which URLs and addresses GuardedFetch refuses before anything is sent."""

import ipaddress

import pytest

from shared.errors import Problem
from shared.fetch import GuardedFetch, is_public

NAME = "files.test"


def assert_unsafe(fetch, url):
    with pytest.raises(Problem) as raised:
        fetch.get(url, timeout=5.0, max_bytes=10_000)
    assert raised.value.code == "unsafe_url"
    assert not url or url not in f"{raised.value} {raised.value.details}"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "files.test",
        "//files.test/",
        "ftp://files.test/",
        "file:///etc/passwd",
        "http://files.test/",
        "https://files.test:8443/",
        "https://files.test:80/",
        "https://files.test:0/",
        "https://files.test:65979/",
        "https://files.test:/",
        "https://user@files.test/",
        "https://user:password@files.test/",
        "https://@files.test/",
        "https://files.test/#fragment",
        "https://files.test#@other.test/",
        "https://files.test\\@other.test/",
        "https://files.test/\\x",
        "https:/files.test/",
        "https:files.test",
        "https:///files.test/",
        "https://files.test /",
        " https://files.test/",
        "https://files.test/\n",
        "https://files.test/a b",
        "https://files.test/\r\nX: y",
        "https://files.test/\x00",
        "https://files.test/ä",
        "https://fïles.test/",
        "https://files.test。/",
        "https://files%2etest/",
        "https://.test/",
        "https://files..test/",
        "https://files.test./",
        "https://" + "a" * 64 + ".test/",
        "https://" + "a" * 64 + "/",
        "https://" + "a." * 127 + "test/",
        "https://files.test/" + "a" * 2048,
        "https://127.0.0.1/",
        "https://8.8.8.8/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.1/",
        "https://0x/",
        "https://017700000001/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://127.0.1/",
        "https://127.000.000.001/",
        "https://256.0.0.1/",
        "https://1.2.3.4.5/",
        "https://files.test.0x1/",
        "https://①②⑦.0.0.1/",
        "https://[::1]/",
        "https://[::]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://[::127.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[2606:4700::1111]/",
        "https://[fe80::1%25eth0]/",
        "https://[fe80::1%eth0]/",
        "https://[1.2.3.4]/",
        "https://[::1/",
        "https://::1/",
        "https://[]/",
    ],
)
def test_a_url_that_could_mean_anything_else_is_unsafe(url):
    for allow in ((), [ipaddress.ip_network("10.9.0.0/16")]):
        assert_unsafe(GuardedFetch(allow, {NAME: "93.184.215.14"}), url)


PRIVATE = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::8.8.8.8",
    "64:ff9b::808:808",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "2002:808:808::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd20:ce::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_a_name_of_an_address_that_is_not_public_is_unsafe(address):
    assert_unsafe(GuardedFetch(hosts={NAME: address}), f"https://{NAME}/")
    elsewhere = [ipaddress.ip_network("10.9.0.0/16")]
    assert_unsafe(GuardedFetch(elsewhere, {NAME: address}), f"http://{NAME}/")


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.215.14", "2606:4700::1111", "2a00::1"])
def test_public_addresses_are_public(address):
    assert is_public(ipaddress.ip_address(address))
