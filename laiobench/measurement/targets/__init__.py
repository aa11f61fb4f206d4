"""Opening targets: may we read there, and may we write there?

A target is opened once, before anything else, and all checks are made on the open file:
what its name meant before, or means later, does not matter.  Writing needs the user's
permission for that target, that nobody else uses it, and that no data is found on it.
"""

from laiobench.measurement.targets.filling import FillHooks as FillHooks
from laiobench.measurement.targets.filling import Filling as Filling
from laiobench.measurement.targets.open import OpenTarget as OpenTarget
from laiobench.measurement.targets.open import Targets as Targets
from laiobench.measurement.targets.permission import Asker as Asker
from laiobench.measurement.targets.permission import Permission as Permission
from laiobench.measurement.targets.permission import Question as Question
from laiobench.measurement.targets.refusals import Declined as Declined
from laiobench.measurement.targets.stand_ins import StandIns as StandIns
