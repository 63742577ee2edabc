"""Signing against bytes neither side of this package produced."""

import hashlib
import random
import string
from decimal import Decimal
from urllib.parse import quote

import pytest

from btcc_research.errors import InvalidArgument
from btcc_research.protocol import signing
from tests.conftest import vectors

SIGNING = vectors("signing")
SPOT = [v for v in SIGNING if v["surface"] == "spot-rest"]
FUTURES = [v for v in SIGNING if v["surface"] == "futures-rest"]


def texts(vector):
    return signing.text_pairs([pair for pair in vector["params"] if pair[0] != "sign"])


@pytest.mark.parametrize("vector", SPOT, ids=lambda v: v["id"])
def test_a_spot_request_signs_as_the_vector_says(vector):
    signature = signing.sign_spot(texts(vector), vector["secret_key"])
    assert signature.digest == vector["signature"]
    assert signature.masked == vector["string_masked"]
    unmasked = signature.masked.replace("secret_key=***", f"secret_key={vector['secret_key']}")
    assert unmasked == vector["string_to_sign"]
    assert signature.digest == hashlib.md5(vector["string_to_sign"].encode()).hexdigest()


@pytest.mark.parametrize("vector", FUTURES, ids=lambda v: v["id"])
def test_a_futures_request_signs_as_the_vector_says(vector):
    signature = signing.sign_futures(vector_pairs(vector), vector["secret_key"])
    assert signature.digest == vector["signature"]
    assert signature.masked == vector["string_masked"]


def vector_pairs(vector):
    """Keep a parameter `sign`: the bare signing function must skip it."""
    return [(n, signing.value_text(v)) for n, v in vector["params"] if v is not None]


@pytest.mark.parametrize("vector", vectors("ws_auth"), ids=lambda v: v["id"])
def test_the_socket_digest_is_the_hash_of_the_secret_alone(vector):
    assert signing.socket_digest(vector["secret_key"]) == vector["digest"]


@pytest.mark.parametrize("vector", vectors("signing_ambiguous"), ids=lambda v: v["id"])
def test_the_documented_variant_of_an_ambiguous_text_is_the_default(vector):
    pairs = signing.text_pairs(vector["params"])
    if vector["surface"] == "spot-rest":
        assert signing.sign_spot(pairs, vector["secret_key"]).digest == vector["variants"]["pairs"]
        with pytest.raises(InvalidArgument, match="'&' is not allowed"):
            signing.check_spot_texts(pairs)
        return
    for encoding, digest in vector["variants"].items():
        assert signing.sign_futures(pairs, vector["secret_key"], encoding).digest == digest


@pytest.mark.parametrize("vector", vectors("decimal_text"), ids=lambda v: v["id"])
def test_a_value_has_the_one_text_of_the_vector(vector):
    shown = vector["input"].removeprefix("int ")
    value = eval(shown, {"Decimal": Decimal})
    assert signing.value_text(value) == vector["text"]


@pytest.mark.parametrize(
    "value", [True, [1, 2], {"a": 1}, 1e-05, float("nan"), Decimal("inf"), b"x"]
)
def test_a_value_without_an_agreed_text_is_refused(value):
    with pytest.raises(InvalidArgument):
        signing.value_text(value, "amount")


@pytest.mark.parametrize("name", ["secret_key", "sign", "authorization"])
def test_a_reserved_name_is_refused(name):
    with pytest.raises(InvalidArgument, match="reserved"):
        signing.text_pairs([(name, "x")])


def test_a_name_given_twice_is_refused():
    with pytest.raises(InvalidArgument, match="twice"):
        signing.text_pairs([("a", 1), ("a", 2)])


def test_control_characters_and_broken_unicode_are_refused():
    with pytest.raises(InvalidArgument, match="control"):
        signing.check_spot_texts([("source", "a\nb")])
    with pytest.raises(InvalidArgument, match="UTF-8"):
        signing.value_text("\ud800", "source")


def test_the_form_for_support_hides_who_logs_in_and_with_what():
    pairs = [("user_name", "a"), ("password", "hunter2"), ("token", "0001")]
    signature = signing.sign_futures(pairs, "s3cret")
    assert signature.for_support == "password=***&secret_key=***&token=***&user_name=***"
    assert "hunter2" not in repr(signature)
    assert signature.digest not in repr(signature)


def second_implementation(pairs, secret):
    """The recipe of the document once more, written differently."""
    parts = {f"{name}={value}".encode() for name, value in pairs} | {
        f"secret_key={secret}".encode()
    }
    return hashlib.md5(b"&".join(sorted(parts))).hexdigest()


@pytest.mark.parametrize("seed", range(5))
def test_random_requests_sign_like_a_second_implementation(seed):
    chosen = random.Random(seed)
    letters = string.ascii_letters + string.digits + "_-. +%=/机éß"
    for _ in range(2_000):
        names = {"".join(chosen.choices(string.ascii_lowercase + "_", k=6)) for _ in range(6)}
        pairs = [(name, "".join(chosen.choices(letters, k=8))) for name in sorted(names)]
        chosen.shuffle(pairs)
        assert signing.sign_spot(pairs, "k").digest == second_implementation(pairs, "k")
        encoded = [(name, quote(value, safe="~")) for name, value in pairs]
        expected = second_implementation(encoded, "k")
        assert signing.sign_futures(pairs, "k").digest == expected
