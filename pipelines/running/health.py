"""Does a part answer? One GET, or for the worker what Prefect's server heard of it."""

from __future__ import annotations

from typing import Final

import httpx

SECONDS: Final = 5.0


def answers(url: str, seconds: float = SECONDS) -> str:
    """Ask for a page; return nothing if it answers 200, else what is wrong, in words."""
    try:
        got = httpx.get(url, timeout=seconds, headers=_headers(), trust_env=False)
    except httpx.TimeoutException:
        return f"did not answer within {seconds:.0f} s"
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return f"does not answer ({error})"
    return "" if got.status_code == httpx.codes.OK else f"answered {got.status_code}"


def worker_online(api: str, pool: str) -> str:
    """Say what keeps the worker of a pool from taking runs; nothing if Prefect's server has heard of it lately."""
    url = f"{api}/work_pools/{pool}/workers/filter"
    try:
        got = httpx.post(url, json={}, timeout=SECONDS, headers=_headers(), trust_env=False)
        got.raise_for_status()
        known = got.json()
    except (httpx.HTTPError, ValueError) as error:
        return f"Prefect's server cannot be asked about it ({error})"
    if any(w.get("status") == "ONLINE" for w in known):
        return ""
    return "Prefect's server has not heard of it lately" if known else "Prefect's server has never heard of it"


def _headers() -> dict[str, str]:
    """Return what an existing Prefect server may ask for (`PREFECT_API_KEY`, `PREFECT_API_AUTH_STRING`)."""
    import base64
    import os

    if key := os.environ.get("PREFECT_API_KEY"):
        return {"Authorization": f"Bearer {key}"}
    if pair := os.environ.get("PREFECT_API_AUTH_STRING"):
        return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    return {}
