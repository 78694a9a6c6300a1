"""TLS: who answers is held to the name that was called, by authorities that are trusted; a certificate of another is none."""

import shutil
import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest

from bridges.outbound.destination import Call
from bridges.outbound.errors import NoAnswer

HOST = "pay.example"
_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


class Authority:
    """An authority of the test's own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._run("req", "-x509", *_KEY, "-subj", "/CN=authority", "-days", "2", "-keyout", "ca.key", "-out", "ca.crt")

    def _run(self, *words: str) -> None:
        subprocess.run(["openssl", *words], check=True, capture_output=True, cwd=self._folder)

    def server(self, san: str, days: int = 2, *, signed: bool = True) -> ssl.SSLContext:
        """One with a certificate for `san`; of no days it has expired as soon as it is made."""
        by = ("-CA", "ca.crt", "-CAkey", "ca.key", "-set_serial", "7") if signed else ("-signkey", "own.key")
        (self._folder / "names").write_text(f"subjectAltName={san}\n")
        self._run("req", "-new", *_KEY, "-subj", "/CN=server", "-keyout", "own.key", "-out", "own.csr")
        self._run("x509", "-req", "-in", "own.csr", *by, "-days", str(days), "-extfile", "names", "-out", "own.crt")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._folder / "own.crt", self._folder / "own.key")
        return context

    def trusted(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self._folder / "ca.crt"))


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    if shutil.which("openssl") is None:
        pytest.skip("no openssl here to make certificates with")
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def paid(firm: Any, provider: Any, names: Any, outside: Any, internet: Any, authority: Authority) -> Any:
    """Call HOST, which is at a public address, with a server behind it; what it answered, and the name that TLS was told."""

    async def called(server: ssl.SSLContext, url: str = f"https://{HOST}/", trust: ssl.SSLContext | None = None) -> Any:
        told: list[str | None] = []
        server.sni_callback = lambda _, name, __: told.append(name)
        site = outside.site(outside.reply(200, b"paid"))
        names.answers[HOST] = [[outside.public]]
        internet["sites"][outside.public] = site
        try:
            async with outside.serving(site, tls=server):
                out = firm(trust=authority.trusted() if trust is None else trust)
                answer = await out.call(provider(), Call(url=url, headers={"x-key": "T0KEN"}))
        except* NoAnswer as failed:
            assert site.heard == []
            raise failed.exceptions[0] from None
        return answer.body, told, site.heard

    return called


async def test_who_is_vouched_for_is_called_by_name(authority: Authority, paid: Any) -> None:
    body, told, [heard] = await paid(authority.server(f"DNS:{HOST}"), f"https://{HOST.upper()}./")
    assert (body, told) == (b"paid", [HOST])
    assert f"host: {HOST}\r\n".encode() in heard.lower()


@pytest.mark.parametrize(
    ("san", "days", "told"),
    [
        ("DNS:other.example", 2, "not valid for 'pay.example'"),
        ("DNS:*.pay.example", 2, "not valid for 'pay.example'"),
        ("IP:93.184.216.34", 2, "not valid for 'pay.example'"),
        ("DNS:pay.example", 0, "expired"),
    ],
)
async def test_a_certificate_of_another_or_of_before_is_refused_before_anything_is_said(
    san: str, days: int, told: str, authority: Authority, paid: Any
) -> None:
    with pytest.raises(NoAnswer, match=rf"^pay\.example has a certificate that is not trusted \(.*{told}"):
        await paid(authority.server(san, days))


async def test_one_that_nobody_vouches_for_is_refused(authority: Authority, paid: Any) -> None:
    with pytest.raises(NoAnswer, match="not trusted"):
        await paid(authority.server(f"DNS:{HOST}", signed=False))
    with pytest.raises(NoAnswer, match="not trusted"):
        await paid(authority.server(f"DNS:{HOST}"), trust=ssl.create_default_context())


async def test_old_tls_is_refused(authority: Authority, paid: Any) -> None:
    server = authority.server(f"DNS:{HOST}")
    server.set_ciphers("DEFAULT:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        server.minimum_version = server.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(NoAnswer, match="does not speak TLS as it should"):
        await paid(server)


async def test_a_site_without_tls_is_told_nothing(
    firm: Any, provider: Any, names: Any, outside: Any, internet: Any, authority: Authority
) -> None:
    site = outside.site(outside.reply(200))
    names.answers[HOST] = [[outside.public]]
    internet["sites"][outside.public] = site
    out = firm(trust=authority.trusted())
    came: list[NoAnswer] = []
    async with outside.serving(site):
        try:
            await out.call(provider(connect_s=0.2), Call(url=f"https://{HOST}/", headers={"x-key": "T0KEN"}))
        except NoAnswer as failed:
            came.append(failed)
    assert "took no connection within 0.2 s" in str(came[0])
    assert site.heard == []
