"""The shapes that come in and go out. They parse and describe; services decide."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from intake.interview.agreeing import CONSENT_KINDS
from intake.interview.wordings import DEFAULT_LOCALE, LOCALES
from intake.models import Fact
from intake.playbooks.model import TYPES
from intake.text import clean


class SpokenText(serializers.CharField):
    """Text in any script. Control characters are taken out where other fields would refuse the whole."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_blank=True, trim_whitespace=False, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        """Before the field's own checks, which refuse NUL and lone surrogates."""
        return clean(super().to_internal_value(data))


#: Where on the page a consent was asked for.
PLACES = ("start", "microphone", "talk", "choices")


class ConsentsIn(serializers.Serializer[Any]):
    """What the client was asked for and answered. Only `service` is needed; what is left out was not asked."""

    service = serializers.BooleanField(default=False)
    transcription = serializers.BooleanField(required=False)
    keep_audio = serializers.BooleanField(required=False)
    ai_processing = serializers.BooleanField(required=False)
    sms = serializers.BooleanField(required=False)


class StartIn(serializers.Serializer[Any]):
    """The start of a conversation. `wording`: the version of the words that were shown."""

    consents = ConsentsIn()
    wording = serializers.CharField(max_length=40, required=False, allow_null=True)
    locale = serializers.CharField(max_length=16, default=DEFAULT_LOCALE)
    zone = serializers.CharField(max_length=40, default="UTC", help_text="IANA, such as America/New_York.")


class TurnIn(serializers.Serializer[Any]):
    """Something the client typed. `client_ref` makes sending it twice safe.

    `supersedes`: the turn that it corrects. `about`: the key of an answer that it replaces.
    """

    text = SpokenText()
    client_ref = serializers.UUIDField()
    supersedes = serializers.IntegerField(min_value=1, max_value=2**31 - 1, required=False, allow_null=True)
    about = serializers.CharField(max_length=60, required=False, allow_null=True)


class ChoiceIn(serializers.Serializer[Any]):
    """A button under a question. Beside its choices: `@unknown`, `@skip`, and `@go_on` in a pause."""

    question = serializers.CharField(max_length=60, allow_blank=True)
    code = serializers.CharField(max_length=60)
    client_ref = serializers.UUIDField()


class LocaleIn(serializers.Serializer[Any]):
    """The language to go on in."""

    locale = serializers.ChoiceField(choices=LOCALES)


class ConsentIn(serializers.Serializer[Any]):
    """A consent given or withdrawn later. `wording`: the version of the words that were shown."""

    kind = serializers.ChoiceField(choices=CONSENT_KINDS)
    granted = serializers.BooleanField()
    wording = serializers.CharField(max_length=40, required=False, allow_null=True)
    place = serializers.ChoiceField(choices=PLACES, required=False, allow_blank=True, default="")


class TurnOut(serializers.Serializer[Any]):
    """A turn."""

    number = serializers.IntegerField()
    role = serializers.ChoiceField(choices=["client", "assistant", "staff", "notice"])
    text = serializers.CharField()
    modality = serializers.ChoiceField(choices=["typed", "voice"], allow_null=True)
    question = serializers.CharField(allow_null=True)
    supersedes = serializers.IntegerField(allow_null=True)
    superseded_by = serializers.IntegerField(allow_null=True)
    at = serializers.DateTimeField()
    item_id = serializers.CharField(allow_null=True)


class OptionOut(serializers.Serializer[Any]):
    """A button: what it says and what it sends."""

    code = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a declared field, taken out of the class


class QuestionOut(serializers.Serializer[Any]):
    """The question that is open. `kind`: what its answer is."""

    key = serializers.CharField()
    text = serializers.CharField()
    kind = serializers.ChoiceField(choices=["name_other", "story", "code", *TYPES])
    help = serializers.CharField(allow_null=True)
    choices = OptionOut(many=True)


class CanOut(serializers.Serializer[Any]):
    """What the client may do now."""

    type = serializers.BooleanField()
    speak = serializers.BooleanField()
    done = serializers.BooleanField()
    send = serializers.BooleanField()
    correct = serializers.BooleanField()
    choose = serializers.BooleanField()
    back = serializers.BooleanField()
    skip = serializers.BooleanField()
    go_on = serializers.BooleanField()


class StoryPartOut(serializers.Serializer[Any]):
    """A turn of the story."""

    number = serializers.IntegerField()
    text = serializers.CharField()


