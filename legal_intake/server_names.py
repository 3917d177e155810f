"""What the server and the applications behind it share."""

from typing import Final

# scope["extensions"][GOING_AWAY]: an asyncio.Event, set when this process begins to shut down.
GOING_AWAY: Final = "legal_intake.going_away"

# A client may paste a text of up to a million characters; what it is sent in fits into this, or is refused.
MAX_BODY_BYTES: Final = 1024 * 1024
