"""The limits of a run as options: made of `FleetLimits`, so that a new one is there by itself."""

from __future__ import annotations

from typing import Any

import attrs
import click
import pytest

from cds_eks.cli.fleet.limit_options import CHINESE, PREFIX, limit_options, limits_of
from cds_eks.fleet import FleetLimits

FIELDS = {field.name: field for field in attrs.fields(FleetLimits)}


def test_each_limit_has_an_option_with_help_in_both_languages(monkeypatch: pytest.MonkeyPatch) -> None:
    options = {str(option.name): option for option in limit_options()}
    assert set(options) == {PREFIX + name for name in FIELDS}
    assert set(CHINESE) == set(FIELDS)
    for name, option in options.items():
        assert isinstance(option, click.Option)
        assert option.help
        assert option.help[0].isupper(), name
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    for option in limit_options():
        assert isinstance(option, click.Option)
        assert option.help
        assert not option.help.isascii()


def test_defaults_are_told_and_left_to_the_class() -> None:
    options = {str(option.name): option for option in limit_options()}
    creates = options[PREFIX + "creates"]
    assert isinstance(creates, click.Option)
    assert creates.help == "Writes under way at once. [32]"
    assert limits_of(dict.fromkeys(options)) == FleetLimits()


def test_what_is_said_is_in_the_limits() -> None:
    words = [
        *("--creates", "3", "--requests-per-second", "2.5", "--poll-interval", "1m", "--no-steps", "--lease", "90"),
        *("--grace", "2s"),
    ]
    command = click.Command("x", params=limit_options())
    values: dict[str, Any] = {"other": 1, **command.make_context("x", words).params}
    assert limits_of(values) == FleetLimits(
        creates=3, requests_per_second=2.5, poll_interval=60.0, steps=False, lease=90.0, grace=2.0
    )
    assert values == {"other": 1}


def test_only_some() -> None:
    assert [option.name for option in limit_options(("reads",))] == [PREFIX + "reads"]
