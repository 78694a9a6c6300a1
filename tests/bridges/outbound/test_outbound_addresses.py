"""A URL means one thing only, or it is refused; and what is inside is inside by every one of its spellings."""

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridges.outbound.address import BadAddress, read_address
from bridges.outbound.inside import inside_of

PUBLIC = ["1.1.1.1", "8.8.8.8", "93.184.216.34", "11.0.0.0", "9.255.255.255", "100.63.255.255", "100.128.0.0", "172.15.255.255",
          "172.32.0.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255", "126.255.255.255",
          "128.0.0.0", "169.253.255.255", "169.255.0.0", "2606:4700::1111", "2a00:1450::1", "2003::1", "64:ff9b::808:808",
          "::ffff:8.8.8.8"]  # fmt: skip
LISTABLE = ["127.0.0.1", "127.255.255.255", "10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.0",
            "192.168.255.255", "100.64.0.0", "100.127.255.255", "::1", "fc00::", "fdff:ffff::1", "::ffff:127.0.0.1",
            "::ffff:10.1.2.3", "64:ff9b::a01:203"]  # fmt: skip
NEVER = ["0.0.0.0", "0.1.2.3", "169.254.0.0", "169.254.169.254", "169.254.255.255", "100.100.100.200", "168.63.129.16", "192.0.0.1",
         "192.0.0.192", "192.0.2.1", "198.51.100.1", "203.0.113.255", "192.88.99.1", "198.18.0.0", "198.19.255.255", "224.0.0.0",
         "239.255.255.255", "240.0.0.0", "255.255.255.255", "::", "fe80::1", "febf::1", "ff02::1", "2001:db8::1", "3fff::1",
         "3fff:fff:ffff::1", "2001::1", "2001:2::1", "2001:1ff::1", "2002:7f00:1::1", "2002:808:808::1", "fec0::1", "100::1",
         "64:ff9b:1::7f00:1", "64:ff9b::a9fe:a9fe", "::ffff:169.254.169.254", "::ffff:0.0.0.0", "::127.0.0.1", "5f00::1", "4000::1",
         "fd00:ec2::254", "2a00:1450::5efe:a00:1", "2a00:1450::200:5efe:7f00:1"]  # fmt: skip


@pytest.mark.parametrize("text", PUBLIC)
def test_what_is_public(text: str) -> None:
    assert inside_of(ip_address(text)) is None


@pytest.mark.parametrize("text", LISTABLE)
def test_what_an_operator_may_list(text: str) -> None:
    inside = inside_of(ip_address(text))
    assert inside is not None
    assert inside.listable


@pytest.mark.parametrize("text", NEVER)
def test_what_nobody_may_list(text: str) -> None:
    inside = inside_of(ip_address(text))
    assert inside is not None
    assert not inside.listable


@given(number=st.integers(0, 2**32 - 1))
def test_whatever_python_calls_no_public_ipv4_address_is_inside_here_and_by_all_its_disguises(number: int) -> None:
    address = IPv4Address(number)
    if not address.is_global or address.is_multicast:
        assert inside_of(address) is not None
    for disguised in (0xFFFF << 32 | number, 0x64_FF9B << 96 | number):
        assert inside_of(IPv6Address(disguised)) == inside_of(address)
    assert inside_of(IPv6Address(0x2002 << 112 | number << 80 | 1)) is not None


@given(number=st.integers(0, 2**128 - 1) | st.integers(0x2000 << 112, 0x4000 << 112))
def test_whatever_python_calls_no_public_ipv6_address_is_inside_here(number: int) -> None:
    address = IPv6Address(number)
    if not address.is_global or address.is_multicast:
        assert inside_of(address) is not None


@pytest.mark.parametrize(
    ("url", "origin", "target"),
    [
        ("https://hooks.example", "https://hooks.example", "/"),
        ("HTTPS://HOOKS.Example./a?b=c#d", "https://hooks.example", "/a?b=c"),
        ("https://hooks.example:443/a", "https://hooks.example", "/a"),
        ("https://hooks.example:08443?q", "https://hooks.example:8443", "/?q"),
        ("http://hooks.example:80/%2e%2e/", "http://hooks.example", "/%2e%2e/"),
        ("https://under_score.internal/a", "https://under_score.internal", "/a"),
        ("https://m\u00fcnchen.example/\u00e4?\u00f6", "https://xn--mnchen-3ya.example", "/%C3%A4?%C3%B6"),
        ("https://XN--mnchen-3ya.example/", "https://xn--mnchen-3ya.example", "/"),
        ("https://a\u3002example/", "https://a.example", "/"),
        ("https://\u0430pple.example/", "https://xn--pple-43d.example", "/"),
        ("https://192.0.2.7/a@b", "https://192.0.2.7", "/a@b"),
        ("https://[2001:DB8:0::7]:8443/a", "https://[2001:db8::7]:8443", "/a"),
        ("https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]", "/"),
        ("https://127\u30020\u30020\u30021/", "https://127.0.0.1", "/"),
        ("https://hooks.example/:@[]\"'<>`{}|^", "https://hooks.example", "/:@[]\"'<>`{}|^"),
    ],
)  # fmt: skip
def test_an_address_is_read_as_it_will_be_called(url: str, origin: str, target: str) -> None:
    address = read_address(url)
    assert (str(address.origin), address.target) == (origin, target)


