"""Where jobs come from: profiles, files and flags, brought into one form.

A source yields Drafts: named sets of settings, each with its origin.  Layers
of settings are put over each other, and `resolve()` makes Jobs of the drafts,
telling all that is wrong at once, with where it was written.
"""

from laiobench.sources.drafts import Draft as Draft
from laiobench.sources.drafts import Setting as Setting
from laiobench.sources.drafts import Settings as Settings
from laiobench.sources.drafts import Source as Source
from laiobench.sources.drafts import over as over
from laiobench.sources.drafts import put as put
from laiobench.sources.resolving import notes as notes
from laiobench.sources.resolving import resolve as resolve
from laiobench.sources.resolving import unknown_option as unknown_option
from laiobench.words import suggest as suggest
