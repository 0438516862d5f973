"""What all descriptors have in common."""

import base64
import hashlib
from typing import NamedTuple

import tordesc

from ..util.enum import UppercaseEnum
from ..util.str_tools import _to_bytes, _to_unicode
from . import _lines
from ._table import Table, lazy

DigestHash = UppercaseEnum("SHA1", "SHA256")
DigestEncoding = UppercaseEnum("RAW", "HEX", "BASE64")
DocumentHandler = UppercaseEnum("ENTRIES", "DOCUMENT", "BARE_DOCUMENT")


class TypeAnnotation(NamedTuple):
    """The first line of documents in CollecTor's archive, such as `@type server-descriptor 1.0`."""

    name: str
    major_version: int
    minor_version: int

    def __str__(self):
        return f"@type {self.name} {self.major_version}.{self.minor_version}"


class Descriptor:
    """A document, or a part of one.

    Attributes are read when they are asked for: out of core's object if core found nothing wrong with the document, and
    else out of its lines, as stem would.
    """

    TYPE_ANNOTATION_NAME = None
    #: The attributes; and as stem has them: by name the default, and what reads the lines, which is told other things here.
    TABLE, ATTRIBUTES = Table(), {}
    #: The name of core's type, and core's class for it; None if core has none.
    KIND = NATIVE = None
    #: Keywords whose lines are one list, for their order matters; and those whose text may be more than ASCII.
    TOGETHER, FREE = (), ()
    #: Lines that must stand once, that may stand once, and the first and the last one; for validation.
    REQUIRED, SINGLE, FIRST, LAST = (), (), None, None
    #: Whether all of the text's lines are attributes of the object.
    _is_whole = True
    #: Whether a document of core is a descriptor here, and not several.
    _is_plain = True
    #: Keywords that are known and are no attribute.
    KNOWN = ()

    _path = _archive_path = None

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        cls._is_whole = cls._own_text is Descriptor._own_text
        if "TABLE" in cls.__dict__:
            cls.TABLE.install(cls)

    def __init__(self, contents, lazy_load=False):
        # As in stem, what is not read lazily is still not validated: the classes with fields of their own do that.
        self._raw_contents = contents

    def _begin(self, contents, validate):
        self._raw_contents = contents
        if validate:
            self._validate()

    @classmethod
    def _of(cls, native, sound, validate=False, **kwargs):
        """Makes a descriptor of core's object; `sound` says that nothing is wrong with it."""
        if validate or not sound or kwargs:
            return cls(native.raw, validate, **kwargs)
        self = cls.__new__(cls)
        self._native = native
        return self

    @classmethod
    def _from(cls, native, validate=False, document_handler=DocumentHandler.ENTRIES, **kwargs):
        """What stem makes of a document of core: most are a descriptor each."""
        yield cls._of(native, native.type == cls.KIND and not native.issues, validate, **kwargs)

    @classmethod
    def _read_all(cls, source, validate=False, document_handler=DocumentHandler.ENTRIES, kind=None, **kwargs):
        """All descriptors of bytes or a file; `kind` is core's name of the type that documents have without `@type`."""
        is_plain = cls._is_plain and not validate and not kwargs
        new, own = cls.__new__, cls.KIND
        for native in tordesc.parse(source, type=kind or own):
            if is_plain and native.type == own and not native.issues:
                # What nearly all are, as quickly as can be.
                descriptor = new(cls)
                descriptor._native = native
                yield descriptor
            else:
                yield from cls._from(native, validate, document_handler, **kwargs)

    @lazy
    def _raw_contents(self):
        return self._native.raw

    @lazy
    def _native(self):
        # Core's object, if it is about all of the text and nothing is wrong with it.
        if self.KIND is None:
            return None
        raw = self.get_bytes()
        found = list(tordesc.parse(raw, type=self.KIND))
        is_sound = len(found) == 1 and found[0].type == self.KIND and found[0].raw == raw and not found[0].issues
        return found[0] if is_sound else None

    @lazy
    def _entries(self):
        return self._split(False)

    def _split(self, strict):
        found = _lines.split(self._own_text(), strict, self.TOGETHER, self.FREE)
        for lines in found.values():
            lines.document = self
        return found

    def _own_text(self):
        """The text whose lines are attributes of this object."""
        return _to_unicode(self._raw_contents)

    def _lines_of(self, keyword):
        # A document that is sound need not be split for a line or two.
        if self._native is None or "_entries" in self.__dict__ or not self._is_whole or keyword in self.TOGETHER:
            return self._entries.get(keyword)
        content = self._native.raw
        if b"\nopt " in content:
            return self._entries.get(keyword)
        lines = _lines.find(content, keyword)
        if lines:
            lines.document = self
        return lines

    def _read(self, row):
        # The value of an attribute by its line. Others that the line tells are kept.
        lines = self._lines_of(row.keyword)
        if lines is None:
            return row.missing(self)
        if not row.tells_several:
            try:
                return row.rule(lines)
            except ValueError:
                return row.missing(self)
        told = {}
        try:
            for name, value in row.rule(lines):
                told[name] = value
        except ValueError:
            pass
        for name, value in told.items():
            self.__dict__.setdefault(name, value)
        return told.get(row.attribute, row.missing(self))

    def _validate(self):
        """Reads all lines; ValueError if one is wrong, or their order or number is."""
        # The lines are judged here, and core's judgement is of no use any more.
        self._native = None
        self._entries = self._split(True)
        self._check_lines(self._entries)
        for keyword, lines in self._entries.items():
            row = self.TABLE.by_keyword.get(keyword)
            if row:
                for name, value in row.tell(lines):
                    self.__dict__[name] = value

    def _check_lines(self, entries):
        """Whether the lines stand as often and in the order that they must."""
        name = self._name()
        for keyword in self.REQUIRED:
            if keyword not in entries:
                raise ValueError(f"{name} must have a '{keyword}' entry")
        for keyword in (*self.REQUIRED, *self.SINGLE):
            if keyword in entries and len(entries[keyword].lines) > 1:
                raise ValueError(f"The '{keyword}' entry can only appear once in a {name}")
        keywords = list(entries)
        if self.FIRST and keywords[:1] != [self.FIRST]:
            raise ValueError(f"{name} must start with a '{self.FIRST}' entry")
        if self.LAST and keywords[-1:] != [self.LAST]:
            raise ValueError(f"{name} must end with a '{self.LAST}' entry")

    @classmethod
    def from_str(cls, content, **kwargs):
        """The descriptor of a text, or with `multiple` all of it as a list; the other arguments are those of `parse_file`."""
        import io

        from . import parse_file

        if "descriptor_type" not in kwargs and cls.TYPE_ANNOTATION_NAME is not None:
            kwargs["descriptor_type"] = f"{cls.TYPE_ANNOTATION_NAME} 1.0"
        multiple = kwargs.pop("multiple", False)
        return cls._only(list(parse_file(io.BytesIO(_to_bytes(content)), **kwargs)), multiple)

    @staticmethod
    def _only(found, multiple):
        if multiple:
            return found
        if len(found) != 1:
            raise ValueError(
                f"Descriptor.from_str() expected a single descriptor, but had {len(found)} instead. Please include "
                "'multiple = True' if you want a list of results instead."
            )
        return found[0]

    @classmethod
    def content(cls, attr=None, exclude=(), sign=False):
        """The bytes of a descriptor with the given lines; others that it must have are made up."""
        raise NotImplementedError(f"The create and content methods haven't been implemented for {cls.__name__}")

    @classmethod
    def create(cls, attr=None, exclude=(), validate=True, sign=False):
        """A descriptor with the given lines; others that it must have are made up."""
        return cls(cls.content(attr, exclude, sign), validate=validate)

    def type_annotation(self):
        """The `@type` of the descriptor."""
        if self.TYPE_ANNOTATION_NAME is None:
            raise NotImplementedError(f"{type(self).__name__} does not have a @type annotation")
        return TypeAnnotation(self.TYPE_ANNOTATION_NAME, 1, 0)

    def get_path(self):
        """The absolute path of the file that the descriptor is from."""
        return self._path

    def get_archive_path(self):
        """Where the descriptor stands in its archive; None if it is from none."""
        return self._archive_path

    def get_bytes(self):
        """The bytes of the descriptor."""
        return _to_bytes(self._raw_contents)

    def get_unrecognized_lines(self):
        """The lines that stem does not know, with the objects below them."""
        told = []
        for keyword, lines in self._entries.items():
            if keyword not in self.TABLE.by_keyword and keyword not in self.KNOWN:
                told += [f"{keyword} {value}" + (f"\n{block}" if block else "") for value, _, block in lines.lines]
        return told

    def _set_path(self, path):
        self._path = path

    def _set_archive_path(self, path):
        self._archive_path = path

    def _name(self, is_plural=False):
        return type(self).__name__

    def _content_range(self, start=None, end=None):
        """The bytes from one text to the end of another; ValueError if one is not there."""
        content = self.get_bytes()
        first = content.find(_to_bytes(start)) if start else 0
        last = content.find(_to_bytes(end), max(first, 0)) + len(end) if end else len(content)
        for at, text in ((first, start), (last - len(end or ""), end)):
            if at < 0:
                raise ValueError(f"'{text}' is not present within our descriptor content")
        return content[first:last]

    def _digest_for_signature(self, signing_key, signature):
        from ._crypto import signed_digest

        return signed_digest(signing_key, signature)

    def __getstate__(self):
        # Core's object is made anew.
        self._raw_contents
        return {name: value for name, value in self.__dict__.items() if name not in ("_native", "_entries")}

    def __str__(self):
        return _to_unicode(self._raw_contents)

    @lazy
    def _stripped(self):
        return str(self).strip()

    def __hash__(self):
        return hash(self._stripped)

    def __eq__(self, other):
        return type(self) is type(other) and self._stripped == other._stripped

    def __lt__(self, other):
        return type(self) is type(other) and self._stripped < other._stripped

    def __le__(self, other):
        return type(self) is type(other) and self._stripped <= other._stripped


