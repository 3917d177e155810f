"""The guided interview: name, other side, subject, first questions, conflict check, story, questions, review."""
