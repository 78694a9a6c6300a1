"""A simulated world around the real firm: one seed gives its time, its chance, its network, its disk and its platform.

Only what is outside the firm is simulated. Engine, desks, runner, gateway, bridge client, outbox and ledger are the real ones.
`world` is no runtime code and so not installed: it is found from this room.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
