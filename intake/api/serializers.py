"""The shapes that come in and go out. They parse and describe; services decide."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from intake.interview.wordings import DEFAULT_LOCALE
from intake.services.conversation import CONSENT_KINDS
from intake.text import clean


class SpokenText(serializers.CharField):
    """Text in any script. Control characters are taken out where other fields would refuse the whole."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_blank=True, trim_whitespace=False, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        """Before the field's own checks, which refuse NUL and lone surrogates."""
        return clean(super().to_internal_value(data))


class ConsentsIn(serializers.Serializer[Any]):
    """What the client agrees to."""

    service = serializers.BooleanField(default=False)
    keep_audio = serializers.BooleanField(default=False)


class StartIn(serializers.Serializer[Any]):
    """The start of a conversation."""

    consents = ConsentsIn()
    locale = serializers.CharField(max_length=16, default=DEFAULT_LOCALE)


class TurnIn(serializers.Serializer[Any]):
    """Something the client typed. `client_ref` makes sending it twice safe."""

    text = SpokenText()
    client_ref = serializers.UUIDField()
    supersedes = serializers.IntegerField(min_value=1, max_value=2**31 - 1, required=False, allow_null=True)


class ConsentIn(serializers.Serializer[Any]):
    """A consent given or withdrawn later."""

    kind = serializers.ChoiceField(choices=CONSENT_KINDS)
    granted = serializers.BooleanField()


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


class QuestionOut(serializers.Serializer[Any]):
    """The question that is open."""

    key = serializers.CharField()
    text = serializers.CharField()
    kind = serializers.ChoiceField(choices=["name", "name_other", "story"], allow_null=True)


class CanOut(serializers.Serializer[Any]):
    """What the client may do now."""

    type = serializers.BooleanField()
    speak = serializers.BooleanField()
    done = serializers.BooleanField()
    send = serializers.BooleanField()
    correct = serializers.BooleanField()


class StoryPartOut(serializers.Serializer[Any]):
    """A turn of the story."""

    number = serializers.IntegerField()
    text = serializers.CharField()


class ReviewOut(serializers.Serializer[Any]):
    """What is going to be sent."""

    name = serializers.CharField(allow_null=True)
    other_side = serializers.CharField(allow_null=True)
    story = StoryPartOut(many=True)


class NoticeOut(serializers.Serializer[Any]):
    """What is said before any input."""

    version = serializers.CharField()
    paragraphs = serializers.ListField(child=serializers.CharField())


class SnapshotOut(serializers.Serializer[Any]):
    """A whole conversation as the page shows it."""

    id = serializers.UUIDField()
    reference = serializers.CharField(allow_null=True)
    stage = serializers.CharField()
    question = QuestionOut(allow_null=True)
    consents = ConsentsIn()
    turns = TurnOut(many=True)
    last_turn = serializers.IntegerField()
    can = CanOut()
    review = ReviewOut(allow_null=True)
    notice = NoticeOut()


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
