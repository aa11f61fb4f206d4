"""The definitions of options, and all that is generated from them."""

import runpy
import tomllib
from pathlib import Path

import jsonschema
import pytest

from laiobench.jobs.options import (
    ALIASES,
    GROUPS,
    Job,
    names_of_scope,
    option_names,
    options,
    traits,
)
from laiobench.jobs.sources import resolve, toml_file, toml_schema
from laiobench.jobs.sources.fio_compat import FLAGS, FOREIGN

ROOT = Path(__file__).parent.parent.parent


def test_the_page_of_options_is_current() -> None:
    """`make docs` makes it so."""
    made = runpy.run_path(str(ROOT / "docs" / "options.py"))
    assert (ROOT / "docs" / "options.md").read_text() == made["page"]()


def test_the_arguments_of_a_job_are_current() -> None:
    """`make docs` makes them so."""
    made = runpy.run_path(str(ROOT / "docs" / "arguments.py"))
    assert made["MODULE"].read_text() == made["module"]()


def test_no_option_is_both_ours_and_not() -> None:
    assert sorted(option_names() & FOREIGN.keys()) == []
    assert FOREIGN.keys() >= FLAGS


def test_every_option_is_in_one_group_and_explained() -> None:
    assert sorted(option.name for option in options()) == sorted(Job.model_fields)
    assert all(option.help for option in options())
    assert all(group.TITLE for group in GROUPS)


def test_other_names_are_those_of_options_and_none_themselves() -> None:
    assert {
        alias for alias in ALIASES.values() if isinstance(alias, str)
    } <= Job.model_fields.keys()
    assert not ALIASES.keys() & Job.model_fields.keys()


def test_every_option_of_fio_that_is_accepted_says_why_and_any_other_what_to_do() -> None:
    for name, foreign in FOREIGN.items():
        assert foreign.note if foreign.accepted is None else foreign.remedy, name


@pytest.mark.parametrize("zero", ["0", 0, "0x0", "0k"])
@pytest.mark.parametrize(
    "name",
    ["size", "io_size", "number_ios", "zonesize", "zonerange", "iodepth_low", "offset_align",
     "iodepth_batch_complete_max"],
)  # fmt: skip
def test_zero_is_no_limit_where_fio_means_none(name: str, zero: object) -> None:
    assert getattr(Job.model_validate({name: zero}), name) is None


@pytest.mark.parametrize("name", ["runtime", "timeout"])
@pytest.mark.parametrize("zero", ["0", 0, "0s", "0.0", "0ms", 0.0])
def test_a_time_of_zero_is_none(name: str, zero: object) -> None:
    assert Job.model_validate({name: zero}).runtime is None


def test_a_mask_of_no_cpu_pins_to_none() -> None:
    assert Job.model_validate({"cpumask": "0"}).cpus_allowed is None


@pytest.mark.parametrize("text", ["4Ki", "4KiB", "4k", "4K", "4kb"])
def test_sizes_are_written_as_for_fio(text: str) -> None:
    assert Job(bs=text).bs.read == 4096


# ---- the schema --------------------------------------------------------------------


def validate(text: str) -> None:
    jsonschema.Draft202012Validator(toml_schema.schema()).validate(tomllib.loads(text))


def test_the_schema_is_one_and_has_no_words_but_its_own() -> None:
    made = toml_schema.schema()
    jsonschema.Draft202012Validator.check_schema(made)
    words = {word for option in made["$defs"]["options"]["properties"].values() for word in option}
    assert words <= {
        "description", "default", "type", "anyOf", "enum", "const", "items", "pattern",
        "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
        "minLength", "maxLength", "minItems", "maxItems",
    }  # fmt: skip


@pytest.mark.parametrize("path", sorted((ROOT / "profiles").glob("*.toml")), ids=lambda p: p.stem)
def test_the_schema_takes_the_shipped_profiles(path: Path) -> None:
    validate(path.read_text())


@pytest.mark.parametrize(
    "options",
    ["iodepth = 4", "iodepth = '1k'", "direct = 0", "direct = true", "cpus_allowed = [0, 1]",
     "cpus_allowed = '0-1'", "runtime = 0.5", "runtime = '10s'", "thread = 1", "timeout = 3",
     "rw = 'readwrite'", "filename = 'x'", "continue_on_error = 'all'"],
)  # fmt: skip
def test_the_schema_takes_what_the_parser_takes(options: str) -> None:
    text = f"[job.a]\n{options}\n"
    assert resolve(toml_file.parse(text, "a.toml").drafts)
    validate(text)


@pytest.mark.parametrize(
    "text",
    ["", "[job]", "schema = 2\n[job.a]", "[job.a]\niodpeth = 1", "[job.a]\niodepth = 0",
     "[job.a]\ncompletion = 'polling'", "[job.a]\nread_iolog = 'x'", "[job.a]\nfilename = 3"],
)  # fmt: skip
def test_the_schema_refuses_what_is_wrong(text: str) -> None:
    with pytest.raises(jsonschema.ValidationError):
        validate(text)


def test_defaults_are_what_their_own_schema_takes() -> None:
    for name, field in toml_schema.schema()["$defs"]["options"]["properties"].items():
        if field.get("default") is not None:
            assert jsonschema.Draft202012Validator(field).is_valid(field["default"]), name


def test_options_that_go_together_are_said_at_the_option() -> None:
    """Each of a simulated target needs that engine, and is of the thread that runs it."""
    of_null = {name: its for name, its in traits().items() if name.startswith("null_")}
    assert len(of_null) == 3
    for its in of_null.values():
        assert its.needs is not None and its.needs.text == "engine=null"
        assert its.needs.holds(Job(engine="null")) and not its.needs.holds(Job())
        assert its.scope == "iothread"
    assert set(of_null) < set(names_of_scope("iothread"))
    assert names_of_scope("throttle_group") == ("throttle_iops", "throttle_bw", "throttle_burst")


@pytest.mark.parametrize("name", [name for name, its in traits().items() if its.needs])
def test_what_an_option_needs_is_not_there_by_itself(name: str) -> None:
    """Else the condition could never be told of."""
    needs = traits()[name].needs
    assert needs is not None and not needs.holds(Job())
