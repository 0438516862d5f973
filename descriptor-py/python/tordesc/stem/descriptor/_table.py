"""Tables: which attributes a class of stem has, and where each comes from."""

import inspect
from operator import attrgetter

from tordesc._tordesc import _Lazy

from ._rules import as_written, naive, shown


class Row:
    """An attribute of stem: the keyword of its line, how core names it, and how stem reads it where core saw a fault.

    `column` is core's attribute, or a function of core's object, and `convert` makes stem's value of core's; `default`
    is what is not there, or a function of the descriptor. `rule` is told the `Lines` and gives the value, or yields
    several attributes with their values. A rule that fails raises ValueError; what it has yielded stays.
    """

    __slots__ = ("attribute", "column", "convert", "default", "keyword", "rule", "tells_several")

    def __init__(self, attribute, keyword, rule, column=None, convert=None, default=None):
        self.attribute, self.keyword, self.rule = attribute, keyword, rule
        self.column, self.convert, self.default = column, convert, default
        self.tells_several = inspect.isgeneratorfunction(rule)

    def missing(self, owner):
        """The value of what is not there; a new one each time if it could be changed."""
        if isinstance(self.default, (list, dict, set)):
            return self.default.copy()
        return self.default(owner) if callable(self.default) else self.default

    def tell(self, lines):
        """Attributes and values, one after the other."""
        return self.rule(lines) if self.tells_several else iter([(self.attribute, self.rule(lines))])


class Table:
    """The rows of a class, after those of the table that it builds on."""

    def __init__(self, *rows, base=()):
        self.rows = {row.attribute: row for row in (*base, *rows)}
        self.by_keyword = {row.keyword: row for row in self.rows.values()}

    def __iter__(self):
        return iter(self.rows.values())

    def install(self, cls):
        """Puts the attributes on a class, and the dict that stem has of them."""
        for row in self:
            setattr(cls, row.attribute, _attribute(row, cls.NATIVE))
        defaults = ((row, None if callable(row.default) else row.default) for row in self)
        cls.ATTRIBUTES = {row.attribute: (default, row.rule) for row, default in defaults}


def _attribute(row, native):
    # Core's own object is the quickest, where a class of core has the column.
    if row.convert is as_written:
        return Written(row)
    if native is None or not isinstance(row.column, str):
        return Attribute(row)
    # It tells times without their zone and addresses as text.
    convert = None if row.convert in (naive, shown) else row.convert
    return _Lazy(row.attribute, getattr(native, row.column), row, convert, None if row.default is None else row.missing)


class Attribute:
    """Reads an attribute when it is asked for the first time; then it is in the object's own dict."""

    __slots__ = ("fetch", "name", "row")

    def __init__(self, row):
        self.row, self.name = row, row.attribute
        self.fetch = _fetch(row)

    def __get__(self, owner, cls=None):
        if owner is None:
            return self
        native = owner._native
        if native is None or self.fetch is None:
            value = owner._read(self.row)
        elif (value := self.fetch(native)) is None and self.row.default is not None:
            value = self.row.missing(owner)
        owner.__dict__[self.name] = value
        return value


class Written(Attribute):
    """The same of what core tells in another form: its line is read, if core says that there is one."""

    __slots__ = ()

    def __get__(self, owner, cls=None):
        if owner is None:
            return self
        native = owner._native
        is_there = native is None or self.fetch(native)
        value = owner.__dict__[self.name] = owner._read(self.row) if is_there else self.row.missing(owner)
        return value


def _fetch(row):
    # A function from core's object to stem's value, as short as it can be.
    if row.column is None:
        return None
    get, convert = row.column if callable(row.column) else attrgetter(row.column), row.convert
    if convert is None or convert is as_written:
        return get
    return lambda native: None if (value := get(native)) is None else convert(value)


class lazy:
    """An attribute that a method computes when it is asked for the first time."""

    __slots__ = ("function", "name")

    def __init__(self, function):
        self.function = function

    def __set_name__(self, owner, name):
        self.name = name

    def __get__(self, owner, cls=None):
        if owner is None:
            return self
        value = owner.__dict__[self.name] = self.function(owner)
        return value
