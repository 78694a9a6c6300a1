"""People under the booted unit: a new password is hashed; a picture is drawn anew by the child that may do nothing else."""

import io
import json
from typing import Any

import pytest
from PIL import Image

pytestmark = pytest.mark.soak
MAIL, PASSWORD, ORIGIN = "ada@trader.example", "seven tall lanterns drift", "http://127.0.0.1:8080"
# From the link of the console to the list of what was handed in: the status of each answer, and what the last page says.
VISIT = """
    import json, re, sys, httpx

    origin, link, mail, password, picture = sys.argv[1:]
    with httpx.Client(base_url=origin, headers={"origin": origin}, timeout=60) as client:
        def token(page):
            found = re.search(r'name="csrf_token" value="([^"]*)"', page.text)
            return found[1] if found else ""

        page = client.get(link, follow_redirects=True)
        fresh = {"csrf_token": token(page), "fresh": password, "again": password}
        told = {"password": client.post("/new-password", data=fresh).status_code}
        wrong = {"mail": mail, "password": "quite another one", "next": "/"}
        told["wrong"] = client.post("/session", data=wrong).status_code
        told["right"] = client.post("/session", data={**wrong, "password": password}).status_code
        form = {"csrf_token": token(client.get("/documents")), "kind": "identity"}
        with open(picture, "rb") as file:
            told["kept"] = client.post("/documents", data=form, files={"file": ("pass.png", file, "image/png")}).status_code
        form["csrf_token"] = token(client.get("/documents"))
        told["refused"] = client.post("/documents", data=form, files={"file": ("pass.png", b"MZ" + bytes(500), "image/png")}).status_code
        told["page"] = client.get("/documents").text
    print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def told(booted: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    booted.as_firm("person", "add", MAIL, "--name", "Ada Marlow")
    link = booted.as_firm("person", "reset-link", MAIL, "--why", "Her first password").split()[0].removeprefix(ORIGIN)
    picture = tmp_path_factory.mktemp("people") / "pass.png"
    drawn = io.BytesIO()
    Image.linear_gradient("L").save(drawn, "PNG")
    picture.write_bytes(drawn.getvalue())
    with booted.in_its_network(VISIT, ORIGIN, link, MAIL, PASSWORD, picture) as visit:
        found: dict[str, Any] = json.loads(visit.stdout.read())
    return found


def test_a_password_is_set_and_opens_and_a_wrong_one_does_not(booted: Any, told: dict[str, Any]) -> None:
    assert (told["password"], told["wrong"], told["right"]) == (303, 422, 303)
    # Not in the firm's own process, beside prices: the unit lets the one that hashes be started.
    assert figure(booted, "evenhand_hashing_unstarted_total") == 0


def test_a_picture_is_kept_and_a_program_is_not(told: dict[str, Any]) -> None:
    assert (told["kept"], told["refused"]) == (303, 422)
    assert told["page"].count('<td class="whole">') == 1


def figure(booted: Any, name: str) -> float:
    script = "import httpx; print(httpx.get('http://127.0.0.1:8080/metrics', timeout=60).text)"
    with booted.in_its_network(script) as asked:
        lines = asked.stdout.read().splitlines()
    return float(next(line for line in lines if line.startswith(f"{name} ")).split()[1])
