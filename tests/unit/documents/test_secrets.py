"""What looks like a secret, and what does not. The samples are put together here, so that no scanner takes
this file for a leak."""

from __future__ import annotations

import random
import string
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notesearch.text.secrets import Secret, find_secrets
from tests.conftest import shared

LETTERS = string.ascii_letters + string.digits


def made_up(length: int, alphabet: str = LETTERS, seed: int = 7) -> str:
    return "".join(random.Random(f"{seed}{length}{alphabet}").choices(alphabet, k=length))


BEGIN = "-----BEGIN PRIVATE KEY-----"
UPPER = string.ascii_uppercase + "234567"
TOKENS = {
    "AWS key": ["AKIA" + made_up(16, UPPER), "ASIA" + made_up(16, UPPER)],
    "GitHub token": ["ghp_" + made_up(36), "github_pat_" + made_up(22) + "_" + made_up(59)],
    "GitLab token": ["glpat-" + made_up(20)],
    "Slack token": ["xoxb-" + made_up(12, string.digits) + "-" + made_up(24)],
    "Slack webhook": [
        "hooks.slack.com/services/T" + made_up(8, UPPER) + "/B" + made_up(8, UPPER) + "/" + made_up(24)
    ],
    "Google key": ["AIza" + made_up(35)],
    "Google token": ["GOCSPX-" + made_up(28)],
    "Stripe key": ["sk_" + "live_" + made_up(24), "rk_" + "test_" + made_up(24)],
    "API key": ["sk-" + made_up(48), "sk-proj-" + made_up(64), "sk-ant-api03-" + made_up(80)],
    "npm token": ["npm_" + made_up(36)],
    "PyPI token": ["pypi-AgE" + made_up(80)],
    "Hugging Face token": ["hf_" + made_up(34)],
    "SendGrid key": ["SG." + made_up(22) + "." + made_up(43)],
    "DigitalOcean token": ["dop_v1_" + made_up(64, "0123456789abcdef")],
    "Telegram token": [made_up(10, "123456789") + ":AA" + made_up(33)],
    "JSON web token": ["eyJ" + made_up(30) + ".eyJ" + made_up(60) + "." + made_up(43)],
    "one-time password": ["otpauth://totp/Mail:me@example.org?secret=" + made_up(16, UPPER) + "&issuer=Mail"],
}


@pytest.mark.parametrize(
    ("kind", "token"), [(kind, token) for kind, tokens in TOKENS.items() for token in tokens]
)
@pytest.mark.parametrize("around", ["{}", "The key is {}.", "- `{}`\n- more", 'token = "{}"', "{}\n"])
def test_tokens_are_found_where_they_stand(kind: str, token: str, around: str) -> None:
    text = around.format(token)
    (found,) = find_secrets(text)
    assert token in text[found.start : found.end + 1]
    assert text.index(token) == found.start
    if around == "{}":
        assert found == Secret(0, len(token), kind)


PASSWORDS = """\
password: Tr0ub4dor&3x
Password = hunter2!
passwort: Wandern2019
pwd=x9#kQ2!m
api_key: "9f86d081884c7d65"
* **Password:** S0mmer-Regen
AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI7MDENGbPxRfiCYzKQ9aBcDeFgHi
client_secret => 'aB3dE5fG7h'
db: postgres://app:s3cr3t-pw@db.example.org/x"""

ORDINARY = """\
The password: is kept elsewhere
password: your-password-here
password = os.environ['DB_PASSWORD']
token: <your token>
Password: ********
password: hunter
password = get_password(user)
PASSWORD=$DB_PASSWORD
api key: see wiki/keys
token: {{ token }}
password: changeme1
sk-learn-is-a-name-that-some-people-write
git clone https://github.com/user/repo.git
http://localhost:8080/user@example.org
task-12345678901234567890abcdef
Phone 0049 170 1234 5678 90
ISBN 978-3-16-148410-0
2024-01-31 12:30:00 4711 0815
AKIA is a prefix
commit 9fceb02d0ae598e95dc970b74767f19372d61af8
pi = 3.1415926535897932
order 1234 5678 9012 3456
4111 1111 1111 1112
0000 0000 0000 0000
-----BEGIN PUBLIC KEY----- MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA -----END PUBLIC KEY-----
DE00 0000 0000 0000 0000 00
key: value
pin: 12"""


@pytest.mark.parametrize("line", PASSWORDS.splitlines())
def test_passwords_written_down(line: str) -> None:
    (found,) = find_secrets(f"Some note\n{line}\nmore")
    assert "password" in found.kind or found.kind == "API key"


