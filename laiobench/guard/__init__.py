"""Opening targets: may we read there, and may we write there?

A target is opened once, first, and everything is decided by that open file: what
a name meant before or means later does not matter.  Writing needs the user's word
for that very target, nobody else using it, and nothing on it that looks like data.
"""

from laiobench.guard.permission import Asker as Asker
from laiobench.guard.permission import Permission as Permission
from laiobench.guard.permission import Question as Question
from laiobench.guard.refusals import Declined as Declined
from laiobench.guard.targets import OpenTarget as OpenTarget
from laiobench.guard.targets import Targets as Targets
