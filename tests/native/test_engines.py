"""Engines are declared twice, where they are chosen and in the core; both say the same."""

import dataclasses

from laiobench.native._core import ffi, lib

from laiobench.jobs.options.engines import ENGINES, Engine


def of_the_core(name: str) -> dict[str, bool] | None:
    found = ffi.new("EngineCapabilities *")
    if not lib.engine_capabilities(name.encode(), found):
        return None
    return {field: bool(getattr(found, field)) for field, _ in ffi.typeof(found[0]).fields}


def test_each_engine_can_do_what_the_core_says() -> None:
    for name, engine in ENGINES.items():
        declared = dataclasses.asdict(engine)
        del declared["submit_call"]
        assert declared == of_the_core(name), name


def test_each_ability_that_the_core_knows_is_asked_for_by_its_name() -> None:
    fields = {field.name for field in dataclasses.fields(Engine)} - {"submit_call"}
    found = of_the_core("null")
    assert found is not None
    assert set(found) == fields


def test_there_is_no_engine_of_another_name() -> None:
    assert of_the_core("io_uring") is None
