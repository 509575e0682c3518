"""Finds what looks like a secret in a text: keys and tokens, passwords, card and account numbers, private
keys. Pure, any thread.

It prefers to miss one: a note that is held back by mistake is not found by meaning. The prefixes are those
that the services publish.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Secret:
    """Characters [start, end) of the text; `kind` says in words what they look like."""

    start: int
    end: int
    kind: str


# What each begins with, so that a text without it is not searched; then its whole shape.
_TOKENS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("AWS key", ("AKIA", "ASIA"), r"(?:AKIA|ASIA)[A-Z2-7]{16}"),
    ("GitHub token", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), r"gh[pousr]_[A-Za-z0-9]{36,255}"),
    ("GitHub token", ("github_pat_",), r"github_pat_[A-Za-z0-9_]{36,255}"),
    ("GitLab token", ("glpat-", "gldt-", "glrt-"), r"gl(?:pat|dt|rt)-[A-Za-z0-9_-]{20,64}"),
    ("Slack token", ("xox",), r"xox[abeoprs]-[A-Za-z0-9-]{10,250}"),
    (
        "Slack webhook",
        ("hooks.slack.com/services/",),
        r"hooks\.slack\.com/services/T[A-Z0-9]{6,}/B[A-Z0-9]{6,}/[A-Za-z0-9]{16,}",
    ),
    ("Google key", ("AIza",), r"AIza[A-Za-z0-9_-]{35}"),
    ("Google token", ("ya29.", "GOCSPX-"), r"(?:ya29\.[A-Za-z0-9_-]{20,}|GOCSPX-[A-Za-z0-9_-]{28})"),
    (
        "Stripe key",
        ("k_live_", "k_test_", "whsec_"),
        r"(?:[sr]k_(?:live|test)_[A-Za-z0-9]{16,250}|whsec_[A-Za-z0-9+/=]{24,})",
    ),
    # OpenAI, Anthropic and many that follow them; only where digits are among the letters: sk-learn-something
    # is a name.
    ("API key", ("sk-",), r"sk-(?=[A-Za-z0-9_-]*[0-9])(?:[a-z]+[0-9]{0,2}-)*[A-Za-z0-9_-]{20,250}"),
    ("npm token", ("npm_",), r"npm_[A-Za-z0-9]{36}"),
    ("PyPI token", ("pypi-AgE",), r"pypi-AgE[A-Za-z0-9_-]{50,}"),
    ("Hugging Face token", ("hf_",), r"hf_[A-Za-z0-9]{30,50}"),
    ("SendGrid key", ("SG.",), r"SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}"),
    ("DigitalOcean token", ("do",), r"do[opr]_v1_[a-f0-9]{64}"),
    ("Telegram token", (":AA",), r"[0-9]{8,10}:AA[A-Za-z0-9_-]{33}"),
    ("age key", ("AGE-SECRET-KEY-1",), r"AGE-SECRET-KEY-1[A-Z0-9]{58}"),
    ("JSON web token", ("eyJ",), r"eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{16,}"),
    ("one-time password", ("otpauth",), r"otpauth(?:-migration)?://[^\s<>\"'`)]+"),
)
_SHAPES = tuple((kind, begins, re.compile(rf"(?<![A-Za-z0-9_-]){shape}")) for kind, begins, shape in _TOKENS)

# What the address of a one-time password holds.
_ONE_TIME = re.compile(r"otpauth[^:]*://.+?(?:secret|data)=.")

# Armoured private keys; one without an end goes on for as long as it looks like base64.
_ARMOUR = re.compile(
    r"-----BEGIN (?P<what>(?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?)-----"
    r"(?:(?:[^-]|-(?!----)){0,20000}?-----END (?P=what)-----|(?:[\s>\\nr]*[A-Za-z0-9+/=:,. -]{16,}){0,400})"
)
_NAMED = re.compile(
    r"""(?i)(?<![a-z])(?:password|passwd|passphrase|passwort|kennwort|contrase[nñ]a|mot[ ]de[ ]passe|pwd|"""
    r"""secret(?:[_-]?(?:access)?[_-]?key)?|api[_ -]?key|access[_ -]?key|auth[_-]?token|access[_-]?token|client[_-]?secret|token|pin)"""  # noqa: E501
    r"""["'*_`]{0,3}[ \t]{0,4}(?:=>|:=|[:=])["'*_`]{0,3}[ \t]{0,4}["'`*]{0,3}(?P<value>[^\s"'`<>|]{4,200})"""
)
_IN_URL = re.compile(
    r"[a-z][a-z0-9+.-]{1,20}://[^\s/:@<>\"'`]{1,64}:(?P<value>[^\s/:@<>\"'`]{4,128})@[A-Za-z0-9]"
)
_DIGITS = re.compile(r"(?<![\w.,+#/=-])[0-9](?:[ -]?[0-9]){12,18}(?![\w#/=-]|[.,][0-9])")
_IBAN = re.compile(
    r"(?<![A-Za-z0-9])[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9])"
)
# Length of the account numbers of the countries that have them (registry of SWIFT), as far as they are
# common.
_IBAN_LENGTHS = dict(
    item.split(":")
    for item in "AD:24 AE:23 AT:20 BE:16 BG:22 CH:21 CY:28 CZ:24 DE:22 DK:18 EE:20 ES:24 FI:18 FR:27 GB:22 "
    "GR:27 HR:21 HU:28 IE:22 IS:26 IT:27 "
    "LI:21 LT:20 LU:20 LV:21 MC:27 MT:31 NL:18 NO:15 PL:28 PT:25 RO:24 SE:24 SI:19 SK:24 SM:27 TR:26 "
    "UA:29".split()
)
# First digits and lengths by network: Visa, Mastercard, American Express, Discover, JCB, Diners.
_CARDS = re.compile(
    r"4(?:[0-9]{12}|[0-9]{15}|[0-9]{18})|(?:5[1-5][0-9]{2}|222[1-9]|22[3-9][0-9]|2[3-6][0-9]{2}|27[01][0-9]|2720)[0-9]{12}|3[47][0-9]{13}|"
    r"6(?:011|5[0-9]{2}|4[4-9][0-9])[0-9]{12}|35(?:2[89]|[3-8][0-9])[0-9]{12}|3(?:0[0-5]|[68][0-9])[0-9]{11}"
)
# Placeholders, code and words that stand where a value would.
_NO_VALUE = re.compile(
    r"(?i)^[\[({$%&]|^(?:your|my|the|some|example|sample|test|foo|bar|dummy|changeme|change_me|none|null|true|false|string|undefined|redacted|hidden|"
    r"secret|password|token|process\.|os\.|env|config|self\.|this\.|params|options|request|user\.|get|new "
    r"|const|await|function)|[({\[]|\.\.\.|\*{3}|x{4}|…|://|->|=>"
)


def find_secrets(text: str) -> tuple[Secret, ...]:
    """Find what looks like a secret in `text`, in order, without overlaps. Takes time linear in the length (1
    MB: some 0.1 s)."""
    found = sorted(_all(text), key=lambda s: (s.start, -s.end))
    kept: list[Secret] = []
    for secret in found:
        if not kept or secret.start >= kept[-1].end:
            kept.append(secret)
    return tuple(kept)


def _all(text: str) -> Iterator[Secret]:
    if "PRIVATE KEY" in text:
        for match in _ARMOUR.finditer(text):
            yield Secret(match.start(), match.end(), "private key")
    for kind, begins, shape in _SHAPES:
        if any(begin in text for begin in begins):
            for match in shape.finditer(text):
                if _ONE_TIME.match(match[0]) if kind == "one-time password" else _is_random(match[0], 2.5):
                    yield Secret(match.start(), match.end(), kind)
    for match in _NAMED.finditer(text):
        if _is_password(match["value"]):
            yield Secret(match.start("value"), match.end("value"), "password")
    if "://" in text:
        for match in _IN_URL.finditer(text):
            if _is_password(match["value"]):
                yield Secret(match.start("value"), match.end("value"), "password in an address")
    for match in _DIGITS.finditer(text):
        if _is_card(match[0]):
            yield Secret(match.start(), match.end(), "card number")
    for match in _IBAN.finditer(text):
        if _is_iban(match[0].replace(" ", "")):
            yield Secret(match.start(), match.end(), "account number")


def _is_password(value: str) -> bool:
    """Whether the text looks like a password: letters with digits or signs among them, but no name, path or
    code."""
    value = value.rstrip(".,;:)]}*_")
    if len(value) < 6 or _NO_VALUE.search(value):
        return False
    classes = [any(map(test, value)) for test in (str.islower, str.isupper, str.isdigit)]
    signs = sum(not c.isalnum() for c in value)
    if (
        value.count("/") > 1
        or value.count(".") > 1
        or (value.isascii() and re.fullmatch(r"[A-Za-z]+(?:[_.-][A-Za-z]+)*", value))
    ):
        return False  # a path, a qualified name, plain words
    if value.isdigit() or signs * 2 > len(value):
        return False
    return sum(classes) + bool(signs) >= 2 and classes[2] + bool(signs) >= 1 and _is_random(value, 2.2)


def _is_random(value: str, bits: float) -> bool:
    """Whether each character of `value` holds at least so many bits: "xxxxxxxx" and "12121212" do not."""
    total = len(value)
    return -sum(n / total * math.log2(n / total) for n in Counter(value).values()) >= bits


def _is_card(written: str) -> bool:
    digits = written.replace(" ", "").replace("-", "")
    # Written in groups as cards are, or in one.
    groups = [len(group) for group in re.split("[ -]", written)]
    if len(groups) > 1 and groups not in ([4, 4, 4, 4], [4, 6, 5], [4, 4, 4, 4, 3], [4, 6, 4]):
        return False
    if not _CARDS.fullmatch(digits) or len(set(digits)) < 4:
        return False
    total = sum(sum(divmod(int(d) * (1 + i % 2), 10)) for i, d in enumerate(reversed(digits)))
    return total % 10 == 0


def _is_iban(compact: str) -> bool:
    if str(len(compact)) != _IBAN_LENGTHS.get(compact[:2]):
        return False
    return int("".join(str(int(c, 36)) for c in compact[4:] + compact[:4])) % 97 == 1
