"""The settings: read, checked and saved as TOML. They never hold a secret.

A setting that is wrong is ignored and named in the problems; the others hold. Every function here reads or
writes the disk and is not for the GUI thread.
"""

from __future__ import annotations

import contextlib
import os
import threading
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tomli_w

from notesearch.config.paths import set_aside, write_atomic
from notesearch.domain.file_names import from_text, to_text
from notesearch.errors import NotesearchError, SettingsInvalid

if TYPE_CHECKING:
    from notesearch.catalogue import EmbeddingModel, Provider

SETTINGS, LAST_GOOD = "settings.toml", "settings.toml.good"
# Problems of the file as a whole.
LOST = ("settings-invalid.file", "settings-invalid.last-good", "settings-invalid.gone")
APPEARANCES = ("system", "light", "dark")
# What closing the window does where the tray or a key can bring it back: ask (once), stay in the tray, or
# quit.
WHEN_CLOSED = ("ask", "stay", "quit")


@dataclass(frozen=True, kw_only=True, slots=True)
class ProviderSettings:
    """The settings of one provider. `base_url`: "" for the provider's own address. `budget`: US dollars in a
    calendar month, 0 for no limit. `token_budget`: the same in tokens, for models without a known price.
    `plain_http`: the host with its port that the user allowed to be asked without encryption."""

    base_url: str = ""
    plain_http: str = ""
    budget: float = 0.0
    token_budget: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """Everything that the user can choose.

    `editor` is a command with {path} and {line}; "" for the system's default program. `gitignore`: leave out
    what .gitignore files name; what .notesearchignore files name is always left out. `follow_links`: read the
    folders that links in searched folders lead to. `providers` are by name.
    `models` are those of the user's own. `key` calls quick search from anywhere, written as Qt does
    ("Ctrl+Alt+Space"), "" for none. `key_asked`: the desktop may ask the user about that key (Wayland).
    `gentle`: models on this computer work slower on battery and while other programs need the processors.
    `ignore` is what is left out of folders: text in gitignore syntax, by absolute path.
    """

    editor: str = ""
    appearance: str = "system"
    results_limit: int = 50
    key: str = "Ctrl+Alt+Space"
    key_asked: bool = False
    when_closed: str = "ask"
    gitignore: bool = False
    follow_links: bool = True
    gentle: bool = True
    providers: Mapping[str, ProviderSettings] = field(default_factory=dict)
    models: tuple[EmbeddingModel, ...] = ()
    ignore: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.appearance not in APPEARANCES:
            raise SettingsInvalid(
                "settings-invalid.appearance", value=self.appearance, allowed=", ".join(APPEARANCES)
            )
        if self.when_closed not in WHEN_CLOSED:
            raise SettingsInvalid(
                "settings-invalid.when-closed", value=self.when_closed, allowed=", ".join(WHEN_CLOSED)
            )
        if not 1 <= self.results_limit <= 1000:
            raise SettingsInvalid("settings-invalid.results-limit", value=self.results_limit)
        if self.editor and "{path}" not in self.editor and "{page}" not in self.editor:
            raise SettingsInvalid("settings-invalid.editor-path")

    def provider(self, name: str) -> ProviderSettings:
        """The settings of one provider; the defaults where nothing was chosen."""
        return self.providers.get(name, ProviderSettings())

    def provider_at(self, name: str) -> Provider:
        """A provider at the address that these settings have. Raises UsageError or InsecureAddress."""
        from notesearch import catalogue

        entry = self.provider(name)
        return catalogue.provider(name, entry.base_url, plain_http=entry.plain_http)

    def with_address(self, provider: Provider) -> Settings:
        """The settings with the address of a provider, and what the user allowed for it."""
        plain_http = provider.host if provider.plain_http else ""
        return self.with_provider(provider.name, base_url=provider.base_url, plain_http=plain_http)

    def with_provider(self, name: str, **changes: str | float | int) -> Settings:
        """The settings with something of one provider changed."""
        return replace(self, providers={**self.providers, name: replace(self.provider(name), **changes)})  # type: ignore[arg-type]

    def rules_of(self, folder: Path) -> str:
        """The ignore rules of a folder in gitignore syntax; "" for none."""
        return self.ignore.get(str(folder), "")

    def with_rules(self, folder: Path, text: str) -> Settings:
        """The settings with other ignore rules for a folder. Blank rules remove them."""
        others = {path: rules for path, rules in self.ignore.items() if path != str(folder)}
        return replace(self, ignore={**others, str(folder): text} if text.strip() else others)

    def with_model(self, added: EmbeddingModel) -> Settings:
        """The settings with a model of the user's own, in place of an earlier one of that name."""
        return replace(self, models=(*(m for m in self.models if m.identifier != added.identifier), added))


