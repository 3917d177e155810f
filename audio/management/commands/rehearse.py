"""`manage.py rehearse FIRM`: scripted people go through the firm's whole interview, and nothing of it stays."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from audio.errors import AudioError
from tenants.errors import InvalidInput, TenancyError
from tenants.management.base import OperatorCommand, add_json

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Iterable

    from intake.rehearsal.holding import Rehearsal
    from intake.rehearsal.personas import Persona
    from intake.rehearsal.scoring import Scored
    from tenants.models import Firm

_SHOWN: Final = 600


class CannotRehearse(TenancyError):
    """A rehearsal cannot be held as asked for."""

    code = "cannot_rehearse"


class Command(OperatorCommand):
    """FIRM is one of its hosts, its schema, or its exact name. Ends with 1 when somebody ended elsewhere."""

    help = "Let scripted people go through a firm's whole interview; print the conversation and what was understood."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("firm", nargs="?", default="")
        parser.add_argument("--persona", action="append", default=[], metavar="P", help="this one (default: everybody)")
        parser.add_argument("--voice", action="store_true", help="speak their lines (espeak-ng) to the recogniser here")
        parser.add_argument("--list", action="store_true", help="say who there is")
        add_json(parser)

    def act(self, **options: Any) -> None:
        from intake.rehearsal.personas import PersonaError, personas

        try:
            everybody = personas()
        except PersonaError as error:
            raise InvalidInput(str(error)) from None
        if options["list"]:
            self._list(everybody.values(), as_json=options["json"])
            return
        unknown = [key for key in options["persona"] if key not in everybody]
        if unknown:
            raise InvalidInput(f"there is no persona {', '.join(unknown)}; there are {', '.join(everybody)}")
        if not options["firm"]:
            raise InvalidInput("say which firm: `manage.py rehearse FIRM`; `firm list` shows them")
        wanted = [everybody[key] for key in options["persona"] or everybody]
        try:
            self._rehearse(self._firm(options["firm"]), wanted, voice=options["voice"], as_json=options["json"])
        except AudioError as error:
            raise CannotRehearse(str(error)) from None

    def _list(self, people: Iterable[Persona], *, as_json: bool) -> None:
        if as_json:
            self.emit_json(
                [{"key": one.key, "about": one.about, "locale": one.locale, "ends": one.ends} for one in people]
            )
            return
        self.emit_table(
            ("persona", "language", "ends", "who"), [(one.key, one.locale, one.ends, one.about) for one in people]
        )

    def _rehearse(self, firm: Firm, people: list[Persona], *, voice: bool, as_json: bool) -> None:
        from intake.rehearsal.holding import hold
        from intake.rehearsal.scoring import scored
        from tenants.context import firm_scope

        found = []
        for persona in people:
            spoken = self._voice(persona) if voice else None
            began = time.monotonic()
            with firm_scope(firm.ref):
                held = hold(persona, voice=spoken)
            score = scored(held)
            found.append((held, score))
            if not as_json:
                self._print(held, score, time.monotonic() - began)
        if as_json:
            self.emit_json([_as_json(held, score) for held, score in found])
        else:
            self._sum_up(found)
        bad = sum(not score.good for _held, score in found)
        if bad and not voice:
            raise CannotRehearse(f"{bad} of {len(found)} did not get where they should; nothing of it was kept")

    def _voice(self, persona: Persona) -> Any:
        from audio.rehearsing import Spoken, check_speech

        check_speech(persona.locale)
        return Spoken()

    def _print(self, held: Rehearsal, score: Scored, took: float) -> None:
        self.say(f"== {held.persona.key}: {held.persona.about}")
        for line in held.lines:
            text = line.text if len(line.text) <= _SHOWN else f"{line.text[:_SHOWN]}… ({len(line.text)} characters)"
            who = {"client": held.persona.key, "assistant": "  us"}.get(line.role, line.role)
            self.say(f"{who}: " + text.replace("\n\n", "\n      "))
        self.say("")
        if score.facts:
            rows = [
                (one.key, _short(one.value), one.state, "right" if one.right else f"wanted {_short(one.expected)}")
                for one in score.facts
            ]
            self.emit_table(("fact", "understood", "state", ""), rows)
        self.say("")
        for key in score.made_up:
            self.say(f"taken down and never said: {key} = {_short(held.facts[key].value)}")
        for text, rules in score.forbidden:
            self.say(f"forbidden ({', '.join(rules)}): {text}")
        for key in held.asked_again:
            self.say(f"asked again after an answer: {key}")
        for level, kinds in held.alerts:
            self.say(f"staff were told: {level}: {', '.join(kinds)}")
        if held.refused:
            self.say(f"it went no further: {held.refused}")
        if held.typed_instead:
            self.say(f"{held.typed_instead} lines were not heard and typed instead")
        right = "as it should" if score.right_stage else f"should have been {held.persona.ends}"
        self.say(f"ended at {held.stage}, {right}; {held.acts} acts in {took:.1f} s; nothing of it was kept\n")

    def _sum_up(self, found: list[tuple[Rehearsal, Scored]]) -> None:
        facts = [fact.right for _held, score in found for fact in score.facts]
        stages = sum(score.right_stage for _held, score in found)
        again = sum(len(held.asked_again) for held, _score in found)
        forbidden = sum(len(score.forbidden) for _held, score in found)
        self.say(
            f"{stages} of {len(found)} ended where they should; {sum(facts)} of {len(facts)} facts right; "
            f"{again} asked again after an answer; {forbidden} forbidden sentences."
        )

    def _firm(self, name: str) -> Firm:
        from tenants.context import public_scope
        from tenants.selectors import WITHOUT_SCHEMA, find_firm

        with public_scope():
            firm = find_firm(name)
        if firm.status in WITHOUT_SCHEMA:
            raise InvalidInput(f"{firm.name} is {firm.status}: it has no schema to work in")
        return firm


def _short(value: Any) -> str:
    text = "-" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _as_json(held: Rehearsal, score: Scored) -> dict[str, Any]:
    return {
        "persona": held.persona.key,
        "stage": held.stage,
        "right_stage": score.right_stage,
        "turns": [asdict(line) for line in held.lines],
        "facts": [asdict(one) for one in score.facts],
        "never_said": score.made_up,
        "asked_again": held.asked_again,
        "forbidden": [{"text": text, "rules": list(rules)} for text, rules in score.forbidden],
        "alerts": [{"level": level, "kinds": list(kinds)} for level, kinds in held.alerts],
        "went_no_further": held.refused or None,
        "typed_instead": held.typed_instead,
    }
