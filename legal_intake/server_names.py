"""Names that the server and the applications behind it share."""

from typing import Final

# scope["extensions"][GOING_AWAY]: an asyncio.Event, set when this process begins to shut down.
GOING_AWAY: Final = "legal_intake.going_away"
