"""A strict parser for PromQL: says what a query names, and refuses what Prometheus would refuse.

Only what rules and dashboards here use: no native histograms, no experimental functions. promtool judges the same
queries where it is installed; this one always runs, and knows which series and labels they name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

TOKEN = re.compile(
    r"""\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?(?![\w.])|(?:Inf|NaN)\b)
    |(?P<duration>(?:\d+(?:ms|[smhdwy]))+\b)
    |(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    |(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)
    |(?P<symbol>=~|!~|==|!=|<=|>=|[-+*/%^<>=(){}\[\],:@]))""",
    re.VERBOSE,
)
PRECEDENCE = (
    {"or"},
    {"and", "unless"},
    {"==", "!=", "<=", "<", ">=", ">"},
    {"+", "-"},
    {"*", "/", "%"},
)
COMPARISONS, SETS = PRECEDENCE[2], {"and", "or", "unless"}
AGGREGATIONS = {"sum", "avg", "min", "max", "count", "group", "stddev", "topk", "bottomk", "quantile"}
WITH_PARAMETER = {"topk", "bottomk", "quantile"}
# Function -> kinds of its arguments: v(ector), r(ange), n(umber), s(tring); after `?` they may be left out.
FUNCTIONS = {
    **dict.fromkeys(("rate", "irate", "increase", "delta", "deriv", "changes", "resets"), "r"),
    **{f"{name}_over_time": "r" for name in ("avg", "min", "max", "sum", "count", "last", "present")},
    **dict.fromkeys(("abs", "absent", "ceil", "floor", "round", "sort", "sort_desc", "scalar", "timestamp"), "v"),
    **dict.fromkeys(("clamp_min", "clamp_max"), "vn"),
    "histogram_quantile": "nv",
    "predict_linear": "rn",
    "label_replace": "vssss",
    "time": "",
    "vector": "n",
}


class PromqlError(ValueError):
    """The query is none."""


@dataclass
class Query:
    """What a query names."""

    selectors: list[tuple[str, frozenset[str]]] = field(default_factory=list)
    """Each series with the labels it is matched by."""
    grouped_by: set[str] = field(default_factory=set)


def parse(text: str) -> Query:
    """Parse a whole query. Raises PromqlError."""
    return _Parser(text).whole()


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(text.rstrip()):
        found = TOKEN.match(text, at)
        if found is None or found.lastgroup is None:
            raise PromqlError(f"cannot read {text[at : at + 20]!r}")
        yield found.lastgroup, found[found.lastgroup]
        at = found.end()
    yield "end", ""


class _Parser:
    """Recursive descent. Each method returns the kind of what it read: v, r, n or s."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._at = 0
        self.query = Query()

    def whole(self) -> Query:
        if self._binary(0) == "r":
            raise PromqlError("a range is no result")
        self._expect("end")
        return self.query

    # -- tokens

    @property
    def _next(self) -> str:
        return self._tokens[self._at][1]

    @property
    def _kind(self) -> str:
        return self._tokens[self._at][0]

    def _take(self) -> str:
        self._at += 1
        return self._tokens[self._at - 1][1]

    def _maybe(self, *texts: str) -> bool:
        if self._kind in ("symbol", "name") and self._next in texts:
            self._at += 1
            return True
        return False

    def _expect(self, what: str) -> str:
        if what not in (self._kind, self._next):
            raise PromqlError(f"{what} expected, found {self._next!r}")
        return self._take()

    # -- grammar

    def _binary(self, level: int) -> str:
        if level == len(PRECEDENCE):
            return self._unary()
        left = self._binary(level + 1)
        while self._kind in ("symbol", "name") and self._next in PRECEDENCE[level]:
            operator = self._take()
            is_bool = operator in COMPARISONS and self._maybe("bool")
            self._matching()
            right = self._binary(level + 1)
            left = self._joined(operator, left, right, is_bool=is_bool)
        return left

    def _joined(self, operator: str, left: str, right: str, *, is_bool: bool) -> str:
        kinds = {left, right}
        if kinds & {"r", "s"}:
            raise PromqlError(f"{operator} of a range or a string")
        if operator in SETS and kinds != {"v"}:
            raise PromqlError(f"{operator} of a number")
        if operator in COMPARISONS and kinds == {"n"} and not is_bool:
            raise PromqlError(f"{operator} of numbers needs bool")
        return "n" if kinds == {"n"} else "v"

    def _matching(self) -> None:
        if self._maybe("on", "ignoring"):
            self._labels()
            if self._maybe("group_left", "group_right") and self._next == "(":
                self._labels()

    def _labels(self) -> None:
        self._expect("(")
        while not self._maybe(")"):
            self.query.grouped_by.add(self._expect("name"))
            if self._next != ")":
                self._expect(",")

    def _unary(self) -> str:
        if self._maybe("-", "+"):
            return self._unary()
        kind = self._postfix(self._primary())
        if self._maybe("^"):
            kind = self._joined("^", kind, self._unary(), is_bool=False)
        return kind

    def _primary(self) -> str:
        if self._kind == "number":
            self._take()
            return "n"
        if self._kind == "string":
            self._take()
            return "s"
        if self._maybe("("):
            kind = self._binary(0)
            self._expect(")")
            return kind
        if self._next == "{":
            return self._selector("")
        name = self._expect("name")
        if name in AGGREGATIONS and self._next in ("(", "by", "without"):
            return self._aggregation(name)
        if self._next == "(":
            return self._call(name)
        return self._selector(name)

    def _postfix(self, kind: str) -> str:
        if self._maybe("["):
            if kind != "v":
                raise PromqlError("a range of what is no vector")
            self._expect("duration")
            if self._maybe(":") and self._kind == "duration":
                self._take()
            self._expect("]")
            kind = "r"
        if self._maybe("offset"):
            self._expect("duration")
        return kind

    def _selector(self, name: str) -> str:
        labels: set[str] = set()
        if self._maybe("{"):
            while not self._maybe("}"):
                labels.add(self._expect("name"))
                if self._take() not in ("=", "!=", "=~", "!~"):
                    raise PromqlError("a label is matched by =, !=, =~ or !~")
                self._expect("string")
                if self._next != "}":
                    self._expect(",")
        if not name and not labels:
            raise PromqlError("a selector of everything")
        self.query.selectors.append((name, frozenset(labels)))
        return "v"

    def _aggregation(self, name: str) -> str:
        grouped = self._maybe("by", "without")
        if grouped:
            self._labels()
        self._check(name, "nv" if name in WITH_PARAMETER else "v")
        if not grouped and self._maybe("by", "without"):
            self._labels()
        return "v"

    def _call(self, name: str) -> str:
        if name not in FUNCTIONS:
            raise PromqlError(f"no function {name}")
        self._check(name, FUNCTIONS[name])
        return "n" if name in ("time", "scalar") else "v"

    def _check(self, name: str, wanted: str) -> None:
        self._expect("(")
        given = ""
        while not self._maybe(")"):
            given += self._binary(0)
            if self._next != ")":
                self._expect(",")
        if given != wanted:
            raise PromqlError(f"{name} takes {wanted!r}, not {given!r}")
