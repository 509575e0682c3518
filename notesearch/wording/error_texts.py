"""The sentences of errors: code -> title and hint. A test fails for a code without an entry here."""

from __future__ import annotations

from notesearch.wording.store_texts import STORE
from notesearch.wording.translation import N_, Plural
from notesearch.wording.words import Words

_IT_SAID = ("shown", N_("It said: {shown}"))

FOLDERS: dict[str, Words] = {
    "folder": Words(N_("This folder cannot be used")),
    "folder-missing": Words(
        N_("The folder is not there"),
        N_("Connect the disk it is on, or remove the folder from the list."),
    ),
    "folder-missing.named": Words(N_("The folder {folder} is not there")),
    "folder-missing.asked-for": Words(N_("The folder {folder} is not there"), N_("Check how it is written.")),
    "folder-missing.is-a-file": Words(N_("{folder} is not a folder"), N_("Add the folder it is in.")),
    "folder-unreadable": Words(N_("The folder cannot be read"), N_("Check that you are allowed to open it.")),
    "folder-unreadable.named": Words(N_("The folder {folder} cannot be read")),
    "folder-overlap": Words(N_("The folder is already searched")),
    "folder-overlap.data-folder": Words(
        N_("This is where Notesearch keeps its index"), N_("Choose a folder with notes.")
    ),
    "folder-overlap.same": Words(N_("{folder} is already searched")),
    "folder-overlap.other-name": Words(N_("{folder} is already searched as {other}")),
    "folder-overlap.inside": Words(N_("{folder} is already searched as part of {other}")),
    "folder-overlap.around": Words(
        N_("{folder} holds {other}, which is already searched"), N_("Remove that one first.")
    ),
    "watch-limited": Words(
        N_("Not every folder can be watched"), N_("Changes are found by a regular scan instead.")
    ),
    "watch-limited.missing": Words(
        N_("The folder {folder} is not there"), N_("It is looked for every few seconds.")
    ),
    "watch-limited.part": Words(
        N_("Not all of {folder} can be watched"),
        N_("Changes there are found by a scan every minute instead."),
    ),
    "watch-limited.kernel": Words(
        N_("Not all of {folder} can be watched"),
        N_(
            "Changes there are found by a scan every minute instead. To watch all of it, raise the kernel's "
            "limit: sudo sysctl fs.inotify.max_user_watches=524288"
        ),
    ),
    "watch-limited.polled": Words(
        N_("{folder} is not only on this computer ({kind})"),
        N_("What others write there is found by a comparison every minute."),
    ),
    "watch-limited.instances": Words(
        N_("{folder} cannot be watched"),
        N_(
            "Other programs watch so much that the kernel allows no more. Until one of them ends, changes "
            "are found by a scan every minute. To raise the limit: sudo sysctl "
            "fs.inotify.max_user_instances=1024"
        ),
    ),
}

FILES: dict[str, Words] = {
    "file-unreadable": Words(N_("The file cannot be read"), N_("Check that you are allowed to open it.")),
    "file-unreadable.because": Words(N_("The file cannot be read: {reason}")),
    "file-unreadable.changing": Words(
        N_("The file keeps changing"), N_("It is read again when it has been left alone for a moment.")
    ),
    "file-unreadable.not-a-file": Words(
        N_("Not an ordinary file"), N_("Only ordinary files are read, no devices or pipes.")
    ),
    "file-unreadable.name": Words(N_("The file's name is not valid text"), N_("Rename the file.")),
    "file-gone": Words(
        N_("The file is not there any more"), N_("It was moved or deleted while it was being read.")
    ),
    "file-binary": Words(N_("Not a text file"), N_("It holds binary data, so it was left out.")),
    "file-too-slow": Words(
        N_("Reading the file took too long"),
        N_("It was left out so that the rest could go on. Try again when the computer is less busy."),
    ),
    "file-too-large": Words(N_("The file needs too much memory"), N_("Split it into smaller notes.")),
    "extraction-failed": Words(
        N_("The file could not be understood"),
        N_("It may be damaged. Open it in its own program and save it again."),
    ),
    "extraction-failed.kind": Words(
        N_("This kind of file is not read"), N_("Notes are {formats} files."), choices=("formats",)
    ),
    # For problems that a version without codes wrote: only their English title and hint are known.
    "problem-before": Words("{title}", "{hint}"),
}

