"""Base URLs of providers: their normal form, and which hosts may be asked without encryption."""

from __future__ import annotations

import socket
from ipaddress import ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from notesearch.errors import InsecureAddress, UsageError

# What clients of the API append by themselves.
_APPENDED = "/embeddings"
# Addresses that mean "all of this computer's" to a server. Asked, they are this computer.
_ANY = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}
# Names and networks that no public name server or router knows.
_HOME_NAMES = (".local", ".lan", ".home", ".internal", ".home.arpa", ".localdomain", ".fritz.box")
_SHARED = ip_network("100.64.0.0/10")


def checked_url(url: str, *, plain_http: str = "") -> str:
    """A base URL in its normal form, without a slash and without "/embeddings" at its end. Where it names no
    scheme, it is http for hosts that may be asked so, else https. `plain_http`: the host, with its port, that
    the user allowed to be asked without encryption.

    Raises UsageError for a text that is no http or https address or says more than a base URL (a user, a
    query, a fragment). Raises InsecureAddress for plain http to another computer that was not allowed; it can
    be allowed where the code is "insecure-address.home".
    """
    parts = _split(url.strip())
    host = parts.hostname or ""
    if parts.username or parts.password or parts.query or parts.fragment:
        raise UsageError("usage.url-too-much")
    if parts.scheme == "http" and not is_loopback(host) and parts.netloc != plain_http:
        if is_home(host):
            raise InsecureAddress("insecure-address.home", host=parts.netloc)
        raise InsecureAddress
    netloc = parts.netloc
    if host in _ANY:
        netloc = _ANY[host] + (f":{parts.port}" if parts.port is not None else "")
    return f"{parts.scheme}://{netloc}{parts.path.rstrip('/').removesuffix(_APPENDED).rstrip('/')}"


def _split(url: str) -> SplitResult:
    """The parts of an address. Raises UsageError where it is none."""
    try:
        parts = urlsplit(url)
        if "://" not in url:
            parts = urlsplit(f"https://{url}")
            host = parts.hostname or ""
            if is_loopback(host) or is_home(host):
                parts = urlsplit(f"http://{url}")
                if host.isalnum() and parts.port is None and not is_loopback(host):
                    # One word, which may be half typed.
                    raise UsageError("usage.url")
        host, _ = parts.hostname or "", parts.port
        host.encode("idna")
    except (ValueError, UnicodeError):
        raise UsageError("usage.url") from None
    if parts.scheme not in ("http", "https") or not host or any(c.isspace() for c in parts.netloc):
        raise UsageError("usage.url")
    return parts


def is_loopback(host: str) -> bool:
    """Whether `host` names this computer, without asking a name server."""
    try:
        return host in _ANY or ip_address(host).is_loopback
    except ValueError:
        own = socket.gethostname().lower()
        return host.lower().rstrip(".") in {"localhost", own, f"{own}.local"} - {"", ".local"}


def is_home(host: str) -> bool:
    """Whether `host` is in the user's own network, by its address or its name."""
    try:
        address = ip_address(host)
    except ValueError:
        name = host.lower().rstrip(".")
        return bool(name) and ("." not in name or name.endswith(_HOME_NAMES))
    return address.is_private or address.is_link_local or (address.version == 4 and address in _SHARED)
