"""Where jobs come from: profiles, files and flags.

A source yields Drafts: named sets of settings that remember where each was written.
Layers of settings are put over each other, then `resolve()` makes Jobs of the drafts; it
tells all faults at once, each with its place.
"""

from laiobench.jobs.sources.destinations import check_places as check_places
from laiobench.jobs.sources.destinations import needed_files as needed_files
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