@pytest.mark.parametrize("line", ORDINARY.splitlines())
def test_ordinary_notes_are_left_alone(line: str) -> None:
    assert find_secrets(f"Some note\n{line}\nmore") == ()


# Numbers that the networks publish for tests, and the example account numbers of the registry.
@pytest.mark.parametrize(
    "number",
    [
        "4012 8888 8888 1881",
        "5555-5555-5555-4444",
        "378282246310005",
        "3782 822463 10005",
        "6011000990139424",
    ],
)
def test_card_numbers(number: str) -> None:
    found = find_secrets(f"card {number}, valid 12/27")
    # Of the second all digits but one are the same: a placeholder rather than a card.
    assert [s.kind for s in found] == ([] if number.startswith("5555") else ["card number"])


def test_a_card_number_is_found_and_one_wrong_digit_is_not() -> None:
    assert [s.kind for s in find_secrets("Visa 4012 8888 8888 1881")] == ["card number"]
    assert not find_secrets("Visa 4012 8888 8888 1882")
    assert not find_secrets("9012 8888 8888 1881")


ACCOUNTS = (
    "DE89 3704 0044 0532 0130 00",
    "GB29NWBK60161331926819",
    "NL91 ABNA 0417 1643 00",
    "FR14 2004 1010 0505 0001 3M02 606",
)


@pytest.mark.parametrize("number", ACCOUNTS)
def test_account_numbers(number: str) -> None:
    (found,) = find_secrets(f"Rent to {number} please")
    assert (found.kind, found.end - found.start) == ("account number", len(number))
    assert not find_secrets(f"Rent to {number[:-1]}{(int(number[-1]) + 1) % 10} please")


@pytest.mark.parametrize("what", ["", "RSA ", "OPENSSH ", "EC ", "ENCRYPTED ", "PGP "])
def test_private_keys_are_found_whole(what: str) -> None:
    block = " BLOCK" if what == "PGP " else ""
    body = "\n".join(made_up(64, seed=line) for line in range(40))
    key = f"-----BEGIN {what}PRIVATE KEY{block}-----\n{body}\n-----END {what}PRIVATE KEY{block}-----"
    (found,) = find_secrets(f"# Server\n\n```\n{key}\n```\n\nAfter that.")
    assert (found.kind, found.end - found.start) == ("private key", len(key))
    # One whose end is missing goes as far as it looks like one.
    (found,) = find_secrets(
        f"# Server\n{key[:-40]}\n\nAfter that it goes on in words, and these are not part of it."
    )
    assert 2000 < found.end - found.start < len(key) + 40


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(
    st.lists(
        st.sampled_from(
            [*(t for tokens in TOKENS.values() for t in tokens), "words", "password: ", "\n", BEGIN, "é"]
        )
    )
)
def test_spans_are_in_order_and_apart(parts: list[str]) -> None:
    text = " ".join(parts)
    found = find_secrets(text)
    end = 0
    for secret in found:
        assert end <= secret.start < secret.end <= len(text)
        end = secret.end


@pytest.mark.parametrize(
    "text",
    ["lorem ipsum ", "1234 ", "-", f"{BEGIN}\n", "eyJ", "password: ", "sk-", "a://b:", "AB12 ", "A", "1-"],
)
def test_the_time_grows_with_the_length_and_not_with_its_square(text: str) -> None:
    """Eight times the text takes eight times the processor's time; its square would be 64."""

    def took(characters: int) -> float:
        long = text * (characters // len(text))
        times = []
        for _ in range(3):
            started = time.thread_time()
            find_secrets(long)
            times.append(time.thread_time() - started)
        return min(times)

    assert took(800_000) < 30 * (took(100_000) + 0.001)


def test_real_notes_raise_few_false_alarms() -> None:
    notes = [
        path.read_text(encoding="utf-8", errors="replace")
        for path in sorted((shared("data/vaults") / "til-jbranchaud").rglob("*.md"))
    ]
    assert len(notes) > 1000
    # Two in 1,700 notes: an example's password "super_s3cr3t", and the key for tests that Stripe's manual
    # prints.
    assert sum(len(find_secrets(note)) for note in notes) <= 2


def test_an_address_of_one_time_passwords_without_a_secret_is_none() -> None:
    assert find_secrets("otpauth://totp/Mail otpauth://totp/Mail?issuer=secret otpauth://secret=abc") == ()
    (found,) = find_secrets("(otpauth-migration://offline?data=CjEKCkhlbGxv%3D)")
    assert (found.kind, found.start, found.end) == ("one-time password", 1, 49)
