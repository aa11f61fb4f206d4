"""fio's forms of values: per direction, ranges, splits and percentages."""

from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from laiobench.jobs.options.compound_types import (
    Amount,
    CommaForm,
    Form,
    PerDirection,
    Range,
    Split,
    amount_of,
    count_of,
    filled,
    range_of,
    size_of,
    split_of,
)


class Options(BaseModel):
    bs: Annotated[PerDirection[int], CommaForm(size_of(least=1), blank=4096)] = PerDirection.same(
        4096
    )
    bsrange: Annotated[PerDirection[Range | None], CommaForm(range_of(size_of(least=1)))] = (
        PerDirection.same(None)
    )
    bssplit: Annotated[PerDirection[Split[int] | None], CommaForm(split_of(size_of(least=1)))] = (
        PerDirection.same(None)
    )
    size: Annotated[Amount, Form(amount_of(least=1), Amount)] = Amount(None, 100)
    count: Annotated[int, Form(count_of(1, 10), int)] = 1


def sizes(text: object) -> tuple[int, int, int]:
    return Options.model_validate({"bs": text}).bs.values()


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("8k", (8192, 8192, 8192)),
        (8192, (8192, 8192, 8192)),
        ("8k,16k", (8192, 16384, 16384)),
        ("1k,2k,3k", (1024, 2048, 3072)),
        (",8k", (4096, 8192, 8192)),
        ("8k,", (8192, 4096, 4096)),
        ("8k,,16k", (8192, 4096, 16384)),
        (",,16k", (4096, 4096, 16384)),
        (" 8k , 16k ", (8192, 16384, 16384)),
    ],
)
def test_parts_are_for_reads_writes_and_trims_as_in_fio(
    text: object, values: tuple[int, int, int]
) -> None:
    assert sizes(text) == values


@pytest.mark.parametrize(
    ("option", "text", "error"),
    [
        ("bs", "1k,2k,3k,4k", "has 4 parts"),
        ("bs", "0", "at least 1"),
        ("bs", True, "text or a number"),
        ("bs", "4k,x", "'x' is not a size"),
        ("bs", "1.3k", "not a whole number of bytes"),
        ("bsrange", "4k", "is not a range"),
        ("bsrange", "8k-4k", "ends before it begins"),
        ("bsrange", "1k-2k-3k", "is not a range"),
        ("bssplit", "4k/60:8k/60", "add up to 120, more than 100"),
        ("bssplit", "4k/x", "'x' is not a percentage"),
        ("bssplit", ":".join(["4k"] * 65), "65 parts are too many"),
        ("size", "0%", "above 0 %"),
        ("size", "101%", "more than 100 %"),
        ("size", "x%", "is not a percentage"),
        ("count", "11", "at most 10"),
        ("count", "1.5", "is not a whole number"),
        ("count", "9" * 400, "below 2^64"),
    ],
)
def test_what_has_not_the_form_is_told(option: str, text: object, error: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Options.model_validate({option: text})
    assert error in caught.value.errors()[0]["msg"]


def test_ranges_and_splits_per_direction() -> None:
    options = Options.model_validate({"bsrange": "1k-4k,2k:8k", "bssplit": ",4k/10:64k/50:32k/"})
    assert options.bsrange.values() == (Range(1024, 4096), Range(2048, 8192), Range(2048, 8192))
    assert options.bssplit.read is None
    assert str(options.bssplit.write) == "4096/10:65536/50:32768/40"


@pytest.mark.parametrize(
    ("text", "percents"),
    [
        ("4k/10:64k/50:32k/40", [10, 50, 40]),
        ("4k:8k", [50, 50]),
        ("4k:8k/50:16k/", [25, 50, 25]),
        ("4k/10:8k/20", [10, 90]),
        ("4k/12.5:8k", [12.5, 87.5]),
    ],
)
def test_the_shares_of_a_split_add_up_to_all(text: str, percents: list[float]) -> None:
    split = Options.model_validate({"bssplit": text}).bssplit.read
    assert split is not None
    assert [share.percent for share in split.shares] == percents


def test_an_amount_is_bytes_or_a_share() -> None:
    assert Options.model_validate({"size": "1m"}).size.of(7) == 1 << 20
    assert Options.model_validate({"size": "12.5%"}).size.of(800) == 100


@given(
    st.fixed_dictionaries(
        {
            "bs": st.lists(st.integers(1, 1 << 20), min_size=1, max_size=3),
            "bssplit": st.lists(st.integers(1, 1 << 20), min_size=1, max_size=5),
        }
    )
)
def test_what_a_document_shows_can_be_given_again(texts: dict[str, list[int]]) -> None:
    given_texts = {
        "bs": ",".join(map(str, texts["bs"])),
        "bssplit": ":".join(map(str, texts["bssplit"])),
    }
    options = Options.model_validate(given_texts)
    shown = options.model_dump()
    assert Options.model_validate(shown).model_dump() == shown
    assert Options.model_validate(shown).bs == options.bs


def test_what_is_the_same_for_all_is_shown_as_a_number() -> None:
    shown = Options.model_validate({"bs": "8k", "size": "50%"}).model_dump()
    assert shown == {"bs": 8192, "bsrange": None, "bssplit": None, "size": "50%", "count": 1}


@pytest.mark.parametrize(
    ("text", "earlier", "whole"),
    [
        (",8k", "4k", "4k,8k,8k"),
        ("8k,", "4k,16k", "8k,16k,16k"),
        ("8k", "4k", "8k"),
        ("a,b,c,d", "4k", "a,b,c,d"),
        (",8k", ",16k", ",8k,8k"),
    ],
)
def test_blank_parts_are_filled_from_an_earlier_value(text: str, earlier: str, whole: str) -> None:
    assert filled(text, earlier) == whole
