"""That this process is to end, for whatever here would rather wait."""

from __future__ import annotations

import threading
from typing import Final

#: Set at SIGTERM: what is being heard is left where it is, and a listener elsewhere goes on at once.
LEAVING: Final = threading.Event()
