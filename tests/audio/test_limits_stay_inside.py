"""The live socket tells a client nothing of the firm's limitation table, of points, or of levels."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from intake import services, staff_selectors
from intake.models import Intake
from intake.services import periods
from tenants.accounts.models import User
from tenants.aio import run_db
from tests.audio.voices import Voice, in_firm, make_voice
from tests.audio.wire import Wire
from tests.intake.talk import say, to_review

TABLE = (
    b"state,area,claim,amount,unit,begins,cite\nTX,HO-00-00-00-00,Zzclaim deposit,1,years,notice_date,Zz. Code 77.777\n"
)


def tell(voice: Voice) -> Intake:
    """A confirmed row that fits, and a conversation to which it does, up to its end."""
    user = User.objects.create_user("law@live.test", None, name="Law", is_staff=True)
    periods.import_table(TABLE, by="test")
    assert periods.confirm(ids=None, user=user) == 1
    intake = Intake.objects.get(pk=voice.intake_id)
    say(intake, "I got a notice on May 3 2026. I have to be in court on July 2nd.")
    to_review(intake)
    services.send_intake(intake_id=intake.pk)
    summary = staff_selectors.record_for_staff(intake.pk).summary
    assert summary is not None
    assert summary.limits.flags, "there is something to leak"
    return Intake.objects.get(pk=intake.pk)


async def test_a_socket_hears_of_turns_and_of_no_time_limit(live_firms: Any) -> None:
    voice = await run_db(make_voice, live_firms[0])
    async with Wire(voice.host, voice.cookie, voice.protocols) as socket:
        await socket.until("session.created")
        intake = await in_firm(voice.firm, tell, voice)
        for _ in range(200):
            if f'"number": {intake.last_turn},' in json.dumps(socket.events):
                break
            await asyncio.sleep(0.05)
        heard = json.dumps(socket.events)
    assert intake.urgency > 0
    assert "July 2nd" in heard, "the turns came"
    for word in ("Zz. Code", "Zzclaim", "2027-05-03", "May 3, 2027", "urgency", "shorter"):
        assert word not in heard, word
