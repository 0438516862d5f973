"""Enumerations whose members are plain strings."""


class Enum:
    """Names and their values, in order. A value is an attribute under its name; iterating gives the values."""

    def __init__(self, *args):
        self._members = {}
        for entry in args:
            if isinstance(entry, str):
                entry = entry, " ".join(word.capitalize() for word in entry.split("_"))
            if not (isinstance(entry, tuple) and len(entry) == 2):
                raise ValueError(f"Unrecognized input: {args}")
            key, value = entry
            self._members[key] = value
            setattr(self, key, value)

    def keys(self):
        """The names, in order."""
        return list(self._members)

    def index_of(self, value):
        """The place of a value; ValueError if it is none."""
        return list(self).index(value)

    def _beside(self, value, step):
        values = list(self)
        if value not in values:
            raise ValueError(f"No such enumeration exists: {value} (options: {', '.join(values)})")
        return values[(values.index(value) + step) % len(values)]

    def next(self, value):
        """The value after another; after the last one the first."""
        return self._beside(value, 1)

    def previous(self, value):
        """The value before another; before the first one the last."""
        return self._beside(value, -1)

    def __getitem__(self, item):
        if item not in self._members:
            raise ValueError(f"'{item}' isn't among our enumeration keys, which includes: {', '.join(self._members)}")
        return self._members[item]

    def __iter__(self):
        return iter(self._members.values())


def UppercaseEnum(*args):
    """An enumeration whose values are its names."""
    return Enum(*((name, name) for name in args))
