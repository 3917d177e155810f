"""What the engine knows of a guided conversation. It holds answers, so it is stored sealed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

from intake.classify.ensemble import Vote
from intake.interview.events import FactState, Way
from intake.interview.stages import Stage


@dataclass(frozen=True, slots=True)
class Known:
    """An answer: its value (None: unknown or refused), the turn it came from (0: the firm's staff).

    `asked`: it answered that very question, and was not read out of other words.
    """

    value: Any
    state: FactState
    turn: int
    asked: bool = False


@dataclass(frozen=True, slots=True)
class Talk:
    """One conversation.

    `return_to`: where the gate or a pause leads back to. `asking`: key of the open question. `asked`: keys of those
    that were put, in order. `tries`: answers to a question that nothing could be made of. `story`: turns that tell
    it. `early`: words of before the gate that are read once the firm is free to. `areas`: codes with scores, best
    first; `offered`: those on the buttons now; `parted`: ids of the questions that told areas apart, and the open
    one's as `parting`. `seen`: fingerprints of the dangers that were acted on. `helped`: kinds whose numbers were
    given. `flag`: the red flag for which a person decides; `passed`: those with which the client was let go on.
    `country`: whose help lines are given (ISO 3166); empty, as before there was a choice: the default's.
    `counts`: how often each list of wordings was used; `last`: the wording that was used last. `verify`: ways by
    which a code is asked for before the gate; `contact`: how far that is ("", sent, verified, unverified).
    `wanted`: questions for what tells people of a common name apart; `gate_to`: where the gate leads to after them.
    `states`: from where the firm takes matters; empty: from everywhere.
    """

    stage: Stage = Stage.NOTICE
    playbook: str = ""
    consents: frozenset[str] = frozenset()
    gate_passed: bool = False
    return_to: Stage | None = None
    asking: str = ""
    asked: tuple[str, ...] = ()
    known: Mapping[str, Known] = field(default_factory=dict)
    tries: Mapping[str, int] = field(default_factory=dict)
    story: tuple[int, ...] = ()
    early: tuple[tuple[int, str], ...] = ()
    areas: tuple[tuple[str, float], ...] = ()
    votes: tuple[Vote, ...] = ()
    offered: tuple[str, ...] = ()
    parted: tuple[str, ...] = ()
    parting: str = ""
    seen: tuple[str, ...] = ()
    helped: tuple[str, ...] = ()
    flag: str = ""
    passed: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    last: str = ""
    country: str = ""
    verify: tuple[Way, ...] = ()
    contact: str = ""
    wanted: tuple[str, ...] = ()
    gate_to: Stage | None = None
    states: tuple[str, ...] = ()

    @property
    def answers(self) -> dict[str, Any]:
        """Question key -> value, as playbooks judge them."""
        return {key: known.value for key, known in self.known.items()}

    def knowing(self, key: str, known: Known) -> Talk:
        """With this answer."""
        return replace(self, known={**self.known, key: known})

    def without(self, *keys: str) -> Talk:
        """Without these answers, as if they had never been asked for."""
        return replace(
            self,
            known={key: known for key, known in self.known.items() if key not in keys},
            tries={key: count for key, count in self.tries.items() if key not in keys},
        )

    def count(self, name: str) -> Talk:
        """One more of `name`."""
        return replace(self, counts={**self.counts, name: self.counts.get(name, 0) + 1})

    def as_json(self) -> dict[str, Any]:
        """The same conversation as JSON types, in a fixed order."""
        # Where nobody voted the key is not there, as in what was written before there were votes.
        votes = [[vote.model, vote.weight, list(vote.codes), vote.not_legal] for vote in self.votes]
        return {
            "stage": self.stage.value,
            "playbook": self.playbook,
            "consents": sorted(self.consents),
            "gate_passed": self.gate_passed,
            "return_to": self.return_to.value if self.return_to else None,
            "asking": self.asking,
            "asked": list(self.asked),
            "known": {
                key: [known.value, known.state, known.turn, known.asked] for key, known in sorted(self.known.items())
            },
            "tries": dict(sorted(self.tries.items())),
            "story": list(self.story),
            "early": [list(one) for one in self.early],
            "areas": [list(one) for one in self.areas],
            "offered": list(self.offered),
            "parted": list(self.parted),
            "parting": self.parting,
            "seen": list(self.seen),
            "helped": list(self.helped),
            "flag": self.flag,
            "passed": list(self.passed),
            "counts": dict(sorted(self.counts.items())),
            "last": self.last,
            # Not there where it was never said, so that what was recorded before replays to the same bytes.
            **({"votes": votes} if votes else {}),
            **({"country": self.country} if self.country else {}),
            **({"verify": list(self.verify)} if self.verify else {}),
            **({"contact": self.contact} if self.contact else {}),
            **({"wanted": list(self.wanted)} if self.wanted else {}),
            **({"gate_to": self.gate_to.value} if self.gate_to else {}),
            **({"states": list(self.states)} if self.states else {}),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Talk:
        """What `as_json` wrote; an empty mapping is the state before anything happened."""
        return_to, gate_to = data.get("return_to"), data.get("gate_to")
        known = {
            key: Known(_frozen(value), cast("FactState", state), turn, asked)
            for key, (value, state, turn, asked) in data.get("known", {}).items()
        }
        lists: dict[str, Any] = {
            name: tuple(data.get(name, ()))
            for name in (
                "asked",
                "story",
                "offered",
                "parted",
                "seen",
                "helped",
                "passed",
                "verify",
                "wanted",
                "states",
            )
        }
        words: dict[str, Any] = {
            name: str(data.get(name, ""))
            for name in ("playbook", "asking", "parting", "flag", "last", "country", "contact")
        }
        return cls(
            stage=Stage(data.get("stage", Stage.NOTICE)),
            consents=frozenset(data.get("consents", ())),
            gate_passed=bool(data.get("gate_passed", False)),
            return_to=Stage(return_to) if return_to else None,
            gate_to=Stage(gate_to) if gate_to else None,
            known=known,
            tries=dict(data.get("tries", {})),
            early=tuple((turn, text) for turn, text in data.get("early", ())),
            areas=tuple((code, score) for code, score in data.get("areas", ())),
            votes=tuple(Vote(model, weight, tuple(codes), no) for model, weight, codes, no in data.get("votes", ())),
            counts=dict(data.get("counts", {})),
            **lists,
            **words,
        )

    def in_plain(self) -> dict[str, Any]:
        """The part that may stand unsealed beside the turns: keys and numbers, nothing that was said."""
        return {
            "consents": sorted(self.consents),
            "gate_passed": self.gate_passed,
            "asking": self.asking,
            "known": len(self.known),
            **({"contact": self.contact} if self.contact else {}),
        }


def _frozen(value: Any) -> Any:
    """Lists come back from JSON where ranges are tuples; one form for both."""
    return tuple(value) if isinstance(value, list) else value
