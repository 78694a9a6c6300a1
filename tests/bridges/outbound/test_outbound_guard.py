"""Nothing inside is ever connected to, however it is spelled, named, or led to; real sockets listen on this machine, and hear nobody."""

from typing import Any

import pytest

from bridges.outbound.destination import Call
from bridges.outbound.errors import BadAnswer, CallFailed, CallRefused

# The canaries listen at PORT on every address of this machine.
SPELLINGS = [
    "localhost:PORT", "LOCALHOST:PORT", "localhost.:PORT", "127.0.0.1:PORT", "127.0.0.2:PORT", "127.255.255.254:PORT",
    "127.0.0.1.:PORT", "127.1:PORT", "127.0.1:PORT", "2130706433:PORT", "0x7f000001:PORT", "0x7f.0.0.1:PORT", "0x7f.1:PORT",
    "0X7F.0x0.0x0.0x1:PORT", "0177.0.0.1:PORT", "0177.1:PORT", "017700000001:PORT", "127.0.0.01:PORT", "127.0.0.0x1:PORT",
    "0000127.0.0.1:PORT", "0:PORT", "0.0.0.0:PORT", "00:PORT", "0x0:PORT", "[::1]:PORT", "[0:0:0:0:0:0:0:1]:PORT", "[::]:PORT",
    "[::ffff:127.0.0.1]:PORT", "[::ffff:7f00:1]:PORT", "[0:0:0:0:0:ffff:127.0.0.1]:PORT", "[::127.0.0.1]:PORT",
    "[64:ff9b::7f00:1]:PORT", "[64:ff9b:1::7f00:1]:PORT", "[2002:7f00:1::]:PORT", "[2001:0:7f00:1::80ff:fffe]:PORT",
    "[::1%25lo]:PORT", "[::1%lo]:PORT", "[fe80::1%25lo]:PORT", "[fe80::1]:PORT", "[2a00::5efe:7f00:1]:PORT", "[fd00:ec2::254]:PORT",
    "[fc00::1]:PORT", "[ff02::1]:PORT", "[::ffff:0:127.0.0.1]:PORT", "\u24f5\u24f6\u24fb.0.0.1:PORT",
    "\uff11\uff12\uff17.0.0.1:PORT", "127\u30020\u30020\u30021:PORT", "127\uff0e0\uff0e0\uff0e1:PORT",
    "127\uff610\uff610\uff611:PORT", "loc\u0430lhost:PORT", "\u24db\u24de\u24d2\u24d0\u24db\u24d7\u24de\u24e2\u24e3:PORT",
    "local\u00adhost:PORT", "localhos\u1d57:PORT", "127.0.0.1%00:PORT", "127.0.0.1%20:PORT", "%31%32%37.0.0.1:PORT",
    "127%2e0%2e0%2e1:PORT", "localhost%00.x:PORT", "127.0.0.1\x00.x.example:PORT", "127.0.0.1\t:PORT", "127.0.\n0.1:PORT",
    "127.0.0.1 :PORT", "loc\talhost:PORT", "x.example@127.0.0.1:PORT", "x.example:443@127.0.0.1:PORT", "@127.0.0.1:PORT",
    "x:y@127.0.0.1:PORT", "127.0.0.1:PORT\\@x.example", "127.0.0.1:PORT#@x.example", "127.0.0.1:PORT?@x.example",
    "127.0.0.1:PORT/@x.example", "x.example\\@127.0.0.1:PORT", "x.example%40127.0.0.1:PORT", "127.0.0.1..:PORT", ".127.0.0.1:PORT",
    "127..0.0.1:PORT", "127.0.0.1:PORT:443", "[127.0.0.1]:PORT", "::1:PORT", "10.0.0.1:PORT", "172.16.0.1:PORT", "192.168.1.1:PORT",
    "169.254.169.254:PORT", "0xa9fea9fe:PORT", "2852039166:PORT", "169.254.43518:PORT", "100.64.0.1:PORT", "100.100.100.200:PORT",
    "168.63.129.16:PORT", "192.0.2.1:PORT", "198.18.0.1:PORT", "224.0.0.1:PORT", "255.255.255.255:PORT",
]  # fmt: skip
# What a name may lead to: each of these, for a name that looks like any other.
LED_TO = [
    "127.0.0.1", "127.0.0.2", "127.8.8.8", "0.0.0.0", "0.0.0.1", "10.0.0.1", "10.255.255.254", "172.16.0.1", "172.31.255.254",
    "192.168.0.1", "192.168.255.254", "100.64.0.1", "100.127.255.254", "169.254.169.254", "169.254.170.2", "100.100.100.200",
    "168.63.129.16", "192.0.0.192", "192.0.2.1", "198.51.100.1", "203.0.113.1", "198.18.0.1", "192.88.99.1", "224.0.0.1",
    "239.255.255.250", "240.0.0.1", "255.255.255.255", "::1", "::", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
    "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1", "2002:7f00:1::1", "2002:a00:1::1", "2001::7f00:1", "fe80::1",
    "fe80::1%lo", "fc00::1", "fd12:3456::1", "fd00:ec2::254", "fec0::1", "ff02::1", "2001:db8::1", "3fff::1", "2001:2::1", "100::1",
    "2a00::200:5efe:a00:1", "127.1", "localhost", "", "\x00",
]  # fmt: skip