def load_settings(data_dir: Path) -> tuple[Settings, tuple[SettingsInvalid, ...]]:
    """Read the settings of `data_dir`. Returns them, and what was wrong in the file. A wrong value is
    replaced by its default. Where the file itself cannot be read, the last good one holds."""
    table, problems = _read_or_last_good(data_dir)
    settings = Settings()
    for name in _SCALARS:
        try:
            if name in table:
                settings = replace(settings, **{name: _checked(name, table[name], getattr(settings, name))})
        except SettingsInvalid as error:
            problems.append(error)
    for name, entry in _tables(table, "providers", dict, problems).items():
        try:
            settings = settings.with_provider(name, **_provider_changes(name, entry))
        except NotesearchError as error:
            problems.append(SettingsInvalid.within(f"providers.{name}", error))
    for number, entry in enumerate(_tables(table, "models", list, problems)):
        try:
            settings = settings.with_model(_model(entry))
        except NotesearchError as error:
            problems.append(SettingsInvalid.within(f"models[{number + 1}]", error))
    for folder, rules in _tables(table, "ignore", dict, problems).items():
        if _are_rules(folder, rules):
            settings = settings.with_rules(Path(from_text(folder)), rules)
        else:
            problems.append(SettingsInvalid("settings-invalid.rules", entry=f"ignore.{folder}"))
    return settings, tuple(problems)


_SCALARS = (
    "editor",
    "appearance",
    "results_limit",
    "key",
    "key_asked",
    "when_closed",
    "gitignore",
    "follow_links",
    "gentle",
)


def _checked(name: str, value: object, example: object) -> Any:
    if isinstance(example, float) and type(value) is int:
        value = float(value)
    if type(value) is not type(example):
        raise SettingsInvalid("settings-invalid.kind", name=name)
    return value


def _tables(table: Mapping[str, Any], name: str, kind: type, problems: list[SettingsInvalid]) -> Any:
    entries = table.get(name, kind())
    if isinstance(entries, kind):
        return entries
    problems.append(SettingsInvalid("settings-invalid.kind", name=name))
    return kind()


def _are_rules(folder: str, rules: object) -> bool:
    return isinstance(rules, str) and os.path.isabs(folder)


def _provider_changes(name: str, entry: object) -> dict[str, Any]:
    """The values of a provider's table that this version knows. Raises SettingsInvalid, UsageError or
    InsecureAddress."""
    if not isinstance(entry, dict):
        raise SettingsInvalid("settings-invalid.no-table")
    changes = {
        key: _checked(key, entry[key], value)
        for key, value in asdict(ProviderSettings()).items()
        if key in entry
    }
    if changes.get("base_url"):
        from notesearch import catalogue

        changes["base_url"] = catalogue.provider(
            name, changes["base_url"], plain_http=changes.get("plain_http", "")
        ).base_url
    if min(changes.get("budget", 0), changes.get("token_budget", 0)) < 0:
        raise SettingsInvalid("settings-invalid.budget")
    return changes


def _model(entry: object) -> EmbeddingModel:
    # Imported late: the catalogue is not needed before the first paint, unless the user has a model of their
    # own.
    from notesearch import catalogue

    return catalogue.from_table(_dict(entry))


def save_settings(data_dir: Path, settings: Settings) -> None:
    """Write the settings, and a copy as the last good ones. Entries of the file that this version does not
    know are kept. A file that cannot be parsed is kept beside the new one as settings.toml.bad, so that the
    user can mend it."""
    path = data_dir / SETTINGS
    table, problems = _read_or_last_good(data_dir)
    if problems:
        set_aside(path)
    from notesearch import catalogue

    chosen = {name: getattr(settings, name) for name in _SCALARS}
    kept = _dict(table.get("providers"))
    providers = {
        **kept,
        **{name: _provider_table(_dict(kept.get(name)), entry) for name, entry in settings.providers.items()},
    }
    chosen["providers"] = {name: entry for name, entry in providers.items() if entry != {}}
    chosen["ignore"] = {
        **{f: rules for f, rules in _dict(table.get("ignore")).items() if not _are_rules(f, rules)},
        **{to_text(folder): rules for folder, rules in settings.ignore.items()},
    }
    chosen["models"] = [catalogue.to_table(m) for m in settings.models]
    content = tomli_w.dumps({name: value for name, value in {**table, **chosen}.items() if value != {}})
    write_atomic(path, content.encode())
    keep_last_good(data_dir)


def keep_last_good(data_dir: Path) -> None:
    """Copy a settings file that can be read, so that the settings hold even if it is damaged later. Does
    nothing where the copy is the same, or cannot be written."""
    path, good = data_dir / SETTINGS, data_dir / LAST_GOOD
    with contextlib.suppress(OSError, ValueError):
        content = path.read_bytes()
        tomllib.loads(content.decode())
        if content.strip() and not (good.is_file() and good.read_bytes() == content):
            if good.is_dir():
                set_aside(good)
            write_atomic(good, content)