@pytest.mark.parametrize(
    "url",
    [
        "", "hooks.example", "//hooks.example/", "/a", "https:hooks.example", "https:/hooks.example", "https:///a", "https://",
        "https://?a", "https://#a", "ftp://hooks.example/", "file:///etc/passwd", "gopher://hooks.example/", "javascript:alert(1)",
        "data:text/plain,a", "unix:///run/x", "https://user@hooks.example/", "https://user:word@hooks.example/", "https://@hooks.example/",
        "https://hooks.example@127.0.0.1/", "https://hooks.example:443@127.0.0.1/", "https://127.0.0.1\\@hooks.example/",
        "https://hooks.example\\@127.0.0.1/", "https:\\\\hooks.example/", "https://hooks.example\\a", "https://hooks.example/\\a",
        "https://hooks.example /", " https://hooks.example/", "https://hooks.example/a b", "https://hooks.example/a\tb",
        "https://hoo\tks.example/", "https://hooks.example\n/", "https://hooks.example/\r\nhost: x", "https://hooks.example\x00.x/",
        "https://hooks.example/\x00", "https://hooks.example/\u2028", "https://hooks.example/\u00a0", "https://hooks.example\x7f/",
        "https://127.0.0.1%2f@x/", "https://%31%32%37.0.0.1/", "https://127.0.0.1%00/", "https://hooks%2eexample/", "https://%00/",
        "https://127.1/", "https://127.0.1/", "https://2130706433/", "https://0x7f000001/", "https://0x7f.0.0.1/", "https://0x7f.1/",
        "https://0177.0.0.1/", "https://017700000001/", "https://127.0.0.01/", "https://127.0.0.0x1/", "https://0/", "https://0x/",
        "https://0X7F.1/", "https://1.2.3.4.5/", "https://256.1.1.1/", "https://a.1/", "https://a.0x1/", "https://127.0.0.1../",
        "https://hooks.example../", "https://.hooks.example/", "https://hooks..example/", "https://./", "https://-a.example/",
        "https://a-.example/", "https://[::1/", "https://::1/", "https://[fe80::1%25eth0]/", "https://[fe80::1%eth0]/", "https://[]/",
        "https://[::1]x/", "https://[[::1]]/", "https://[127.0.0.1]/", "https://[v1.a]/", "https://[::1]]/", "https://[\u0661::1]/",
        "https://hooks.example:/", "https://hooks.example:0/", "https://hooks.example:65536/", "https://hooks.example:99999/",
        "https://hooks.example:https/", "https://hooks.example:-1/", "https://hooks.example:+443/", "https://hooks.example:4_4_3/",
        "https://hooks.example:\u0664\u0664\u0663/", "https://hooks.example:443:443/", "https://hooks.example:000443/",
        "https://\uff11\uff12\uff17.0.0.1/", "https://\u2460.0.0.1/", "https://\u0661\u0662\u0667.0.0.1/", "https://127\u2024\u0030.0.1/",
        "https://a\u2100b/", "https://a\u2044b/", "https://a\uff0fb/", "https://a\uff20b/", "https://xn--/", "https://xn--a/",
        "https://a\u200d.example/", "https://a\u00ad.example/", "https://\U0001f600.example/", "https://a|b/", "https://a*b/", "https://a,b/",
        f"https://{'a' * 64}.example/", f"https://{'a.' * 130}example/", f"https://hooks.example/{'a' * 2_000}",
    ],
)  # fmt: skip
def test_what_could_be_read_two_ways_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(BadAddress) as refused:
        read_address(url)
    assert str(refused.value).startswith("must ")
    assert "127" not in str(refused.value)


@given(
    text=st.text(st.sampled_from("https:/@[]%.\\?#0x127aA:8443\u3002\uff11\u0130\t \x00-_"), max_size=24)
    | st.text(max_size=40)
)
def test_whatever_is_read_reads_again_as_the_same(text: str) -> None:
    for url in (text, f"https://{text}", f"https://a.example{text}"):
        try:
            address = read_address(url)
        except BadAddress:
            continue
        assert read_address(str(address)) == address
        assert str(address).isascii()
        assert not set(address.origin.host) & set("@/\\?#% ")
