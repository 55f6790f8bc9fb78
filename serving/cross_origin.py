"""Whether a request that changes something comes from one of our own pages: another site must not press our buttons.

A browser says where a request comes from; it cannot be made to lie by the page that sends it. Programs do not say it,
and need not: they carry no session that another site could use.

Source of the method: OWASP Cross-Site Request Forgery Prevention Cheat Sheet, "Fetch Metadata", with the check of
`Origin` for browsers before 2023; the same rules as CrossOriginProtection of Go's net/http.
"""

from __future__ import annotations

from typing import Final

from fastapi import Request

SAFE: Final = ("GET", "HEAD", "OPTIONS")
OWN: Final = ("same-origin", "none")
"""`none` is a person who typed the address or opened a bookmark."""


def refused(request: Request) -> str:
    """Say why a request is refused as coming from another site; empty where it may pass."""
    headers = request.headers
    if request.method in SAFE or headers.get("authorization", "").lower().startswith("bearer "):
        return ""  # no page of another site can add a token without asking first, and it is never allowed to
    site = headers.get("sec-fetch-site", "")
    if site:
        return "" if site in OWN else _words(site)
    origin = headers.get("origin", "")
    if not origin or origin.partition("://")[2] == headers.get("host", ""):
        return ""
    return _words(origin)


def _words(found: str) -> str:
    return (
        f"this was sent by a page of another site ({found[:100]}), not by a page of Takt; nothing was changed. "
        "Open Takt itself and do it there"
    )
