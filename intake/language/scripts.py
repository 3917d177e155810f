"""Which language a text in another script than ours is most likely in."""

from __future__ import annotations

from typing import Final

#: A letter above this is neither English nor Spanish, but for what Vietnamese adds to the Latin ones.
_LATIN: Final = "\u024f"
_VIETNAMESE: Final = ("\u1e00", "\u1eff")
#: Language -> ranges of its letters. The first that has any letter counts: Japanese also writes Chinese ones.
_SCRIPTS: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "ko": (("\u1100", "\u11ff"), ("\uac00", "\ud7a3")),
    "ja": (("\u3040", "\u30ff"),),
    "zh": (("\u3400", "\u4dbf"), ("\u4e00", "\u9fff")),
    "hi": (("\u0900", "\u097f"),),
    "ar": (("\u0600", "\u06ff"), ("\u0750", "\u077f"), ("\ufb50", "\ufdff"), ("\ufe70", "\ufeff")),
    "ru": (("\u0400", "\u04ff"),),
}
#: Letters of neighbours that share a script: theirs is another language.
_NEIGHBOURS: Final = {"ar": frozenset("پچژگٹڈڑےہ"), "ru": frozenset("іїєґўјљњћђџ")}
OTHER: Final = "other"


def language_of_script(text: str) -> str:
    """The language of a text most of whose letters are not Latin: a code, `other`, or empty where they are Latin."""
    letters = [character for character in text if character.isalpha()]
    if sum(_is_foreign(character) for character in letters) * 2 <= len(letters):
        return ""
    for language, ranges in _SCRIPTS.items():
        if any(first <= character <= last for character in letters for first, last in ranges):
            return OTHER if _NEIGHBOURS.get(language, frozenset()) & set(text.lower()) else language
    return OTHER


def _is_foreign(character: str) -> bool:
    return character > _LATIN and not _VIETNAMESE[0] <= character <= _VIETNAMESE[1]
