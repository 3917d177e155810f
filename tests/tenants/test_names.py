"""Names in caches, Redis, channel groups: each belongs to the scope it was made in."""

from __future__ import annotations

import pytest
from django.core.cache import cache

from tenants.cache import redis_key
from tenants.context import FirmRef, firm_scope, public_scope
from tenants.groups import group_name


def test_cache_of_one_firm_is_empty_in_the_other(firm: FirmRef, other_firm: FirmRef) -> None:
    cache.set("k", "harbor")
    with firm_scope(other_firm):
        assert cache.get("k") is None
    with public_scope():
        assert cache.get("k") is None
    assert cache.get("k") == "harbor"


def test_redis_keys_hold_the_schema_and_cannot_be_forged(firm: FirmRef) -> None:
    assert redis_key("a", 1) == f"li:{firm.schema}:a:1"
    assert redis_key("a:b", "c") != redis_key("a", "b:c") != redis_key("a", "b", "c")


def test_group_names_differ_by_firm_kind_and_key(other_firm: FirmRef) -> None:
    names = {group_name("intake", "1"), group_name("intake", "2"), group_name("session", "1")}
    with firm_scope(other_firm):
        names.add(group_name("intake", "1"))
    assert len(names) == 4
    assert all(len(name) < 100 and name.isascii() for name in names)


@pytest.mark.parametrize("parts", [("ab", "c"), ("a", "bc")])
def test_kind_and_key_do_not_run_together(parts: tuple[str, str]) -> None:
    assert group_name(*parts) == group_name(*parts) != group_name(parts[0] + parts[1], "")
