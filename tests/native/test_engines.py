"""Engines are declared in Python and in the core, and both declarations agree."""

import dataclasses
from typing import get_args

import pytest
from laiobench.native._core import ffi, lib

from laiobench.jobs.options import Job, traits
from laiobench.jobs.options.engines import ENGINES, Engine, EngineName
from laiobench.jobs.options.modes import MODES, CompletionMode

OF_PYTHON_ALONE = {"text", "does_io_in_a_pool", "submit_call", "options", "of_fio"}


def of_the_core(name: str) -> dict[str, bool] | None:
    found = ffi.new("EngineCapabilities *")
    if not lib.engine_capabilities(name.encode(), found):
        return None
    return {field: bool(getattr(found, field)) for field, _ in ffi.typeof(found[0]).fields}


def test_each_engine_can_do_what_the_core_says() -> None:
    for name, engine in ENGINES.items():
        declared = dataclasses.asdict(engine)
        abilities = {ability: declared[ability] for ability in declared.keys() - OF_PYTHON_ALONE}
        assert abilities == of_the_core(name), name


def test_each_ability_that_the_core_knows_is_asked_for_by_its_name() -> None:
    fields = {field.name for field in dataclasses.fields(Engine)} - OF_PYTHON_ALONE
    found = of_the_core("null")
    assert found is not None
    assert set(found) == fields


def test_each_name_has_a_row() -> None:
    assert get_args(EngineName) == tuple(ENGINES)
    assert get_args(CompletionMode) == tuple(MODES)


@pytest.mark.parametrize("name", ENGINES)
def test_an_engine_s_own_options_are_those_of_its_struct_in_the_core(name: str) -> None:
    structs = {
        field: member.type
        for field, member in ffi.typeof("EngineOptions").fields
        if member.type.kind == "struct"
    }
    fields = [field for field, _ in structs[name].fields] if name in structs else []
    assert [taken.field for taken in ENGINES[name].options.values()] == fields
    assert structs.keys() <= ENGINES.keys()


@pytest.mark.parametrize("name", ENGINES)
def test_an_engine_s_own_options_say_that_they_need_it(name: str) -> None:
    for option in ENGINES[name].options:
        its = traits()[option]
        assert its.needs is not None and its.needs.holds(Job(engine=name)), option
        assert its.scope == "iothread", option


def test_there_is_no_engine_of_another_name() -> None:
    assert of_the_core("no such engine") is None
