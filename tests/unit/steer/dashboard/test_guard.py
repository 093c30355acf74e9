"""Who may look, asked over ASGI without a server."""

import asyncio
from typing import Any

import pytest

from steer.dashboard.access import HEADERS, Guard

TOKEN = "a-token-nobody-can-guess"


async def application(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"secret"})


def ask(
    target: str = "/",
    *,
    host: str | None = "127.0.0.1:8417",
    method: str = "GET",
    token: str = TOKEN,
    **headers: str,
) -> tuple[int, dict[str, str], bytes]:
    path, _, query = target.partition("?")
    given = {**({"host": host} if host is not None else {}), **headers}
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in given.items()],
    }
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(Guard(application, token)(scope, None, send))  # type: ignore[arg-type]
    told = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], told, b"".join(message.get("body", b"") for message in sent[1:])


def cookie() -> str:
    return ask(f"/?token={TOKEN}")[1]["set-cookie"].partition(";")[0]


def test_without_a_token_nothing_is_told() -> None:
    status, _, body = ask()
    assert status == 403
    assert b"secret" not in body


@pytest.mark.parametrize("token", ["", "wrong", TOKEN[:-1], TOKEN + "x", "é", "%00"])
def test_a_wrong_token_is_refused(token: str) -> None:
    assert ask(f"/?token={token}")[0] == 403
    assert ask(authorization=f"Bearer {token}")[0] == 403


def test_the_token_becomes_a_cookie_that_scripts_and_other_sites_cannot_use_and_leaves_the_address() -> None:
    status, headers, _ = ask(f"/?token={TOKEN}")
    assert (status, headers["location"]) == (303, "/")
    assert {"HttpOnly", "SameSite=strict"} <= set(headers["set-cookie"].split("; "))
    assert ask(cookie=cookie())[0] == 200


def test_a_cookie_of_another_dashboard_on_this_machine_opens_nothing() -> None:
    assert ask(cookie=cookie(), token="another-token-for-another")[0] == 403
    assert ask(cookie="=;;=\x00")[0] == 403


def test_prometheus_may_send_the_token_as_a_bearer() -> None:
    assert ask("/metrics", authorization=f"Bearer {TOKEN}")[0] == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example:8417", "", None, "0.0.0.0:8417", "[::2]"]
)
def test_a_name_that_is_not_this_machine_is_refused_even_with_the_token(host: str | None) -> None:
    status, _, body = ask(f"/?token={TOKEN}", host=host)
    assert status == 421
    assert b"secret" not in body


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:9000", "LOCALHOST", "[::1]:8417", "[::1]"])
def test_this_machine_goes_by_its_names_on_any_port(host: str) -> None:
    assert ask("/api", host=host, authorization=f"Bearer {TOKEN}")[0] == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_nothing_but_reading_is_answered(method: str) -> None:
    assert ask(method=method, authorization=f"Bearer {TOKEN}")[0] == 405


def test_health_is_open_and_everything_carries_the_headers() -> None:
    for target in ("/healthz", "/", f"/?token={TOKEN}"):
        headers = ask(target)[1]
        assert HEADERS.items() <= headers.items()
    assert ask("/healthz")[0] == 200


def test_the_page_may_load_nothing_from_elsewhere() -> None:
    policy = dict(part.strip().split(" ", 1) for part in HEADERS["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert not any("http" in sources or "*" in sources for sources in policy.values())
