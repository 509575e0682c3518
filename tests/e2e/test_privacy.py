"""Nothing leaves the machine, and nothing private stands where it does not belong."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import fill
from tests.e2e.conftest import Start
from tests.e2e.desktop import Desktop

QUERY, TEXT = "zanzibarquestion", "platypusmarmalade"


class Listener:
    """A port on this machine that counts who knocks."""

    def __init__(self) -> None:
        self.connections = 0
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self._thread = threading.Thread(target=self._accept)
        self._thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            self.connections += 1
            connection.close()

    def close(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join()


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.close()


def test_the_preview_loads_nothing(start: Start, listener: Listener, tmp_path: Path) -> None:
    base = f"http://127.0.0.1:{listener.port}"
    page = (
        f"![a picture]({base}/a.png)\n\n<img src='{base}/b.png'>\n\n<script "
        f"src='{base}/c.js'></script>\n\n<iframe src='{base}/d'></iframe>\n\n"
        f"<link rel='stylesheet' href='{base}/e.css'>\n\n<div style='background: "
        f"url({base}/f.png)'>grove</div>\n\n"
        f"<table background='{base}/g.png'><tr><td>cell</td></tr></table>\n\n[link]({base}/h) and "
        f"{base}/i\n\nThe last line of the orchard.\n"
    )
    notes = fill(
        tmp_path / "Notes",
        {
            "Pictures.md": f"# Pictures\n\n{page}",
            "P.org": f"#+TITLE: Org pictures\n\n[[{base}/j.png]]\n\n#+begin_export html\n<img "
            f"src='{base}/k.png'>\n#+end_export\n\nThe org orchard.\n",
            "P.rst": f"Rst pictures\n============\n\n.. image:: {base}/l.png\n\n.. raw:: html\n\n   <img "
            f"src='{base}/m.png'>\n\nThe rst orchard.\n",
        },
    )
    program = start(notes)
    for title, said in (
        ("Pictures", "The last line of the orchard"),
        ("Org pictures", "The org orchard"),
        ("Rst pictures", "The rst orchard"),
    ):
        program.search(said)
        program.until(
            lambda title=title, said=said: program.titles[:1] == [title] and said in program.preview,  # type: ignore[misc]
            f"{title} is shown",
        )
    # Ended in order, so that whatever it was about to fetch would have been asked for.
    assert program.terminate() == 0
    assert listener.connections == 0


def test_queries_and_notes_stand_in_no_log(start: Start, desktop: Desktop, tmp_path: Path) -> None:
    secret, odd = (
        f"# Secret\n\nThe {TEXT} is under the stairs.\n",
        f"{TEXT}\n".encode() + b"\x00\xff\xfe" * 500,
    )
    notes = fill(tmp_path / "Notes", {"Secret.md": secret, "odd.md": odd})
    program = start(notes)
    program.search(TEXT, "Secret")
    program.until(lambda: TEXT in program.preview)
    program.search(QUERY)
    program.until(lambda: QUERY in program.query and program.status.startswith("Up to date"))
    program.key("Return")
    assert program.terminate() == 0
    data = tmp_path / "data"
    own = ("notes.sqlite", "keyword", "vectors", "window.toml")
    places = [
        p
        for root in (data, desktop.home, desktop.runtime, tmp_path)
        for p in root.rglob("*")
        if p.is_file() and notes not in p.parents
    ]
    strangers = [
        p for p in places if not (data in p.parents and p.relative_to(data).parts[0].startswith(own))
    ]
    assert program.output in strangers
    for path in strangers:
        content = path.read_bytes()
        assert TEXT.encode() not in content, path
        assert QUERY.encode() not in content, path
    for path in data.rglob("*"):
        if path.is_file() and path.name != "window.toml":
            assert QUERY.encode() not in path.read_bytes(), path
    assert QUERY in (data / "window.toml").read_text(), "the query history is kept"
