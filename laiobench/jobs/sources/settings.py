"""What a source yields: settings with their origins, and jobs that are not checked yet."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from laiobench.errors import UsageError
from laiobench.jobs.options import Job, canonical
from laiobench.jobs.options.compound_types import CommaForm, filled
from laiobench.jobs.options.modes import first_mode_that


@dataclass(frozen=True)
class Setting:
    """An option's value, and where it was written.

    `origin` is a place, such as `quick.toml:7`.  If `is_name`, it is the option's own name
    there, such as `--iodepth` or `LAIOBENCH_IODEPTH`.
    """

    value: object
    origin: str
    is_name: bool = False
    written: tuple[str, object] | None = None
    """Name and value as written, where ours differ; the value is None for a bare flag."""
    differs: str = ""
    """How fio reads it, if otherwise."""
    refusal: UsageError | None = None
    """Why it is an error, unless another setting replaces it."""
    hides: str = ""
    """What errors must not show, as they name it: the text of an included file, say, which
    may be secret.  Empty: errors may show the setting."""

    def as_written(self, name: str) -> tuple[str, str]:
        """Name and value as the user wrote them; printable."""
        name, value = self.written or (name, self.value)
        return name, "" if value is None else _shown(value)

    def told(self, name: str) -> str:
        """The beginning of an error about this setting of option `name`."""
        name, text = self.as_written(name)
        if self.hides:
            return f"{self.origin}: {name}"
        start = self.origin if self.is_name else f"{self.origin}: {name}"
        return start if self.written and self.written[1] is None else f"{start}={text}"


_MOST_SHOWN = 400


def _shown(value: object) -> str:
    if isinstance(value, int) and abs(value) >= 10**_MOST_SHOWN:
        return "a number of hundreds of digits"  # str() refuses the longest ones
    text = str(value)
    text = text if len(text) <= _MOST_SHOWN else text[:_MOST_SHOWN] + "…"
    return text if text.isprintable() else repr(text)[1:-1]


Settings = Mapping[str, Setting]


@dataclass(frozen=True)
class Draft:
    """A job before it is checked."""

    name: str
    settings: dict[str, Setting] = field(default_factory=dict)
    is_fio: bool = False
    """Whether it was written for fio, so that its author may rely on fio's defaults."""

    def under(self, layer: Settings) -> "Draft":
        """The same draft with the settings of `layer` over its own."""
        return replace(self, settings=over(self.settings, layer))

    def with_implied(self) -> "Draft":
        """The same draft in a mode that waits for several, where fio's batch options imply it."""
        if "completion" in self.settings:
            return self
        batches = (name for name in _BATCHES if name in self.settings)
        for name, setting in ((name, self.settings[name]) for name in batches):
            if str(setting.value).strip() not in ("0", "1"):
                implied = replace(setting, value=_OF_BATCHES, written=setting.as_written(name))
                return replace(self, settings={**self.settings, "completion": implied})
        return self


_BATCHES = ("iodepth_batch_complete_min", "iodepth_batch_complete_max")
_OF_BATCHES = first_mode_that(lambda mode: mode.waits_for_several)


@dataclass(frozen=True)
class Source:
    """Jobs to run, and the description of what they are for."""

    origin: str
    description: str
    drafts: tuple[Draft, ...]


def put(settings: dict[str, Setting], name: str, setting: Setting) -> None:
    """Add a setting under our name for the option, so that layers cover each other.

    Raises:
        UsageError: fio's other name of the option does not take this value.
    """
    try:
        ours, value = canonical(name, setting.value)
    except ValueError as error:
        raise UsageError(f"{setting.told(name)}: {error}") from None
    if ours != name:
        written = setting.written or (name, setting.value)
        setting = replace(setting, value=value, written=written)
    settings[ours] = _filled(ours, setting, settings.get(ours))


def over(settings: Settings, layer: Settings) -> dict[str, Setting]:
    """`settings`, with those of `layer` replacing them."""
    merged = dict(settings)
    for name, setting in layer.items():
        merged[name] = _filled(name, setting, merged.get(name))
    return merged


def _filled(name: str, setting: Setting, earlier: Setting | None) -> Setting:
    """Empty parts of a comma form keep their earlier value: `bs=,8k` over `bs=4k`."""
    if earlier is None or name not in _COMMA_OPTIONS:
        return setting
    whole = filled(str(setting.value), str(earlier.value))
    if whole == str(setting.value):
        return setting
    return replace(setting, value=whole, written=setting.written or (name, setting.value))


_COMMA_OPTIONS = frozenset(
    name
    for name, field in Job.model_fields.items()
    if any(isinstance(form, CommaForm) for form in field.metadata)
)
