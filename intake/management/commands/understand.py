"""`manage.py understand`: what the interview would understand, a line of JSON for each line given."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from django.core.management.base import BaseCommand

from intake.language.guess import LANGUAGES
from intake.language.lines import answered

if TYPE_CHECKING:
    from argparse import ArgumentParser

MODES: Final = {
    "areas": ("intake.classify.lines", "which areas of law a text is about"),
    "facts": ("intake.understanding.lines", "the facts in an answer, typed, each with its place"),
    "safety": ("intake.safety.lines", "whether somebody is in danger, or the matter is urgent"),
    "guard": ("intake.guard.lines", "whether the assistant may say this sentence"),
}


class Command(BaseCommand):
    """Reads standard input to its end and answers each line at once, so that it can stand in a pipe.

    Needs no database and no network. A line that cannot be read gets an object with `error`, and the next is read.
    """

    help = "Understand standard input: JSON objects or plain text, a line each; one JSON object a line comes back."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        modes = parser.add_mutually_exclusive_group(required=True)
        for mode, (_, meaning) in MODES.items():
            modes.add_argument(f"--{mode}", dest="mode", action="store_const", const=mode, help=meaning)
        parser.add_argument("--lang", choices=LANGUAGES, help="for lines without one; else it is guessed")

    def handle(self, *, mode: str, lang: Any, **options: Any) -> None:
        del options
        answer = import_module(MODES[mode][0]).answer
        if hasattr(sys.stdin, "reconfigure"):
            sys.stdin.reconfigure(encoding="utf-8", errors="replace")
        for found in answered(sys.stdin, answer, language=lang):
            self.stdout.write(json.dumps(found, ensure_ascii=False))
            self.stdout.flush()