MODELS: dict[str, Words] = {
    "embedding-failed": Words(N_("The model could not be used")),
    "embedding-failed.empty-text": Words(N_("There is nothing to embed in an empty text")),
    "embedding-failed.empty-query": Words(N_("There is nothing to embed in an empty query")),
    "embedding-failed.bundled": Words(
        N_("The bundled model failed"), N_("Try again; if it fails again, install Notesearch anew.")
    ),
    "embedding-failed.no-tokens": Words(N_("{model} gives no vectors of tokens")),
    "embedding-failed.other-length": Words(N_("{model} gives vectors of another length")),
    "model-missing": Words(
        N_("The bundled model is missing"),
        N_("Install Notesearch again. Search by words works meanwhile."),
    ),
    "model-missing.unloadable": Words(N_("The bundled model cannot be loaded")),
    "query-cancelled": Words(N_("The query was given up"), N_("A newer one took its place.")),
    "query-cancelled.test": Words(N_("The test was given up"), ""),
}

PROVIDERS: dict[str, Words] = {
    "provider": Words(N_("The provider could not be used")),
    "key-missing": Words(
        N_("There is no key for this provider"),
        N_("Set one in the settings, or with: notesearch key set PROVIDER."),
    ),
    "key-missing.of-provider": Words(
        N_("There is no key for {title}"),
        N_(
            "Set one in the settings, or with: notesearch key set {provider}. The environment variable "
            "{variable} stands in for it."
        ),
    ),
    "key-invalid": Words(
        N_("This cannot be a key"),
        N_(
            "A key is one word of plain letters, digits and signs. Copy it again, without spaces or line "
            "breaks inside."
        ),
    ),
    "key-invalid.empty": Words(N_("The key is empty")),
    "key-refused": Words(
        N_("The provider does not accept the key"),
        N_(
            "Look it up in your account there and set it again: in the settings, or with: notesearch key "
            "set PROVIDER."
        ),
    ),
    "key-refused.not-allowed": Words(
        N_("The provider does not allow this"),
        N_("The key may not use this model, or not from here."),
        more=(_IT_SAID,),
    ),
    "keyring-locked": Words(
        N_("The keyring is locked"),
        N_("Unlock your system's keyring (it asks for its password), then go on."),
    ),
    "keyring-locked.nowhere-to-keep": Words(
        N_("There is no unlocked keyring to keep the key in"),
        N_("Unlock it, or set the environment variable {variable}."),
    ),
    "keyring-absent": Words(
        N_("There is no keyring on this computer"),
        N_(
            "The key is kept until Notesearch is quit. Install a keyring (GNOME Keyring, KWallet) or set "
            "the key's environment variable to keep it."
        ),
    ),
    "keyring-silent": Words(
        N_("The system's keyring does not answer"),
        N_(
            "It may wait for your password in a window of its own, or hang. It is asked again by itself; "
            "search by words goes on."
        ),
    ),
    "out-of-credits": Words(
        N_("The account has no credit left"),
        N_("Top up your balance at the provider, then go on. Search by words works meanwhile."),
    ),
    "out-of-credits.at": Words(
        N_("The account has no credit left"),
        N_("Top up your balance at {page}, then go on. Search by words works meanwhile."),
    ),
    "model-gone": Words(
        N_("The provider does not serve this model"), N_("Choose another model for the folder.")
    ),
    "model-gone.named": Words(
        N_("The provider does not serve {model}"),
        "",
        more=(
            ("others", N_("Choose another model for the folder, such as {others}.")),
            ("retired", "{retired}."),
            _IT_SAID,
        ),
        choices=("others",),
    ),
    "provider-busy": Words(N_("The provider asks to wait"), N_("It goes on by itself.")),
    "provider-busy.until": Words(
        N_("The provider asks to wait"), N_("It goes on by itself at about {time}.")
    ),
    "provider-unreachable": Words(
        N_("The provider cannot be reached"),
        N_(
            "Check the connection to the internet. It is tried again by itself; search by words works "
            "meanwhile."
        ),
    ),
    "provider-unreachable.certificate": Words(
        N_("The provider's certificate is not valid"),
        N_(
            "Nothing was sent. Check this computer's date and the base URL; a network that inspects traffic "
            "needs its certificate installed."
        ),
    ),
    "provider-unreachable.encryption": Words(
        N_("No secure connection to the provider"),
        N_("Nothing was sent. Check the base URL in the settings."),
    ),
    "provider-unreachable.name": Words(
        N_("The provider's name was not found"),
        N_("Check the connection to the internet, and the base URL in the settings."),
    ),
    "provider-unreachable.not-running": Words(
        N_("The provider's server is not running"),
        N_("Start it, or check the base URL in the settings."),
    ),
    "provider-unreachable.cut": Words(N_("The connection to the provider was cut")),
    "provider-timeout": Words(
        N_("The provider did not answer in time"),
        N_(
            "Check the connection to the internet. It is tried again by itself; search by words works "
            "meanwhile."
        ),
    ),
    "provider-timeout.within": Words(
        Plural(
            "The provider did not answer within {seconds} second",
            "The provider did not answer within {seconds} seconds",
            of="seconds",
        )
    ),
    "provider-failed": Words(
        N_("The provider has a problem of its own"),
        N_(
            "It is tried again later by itself. If it stays, look at the provider's status page, or choose "
            "another model for the folder."
        ),
    ),
    "provider-failed.status": Words(N_("The provider has a problem of its own ({status})"), more=(_IT_SAID,)),
    "provider-failed.nothing-accepted": Words(
        N_("The server fails whatever it is sent ({status})"),
        N_("It is tried again later by itself. If it wants a key, set the key in the settings."),
        more=(_IT_SAID,),
    ),
    "request-refused": Words(
        N_("The provider did not accept the request"),
        N_("Test the model in the settings, or choose another one."),
    ),
    "request-refused.status": Words(
        N_("The provider did not accept the request ({status})"), more=(_IT_SAID,)
    ),
    "request-refused.nothing-accepted": Words(
        N_("The server accepts no request ({status})"),
        N_("It may want a key, or another one: set it in the settings. Else test the model there."),
        more=(_IT_SAID,),
    ),
    "request-refused.too-long": Words(
        N_("A passage of this note is too long for the model"),
        N_("All other passages are embedded. Divide the passage, or choose another model."),
    ),
    "request-refused.server-failed": Words(
        N_("The provider fails over a passage of this note, and over no other"),
        N_("All other passages are embedded. Change the passage, or choose another model."),
    ),
    "request-refused.no-vector": Words(
        N_("The model makes no usable vector of a passage of this note"),
        N_("All other passages are embedded. Change the passage, or choose another model."),
    ),
    "reply-wrong": Words(
        N_("The provider's reply cannot be used"),
        N_("Nothing of it was stored. Test the model in the settings, or try again later."),
    ),
    "reply-wrong.web-page": Words(
        N_("A web page came instead of vectors"),
        N_(
            "A network that asks to log in may stand between: open a browser. Else check the base URL in "
            "the settings."
        ),
    ),
    "reply-wrong.no-vectors": Words(N_("The provider's reply cannot be used: it holds no vectors")),
    "reply-wrong.count": Words(
        Plural(
            "The provider's reply cannot be used: {found} vector came, {expected} were expected",
            "The provider's reply cannot be used: {found} vectors came, {expected} were expected",
            of="found",
        )
    ),
    "reply-wrong.order": Words(
        N_("The provider's reply cannot be used: the vectors are not numbered one by one")
    ),
    "reply-wrong.dimensions": Words(
        Plural(
            "The provider's reply cannot be used: a vector has {found} dimension, not {expected}",
            "The provider's reply cannot be used: a vector has {found} dimensions, not {expected}",
            of="found",
        )
    ),
    "reply-wrong.not-a-number": Words(
        N_("The provider's reply cannot be used: a vector holds what is no number")
    ),
    "reply-wrong.zero": Words(N_("The provider's reply cannot be used: a vector is zero")),
    "reply-wrong.empty": Words(N_("The provider's reply cannot be used: a vector is missing")),
    "reply-wrong.too-long": Words(N_("The provider's reply is longer than vectors can be")),
    "reply-wrong.unreadable": Words(N_("The provider's reply cannot be used: a vector cannot be read")),
    "redirect-refused": Words(
        N_("The provider sends us to another address"),
        N_("Nothing was sent there. Check the base URL in the settings."),
    ),
    "redirect-refused.to": Words(N_("The provider sends us to another address ({host})")),
    "insecure-address": Words(
        N_("The address is not encrypted"),
        N_(
            "Use an address that begins with https://. Plain http is for this computer, and for servers in "
            "your own network that you allow."
        ),
    ),
    "insecure-address.home": Words(
        N_("{host} is another computer, and the address is not encrypted"),
        N_(
            "Whoever is in your network could read your notes and the key on their way. If you accept that "
            "for this address, allow plain http in its settings, or with --plain-http."
        ),
    ),
    "budget-reached": Words(
        N_("The month's budget for this provider is used up"),
        N_("Raise it in the settings, or wait for the next month. Search goes on."),
    ),
    "budget-reached.unknown": Words(
        N_("What {title} cost this month is not known"),
        N_("A budget is set, and the ledger in {folder} cannot be read. `notesearch doctor` tells more."),
    ),
    "budget-reached.money": Words(N_("The month's budget for {title} (${usd:,.2f}) is used up")),
    "budget-reached.tokens": Words(
        Plural(
            "The month's budget for {title} ({tokens:,} token) is used up",
            "The month's budget for {title} ({tokens:,} tokens) is used up",
            of="tokens",
        )
    ),
}