def test_the_tables_are_long_enough() -> None:
    assert len(set(SPELLINGS)) + len(set(LED_TO)) >= 120


@pytest.mark.parametrize("scheme", ["https", "http"])
async def test_however_it_is_spelled_nothing_inside_is_called(
    scheme: str, firm: Any, provider: Any, names: Any, canaries: Any, internet: Any
) -> None:
    """Not even where the port is allowed, and where the system would read the spelling as an address."""
    names.answers["xn--loclhost-36g"] = [["127.0.0.1"]]  # a letter of it is Cyrillic
    out = firm(ports=frozenset({canaries.port}))
    for number, spelling in enumerate(SPELLINGS):
        url = f"{scheme}://{spelling.replace('PORT', str(canaries.port))}/T0KEN"
        with pytest.raises(CallRefused) as refused:
            await out.call(provider(name=f"p{number}"), Call(url=url))
        assert "T0KEN" not in str(refused.value), spelling
    assert (canaries.came(), internet["called"]) == (0, [])


async def test_wherever_a_name_leads_nothing_inside_is_called(
    firm: Any, provider: Any, names: Any, canaries: Any, internet: Any, outside: Any
) -> None:
    """Not even where it leads to the internet as well, in whatever order."""
    out = firm(ports=frozenset({canaries.port}))
    for number, address in enumerate(LED_TO):
        names.answers["pay.example"] = [[address], [outside.public, address], [address, outside.elsewhere]]
        for _ in range(3):
            with pytest.raises(CallRefused, match=r"^pay\.example leads "):
                await out.call(provider(name=f"p{number}"), Call(url=f"https://pay.example:{canaries.port}/T0KEN"))
    assert (canaries.came(), internet["called"]) == (0, [])


async def test_wherever_a_redirect_leads_nothing_inside_is_called(
    firm: Any, provider: Any, canaries: Any, outside: Any, internet: Any
) -> None:
    """From a site that may be called, in a firm whose operator has listed one that may be called inside."""
    site = outside.site(b"")
    async with outside.serving(site):
        out = firm(
            f"http://127.0.0.1:{site.port}", f"http://localhost:{canaries.port}", ports=frozenset({canaries.port})
        )
        for number, spelling in enumerate(SPELLINGS):
            place = spelling.replace("PORT", str(canaries.port))
            for location in (f"https://{place}/", f"//{place}/"):
                onward = location.encode("utf-8")
                site.answers = [b"HTTP/1.1 302 X\r\nlocation: " + onward + b"\r\ncontent-length: 0\r\n\r\n"]
                with pytest.raises((CallRefused, BadAnswer)):  # h11 itself takes no NUL and no line's end in a header
                    await out.call(
                        provider(name=f"p{number}{location[:6]}", redirects_max=3),
                        Call(url=f"http://127.0.0.1:{site.port}/"),
                    )
    assert canaries.came() == 0
    assert {port for _, port in internet["called"]} == {site.port}
    assert site.connections == 2 * len(SPELLINGS)


async def test_the_canaries_would_hear_whoever_came(firm: Any, provider: Any, canaries: Any) -> None:
    hosts = {"127.0.0.1": "127.0.0.1", "127.0.0.2": "127.0.0.2", "::1": "[::1]"}
    reached = [shown for host, shown in hosts.items() if canaries.hear(host)]
    assert "127.0.0.2" in reached
    for shown in reached:
        url = f"http://{shown}:{canaries.port}"
        with pytest.raises(CallFailed):
            await firm(url).call(provider(read_s=0.1), Call(url=url))
    assert canaries.came() == len(reached)


async def test_a_name_that_leads_elsewhere_a_moment_later_changes_nothing(
    firm: Any, provider: Any, names: Any, canaries: Any, outside: Any, internet: Any
) -> None:
    """First answer public, second this machine: what was checked is what is called, and the next call is checked anew."""
    site = outside.site(outside.reply(200, b"paid"))
    names.answers["pay.example"] = [[outside.public], ["127.0.0.1"]]
    internet["sites"][outside.public] = site
    async with outside.serving(site):
        out = firm(f"http://pay.example:{canaries.port}")
        answer = await out.call(provider(), Call(url=f"http://pay.example:{canaries.port}/"))
        assert (answer.body, names.asked) == (b"paid", ["pay.example"])
        assert internet["called"] == [(outside.public, canaries.port)]
    out, names.answers["pay.example"] = firm(ports=frozenset({canaries.port})), [["127.0.0.1"]]
    with pytest.raises(CallRefused):
        await out.call(provider(), Call(url=f"https://pay.example:{canaries.port}/"))
    assert canaries.came() == 0


