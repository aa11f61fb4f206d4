"""Where jobs come from: profiles, files and flags, brought into one form.

A source yields Drafts: named sets of settings, each with its origin.  Layers
of settings are put over each other, and `resolve()` makes Jobs of the drafts,
telling all that is wrong at once, with where it was written.
"""

from laiobench.jobs.sources.destinations import check_places as check_places
from laiobench.jobs.sources.resolve import notes as notes
from laiobench.jobs.sources.resolve import resolve as resolve
from laiobench.jobs.sources.resolve import unknown_option as unknown_option
from laiobench.jobs.sources.settings import Draft as Draft
from laiobench.jobs.sources.settings import Setting as Setting
from laiobench.jobs.sources.settings import Settings as Settings
from laiobench.jobs.sources.settings import Source as Source
from laiobench.jobs.sources.settings import over as over
from laiobench.jobs.sources.settings import put as put
from laiobench.words import suggest as suggest