_SEE_HELP = N_("notesearch --help lists the commands.")

REST: dict[str, Words] = {
    "failed": Words(N_("Something went wrong")),
    "data-folder-held": Words(
        N_("Another Notesearch is using this data folder"),
        N_("Quit it first, or use another data folder (--data-dir)."),
    ),
    "data-folder-held.silent": Words(
        N_("Another Notesearch (process {process}) is using this data folder and does not answer")
    ),
    "data-folder-held.lock-removed": Words(
        N_("A running Notesearch is using this data folder, although its lock file was removed"),
        N_("Quit it, then try again."),
    ),
    "data-folder-held.elsewhere": Words(
        N_("Notesearch on the computer {host} is using this data folder (process {process})"),
        N_("Quit it there. If it does not run any more, delete {file}."),
    ),
    "data-folder-held.busy": Words(
        N_("The running Notesearch is asked by too many programs at once"), N_("Try again in a moment.")
    ),
    "data-folder-held.hangs": Words(
        N_("The running Notesearch (process {process}) does not answer"),
        N_("It is stopped or hangs. Let it go on, or end it, then try again."),
    ),
    "data-folder-held.other-version": Words(
        N_("The running Notesearch is another version"), N_("Quit it, then try again.")
    ),
    "data-folder-held.stopped": Words(N_("The running Notesearch stopped before it was done")),
    "data-folder-held.preparing": Words(
        N_("Another Notesearch is making the index ready"), N_("Try again in a moment.")
    ),
    "not-indexed": Words(N_("This is not in the index"), N_("Add its folder first: notesearch add FOLDER.")),
    "not-indexed.note": Words(N_("{note} is not in the index")),
    "not-indexed.no-vectors": Words(N_("{note} has no vectors yet"), N_("Wait until it is indexed.")),
    "not-indexed.folder": Words(N_("{folder} is not a searched folder")),
    "consent-missing": Words(
        N_("A remote model waits for your word"), N_("Nothing of the folder is sent before you agree.")
    ),
    "consent-missing.of-folder": Words(
        N_("{folder} waits for your word"),
        N_(
            "See what would be sent, and agree, with: notesearch use {model} --in FOLDER. Nothing is sent "
            "before."
        ),
    ),
    "indexing-paused": Words(
        N_("Indexing is paused"), N_("Resume it in the window of Notesearch, then try again.")
    ),
    "owner-failed": Words(N_("The running Notesearch did not answer")),
    "owner-failed.stopped": Words(N_("The running Notesearch stopped")),
    "owner-failed.bug": Words(
        N_("The running Notesearch failed because of a bug"),
        N_("Its log tells more. Start it again."),
    ),
    "bug": Words(N_("Something went wrong inside Notesearch"), N_("Your notes are untouched.")),
    "bug.named": Words(N_("Something went wrong inside Notesearch"), N_("{kind}. Your notes are untouched.")),
    "bug.indexing": Words(N_("Indexing stopped because of a bug ({kind})"), N_("The log tells more.")),
    "no-display": Words(
        N_("There is no display to open a window on"),
        N_(
            "Use the terminal commands instead: notesearch add, index, search, status (notesearch --help "
            "lists them)."
        ),
    ),
    "autostart": Words(N_("Start at login could not be changed")),
    "autostart.login": Words(N_("Start at login could not be changed"), "{reason}."),
    "autostart.menu": Words(N_("The entry in the desktop's menu could not be changed"), "{reason}."),
    "editor-missing": Words(
        N_("The editor could not be started"), N_("Correct its command in the settings (Ctrl+,).")
    ),
    "editor-missing.terminal": Words(
        N_("No terminal was found"),
        N_("Write the command of yours in place of {{terminal}} in the settings (Ctrl+,)."),
    ),
    "editor-missing.command": Words(N_("{command} could not be started")),
    "note-gone": Words(
        N_("The note is not there any more"),
        N_("It was moved or deleted; the list follows in a moment."),
    ),
}

