"""Base URLs as people type them, and which hosts are asked without encryption."""

from __future__ import annotations

import socket

import pytest

from notesearch import catalogue
from notesearch.catalogue import checked_url, is_home, is_loopback
from notesearch.config.settings import ProviderSettings, Settings, load_settings, save_settings
from notesearch.errors import InsecureAddress, UsageError

TYPED = {
    "https://api.example.com/v1/": "https://api.example.com/v1",
    "https://api.example.com/v1/embeddings": "https://api.example.com/v1",
    "https://api.example.com/v1/embeddings/": "https://api.example.com/v1",
    "api.example.com/v1": "https://api.example.com/v1",
    "  localhost:11434/v1 ": "http://localhost:11434/v1",
    "localhost": "http://localhost",
    "127.0.0.1:8080": "http://127.0.0.1:8080",
    "0.0.0.0:8080/v1": "http://127.0.0.1:8080/v1",
    "http://0.0.0.0": "http://127.0.0.1",
    "http://[::]:8080/v1": "http://[::1]:8080/v1",
    "http://[::1]:8080": "http://[::1]:8080",
    f"{socket.gethostname()}:1234/v1": f"http://{socket.gethostname()}:1234/v1",
}


@pytest.mark.parametrize(("typed", "url"), TYPED.items())
def test_what_is_typed_is_understood(typed: str, url: str) -> None:
    assert checked_url(typed) == url
    assert checked_url(url) == url


@pytest.mark.parametrize(
    "typed", ["", "ftp://host", "http://", "https:// host", "https://", "http://a b/c", "https://[1"]
)
def test_what_is_no_address(typed: str) -> None:
    with pytest.raises(UsageError):
        checked_url(typed)


@pytest.mark.parametrize(
    "host",
    ["nas", "nas.local", "box.lan", "192.168.1.5", "10.1.2.3", "172.20.0.1", "100.101.1.1", "[fd00::1]"],
)
def test_plain_http_at_home_is_allowed_by_address(host: str) -> None:
    url = f"http://{host}:11434/v1"
    with pytest.raises(InsecureAddress) as asked:
        checked_url(url)
    assert (asked.value.code, asked.value.params) == ("insecure-address.home", {"host": f"{host}:11434"})
    assert checked_url(url, plain_http=f"{host}:11434") == url
    # Another port is another server.
    with pytest.raises(InsecureAddress):
        checked_url(url.replace("11434", "11435"), plain_http=f"{host}:11434")
    provider = catalogue.provider("own", url, plain_http=f"{host}:11434")
    assert provider.plain_http
    assert not provider.on_this_machine


@pytest.mark.parametrize(
    "host", ["example.com", "8.8.8.8", "172.32.0.1", "100.128.0.1", "nas.example.local.com"]
)
def test_plain_http_to_anywhere_else_is_not(host: str) -> None:
    assert not is_home(host)
    with pytest.raises(InsecureAddress) as refused:
        checked_url(f"http://{host}/v1")
    assert refused.value.code == "insecure-address"


def test_this_computer_by_its_names() -> None:
    own = socket.gethostname()
    for host in (
        "localhost",
        "127.0.0.1",
        "127.1.2.3",
        "::1",
        "0.0.0.0",
        "::",
        own,
        own.upper(),
        f"{own}.local",
    ):
        assert is_loopback(host), host
    for host in ("", "local", ".local", "example.com", "192.168.1.5"):
        assert not is_loopback(host), host


def test_what_is_allowed_is_kept_with_its_address(tmp_path: object) -> None:
    from pathlib import Path

    data_dir = Path(str(tmp_path))
    url, host = "http://192.168.1.5:11434/v1", "192.168.1.5:11434"
    save_settings(data_dir, Settings().with_provider("nas", base_url=url, plain_http=host))
    settings, problems = load_settings(data_dir)
    assert not problems
    assert settings.provider("nas") == ProviderSettings(base_url=url, plain_http=host)
    # Changed by hand to another address, it is not allowed there.
    file = data_dir / "settings.toml"
    file.write_text(file.read_text().replace(url, "http://192.168.1.6:11434/v1"))
    settings, problems = load_settings(data_dir)
    assert [problem.code for problem in problems]
    assert settings.provider("nas").base_url == ""