class OtherOut(serializers.Serializer[Any]):
    """What was said otherwise about the same thing."""

    text = serializers.CharField()
    turn = serializers.IntegerField(allow_null=True)


class AnswerOut(serializers.Serializer[Any]):
    """One answer: its question, what we have, how sure that is, and the turn it came from (null: the firm)."""

    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a declared field, taken out of the class
    kind = serializers.CharField()
    text = serializers.CharField()
    state = serializers.ChoiceField(choices=Fact.State.values)
    turn = serializers.IntegerField(allow_null=True)
    choices = OptionOut(many=True)
    others = OtherOut(many=True)


class SectionOut(serializers.Serializer[Any]):
    """Answers that are read together."""

    key = serializers.CharField()
    title = serializers.CharField()
    items = AnswerOut(many=True)


class ReviewOut(serializers.Serializer[Any]):
    """What is going to be sent."""

    name = serializers.CharField(allow_null=True)
    other_side = serializers.CharField(allow_null=True)
    story = StoryPartOut(many=True)
    sections = SectionOut(many=True)


class NoticeOut(serializers.Serializer[Any]):
    """What is said before any input."""

    version = serializers.CharField()
    paragraphs = serializers.ListField(child=serializers.CharField())


class WordingOut(serializers.Serializer[Any]):
    """A consent's words: what is agreed to, what that means, and what taking it back does."""

    kind = serializers.ChoiceField(choices=CONSENT_KINDS)
    text = serializers.CharField()
    more = serializers.CharField()
    back = serializers.CharField()


class WordingsOut(serializers.Serializer[Any]):
    """The consents' words of one version."""

    version = serializers.CharField()
    items = WordingOut(many=True)


class AgreementOut(WordingOut):
    """A consent of this conversation. `offered`: it can matter here; `ask`: the page is to ask for it now."""

    given = serializers.BooleanField()
    offered = serializers.BooleanField()
    ask = serializers.BooleanField()


class AgreementsOut(serializers.Serializer[Any]):
    """The consents of this conversation, with the words of one version."""

    version = serializers.CharField()
    items = AgreementOut(many=True)


class MicrophoneOut(serializers.Serializer[Any]):
    """Whether the microphone is offered; where the language is why not, kind words to show instead."""

    offered = serializers.BooleanField()
    reason = serializers.ChoiceField(choices=["stage_closed", "language_not_heard"], allow_null=True)
    text = serializers.CharField(allow_null=True)


class ConsentsOut(serializers.Serializer[Any]):
    """What is given now, by kind."""

    service = serializers.BooleanField()
    transcription = serializers.BooleanField()
    keep_audio = serializers.BooleanField()
    ai_processing = serializers.BooleanField()
    sms = serializers.BooleanField()


class SnapshotOut(serializers.Serializer[Any]):
    """A whole conversation as the page shows it."""

    id = serializers.UUIDField()
    reference = serializers.CharField(allow_null=True)
    stage = serializers.CharField()
    question = QuestionOut(allow_null=True)
    consents = ConsentsOut()
    agreements = AgreementsOut()
    microphone = MicrophoneOut()
    turns = TurnOut(many=True)
    last_turn = serializers.IntegerField()
    can = CanOut()
    later = serializers.BooleanField(help_text="Whether one can stop here and come back.")
    review = ReviewOut(allow_null=True)
    notice = NoticeOut()
    locale = serializers.CharField()
    locales = serializers.ListField(child=serializers.CharField())


class TurnsOut(serializers.Serializer[Any]):
    """The turns after a number, and where the conversation stands."""

    turns = TurnOut(many=True)
    stage = serializers.CharField()
    question = QuestionOut(allow_null=True)
    last_turn = serializers.IntegerField()


class AddedOut(serializers.Serializer[Any]):
    """The new turns, the client's first, and the conversation as it stands now."""

    turns = TurnOut(many=True)
    snapshot = SnapshotOut()


class SentOut(serializers.Serializer[Any]):
    """The number under which the firm has it."""

    reference = serializers.CharField()


class FirmOut(serializers.Serializer[Any]):
    """Whose page this is."""

    name = serializers.CharField()
    accent = serializers.CharField()
    locales = serializers.ListField(child=serializers.CharField())
    notice = NoticeOut()
    agreements = WordingsOut()
