"""Who may look at the dashboard.

It listens on the loopback address, where every user and every web page of this machine can knock. So:

- A request needs the token: in the address (once: a cookie takes its place, and the address is cleaned), or in an
  ``Authorization: Bearer`` header, for Prometheus. It is compared in constant time.
- The Host header must name this machine. A page of another site that has its name pointed here (DNS rebinding) is
  refused before anything is looked up.
- Only GET and HEAD are answered: nothing can be changed.
- The page may load scripts, styles and data from this server only, and no other page may frame it.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["HEADERS", "OPEN_PATHS", "Guard"]

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
        "worker-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
"""Sent with every answer."""

OPEN_PATHS = frozenset({"/healthz"})
"""Answered without a token; they tell nothing about the campaign."""

_LOCAL = ("127.0.0.1", "localhost", "[::1]")


class Guard:
    """Lets requests through to an application, or not.

    Parameters
    ----------
    app : ASGI application
    token : str
        What visitors must know.
    hosts : iterable of str
        Names under which the server may be called, besides those of the loopback address.
    """

    def __init__(self, app: ASGIApp, token: str, hosts: Iterable[str] = ()) -> None:
        self._app, self._token = app, token.encode()
        self._hosts = frozenset({*_LOCAL, *hosts})
        # Cookies are shared by all ports of a host: each token has a name of its own.
        self.cookie = f"steer_{hashlib.sha256(self._token).hexdigest()[:12]}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        if scope["type"] != "http":
            return
        answer = self._answer(Request(scope))

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name for name, _ in message["headers"]}
                more = [(n.encode(), v.encode()) for n, v in HEADERS.items() if n.encode() not in given]
                message["headers"] = [*message["headers"], *more]
            await send(message)

        await (answer or self._app)(scope, receive, send_with_headers)

    def _answer(self, request: Request) -> Response | None:
        """What to say instead of passing the request on; None to pass it on."""
        if _host(request) not in self._hosts:
            return _refusal(421, "This server answers to 127.0.0.1 and localhost only.")
        if request.method not in ("GET", "HEAD"):
            return _refusal(405, "The dashboard only reads.")
        if request.url.path in OPEN_PATHS:
            return None
        given = request.query_params.get("token")
        if given is not None:
            if not self._is_token(given):
                return _refusal(403, "This token is not the one that 'steer dashboard' printed.")
            return self._welcome(request) if request.url.path == "/" else None
        if self._is_token(_cookie(request, self.cookie)) or self._is_token(_bearer(request)):
            return None
        return _refusal(403, "A token is needed: open the address that 'steer dashboard' printed.")

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), self._token)

    def _welcome(self, request: Request) -> Response:
        rest = urlencode([(k, v) for k, v in parse_qsl(request.url.query) if k != "token"])
        response = RedirectResponse(f"/?{rest}" if rest else "/", status_code=303)
        response.set_cookie(self.cookie, self._token.decode(), httponly=True, samesite="strict", path="/")
        return response


def _host(request: Request) -> str:
    """The Host header without its port; empty when there is not exactly one."""
    given = request.headers.getlist("host")
    if len(given) != 1:
        return ""
    host, _, port = given[0].lower().rpartition(":")
    return host if host and port.isdigit() else given[0].lower()


def _cookie(request: Request, name: str) -> str:
    try:
        found = SimpleCookie(request.headers.get("cookie", "")).get(name)
    except CookieError:
        return ""
    return found.value if found else ""


def _bearer(request: Request) -> str:
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    return credentials.strip() if scheme.lower() == "bearer" else ""


def _refusal(status: int, sentence: str) -> Response:
    return PlainTextResponse(f"{sentence}\n", status_code=status)
