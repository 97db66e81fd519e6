"""``python -m vortex_codec`` is the command ``vortex``."""

import sys

from ._command import main

sys.exit(main())
