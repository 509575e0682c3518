"""A remote model at 0.3 s latency: texts per second against what the server allows, requests against the
fewest possible, memory while embedding 20,000 chunks, and a query beside it all. The server is on this
machine, in a process of its own. By hand: .venv/bin/python tests/bench/remote.py"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import math
import multiprocessing
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from notesearch import catalogue
from notesearch.catalogue import EmbeddingModel, RequestStyle
from notesearch.config.paths import prepare_data_dir
from notesearch.config.settings import Settings, save_settings
from notesearch.documents.chunking.splitter import embedded_text, split
from notesearch.documents.formats.registry import extract
from notesearch.embedding.receipts import Receipt
from notesearch.embedding.remote import payloads
from notesearch.embedding.remote.batches import pack
from notesearch.embedding.remote.remote_embedder import RemoteEmbedder
from notesearch.embedding.remote.request_limits import Limits
from notesearch.engine.engine import Engine
from notesearch.errors import EmbeddingError
from tests.bench.common import percentile, table, til_vault
from tests.gateway import KEY, Gateway, Request

LATENCY = 0.3
Texts = tuple[list[str], list[int]]


def serve(pipe: Connection, latency: float, at_once: int) -> None:
    with Gateway(latency=latency, at_once=at_once) as gateway:
        gateway.constant = True
        pipe.send(gateway.url)
        pipe.recv()


@contextmanager
def server(latency: float = LATENCY, at_once: int = 0) -> Iterator[str]:
    """A gateway in a process of its own, so that its work is not taken for ours."""
    here, there = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(there, latency, at_once))
    process.start()
    try:
        yield here.recv()
    finally:
        here.send(None)
        process.join()


def chunks_of(model: EmbeddingModel, count: int) -> Texts:
    """Chunks of real notes, repeated with a number until there are `count`."""
    texts: list[str] = []
    tokens: list[int] = []
    for path in sorted(til_vault().rglob("*.md")):
        document = extract(path, path.read_bytes())
        for chunk in split(document, model.recipe):
            texts.append(embedded_text(document.text, chunk))
            tokens.append(chunk.tokens)
    rounds = math.ceil(count / len(texts))
    limit = (model.request_style.characters_per_item if model.request_style else 0) or 1 << 30
    numbered = [f"{i} {text}"[:limit] for i in range(rounds) for text in texts]
    return numbered[:count], (tokens * rounds)[:count]


def fewest(model: EmbeddingModel, texts: Texts) -> int:
    request_style = model.request_style
    assert request_style is not None
    return max(
        math.ceil(len(texts[0]) / request_style.items_per_request),
        math.ceil(sum(texts[1]) / (request_style.tokens_per_request or 1e18)),
    )


def embed(embedder: RemoteEmbedder, texts: Texts) -> None:
    for _, delivered in embedder.embed_documents(*texts):
        if isinstance(delivered, EmbeddingError):
            raise delivered


def bare(model: EmbeddingModel, url: str, texts: Texts, at_once: int) -> float:
    """Seconds that the server itself takes for these requests: bodies written beforehand, replies read and
    thrown away, nothing else."""
    limits = Limits.of(model.request_style or RequestStyle())
    bodies = [
        payloads.written(payloads.request_body(model, [texts[0][p] for p in b.positions], query=False))
        for b in pack(*texts, limits)
    ]
    waiting = iter(bodies)
    lock = threading.Lock()
    host = url.split("/")[2]

    def work() -> None:
        connection = http.client.HTTPConnection(host)
        while True:
            with lock:
                body = next(waiting, None)
            if body is None:
                return connection.close()
            connection.request(
                "POST",
                "/v1/embeddings",
                body,
                {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"},
            )
            connection.getresponse().read()

    threads = [threading.Thread(target=work) for _ in range(at_once)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - started


def speed(name: str, count: int, at_once: int) -> list[object]:
    model = catalogue.model(f"aimlapi/{name}")
    texts = chunks_of(model, count)
    receipts: list[Receipt] = []
    with server(at_once=at_once) as url:
        provider = catalogue.provider("aimlapi", url)
        embedder = RemoteEmbedder(model, provider, lambda _: KEY, receipts.append)
        embed(embedder, (texts[0][:1], texts[1][:1]))  # the import, the connection and the first answer
        receipts.clear()
        started = time.perf_counter()
        embed(embedder, texts)
        seconds = time.perf_counter() - started
        embedder.close()
        allowed = min(at_once or provider.requests_at_once, provider.requests_at_once)
        served = bare(model, url, texts, allowed)
    least = fewest(model, texts)
    ideal = math.ceil(least / allowed) * LATENCY
    good = sum(r.status == 200 for r in receipts)
    return [
        name,
        len(texts[0]),
        allowed,
        f"{len(texts[0]) / seconds:,.0f}",
        f"{len(texts[0]) / ideal:,.0f}",
        f"{ideal / seconds:.3f}",
        f"{len(texts[0]) / served:,.0f}",
        f"{served / seconds:.3f}",
        good,
        least,
        f"{good / least:.3f}",
        len(receipts) - good,
    ]


def memory(count: int) -> list[object]:
    """Peak of this process beyond what it held before, while `count` vectors of 1536 numbers come and are
    dropped."""
    model = catalogue.model("aimlapi/text-embedding-3-small")
    texts = chunks_of(model, count)
    process = psutil.Process()
    peak, done = [process.memory_info().rss], threading.Event()

    def watch() -> None:
        while not done.wait(0.005):
            peak[0] = max(peak[0], process.memory_info().rss)

    with server(latency=0.05) as url:
        embedder = RemoteEmbedder(model, catalogue.provider("aimlapi", url), lambda _: KEY, lambda _: None)
        before = process.memory_info().rss
        embedder.embed_query("x")
        client = process.memory_info().rss
        watcher = threading.Thread(target=watch)
        watcher.start()
        embed(embedder, texts)
        done.set()
        watcher.join()
        embedder.close()
    whole = count * model.dimensions * 4
    return [
        f"{count:,}",
        f"{(client - before) / 1e6:.0f} MB",
        f"{(peak[0] - client) / 1e6:.0f} MB",
        f"{whole / 1e6:.0f} MB",
    ]


def queries(count: int) -> list[object]:
    """A query alone, and beside documents, at a latency of 0.2 s."""
    model = catalogue.model("aimlapi/text-embedding-3-small")
    texts = chunks_of(model, 20_000)
    with server(latency=0.2) as url:
        embedder = RemoteEmbedder(model, catalogue.provider("aimlapi", url), lambda _: KEY, lambda _: None)
        embedder.embed_query("warm")
        rows: list[list[float]] = []
        for busy in (False, True):
            run = embedder.embed_documents(*texts) if busy else iter(())
            stop = threading.Event()
            thread = threading.Thread(
                target=lambda run=run, stop=stop: [None for _ in run if not stop.is_set()]
            )
            thread.start()
            seconds = []
            for number in range(count):
                started = time.perf_counter()
                embedder.embed_query(f"query {number} {busy}")
                seconds.append(time.perf_counter() - started)
            stop.set()
            thread.join()
            rows.append(seconds)
        embedder.close()
    return [f"{1000 * percentile(seconds, share):.0f} ms" for seconds in rows for share in (0.5, 0.95)]


class Line:
    """A server like the gateway that says when a byte came last or a connection was closed, and how many
    requests are under way."""

    def __init__(self, last: Any, under_way: Any, answers: Any, latency: float) -> None:
        self._last, self._under_way, self._answers, self._latency = last, under_way, answers, latency
        self._written = Gateway()

    async def serve(self, pipe: Connection) -> None:
        async with await asyncio.start_server(self._talk, "127.0.0.1", 0, limit=1 << 16) as listening:
            pipe.send(f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1")
            await asyncio.to_thread(pipe.recv)
        self._written.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                raw = await self._request(reader)
                self._under_way.value += 1
                try:
                    await self._answer(json.loads(raw), reader, writer)
                finally:
                    self._under_way.value -= 1
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self._last.value = time.monotonic()
            writer.close()

    async def _request(self, reader: asyncio.StreamReader) -> bytes:
        head = await reader.readuntil(b"\r\n\r\n")
        self._last.value = time.monotonic()
        left = next(
            int(line.split(b":")[1])
            for line in head.lower().split(b"\r\n")
            if line.startswith(b"content-length")
        )
        parts = []
        while left:
            parts.append(await reader.read(left))
            if not parts[-1]:
                raise ConnectionResetError
            left -= len(parts[-1])
            self._last.value = time.monotonic()
        return b"".join(parts)

    async def _answer(
        self, body: dict[str, Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        gone = asyncio.create_task(reader.read(1))
        await asyncio.wait((gone,), timeout=self._latency)
        if gone.done():
            raise ConnectionResetError
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
        request = Request(0, "", {}, body, body["input"], 0.0)
        content = self._written.quick_answer(request)
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(content)
            + content
        )
        await writer.drain()
        self._answers.value += 1


def serve_line(pipe: Connection, last: Any, under_way: Any, answers: Any) -> None:
    asyncio.run(Line(last, under_way, answers, LATENCY).serve(pipe))


def stopping(count: int) -> list[object]:
    """Seconds from the person's pause until the server has seen the last byte and the end of every request,
    in the midst of embedding."""
    context = multiprocessing.get_context("spawn")
    last, under_way, answers = (context.Value(kind, 0) for kind in "dii")
    here, there = context.Pipe()
    process = context.Process(target=serve_line, args=(there, last, under_way, answers))
    process.start()
    os.environ |= {"AIMLAPI_API_KEY": KEY, "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent"}
    model = "aimlapi/text-embedding-3-small"
    seconds = []
    with tempfile.TemporaryDirectory() as folder:
        notes, data = Path(folder, "notes"), Path(folder, "data")
        notes.mkdir()
        for number in range(4500):
            sections = "".join(
                f"## Part {part}\n\n" + f"Words of part {part} in note {number}. " * 40 for part in range(6)
            )
            (notes / f"{number}.md").write_text(f"# Note {number}\n\n{sections}")
        prepare_data_dir(data)
        save_settings(data, Settings().with_provider("aimlapi", base_url=here.recv()))
        engine = Engine.open(data, watch=False)
        engine.folders.add(notes, model)
        engine.reconcile([notes])  # reads all, and ends as nobody has agreed yet
        engine.models.agree(notes)
        for number in range(count):
            seen, until = answers.value, time.monotonic() + 10.0
            while (not under_way.value or answers.value == seen) and time.monotonic() < until:
                time.sleep(0.001)
            time.sleep(number * 0.02)  # requests are sent, vectors come, are written, are indexed
            began = time.monotonic()
            engine.indexing.pause()
            until = began + 3.0
            while under_way.value and time.monotonic() < until:
                time.sleep(0.001)
            time.sleep(0.3)  # and nothing comes after that
            seconds.append(max(0.0, last.value - began) if not under_way.value else 3.0)
            if not engine.status().waiting:
                break
            engine.indexing.resume()
        began = time.monotonic()
        engine.close()
        closed = time.monotonic() - began
    here.send(None)
    process.join()
    return [
        len(seconds),
        f"{1000 * percentile(seconds, 0.5):.0f} ms",
        f"{1000 * max(seconds):.0f} ms",
        f"{1000 * closed:.0f} ms",
    ]


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--chunks", type=int, default=20_000)
    count = arguments.parse_args().chunks
    header = [
        "model",
        "texts",
        "at once",
        "texts/s",
        "by latency",
        "share",
        "bare",
        "share of bare",
        "requests",
        "fewest",
        "ratio",
        "refused",
    ]
    names = [
        "voyage-2",
        "BAAI/bge-large-en-v1.5",
        "text-multilingual-embedding-002",
        "text-embedding-3-small",
    ]
    table(f"Documents at {LATENCY:g} s a request", header, [speed(name, count, 0) for name in names])
    table(
        "The same where the server takes fewer at once",
        header,
        [speed("voyage-2", count, most) for most in (4, 2)],
    )
    table(
        "Memory, vectors of 1536 dropped as they come",
        ["chunks", "client", "run", "all vectors would be"],
        [memory(20_000)],
    )
    table(
        "From a pause to the last byte or closed connection",
        ["pauses", "p50", "most", "quit takes"],
        [stopping(20)],
    )
    table("A query at 0.2 s a request", ["alone p50", "p95", "beside documents p50", "p95"], [queries(20)])


if __name__ == "__main__":
    main()
