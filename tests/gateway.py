"""A strict embedding server on this machine, for tests and benchmarks: the published schemas to the letter,
replies in the documented shape, and every fault on demand. Real HTTP/1.1 in threads; TLS where asked for.

    with Gateway() as gateway:
        gateway.script(Fault(429, retry_after="1"), None, Fault("cut"))     # the next three requests; None is a good answer
        provider = catalogue.provider("aimlapi", gateway.url)
"""  # noqa: E501

from __future__ import annotations

import base64
import contextlib
import hashlib
import itertools
import json
import re
import socket
import ssl
import struct
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np

SCHEMAS: dict[str, Any] = json.loads(
    (Path(__file__).parent / "data" / "aimlapi-schemas.json").read_text(encoding="utf-8")
)["models"]
# What the schemas leave out: the numbers of dimensions that the makers publish.
DIMENSIONS = {
    "text-embedding-3-large": 3072,
    "text-embedding-ada-002": 1536,
    "voyage-large-2": 1536,
    "BAAI/bge-base-en-v1.5": 768,
    "text-embedding-004": 768,
    "textembedding-gecko@001": 768,
    "textembedding-gecko@003": 768,
    "textembedding-gecko-multilingual@001": 768,
    "togethercomputer/m2-bert-80M-32k-retrieval": 768,
}
KEY = "sk-test-0123456789abcdef"
HASHED = 16
BAD_VECTORS = ("nan", "null", "zero", "none", "hollow")


@dataclass(frozen=True)
class Fault:
    """What to do instead of a good answer. `kind`: an HTTP status, or one of: html, json, cut, reset, hang,
    drip, endless, few, many, swap, twice, index, unnumbered, nan, null, zero, none, hollow, dimension, empty,
    redirect, told (a 200 with an error). `message`: of an error body; `body`: the whole of it."""

    kind: int | str
    retry_after: str = ""
    message: str = "Something is wrong with the server. Please, try again later."
    body: bytes | None = None
    location: str = ""
    headers: tuple[tuple[str, str], ...] = ()


@dataclass
class Request:
    """One request as it came in."""

    number: int
    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    inputs: list[str]
    at: float
    status: int = 0
    violations: list[str] = field(default_factory=list)


Rule = Callable[[Request], "Fault | None"]


def digest(text: str) -> str:
    return hashlib.sha1(text.encode("utf-8", "replace")).hexdigest()[:HASHED]


def violations(value: Any, schema: dict[str, Any], path: str = "body") -> list[str]:
    """How `value` breaks the part of JSON Schema that the published files use."""
    if "anyOf" in schema:
        found = [violations(value, option, path) for option in schema["anyOf"]]
        return [] if not all(found) else min(found, key=len)
    if "const" in schema:
        return [] if value == schema["const"] else [f"{path}: Expected {schema['const']!r}"]
    if value is None and schema.get("nullable"):
        return []
    kind = schema.get("type")
    kinds: dict[Any, Any] = {
        "string": str,
        "array": list,
        "object": dict,
        "number": (int, float),
        "integer": int,
        "boolean": bool,
    }
    if kind in kinds and (
        not isinstance(value, kinds[kind]) or (kind != "boolean" and isinstance(value, bool))
    ):
        return [f"{path}: Expected {kind}, Received {type(value).__name__}"]
    found: list[str] = (  # type: ignore[no-redef]
        [] if "enum" not in schema or value in schema["enum"] else [f"{path}: Expected {schema['enum']}"]
    )
    if kind == "string" and not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", 1 << 40):
        found.append(f"{path}: Expected at most {schema.get('maxLength')} characters, Received {len(value)}")  # type: ignore[arg-type]
    if kind == "array":
        if len(value) < schema.get("minItems", 0):
            found.append(f"{path}: too few items")  # type: ignore[arg-type]
        found += [
            v  # type: ignore[misc]
            for number, item in enumerate(value)
            for v in violations(item, schema["items"], f"{path}[{number}]")
        ]
    if kind in ("number", "integer") and not schema.get("minimum", -1e18) <= value <= schema.get(
        "maximum", 1e18
    ):
        found.append(f"{path}: out of range")  # type: ignore[arg-type]
    if kind == "object":
        found += [f"{path}.{key}: Required" for key in schema.get("required", ()) if key not in value]  # type: ignore[misc]
        for key, item in value.items():
            if key in schema.get("properties", {}):
                found += violations(item, schema["properties"][key], f"{path}.{key}")  # type: ignore[arg-type]
            elif schema.get("additionalProperties") is False:
                found.append(f"{path}.{key}: Unrecognized key")  # type: ignore[arg-type]
    return found  # type: ignore[return-value]