SETTINGS: dict[str, Words] = {
    "settings-invalid": Words(
        N_("The settings file has an error"),
        N_("The setting was ignored; correct it or delete the line."),
    ),
    "settings-invalid.appearance": Words(N_("appearance is '{value}'"), N_("Use one of {allowed}.")),
    "settings-invalid.when-closed": Words(N_("when_closed is '{value}'"), N_("Use one of {allowed}.")),
    "settings-invalid.results-limit": Words(
        N_("results_limit is {value}"), N_("Use a number from 1 to 1000.")
    ),
    "settings-invalid.editor-path": Words(
        N_("The editor command has no {{path}}"),
        N_("Write {{path}} where the note's path belongs, {{line}} for the line."),
    ),
    "settings-invalid.editor-quote": Words(
        N_("The editor command has an unclosed quote"), N_("Correct it in the settings (Ctrl+,).")
    ),
    "settings-invalid.kind": Words(N_("{name} has the wrong kind of value")),
    "settings-invalid.no-table": Words(N_("this is no table")),
    "settings-invalid.budget": Words(N_("a budget below nothing")),
    "settings-invalid.rules": Words(
        N_("no rules for a folder"), N_("Write its whole path, then the rules as a text.")
    ),
    "settings-invalid.file": Words(N_("{file} cannot be read"), N_("{reason}. The defaults are used.")),
    "settings-invalid.last-good": Words(
        N_("{file} cannot be read"),
        N_("{reason}. The last good settings are used; the next change puts them in its place."),
    ),
    "settings-invalid.gone": Words(
        N_("{file} is gone, or has no settings"),
        N_("The last good settings are used. For the defaults, delete {copy} too."),
    ),
    "settings-invalid.data-folder": Words(
        N_("The data folder {folder} cannot be used"), N_("{reason}. Choose another with --data-dir.")
    ),
    "settings-invalid.data-folder-of-other": Words(
        N_("The data folder {folder} belongs to another user"),
        N_(
            "{reason}. Was Notesearch once started by sudo? Give yourself the folder (sudo chown -R), or "
            "choose another with --data-dir."
        ),
    ),
    "settings-invalid.no-home": Words(
        N_("There is no home folder to keep the data in"),
        N_("Set HOME, or choose a folder with --data-dir."),
    ),
}

