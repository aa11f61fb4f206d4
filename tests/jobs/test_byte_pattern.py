"""Patterns of bytes, as fio writes them; the bytes are those that fio 3.33 wrote for the same."""

import pytest

from laiobench.jobs.options.byte_pattern import parse_content

FIO = {
    "0xdeadbeef": "deadbeef",
    "0x1": "01",
    "0xabc": "0abc",
    "258": "0201",
    "-12": "f4ffffff",
    "1": "01",
    '"ab"0x01': "616201",
    '0x0102"x y"': "0102782079",
    '"a"%o': "610000000000000000",
}


@pytest.mark.parametrize(("text", "expected"), FIO.items())
def test_the_bytes_are_those_of_fio(text: str, expected: str) -> None:
    assert parse_content(text).pattern.hex() == expected


def test_the_text_gives_the_same_again() -> None:
    content = parse_content('"a"%o0xff%o')
    assert content.offset_at == (1, 10)
    assert parse_content(str(content)) == content


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "must not be empty"),
        ("ab", "is no pattern"),
        ('"ab', "is no pattern"),
        ("0x", "is no pattern"),
        ("'/etc/passwd'", "not read from a file"),
        ("0x" + "00" * 513, "513 bytes"),
        (str(1 << 70), "too large"),
    ],
)
def test_what_is_no_pattern_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_content(text)
