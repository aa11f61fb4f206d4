"""Sizes and durations."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laiobench import units


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (50.0, "50"),
        (50, "50"),
        (0.5, "0.5"),
        (99.9999999, "99.9999999"),
        (0.0000001, "0.0000001"),
        (1e22, "10000000000000000000000"),
    ],
)
def test_a_number_is_written_as_it_was_given(value: float, text: str) -> None:
    assert units.format_exact(value) == text


@pytest.mark.parametrize(
    ("text", "size_bytes"),
    [
        ("4096", 4096),
        ("4k", 4096),
        ("4K", 4096),
        ("4kb", 4096),
        ("4kib", 4096),  # 4,000 in fio
        ("4 KiB", 4096),
        ("4Ki", 4096),
        ("1Mi", 1 << 20),
        ("512b", 512),
        ("1.5k", 1536),
        ("0x1000", 4096),
        ("2g", 2 << 30),
        ("1t", 1 << 40),
        ("0", 0),
    ],
)
def test_sizes(text: str, size_bytes: int) -> None:
    assert units.parse_size(text) == size_bytes


@pytest.mark.parametrize(
    "text", ["", "k", "4q", "-1", "4kk", "1e3", "four", "4k4k", "4i", "4ib", "4kbi"]
)
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(ValueError, match="is not a size"):
        units.parse_size(text)


def test_a_fraction_of_a_byte_is_an_error_not_a_rounding() -> None:
    with pytest.raises(ValueError, match="not a whole number of bytes"):
        units.parse_size("1.3k")


@pytest.mark.parametrize(
    ("text", "bare_unit", "ns"),
    [
        ("5", "s", 5_000_000_000),
        ("0.5", "s", 500_000_000),  # 0 in fio
        ("100", "us", 100_000),
        ("100ms", "s", 100_000_000),
        ("2m", "s", 120_000_000_000),
        ("1h", "us", 3_600_000_000_000),
        ("1d", "s", 86_400_000_000_000),
    ],
)
def test_durations(text: str, bare_unit: str, ns: int) -> None:
    assert units.parse_duration_ns(text, bare_unit) == ns


@pytest.mark.parametrize("text", ["", "s", "5 parsecs", "-3", "1..2"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        units.parse_duration_ns(text, "s")


@pytest.mark.parametrize("text", ["9" * 400, "9" * 5000, "16e", "0x" + "f" * 5000])
def test_a_size_that_nobody_means(text: str) -> None:
    with pytest.raises(units.TooLarge, match=r"must be below 16 EiB|digits is too long"):
        units.parse_size(text)


@pytest.mark.parametrize("text", ["9" * 400, "9" * 5000, "1000000001s", "12000d"])
def test_a_duration_that_nobody_means(text: str) -> None:
    with pytest.raises(units.TooLarge, match=r"must be less than 30 years|digits is too long"):
        units.parse_duration_ns(text, "s")


@given(st.integers(min_value=0, max_value=1 << 60))
def test_a_bare_number_is_bytes(size_bytes: int) -> None:
    assert units.parse_size(str(size_bytes)) == size_bytes


@given(st.text(max_size=12))
def test_any_text_is_a_size_or_a_value_error(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert units.parse_size(text) >= 0


@pytest.mark.parametrize(
    ("ns", "text"),
    [(0, "0 ns"), (850, "850 ns"), (999.9, "1.00 µs"), (12_345, "12.3 µs"), (4.56e6, "4.56 ms"),
     (1.2e9, "1.20 s"), (90e9, "90.0 s")],
)  # fmt: skip
def test_formatted_ns(ns: float, text: str) -> None:
    assert units.format_ns(ns) == text


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [(0, "0 B"), (512, "512 B"), (4096, "4 KiB"), (1536, "1.50 KiB"), (1 << 30, "1 GiB")],
)
def test_formatted_sizes(size_bytes: int, text: str) -> None:
    assert units.format_size(size_bytes) == text