def restore_last_good(data_dir: Path) -> bool:
    """Put the last good settings in the place of a file that cannot be read, which is kept beside it. Returns
    whether that was needed. Raises OSError."""
    if not any(problem.code in LOST for problem in _read_or_last_good(data_dir)[1]):
        return False
    set_aside(data_dir / SETTINGS)
    with contextlib.suppress(FileNotFoundError):
        write_atomic(data_dir / SETTINGS, (data_dir / LAST_GOOD).read_bytes())
    return True


def _provider_table(kept: Mapping[str, Any], entry: ProviderSettings) -> dict[str, Any]:
    """A provider's table for the file. Entries that this version does not know are kept. Values that the user
    did not choose are left out, so that a removed provider leaves nothing."""
    defaults = asdict(ProviderSettings())
    chosen = {name: value for name, value in asdict(entry).items() if value != defaults[name]}
    return {**{name: value for name, value in kept.items() if name not in defaults}, **chosen}


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


class SettingsStore:
    """The settings of one data folder. Changes are made one at a time and told to subscribers.

    Any thread but the GUI thread may call `update`; every thread may read `current`. The file is read again
    before each change, so that what the user wrote into it by hand meanwhile is not lost.
    """

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        # Reentrant: a subscriber that changes the settings again does not wait for itself.
        self._lock = threading.RLock()
        self._subscribers: list[Callable[[Settings, Settings], object]] = []
        self._current, self._problems = load_settings(data_dir)

    def keep(self) -> None:
        """Keep a copy of the file as the last good one. For the owner of the data folder."""
        keep_last_good(self._data_dir)

    @property
    def current(self) -> Settings:
        """The settings that hold now. Any thread."""
        return self._current

    @property
    def problems(self) -> tuple[SettingsInvalid, ...]:
        """What was wrong with the file when it was last read."""
        return self._problems

    def update(self, change: Callable[[Settings], Settings]) -> Settings:
        """Apply `change` to the present settings, write the file, and tell subscribers. Returns the new
        settings.

        `change` is called once, with the lock held, so that two writers never undo each other. Whatever it
        raises goes to the caller, and nothing is changed then. Raises OSError where the file cannot be
        written.
        """
        with self._lock:
            written, self._problems = load_settings(self._data_dir)
            chosen = change(written)
            if chosen != written:
                save_settings(self._data_dir, chosen)
            before, self._current = self._current, chosen
            if chosen != before:
                for told in tuple(self._subscribers):
                    told(before, chosen)
            return chosen

    def subscribe(self, told: Callable[[Settings, Settings], object]) -> Callable[[], None]:
        """Call `told(before, now)` after each change, in order, in the thread that made it. `told` must be
        quick. Returns a function that unsubscribes."""
        with self._lock:
            self._subscribers.append(told)

        def unsubscribe() -> None:
            with self._lock:
                self._subscribers.remove(told)

        return unsubscribe


def load_window_state(data_dir: Path) -> dict[str, Any]:
    """Read window.toml: geometry, query history and saved searches. {} where there is none or it is
    damaged."""
    return _read(data_dir / "window.toml")[0]


def save_window_state(data_dir: Path, state: Mapping[str, Any]) -> None:
    """Write window.toml: geometry, query history and saved searches. Raises OSError."""
    if (data_dir / "window.toml").is_dir():
        set_aside(data_dir / "window.toml")
    write_atomic(data_dir / "window.toml", tomli_w.dumps(dict(state)).encode())


def _read_or_last_good(data_dir: Path) -> tuple[dict[str, Any], list[SettingsInvalid]]:
    """The table of the settings file. Where that cannot be read, has no setting or is gone, the table of the
    last good one, and the problem. The program always writes settings into it, and never deletes it."""
    table, problems = _read(data_dir / SETTINGS)
    ours = any(name in table for name in (*_SCALARS, "providers", "models", "ignore"))
    if not problems and (ours or not os.path.exists(data_dir / LAST_GOOD)):
        return table, problems
    good, damaged = _read(data_dir / LAST_GOOD)
    if not good or damaged:
        return table, problems
    if not problems:
        return good, [SettingsInvalid("settings-invalid.gone", file=SETTINGS, copy=LAST_GOOD)]
    reason = str(problems[0].params.get("reason", ""))
    return good, [SettingsInvalid("settings-invalid.last-good", file=SETTINGS, reason=reason)]


def _read(path: Path) -> tuple[dict[str, Any], list[SettingsInvalid]]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8")), []
    except FileNotFoundError:
        return {}, []
    except (OSError, ValueError) as error:
        return {}, [SettingsInvalid("settings-invalid.file", file=path.name, reason=str(error))]
