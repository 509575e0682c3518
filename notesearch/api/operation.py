"""Operations: one entry of the table of what a front end may ask. It says what the operation takes and
returns, and how that travels to another process."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, TypeVar

from notesearch.api import wire
from notesearch.errors import UsageError

if TYPE_CHECKING:
    from notesearch.engine.engine import Engine

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """The progress of a long operation: `done` of `total` in a stage ("reading", "embedding"; "" for
    none)."""

    stage: str = ""
    done: int = 0
    total: int = 0


Report = Callable[[Progress], None]
Stopped = Callable[[], bool]
# Parameters that are not sent to another process.
NOT_SENT = ("progress", "stopped")


@dataclass(frozen=True, kw_only=True)
class Operation(Generic[P, R]):
    """An operation: something a front end may ask of an engine. Call it with an engine and its parameters, or
    give it to a Session.

    `writes`: only the owner of the data folder can do it; other processes read beside the owner. `streams`:
    it reports its progress while it runs. `may_block`: it may wait long (for a keyring, a provider or a large
    folder), so the window does not wait for it when it closes. `local`: it is always done in the process that
    asks, since a parameter is a secret. `command`: its name on the command line, "" where it is no command.
    """

    name: str
    function: Callable[Concatenate[Engine, P], R]
    writes: bool
    streams: bool
    may_block: bool
    local: bool
    command: str
    # The types of parameters and result. They are resolved at the first use.
    _types: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def __call__(self, engine: Engine, /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Do it in this process, with this engine. Raises what its function raises."""
        return self.function(engine, *args, **kwargs)

    @property
    def help(self) -> str:
        """The first sentence of the function's docstring, for the help of the command line."""
        words = " ".join((inspect.getdoc(self.function) or "").split())
        return words.partition(". ")[0].removesuffix(".") + "."

    @property
    def parameters(self) -> Mapping[str, inspect.Parameter]:
        """The parameters that are sent to another process, by name."""
        given = list(inspect.signature(self.function).parameters.values())[1:]
        return {p.name: p for p in given if p.name not in NOT_SENT}

    @property
    def stoppable(self) -> bool:
        """Whether it has a parameter `stopped`, by which the caller can stop it."""
        return "stopped" in inspect.signature(self.function).parameters

    @property
    def types(self) -> Mapping[str, Any]:
        """The types of the parameters by name, and of the result as "return"."""
        if not self._types:
            from notesearch.engine.engine import Engine

            self._types.update(
                typing.get_type_hints(
                    self.function, {**self.function.__globals__, "Engine": Engine}, include_extras=True
                )
            )
        return self._types

    def to_message(self, parameters: Mapping[str, object]) -> dict[str, Any]:
        """The parameters as JSON, for another process. Raises UsageError where they must not be sent."""
        if self.local:
            raise UsageError("usage.operation-local", operation=self.name)
        return {name: wire.to_json(value) for name, value in parameters.items() if name not in NOT_SENT}

    def from_message(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters from JSON. Raises UsageError where they are not what the operation takes, or the
        operation must not be asked for by another process."""
        if self.local:
            raise UsageError("usage.operation-local", operation=self.name)
        if not isinstance(message, Mapping):
            raise UsageError("usage.operation", operation=self.name, reason="no parameters by name")
        try:
            read = {
                name: wire.from_json(self.types[name], message[name], asked=True)
                for name in self.parameters
                if name in message
            }
            missing = [
                name
                for name, parameter in self.parameters.items()
                if parameter.default is parameter.empty and name not in read
            ]
        except (ValueError, TypeError) as error:
            raise UsageError("usage.operation", operation=self.name, reason=str(error)) from error
        if missing:
            raise UsageError("usage.operation-lacks", operation=self.name, missing=", ".join(missing))
        return read

    def result_from_json(self, data: Any) -> R:
        """The result from another process. Raises ValueError where it is not of the right type."""
        return typing.cast("R", wire.from_json(self.types["return"], data))


OPERATIONS: dict[str, Operation[..., Any]] = {}


def operation(
    name: str,
    *,
    writes: bool = False,
    streams: bool = False,
    may_block: bool = False,
    local: bool = False,
    command: str = "",
) -> Callable[[Callable[Concatenate[Engine, P], R]], Operation[P, R]]:
    """Put a function into the table of operations. The parameters are described in Operation."""

    def entered(function: Callable[Concatenate[Engine, P], R]) -> Operation[P, R]:
        made = Operation(
            name=name,
            function=function,
            writes=writes,
            streams=streams,
            may_block=may_block,
            local=local,
            command=command,
        )
        if name in OPERATIONS:
            raise ValueError(f"two operations are named {name}")
        OPERATIONS[name] = made
        return made

    return entered
