"""Settings: what is wrong is ignored and named, and files are replaced whole."""

from __future__ import annotations

import os
import stat
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
import tomli_w

from notesearch import catalogue
from notesearch.config import paths
from notesearch.config import settings as files
from notesearch.config.settings import ProviderSettings, Settings
from notesearch.errors import SettingsInvalid

posix = pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")


def test_defaults_where_there_is_no_file(tmp_path: Path) -> None:
    assert files.load_settings(tmp_path) == (Settings(), ())


def test_saved_and_loaded(tmp_path: Path) -> None:
    chosen = Settings(editor="code -g {path}:{line}", appearance="dark", results_limit=20)
    files.save_settings(tmp_path, chosen)
    assert files.load_settings(tmp_path) == (chosen, ())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('appearance = "pink"', "settings-invalid.appearance value=pink"),
        ("results_limit = 0", "settings-invalid.results-limit value=0"),
        ("results_limit = 1001", "settings-invalid.results-limit value=1001"),
        ('results_limit = "many"', "settings-invalid.kind name=results_limit"),
        ("results_limit = true", "settings-invalid.kind name=results_limit"),
        ('editor = "vim"', "settings-invalid.editor-path"),
        ("editor = 3", "settings-invalid.kind name=editor"),
    ],
)
def test_a_wrong_value_is_named_and_the_others_hold(tmp_path: Path, text: str, told: str) -> None:
    other = 'appearance = "dark"' if "appearance" not in text else "results_limit = 7"
    (tmp_path / "settings.toml").write_text(f"{text}\n{other}\nunknown = 1\n")
    settings, (problem,) = files.load_settings(tmp_path)
    assert str(problem).startswith(told)
    assert (settings.appearance, settings.results_limit) in (("dark", 50), ("system", 7))


@pytest.mark.parametrize(
    "content", [b"= broken", b"\xff\xfe", b"a = [", b"editor = '{path}'\neditor = '{path}'"]
)
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "settings.toml").write_bytes(content)
    settings, problems = files.load_settings(tmp_path)
    assert settings == Settings()
    assert len(problems) == 1
    assert files.load_window_state(tmp_path) == {}


def test_entries_of_a_later_version_are_kept(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text('later = "kept"\nresults_limit = 5\n')
    files.save_settings(tmp_path, Settings(results_limit=9))
    assert 'later = "kept"' in (tmp_path / "settings.toml").read_text()
    assert files.load_settings(tmp_path)[0].results_limit == 9


def test_window_state(tmp_path: Path) -> None:
    state = {"geometry": "abc", "history": ["one", "twö"], "splitter": [1, 2]}
    files.save_window_state(tmp_path, state)
    assert files.load_window_state(tmp_path) == state


def test_values_are_checked_when_made() -> None:
    with pytest.raises(SettingsInvalid):
        Settings(appearance="pink")
    with pytest.raises(SettingsInvalid):
        Settings(results_limit=0)
    with pytest.raises(SettingsInvalid):
        Settings(editor="vim")


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def crash(*_: object) -> None:
        raise OSError("no space")

    monkeypatch.setattr(os, "replace", crash)
    with pytest.raises(OSError, match="no space"):
        paths.write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@posix
def test_for_the_user_alone(tmp_path: Path) -> None:
    data_dir = tmp_path / "a/data"
    paths.prepare_data_dir(data_dir)
    files.save_settings(data_dir, Settings())
    assert stat.S_IMODE(data_dir.stat().st_mode) == 0o700
    assert stat.S_IMODE((data_dir / "settings.toml").stat().st_mode) == 0o600
    data_dir.chmod(0o755)
    paths.prepare_data_dir(data_dir)
    assert stat.S_IMODE(data_dir.stat().st_mode) == 0o700


def test_a_data_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsInvalid) as refused:
        paths.prepare_data_dir(tmp_path / "file" / "data")
    assert refused.value.code == "settings-invalid.data-folder"
    assert refused.value.params["folder"] == str(tmp_path / "file" / "data")


def test_where_the_data_lives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTESEARCH_DATA_DIR", str(tmp_path))
    assert paths.default_data_dir() == tmp_path
    monkeypatch.delenv("NOTESEARCH_DATA_DIR")
    assert "notesearch" in str(paths.default_data_dir())


