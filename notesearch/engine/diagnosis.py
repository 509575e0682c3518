"""Checks an open engine for `notesearch doctor`: the database, the index copies against it and against their
own checksums, model files, models and providers, keys, folders, the ledger, the settings."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from notesearch.catalogue import EmbeddingModel
from notesearch.catalogue.local_models import LOCAL_MODELS, LocalModel
from notesearch.config.credentials import KeyState
from notesearch.config.paths import model_folder
from notesearch.config.settings import SettingsStore
from notesearch.domain import Check, Told, told
from notesearch.engine.models.consent import Consents
from notesearch.errors import NotesearchError, WatchLimited
from notesearch.storage.library import Library
from notesearch.storage.values import IndexFigures


def checks(
    library: Library, consents: Consents, settings: SettingsStore, limited: Mapping[Path, WatchLimited]
) -> Iterator[Check]:
    """Check one thing after the other. Waits for models and providers; a remote model that the user agreed to
    is sent the word "test". `limited` are the folders that this process does not watch completely."""
    faults = library.check()
    found = told("found.faults", faults="; ".join(faults)) if faults else told("found.whole")
    yield Check(what=told("check.database"), found=found, well=not faults)
    yield from _copies(library, consents)
    for fingerprint, model in _models(consents):
        yield from _model(consents, fingerprint, model)
    for folder in library.folders():
        there = os.path.isdir(folder.path)
        found = told("found.notes", notes=folder.documents) if there else told("found.unreachable")
        yield Check(what=told("check.folder", folder=str(folder.path)), found=found, well=there)
    for path, error in limited.items():
        yield Check(what=told("check.watch", folder=str(path)), found=Told.of(error), well=False)
    yield _ledger(consents)
    problems = settings.problems
    for problem in problems:
        yield Check(what=told("check.settings"), found=Told.of(problem), well=False)
    if not problems:
        yield Check(what=told("check.settings"), found=told("found.whole"), well=True)


def _models(consents: Consents) -> Iterator[tuple[str, EmbeddingModel]]:
    for fingerprint in sorted(consents.fingerprints()):
        model = consents.models.by_fingerprint(fingerprint)
        if model is not None:
            yield fingerprint, model


def _copies(library: Library, consents: Consents) -> Iterator[Check]:
    try:
        words = library.upkeep.word_figures()
    except NotesearchError as error:
        yield Check(what=told("check.words"), found=Told.of(error), well=False)
    else:
        whole = told("found.blocks", blocks=words.entries, opened=words.opened)
        yield _copy(told("check.words"), words, whole)
    for fingerprint, model in _models(consents):
        figures = library.upkeep.model_figures(fingerprint)
        whole = told("found.vectors", vectors=figures.entries, missing=figures.missing)
        yield _copy(told("check.vectors", model=model.identifier), figures, whole)


def _copy(what: Told, figures: IndexFigures, whole: Told) -> Check:
    if figures.damaged:
        return Check(what=what, found=told("found.damaged"), well=False)
    if figures.differing:
        return Check(what=what, found=told("found.differing", differing=figures.differing), well=False)
    return Check(what=what, found=whole, well=True)


def _model(consents: Consents, fingerprint: str, model: EmbeddingModel) -> Iterator[Check]:
    """Check the files of a local model, or the key of a remote one, and whether the model answers."""
    local = next((row for row in LOCAL_MODELS if row.model.identifier == model.identifier), None)
    if local is not None:
        wrong = wrong_files(local)
        found = told("found.faults", faults=", ".join(wrong)) if wrong else told("found.whole")
        yield Check(what=told("check.model-files", model=model.identifier), found=found, well=not wrong)
        if wrong:
            return
    if model.remote and consents.may_ask(fingerprint):
        yield _key(consents, model)
    what = told("check.model", model=model.identifier)
    try:
        embedder = consents.models.embedder(fingerprint)
        if embedder is not None and consents.may_ask(fingerprint):
            embedder.embed_query("test")
            yield Check(what=what, found=told("found.answers"), well=True)
    except NotesearchError as error:
        yield Check(what=what, found=Told.of(error), well=False)


def wrong_files(model: LocalModel) -> list[str]:
    """The names of the files of a local model that are not there, or not as they were published."""
    wrong = []
    for file in model.files:
        try:
            with open(model_folder(model.name) / file.name, "rb") as content:
                if hashlib.file_digest(content, "sha256").hexdigest() != file.sha256:
                    wrong.append(file.name)
        except OSError:
            wrong.append(file.name)
    return wrong


def _key(consents: Consents, model: EmbeddingModel) -> Check:
    """Look for the key of a remote model's provider. A keyring that does not answer in time is told."""
    what = told("check.key", provider=model.provider)
    try:
        provider = consents.models.provider(model.provider)
    except NotesearchError as error:
        return Check(what=what, found=Told.of(error), well=False)
    status = consents.models.credentials.state(provider)
    if status.state is KeyState.SILENT:
        return Check(what=what, found=told("found.keyring-silent"), well=False)
    if status.source is not None:
        return Check(what=what, found=told("found.key"), well=True)
    if not provider.needs_key:
        return Check(what=what, found=told("found.no-key-needed"), well=True)
    if status.state is KeyState.LOCKED:
        return Check(what=what, found=told("found.keyring-locked"), well=False)
    return Check(what=what, found=told("found.no-key"), well=False)


def _ledger(consents: Consents) -> Check:
    unreadable = consents.ledger.unreadable_files()
    names = ", ".join(path.name for path in unreadable)
    found = told("found.unreadable-lines", files=names) if unreadable else told("found.whole")
    return Check(what=told("check.ledger"), found=found, well=not unreadable)
