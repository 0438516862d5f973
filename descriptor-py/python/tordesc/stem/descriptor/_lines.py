"""Documents as lines. What core found nothing wrong with never comes here."""

import re
import string

_KEYWORD = re.compile(r"([a-zA-Z0-9-]+)(?:[ \t]+(.*))?").fullmatch
_BEGIN = re.compile(r"-----BEGIN ([a-zA-Z0-9 \t-]+)-----").fullmatch


class Lines:
    """The lines of one keyword in one document, as a rule sees them."""

    __slots__ = ("document", "keyword", "lines")

    def __init__(self, keyword):
        self.keyword, self.lines = keyword, []

    @property
    def value(self):
        """What follows the keyword in the first line."""
        return self.lines[0][0]

    @property
    def values(self):
        """What follows the keyword in each line."""
        return [value for value, _, _ in self.lines]

    def block(self, kind):
        """The object below the first line; ValueError if it is of another kind."""
        _, found, block = self.lines[0]
        if not block or found != kind:
            raise ValueError(f"'{self.keyword}' should be followed by a {kind} block, but was a {found}")
        return block


def split(text, strict, together=(), free=()):
    """The lines of a document by keyword, in order.

    Keywords `together` are one: their lines stand under the first of them, with their own keyword before the value.
    What is no line is left out, or with `strict` a ValueError; so is text beyond ASCII in keywords that are not `free`.
    """
    found = {}
    lines, at = text.split("\n"), 0
    while at < len(lines):
        line = lines[at].removeprefix("opt ")
        at += 1
        if not line:
            continue
        match = _KEYWORD(line)
        if match is None:
            if strict:
                raise ValueError(f"Line contains invalid characters: {line}")
            continue
        keyword, value = match.groups("")
        kind = block = None
        begin = _BEGIN(lines[at]) if at < len(lines) else None
        if begin:
            start, kind = at, begin[1]
            try:
                at = lines.index(f"-----END {kind}-----", start) + 1
            except ValueError:
                if strict:
                    raise ValueError(f"The {kind} below '{keyword}' does not end") from None
                break
            block = "\n".join(lines[start:at])
        if strict and not value.isascii() and keyword not in free:
            shown = "".join(char if char in string.printable else "?" for char in value)
            raise ValueError(f"'{keyword}' line had non-ascii content: {shown}")
        if keyword in together:
            keyword, value = together[0], f"{keyword} {value}"
        found.setdefault(keyword, Lines(keyword)).lines.append((value, kind, block))
    return found


def find(content, keyword):
    """The lines of one keyword, out of the bytes of a document that is sound; None if there are none.

    Lines that begin with `opt` are not found.
    """
    content, word = b"\n%s\n" % content, b"\n%s" % keyword.encode()
    lines, at = Lines(keyword), content.find(word)
    while at >= 0:
        start = at + len(word)
        end = content.index(b"\n", start)
        if content[start] in b" \t\n":
            value, kind, block = content[start:end].lstrip(b" \t"), None, None
            if content.startswith(b"\n-----BEGIN ", end):
                begin, end = end + 1, content.index(b"\n", content.index(b"\n-----END ", end) + 1)
                block = content[begin:end].decode("utf-8", "replace")
                kind = block[len("-----BEGIN ") : block.index("-----\n")]
            lines.lines.append((value.decode("utf-8", "replace"), kind, block))
        at = content.find(word, end)
    return lines if lines.lines else None


def starts(content, keyword):
    """Where lines with a keyword begin, as offsets into bytes."""
    pattern = rb"^%s(?=[ \t\r\n]|\Z)" % keyword.encode()
    return [match.start() for match in re.finditer(pattern, content, re.MULTILINE)]


def first(content, start, *keywords):
    """Where the first line with one of the keywords begins, from an offset on; the end if there is none."""
    return min(_first(content, start, keyword.encode()) for keyword in keywords)


def _first(content, start, keyword):
    at = start
    while True:
        at = content.find(keyword, at)
        if at < 0:
            return len(content)
        end = at + len(keyword)
        if (at == 0 or content[at - 1] == 10) and content[end : end + 1] in (b"", b" ", b"\t", b"\r", b"\n"):
            return at
        # A line begins after a line feed, which is quicker to find.
        at = content.find(b"\n" + keyword, at)
        if at < 0:
            return len(content)
        at += 1