def test_resources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert paths.resource("models").is_dir()
    # As an installed package and a frozen program have it.
    installed = tmp_path / "notesearch"
    (installed / "resources/models").mkdir(parents=True)
    monkeypatch.setattr("importlib.resources.files", lambda _: installed)
    assert paths.resource("models") == installed / "resources/models"
    assert paths.package_root() == tmp_path


def test_a_file_that_cannot_be_understood_is_kept_beside_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text('editor = "gedit {path}"\nappearance = dark\n')
    files.save_settings(tmp_path, Settings(results_limit=7))
    assert (tmp_path / "settings.toml.bad").read_text().startswith('editor = "gedit')
    assert files.load_settings(tmp_path) == (Settings(results_limit=7), ())
    files.save_settings(tmp_path, Settings())
    assert "gedit" in (tmp_path / "settings.toml.bad").read_text()


# Providers and models of the person's own


def test_providers_and_models_are_saved_and_loaded(tmp_path: Path) -> None:
    own = catalogue.own_model(
        "ollama",
        "nomic",
        dimensions=768,
        request_style=catalogue.RequestStyle(encoding="float"),
        query_instruction="query: ",
    )
    chosen = Settings(gitignore=True).with_provider("aimlapi", budget=2.5, token_budget=1000).with_model(own)
    chosen = chosen.with_provider("ollama", base_url="http://localhost:11434/v1")
    files.save_settings(tmp_path, chosen)
    assert files.load_settings(tmp_path) == (chosen, ())
    assert chosen.provider("aimlapi").budget == 2.5
    assert chosen.provider("unknown") == ProviderSettings()


@pytest.mark.parametrize(
    "text",
    [
        "providers = 3",
        "models = 3",
        "[providers]\naimlapi = 3",
        '[providers.aimlapi]\nbudget = "much"',
        "[providers.aimlapi]\nbudget = -1",
        '[providers.ollama]\nbase_url = "http://example.org/v1"',
        '[[models]]\nprovider = "ollama"',
        "gitignore = 1",
    ],
)
def test_a_wrong_provider_or_model_is_named_and_the_others_hold(tmp_path: Path, text: str) -> None:
    (tmp_path / "settings.toml").write_text(f'appearance = "dark"\n{text}\n')
    settings, problems = files.load_settings(tmp_path)
    assert len(problems) == 1
    assert settings == Settings(appearance="dark")


def test_a_provider_that_was_removed_leaves_nothing(tmp_path: Path) -> None:
    chosen = (
        Settings()
        .with_provider("shed", base_url="http://localhost:1/v1")
        .with_provider("aimlapi", budget=2.0)
    )
    files.save_settings(tmp_path, chosen)
    without = chosen.with_provider("shed", base_url="", budget=0.0, token_budget=0)
    files.save_settings(tmp_path, without)
    assert tomllib.loads((tmp_path / "settings.toml").read_text())["providers"] == {
        "aimlapi": {"budget": 2.0}
    }
    files.save_settings(tmp_path, without.with_provider("aimlapi", budget=0.0))
    assert "providers" not in tomllib.loads((tmp_path / "settings.toml").read_text())