def vector_of(model: str, text: str, dimensions: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """A unit vector of hashed words: texts that share words are near; the same on every machine."""
    vector = np.zeros(dimensions, np.float32)
    for word in re.findall(r"\w+", text.lower()) or [text]:
        hashed = hashlib.blake2b(f"{model} {word[:6]}".encode(), digest_size=16).digest()
        for number in struct.unpack("<4I", hashed):
            vector[number % dimensions] += 1.0 if number >> 31 else -1.0
    norm = float(np.linalg.norm(vector))
    if not norm:
        vector[0] = norm = 1.0
    return vector / np.float32(norm)


class Gateway:
    """The server. `at_once`: more requests in flight get a 429 (0: any number). `models`: other models, with
    their dimensions, that take any body. Settable while it runs: `latency`, `at_once`, `rule`, `most_items`,
    `most_bytes`, `floats_only`, `length` (what every vector is multiplied by), `embed`, `accepts`,
    `spoils`, `constant`."""

    def __init__(
        self,
        *,
        key: str | None = KEY,
        latency: float = 0.0,
        at_once: int = 0,
        models: dict[str, int] | None = None,
        tls: Path | None = None,
        host: str = "127.0.0.1",
    ) -> None:
        self.key = key
        self.latency = latency
        self.at_once = at_once
        self.models = models or {}
        self.rule: Rule | None = None
        self.most_items = 0
        self.most_bytes = 0
        self.floats_only = False
        self.length = 1.0
        self.usd = "0.000001"
        self.embed: Callable[[list[str]], Any] | None = None  # vectors of a real model
        self.accepts: Callable[[dict[str, Any]], bool] | None = None  # bodies that are not refused with a 400
        self.spoils: Callable[[str], str] | None = None  # of BAD_VECTORS, by text; "" for a good vector
        self.constant = False  # benchmarks: no time for vectors that mean something
        self.requests: list[Request] = []
        self.paid: Counter[str] = Counter()
        self.in_flight = 0
        self.peak = 0
        self.closing = threading.Event()
        self.lock = threading.Lock()
        self._written: dict[tuple[int, bool], str] = {}
        self._script: deque[Fault | None] = deque()
        self._server = _Server(self, tls, host)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), name="gateway", daemon=True
        )
        self._thread.start()
        port = self._server.server_address[1]
        self.url = f"{'https' if tls else 'http'}://{host}:{port}/v1"

    def __enter__(self) -> Gateway:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def script(self, *faults: Fault | None) -> None:
        """What the next requests meet, one each."""
        self._script.extend(faults)

    def answer_only(self, count: int, then: Fault) -> None:
        """Answer the next `count` requests that are well formed, and do `then` to every later one: exactly
        so many, however many come at once."""
        numbers = itertools.count()

        def rule(request: Request) -> Fault | None:
            return then if self.refusal(request) is None and next(numbers) >= count else None

        self.rule = rule

    @property
    def embedded(self) -> list[Request]:
        """The requests that were answered with vectors."""
        return [r for r in self.requests if r.status == 200]

    def next_fault(self, request: Request) -> Fault | None:
        with self.lock:
            if self._script:
                return self._script.popleft()
        return self.rule(request) if self.rule else None

    # What is wrong with a request, if it is

    def refusal(self, request: Request) -> Fault | None:
        if not request.path.endswith("/embeddings"):
            return Fault(404, message="Not Found")
        if self.key is not None and request.headers.get("authorization") != f"Bearer {self.key}":
            return Fault(401, message="This endpoint requires a valid API key")
        name = request.body.get("model")
        if name not in SCHEMAS and name not in self.models:
            return Fault(404, message=f"Model {name} not found")
        if name in SCHEMAS:
            request.violations = violations(request.body, SCHEMAS[str(name)]["request_schema"])
        if any(not text.strip() for text in request.inputs):
            request.violations.append("input: empty text")
        if name == "text-multilingual-embedding-002" and len(request.inputs) > 250:
            request.violations.append("input: at most 250 instances")
        if self.most_items and len(request.inputs) > self.most_items:
            request.violations.append(f"input: too many items, at most {self.most_items}")
        if self.accepts is not None and not self.accepts(request.body):
            request.violations.append("body: unexpected value of a field")
        if request.violations:
            return Fault(400, message="Body validation error\n" + "\n".join(request.violations[:3]))
        return None

    def dimensions(self, body: dict[str, Any]) -> int:
        name = str(body["model"])
        return int(
            body.get("dimensions")
            or self.models.get(name)
            or SCHEMAS[name].get("dimensions")
            or DIMENSIONS.get(name, 1024)
        )

    def answer(self, request: Request, fault: Fault | None) -> dict[str, Any]:
        """A good reply, or one with the fault's wrong vectors."""
        kind = fault.kind if fault else ""
        dimensions = self.dimensions(request.body) // (2 if kind == "dimension" else 1)
        encoded = request.body.get("encoding_format") == "base64" and not self.floats_only
        made = self.embed(request.inputs) if self.embed else None
        data: list[dict[str, Any]] = []
        for index, text in enumerate(request.inputs):
            if made is not None:
                vector = np.asarray(made[index], np.float32)
            else:
                vector = vector_of(str(request.body["model"]), text, dimensions) * np.float32(self.length)
            bad = kind if kind in BAD_VECTORS else self.spoils(text) if self.spoils else ""
            if bad in ("nan", "zero"):
                vector[:] = np.nan if bad == "nan" else 0
            written: Any = (
                base64.b64encode(vector.astype("<f4").tobytes()).decode() if encoded else vector.tolist()
            )
            if bad in ("null", "none", "hollow"):
                written = {"null": [None] * dimensions, "none": None, "hollow": []}[str(bad)]
            numbered = {} if kind == "unnumbered" else {"index": index}
            data.append({"object": "embedding", **numbered, "embedding": written})
        if kind == "few":
            data.pop()
        if kind == "many":
            data.append({**data[-1], "index": len(data)})
        if kind == "swap":
            data.reverse()
        if kind == "twice":
            data[-1]["index"] = 0 if len(data) > 1 else 1
        if kind == "index":
            data[-1]["index"] = len(data) + 7
        tokens = sum(map(len, request.inputs)) // 4
        reply = {
            "object": "list",
            "data": [] if kind == "empty" else data,
            "model": f"served-{request.body['model']}",
        }
        return {
            **reply,
            "usage": {"prompt_tokens": None, "total_tokens": tokens},
            "meta": {"usage": {"credits_used": 1}},
        }

    def quick_answer(self, request: Request) -> bytes:
        """A reply of the usual length with one vector again and again, made of parts that are there
        already."""
        dimensions = self.dimensions(request.body)
        encoded = request.body.get("encoding_format") == "base64"
        if (dimensions, encoded) not in self._written:
            vector = vector_of("", "one two three", dimensions) + np.float32(0.1234567)
            vector /= np.linalg.norm(vector)
            written = (
                base64.b64encode(vector.astype("<f4").tobytes()).decode() if encoded else vector.tolist()
            )
            self._written[dimensions, encoded] = json.dumps(written)
        written = self._written[dimensions, encoded]
        items = ", ".join(
            f'{{"object": "embedding", "index": {index}, "embedding": {written}}}'
            for index in range(len(request.inputs))
        )
        return (
            f'{{"object": "list", "data": [{items}], "model": "m", "usage": {{"total_tokens": '
            f"{len(request.inputs)}}}}}"
        ).encode()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, gateway: Gateway, tls: Path | None, host: str) -> None:
        self.gateway = gateway
        super().__init__((host, 0), _Handler)
        if tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls)
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away are what these tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self._send(200, {"object": "list", "data": [{"id": name, "object": "model"} for name in SCHEMAS]})

    def do_POST(self) -> None:
        gateway = self.server.gateway
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = json.loads(raw)
        given = body.get("input")
        inputs = [given] if isinstance(given, str) else list(given or ())
        headers = {name.lower(): value for name, value in self.headers.items()}
        with gateway.lock:
            request = Request(len(gateway.requests), self.path, headers, body, inputs, time.monotonic())
            gateway.requests.append(request)
            gateway.in_flight += 1
            gateway.peak = max(gateway.peak, gateway.in_flight)
            crowded = gateway.at_once and gateway.in_flight > gateway.at_once
        try:
            if gateway.latency and not crowded:
                gateway.closing.wait(gateway.latency)
            fault = (
                Fault(429)
                if crowded
                else Fault(413)
                if gateway.most_bytes and len(raw) > gateway.most_bytes
                else gateway.next_fault(request)
            )
            if fault is None or not isinstance(fault.kind, int):
                fault = gateway.refusal(request) or fault
            with contextlib.suppress(OSError):
                self._reply(request, fault)
        finally:
            with gateway.lock:
                gateway.in_flight -= 1

    def _reply(self, request: Request, fault: Fault | None) -> None:
        gateway = self.server.gateway
        kind = fault.kind if fault else ""
        if fault is not None and isinstance(kind, int):
            request.status = kind
            self._refuse(request, fault)
        elif kind in ("reset", "hang"):
            if kind == "hang":
                gateway.closing.wait()
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
        elif kind == "redirect":
            request.status = 307
            self._send(307, {}, (("Location", fault.location if fault else ""),))
        elif kind == "told" and fault is not None:
            self._send(200, fault.body or {"error": {"message": fault.message, "code": 500}})
        elif kind in ("html", "json"):
            self._send(
                200,
                b"<html><body>Welcome to the hotel network</body></html>"
                if kind == "html"
                else b'{"object": "list", "data": [{',
            )
        else:
            self._embed(request, fault)

    def _refuse(self, request: Request, fault: Fault) -> None:
        assert isinstance(fault.kind, int)
        headers = (("Retry-After", fault.retry_after),) if fault.retry_after else ()
        if fault.location:
            headers = (*headers, ("Location", fault.location))
        body = {
            "message": fault.message,
            "path": self.path,
            "requestId": "6c1c",
            "statusCode": fault.kind,
            "timestamp": "2026-01-01T00:00:00.000Z",
        }
        self._send(fault.kind, body if fault.body is None else fault.body, headers + fault.headers)

    def _embed(self, request: Request, fault: Fault | None) -> None:
        gateway = self.server.gateway
        kind = fault.kind if fault else ""
        whole = (
            gateway.quick_answer(request)
            if gateway.constant
            else json.dumps(gateway.answer(request, fault)).encode()
        )
        if kind in ("cut", "drip", "endless"):
            self._head(200, len(whole) if kind != "endless" else 1 << 40, ())
            if kind == "cut":
                self.wfile.write(whole[: len(whole) // 2])
            while kind == "drip" and not gateway.closing.wait(0.02):
                self.wfile.write(b" ")
            while kind == "endless" and not gateway.closing.is_set():
                self.wfile.write(b" " * 65536)
            self.close_connection = True
            return
        if kind in ("", "swap", "unnumbered"):
            with gateway.lock:
                request.status = 200
                good = (t for t in request.inputs if not (gateway.spoils and gateway.spoils(t)))
                gateway.paid.update(map(digest, good))
        self._send(200, whole, (("x-aimlapi-usd-spent", gateway.usd),) if gateway.usd else ())

    def _send(self, status: int, body: Any, headers: tuple[tuple[str, str], ...] = ()) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self._head(status, len(content), headers)
        self.wfile.write(content)

    def _head(self, status: int, length: int, headers: tuple[tuple[str, str], ...]) -> None:
        self.send_response(status)
        for name, value in (
            ("Content-Type", "application/json"),
            ("Content-Length", str(length)),
            ("x-inference-id", "1b0a"),
            *headers,
        ):
            self.send_header(name, value)
        self.end_headers()
