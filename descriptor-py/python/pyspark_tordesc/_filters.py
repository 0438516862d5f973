"""Filters of Spark as conditions of `tordesc.scan`.

A condition may let through more than its filter, which Spark applies again, but never less.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import pyarrow as pa
from pyspark.sql.datasource import (
    EqualNullSafe,
    EqualTo,
    Filter,
    GreaterThan,
    GreaterThanOrEqual,
    In,
    LessThan,
    LessThanOrEqual,
)

import tordesc

from ._question import Question

#: Bounds of times are whole seconds, and the upper one is left out.
SECOND = dt.timedelta(seconds=1)


def conditions(filters: Iterable[Filter], question: Question) -> dict[str, Any]:
    """What rows must be by some filters, as far as core can test it; what the question says itself is not touched."""
    kinds = {field.name: field.type for field in question.arrow_schema()}
    found: dict[str, Any] = {}
    for given in filters:
        name, values = _comparison(given)
        if name is None or name in question.where:
            continue
        condition = _condition(given, values, kinds.get(name))
        if condition is None or not _is_known(question, name, condition):
            continue
        found[name] = _both(found[name], condition) if name in found else condition
    return found


def _comparison(given: Filter) -> tuple[str | None, list[Any]]:
    """The column that a filter compares with values, which are not null."""
    if isinstance(given, (EqualTo, EqualNullSafe, GreaterThan, GreaterThanOrEqual, LessThan, LessThanOrEqual, In)):
        values = list(given.value) if isinstance(given, In) else [given.value]
        values = [value for value in values if value is not None]
        if values and len(given.attribute) == 1:
            return given.attribute[0], values
    return None, []


def _condition(given: Filter, values: list[Any], kind: pa.DataType | None) -> Any:
    equal = isinstance(given, (EqualTo, EqualNullSafe, In))
    low = min if equal or isinstance(given, (GreaterThan, GreaterThanOrEqual)) else None
    high = max if equal or isinstance(given, (LessThan, LessThanOrEqual)) else None
    if kind is None:
        return None
    if pa.types.is_timestamp(kind) and all(isinstance(it, dt.datetime) and it.tzinfo for it in values):
        return (low and low(values), high and high(values) + SECOND)
    # A bool is an int in Python, and a user's schema may have made a text of a number.
    if pa.types.is_integer(kind) and all(type(it) is int for it in values):
        return (low and low(values), high and high(values))
    if pa.types.is_boolean(kind) and equal and len(values) == 1 and type(values[0]) is bool:
        return values[0]
    # U+FFFD stands for bytes that are no text.
    if pa.types.is_string(kind) and equal and all(isinstance(it, str) and "\ufffd" not in it for it in values):
        return values
    return None


def _both(one: Any, other: Any) -> Any:
    """What meets both conditions of a column."""
    if isinstance(one, tuple):
        lows = [it for it in (one[0], other[0]) if it is not None]
        highs = [it for it in (one[1], other[1]) if it is not None]
        return (max(lows, default=None), min(highs, default=None))
    return one


def _is_known(question: Question, name: str, condition: Any) -> bool:
    """Whether core can test the condition."""
    try:
        question.scan(b"", where={name: condition})
    except tordesc.UsageError:
        return False
    return True
