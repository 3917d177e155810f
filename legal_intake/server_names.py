"""What the server and the applications behind it share."""

from typing import Final

# scope["extensions"][GOING_AWAY]: an asyncio.Event, set when this process begins to shut down.
GOING_AWAY: Final = "legal_intake.going_away"

# A client's longest text is 8,000 characters; no request of ours comes near this.
MAX_BODY_BYTES: Final = 256 * 1024