async def test_a_redirect_and_a_retry_resolve_anew_and_are_checked_anew(
    firm: Any, provider: Any, names: Any, outside: Any, internet: Any
) -> None:
    for status, location in ((302, "/again"), (503, "")):
        site = outside.site(outside.reply(status, location=location))
        names.answers["pay.example"] = [[outside.public], ["169.254.169.254"]]
        internet["sites"][outside.public] = site
        async with outside.serving(site):
            with pytest.raises(CallRefused, match="metadata"):
                await firm("http://pay.example").call(
                    provider(redirects_max=2, tries_max=2), Call(url="http://pay.example/")
                )
        assert site.connections == 1
    assert {host for host, _ in internet["called"]} == {outside.public}


async def test_what_is_listed_is_called_and_nothing_beside_it(
    firm: Any, provider: Any, names: Any, canaries: Any, outside: Any
) -> None:
    site = outside.site(outside.reply(204))
    names.answers |= {"hooks.internal": [["127.0.0.1"]], "other.internal": [["127.0.0.1"]]}
    async with outside.serving(site):
        out = firm(f"http://hooks.internal:{site.port}")
        answer = await out.call(provider(), Call(url=f"http://hooks.internal:{site.port}/a?b"))
        assert (answer.status, site.paths) == (204, ["/a?b"])
        for url in (
            f"https://hooks.internal:{site.port}", f"http://other.internal:{site.port}", f"http://127.0.0.1:{site.port}",
            f"http://hooks.internal:{canaries.port}", "http://hooks.internal",
        ):  # fmt: skip
            with pytest.raises(CallRefused):
                await out.call(provider(), Call(url=url))
    assert (site.connections, canaries.came()) == (1, 0)


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "0.0.0.0", "224.0.0.1", "fe80::1", "fd00:ec2::254", "2002:7f00:1::1"]
)
async def test_what_nobody_may_list_is_not_called_even_by_a_listed_name(
    address: str, firm: Any, provider: Any, names: Any, internet: Any
) -> None:
    names.answers["hooks.internal"] = [[address]]
    with pytest.raises(CallRefused, match="it is never called"):
        await firm("http://hooks.internal:9000").call(provider(), Call(url="http://hooks.internal:9000/"))
    assert internet["called"] == []


async def test_a_site_that_was_led_to_does_not_lead_back_to_what_is_listed(
    firm: Any, provider: Any, names: Any, outside: Any, internet: Any
) -> None:
    """Its path would be a stranger's."""
    inside, stranger = outside.site(b""), outside.site(b"")
    names.answers["away.example"] = [[outside.public]]
    internet["sites"][outside.public] = stranger
    async with outside.serving(inside, stranger):
        inside.answers = [outside.reply(302, location="http://away.example/")]
        stranger.answers = [outside.reply(302, location=f"http://127.0.0.1:{inside.port}/delete-all")]
        out = firm(f"http://127.0.0.1:{inside.port}", "http://away.example")
        with pytest.raises(CallRefused, match="must begin with https"):
            await out.call(provider(redirects_max=5), Call(url=f"http://127.0.0.1:{inside.port}/"))
    assert (inside.paths, stranger.connections) == (["/"], 0)


async def test_only_allowed_ports_are_called(firm: Any, provider: Any, names: Any, outside: Any, internet: Any) -> None:
    names.answers["pay.example"] = [[outside.public]]
    for port in (1, 22, 25, 80, 442, 444, 6_379, 8_080, 65_535):
        with pytest.raises(CallRefused, match=r"must have a port of outbound\.ports \(443, 8443\)"):
            await firm().call(provider(), Call(url=f"https://pay.example:{port}/"))
    assert internet["called"] == []


async def test_proxies_and_passwords_of_the_environment_are_not_used(
    firm: Any, provider: Any, canaries: Any, outside: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{canaries.port}")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    (tmp_path / "netrc").write_text("default login omar password T0KEN")
    site = outside.site(outside.reply(204))
    async with outside.serving(site):
        await firm(f"http://127.0.0.1:{site.port}").call(provider(), Call(url=f"http://127.0.0.1:{site.port}/"))
    assert canaries.came() == 0
    assert b"authorization" not in site.heard[0].lower()


async def test_of_many_addresses_few_are_tried_and_the_first_that_answers_is_taken(
    firm: Any, provider: Any, names: Any, outside: Any, internet: Any
) -> None:
    site = outside.site(outside.reply(204))
    internet["sites"][outside.public] = site
    async with outside.serving(site):
        with outside.listening() as deaf:
            dead = [f"127.0.0.{number}" for number in range(2, 9)]
            deaf.close()
            out = firm("http://pay.example")
            names.answers["pay.example"] = [[*dead[:2], outside.public]]
            assert (await out.call(provider(), Call(url="http://pay.example/"))).status == 204
            internet["called"].clear()
            names.answers["pay.example"] = [[*dead, outside.public]]
            with pytest.raises(CallFailed, match="took no connection"):
                await out.call(provider(), Call(url="http://pay.example/"))
            assert len(internet["called"]) == 4
            names.answers["pay.example"] = [[f"11.0.0.{number}" for number in range(65)]]
            with pytest.raises(CallRefused, match="more than 64 addresses"):
                await out.call(provider(), Call(url="http://pay.example/"))