def test_what_a_later_version_knows_of_a_provider_is_kept(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text(
        "[providers.aimlapi]\nbudget = 3\nlater = true\n[providers.other]\nx = 1\n"
    )
    settings, _ = files.load_settings(tmp_path)
    assert settings.provider("aimlapi").budget == 3.0
    files.save_settings(tmp_path, settings.with_provider("aimlapi", budget=4.0))
    text = (tmp_path / "settings.toml").read_text()
    assert "later = true" in text
    assert "x = 1" in text
    assert files.load_settings(tmp_path)[0].provider("aimlapi").budget == 4.0


def test_rules_of_folders(tmp_path: Path) -> None:
    notes = tmp_path / "Notes with 'quotes' & ümlauts"
    chosen = (
        Settings()
        .with_rules(notes, "*.txt\n!keep.txt\n")
        .with_rules(tmp_path / "other", "a")
        .with_rules(tmp_path / "other", " \n")
    )
    files.save_settings(tmp_path, chosen)
    loaded, problems = files.load_settings(tmp_path)
    assert (loaded.ignore, problems) == ({str(notes): "*.txt\n!keep.txt\n"}, ())
    assert loaded.rules_of(notes) == "*.txt\n!keep.txt\n"
    assert loaded.rules_of(tmp_path) == ""
    files.save_settings(tmp_path, loaded.with_rules(notes, ""))
    assert files.load_settings(tmp_path)[0].ignore == {}


def test_rules_that_make_no_sense_are_named_and_kept(tmp_path: Path) -> None:
    good = str(tmp_path / "a")
    (tmp_path / "settings.toml").write_text(
        tomli_w.dumps({"ignore": {good: "x", str(tmp_path / "b"): 3, "relative": "y"}})
    )
    settings, problems = files.load_settings(tmp_path)
    assert settings.ignore == {good: "x"}
    assert len(problems) == 2
    assert "relative" in str(problems[1])
    files.save_settings(tmp_path, settings.with_rules(Path(good), ""))
    kept = tomllib.loads((tmp_path / "settings.toml").read_text())["ignore"]
    assert kept == {str(tmp_path / "b"): 3, "relative": "y"}
    (tmp_path / "settings.toml").write_text("ignore = 3\n")
    settings, (problem,) = files.load_settings(tmp_path)
    assert "ignore" in str(problem)


# A damaged file, and the last good one


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "settings-invalid.gone"),
        (None, "settings-invalid.gone"),
        (b"# nothing\n", "settings-invalid.gone"),
        (b'geometry = "AAAA"\n', "settings-invalid.gone"),
        (b"\0" * 300, "settings-invalid.last-good"),
        (b"results_limit = 7\nappear", "settings-invalid.last-good"),
        (b"\xff\xfe", "settings-invalid.last-good"),
    ],
)
def test_the_last_good_settings_hold_where_the_file_is_damaged(
    tmp_path: Path, content: bytes | None, code: str
) -> None:
    chosen = Settings(results_limit=7).with_provider("aimlapi", budget=2.5)
    files.save_settings(tmp_path, chosen)
    path = tmp_path / "settings.toml"
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    settings, problems = files.load_settings(tmp_path)
    assert settings == chosen
    assert [problem.code for problem in problems] == [code]
    # The next change puts them in its place.
    store = files.SettingsStore(tmp_path)
    store.update(lambda now: replace(now, gitignore=True))
    assert files.load_settings(tmp_path) == (replace(chosen, gitignore=True), ())
    if content is not None:
        assert (tmp_path / "settings.toml.bad").read_bytes() == content


def test_a_file_that_the_user_wrote_is_kept_as_the_last_good_one(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("results_limit = 9\nlater = 1\n")
    files.SettingsStore(tmp_path).keep()
    (tmp_path / "settings.toml").write_text("results_limit = ")
    files.SettingsStore(tmp_path).keep()
    assert files.load_settings(tmp_path)[0].results_limit == 9
    assert files.restore_last_good(tmp_path)
    assert (tmp_path / "settings.toml").read_text() == "results_limit = 9\nlater = 1\n"
    assert (tmp_path / "settings.toml.bad").read_text() == "results_limit = "
    assert not files.restore_last_good(tmp_path)


def test_without_a_last_good_file_the_defaults_hold(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("results_limit = ")
    settings, problems = files.load_settings(tmp_path)
    assert settings == Settings()
    assert [problem.code for problem in problems] == ["settings-invalid.file"]
    # There is no good one either.
    (tmp_path / "settings.toml.good").mkdir()
    assert files.load_settings(tmp_path)[0] == Settings()


def test_what_is_in_the_way_is_set_aside_and_nothing_is_lost(tmp_path: Path) -> None:
    assert paths.set_aside(tmp_path / "none") is None
    for number in range(2):
        (tmp_path / "a").mkdir()
        (tmp_path / "a" / "inside").write_text(str(number))
        paths.set_aside(tmp_path / "a")
    assert (tmp_path / "a.bad" / "inside").read_text() == "0"
    assert (tmp_path / "a.bad-2" / "inside").read_text() == "1"
