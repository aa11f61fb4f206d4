"""The order of trials: each variant as often as the others, on both sides of a drift."""

from hypothesis import given
from hypothesis import strategies as st

from laiobench.comparison.trial_order import slots

SEEDS = st.integers(0, 2**32)


@given(st.integers(2, 6), st.integers(1, 30), SEEDS)
def test_every_variant_is_measured_as_often_as_there_are_pairs(
    variants: int, pairs: int, seed: int
) -> None:
    order = [slot.variant for slot in slots(variants, pairs, seed)]
    assert [order.count(variant) for variant in range(variants)] == [pairs] * variants


@given(st.integers(2, 5), st.integers(1, 20), st.integers(0, 20), SEEDS)
def test_more_pairs_go_on_where_fewer_ended(
    variants: int, pairs: int, more: int, seed: int
) -> None:
    order = [(slot.variant, slot.block) for slot in slots(variants, pairs, seed)]
    longer = [(slot.variant, slot.block) for slot in slots(variants, pairs + more, seed)]
    assert longer[: len(order)] == order


@given(st.integers(2, 5), st.integers(1, 20), SEEDS)
def test_at_the_end_of_a_block_all_have_been_measured_as_often(
    variants: int, pairs: int, seed: int
) -> None:
    seen = [0] * variants
    for slot in slots(variants, pairs, seed):
        seen[slot.variant] += 1
        assert slot.ends_block == (len(set(seen)) == 1)


def test_a_coin_is_tossed_for_each_pair() -> None:
    order = list(slots(2, 4000, seed=1))
    firsts = [slot.variant for slot in order[::2]]
    assert 1900 < sum(firsts) < 2100
    for apart in (1, 2, 3):  # what a pair gets says nothing of a later one's
        alike = sum(a == b for a, b in zip(firsts, firsts[apart:], strict=False))
        assert 1900 < alike < 2100


@given(st.integers(1, 20), SEEDS)
def test_what_was_begun_in_blocks_that_read_the_same_backwards_ends_so(
    blocks: int, seed: int
) -> None:
    order = [slot.variant for slot in slots(2, 2 * blocks, seed, "abba")]
    for block in range(blocks):
        four = order[4 * block : 4 * block + 4]
        assert four in ([0, 1, 1, 0], [1, 0, 0, 1])
