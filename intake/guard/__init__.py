"""What the assistant may say: pure Python, no Django, no network, no clock."""

from intake.guard.allowing import allowed, digest
from intake.guard.judging import Verdict, judge

__all__ = ["Verdict", "allowed", "digest", "judge"]