USAGE: dict[str, Words] = {
    "usage": Words(N_("The command was not understood")),
    "usage.reads-only": Words(N_("This Notesearch only reads")),
    "usage.operation": Words(N_("{operation} was asked for wrongly"), "{reason}."),
    "usage.operation-lacks": Words(N_("{operation} was asked for wrongly"), N_("{missing} is missing.")),
    "usage.operation-local": Words(
        N_("No other process may ask for {operation}"),
        N_("It takes a secret: only the running Notesearch itself does it."),
    ),
    "usage.operation-unknown": Words(
        N_("The running Notesearch does not know '{operation}'"),
        N_("Is it an older version? Start it again."),
    ),
    "usage.link": Words(
        N_("Notesearch does not know this link"),
        N_("It opens notesearch://search?q=WORDS and no other."),
    ),
    "usage.link-alone": Words(N_("A link stands alone"), _SEE_HELP),
    "usage.no-such-word": Words(N_("There is no folder or command '{word}'"), _SEE_HELP),
    "usage.no-folder": Words(N_("No folder is searched yet"), N_("Add one first: notesearch add FOLDER.")),
    "usage.no-model": Words(
        N_("'{model}' is no model"), N_("Write PROVIDER/MODEL; notesearch models lists them.")
    ),
    "usage.no-model-here": Words(
        N_("--forget-former takes no model"),
        N_("The index that answers, and one that is being made, are kept."),
    ),
    "usage.provider-name": Words(
        N_("'{provider}' is no name for a provider"), N_("Use letters, digits, - and _.")
    ),
    "usage.provider-unknown": Words(
        N_("There is no provider called '{provider}'"),
        N_("Known: {known}. For a server of your own give its address: --base-url URL."),
    ),
    "usage.url": Words(N_("The base URL is not an address"), N_("It looks like https://host/v1.")),
    "usage.url-too-much": Words(
        N_("The base URL holds more than an address"),
        N_("Leave out names, passwords and what follows ? or #; set a key instead."),
    ),
    "usage.model-unknown": Words(
        N_("There is no model called '{model}'"),
        "",
        more=(("known", N_("Known are {known}.")),),
    ),
    "usage.model-of-provider": Words(
        N_("No model of {provider} is known"),
        N_("Choose one first: notesearch use {provider}/MODEL --base-url URL."),
    ),
    "usage.dimensions-fixed": Words(
        Plural(
            "{model} has {dimensions} dimension, no other number",
            "{model} has {dimensions} dimensions, no other number",
            of="dimensions",
        )
    ),
    "usage.dimensions": Words(
        Plural(
            "{model} has no {dimensions} dimension",
            "{model} has no {dimensions} dimensions",
            of="dimensions",
        ),
        N_("{least} to {most}."),
    ),
    "usage.model-entry": Words(N_("{name} is wrong in the settings of a model")),
    "usage.model-lacks": Words(N_("A model in the settings has no {name}")),
    "usage.model-number": Words(
        N_("The model {model} in the settings has a number or an encoding that cannot be")
    ),
    "usage.provider-needed": Words(
        N_("{folder} needs {provider}"),
        N_("Give the folder another model and forget its former index first."),
    ),
}

ERRORS: dict[str, Words] = {
    **FOLDERS,
    **FILES,
    **MODELS,
    **PROVIDERS,
    **STORE,
    **SETTINGS,
    **USAGE,
    **REST,
}