def encode_digest(algorithm, content, encoding):
    """A digest of bytes in one of the encodings: a hash object, upper-case hex, or base64 without padding."""
    if encoding not in list(DigestEncoding):
        raise ValueError(
            f"Digest encodings should be among our DigestEncoding enumeration ({', '.join(DigestEncoding)}), not {encoding}"
        )
    digest = {DigestHash.SHA1: hashlib.sha1, DigestHash.SHA256: hashlib.sha256}[algorithm](content)
    if encoding == DigestEncoding.RAW:
        return digest
    if encoding == DigestEncoding.HEX:
        return digest.hexdigest().upper()
    return base64.b64encode(digest.digest()).decode().rstrip("=")


def check_hash(name, hash_type):
    """Refuses a digest that is not known."""
    if hash_type not in list(DigestHash):
        raise NotImplementedError(f"{name} digests are only available in sha1 and sha256, not {hash_type}")


#: A key as it stands in descriptors, without the lines around it: one that a relay had in 2012.
CRYPTO_BLOB = """
MIGJAoGBAJv5IIWQ+WDWYUdyA/0L8qbIkEVH/cwryZWoIaPAzINfrw1WfNZGtBmg
skFtXhOHHqTRN4GPPrZsAIUOQGzQtGb66IQgT4tO/pj+P6QmSCCdTfhvGfgTCsC+
WPi4Fl2qryzTb3QO5r5x7T8OsG2IBUET1bLQzmtbC560SYR49IvVAgMBAAE=
"""


def bytes_for_block(block):
    """The bytes of an object, without its first and last line."""
    return base64.b64decode("".join(block.split("\n")[1:-1]))
