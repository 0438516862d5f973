"""Reading folders of descriptors, in the background."""

import mimetypes
import os
import queue
import tarfile
import threading

from ..util import system
from . import DocumentHandler, parse_file

#: What the reading thread gives last.
FINISHED = "DONE"


class FileSkipped(Exception):
    """A file was not read."""


class AlreadyRead(FileSkipped):
    """A file has been read, and has not changed since."""

    def __init__(self, last_modified, last_modified_when_read):
        super().__init__(
            f"File has already been read since it was last modified. modification time: {last_modified}, last read: {last_modified_when_read}"
        )
        self.last_modified, self.last_modified_when_read = last_modified, last_modified_when_read


class ParsingFailure(FileSkipped):
    """A file has something malformed in it."""

    def __init__(self, parsing_exception):
        super().__init__(parsing_exception)
        self.exception = parsing_exception


class UnrecognizedType(FileSkipped):
    """A file has no descriptors of a known type."""

    def __init__(self, mime_type):
        super().__init__(f"Unrecognized mime type: {mime_type[0]} ({mime_type[1]})")
        self.mime_type = mime_type


class ReadFailed(FileSkipped):
    """A file could not be read."""

    def __init__(self, read_exception):
        super().__init__(read_exception)
        self.exception = read_exception


class FileMissing(ReadFailed):
    """A file is not there."""

    def __init__(self):
        super().__init__("File does not exist")


def load_processed_files(path):
    """What `save_processed_files` has saved: paths, with the times when they had last changed."""
    found = {}
    with open(path, "rb") as file:
        for line in file.read().decode("utf-8", "replace").splitlines():
            line = line.strip()
            if not line:
                continue
            name, blank, time = line.rpartition(" ")
            if not blank:
                raise TypeError(f"Malformed line: {line}")
            if not os.path.isabs(name):
                raise TypeError(f"'{name}' is not an absolute path")
            if not time.isdigit():
                raise TypeError(f"'{time}' is not an integer timestamp")
            found[name] = int(time)
    return found


def save_processed_files(path, processed_files):
    """Saves paths with times, in a file that is made with its folder."""
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "w") as file:
        for name, time in processed_files.items():
            if not os.path.isabs(name):
                raise TypeError(f"Only absolute paths are acceptable: {name}")
            if not isinstance(time, (int, float)):
                raise TypeError(f"A time is a number: {time}")
            file.write(f"{name} {int(time)}\n")


class DescriptorReader:
    """Gives the descriptors of files, folders and tarballs one after the other, while a thread reads on.

    At most `buffer_size` wait to be taken. Files that have not changed since the last time are skipped, if
    `persistence_path` says where to remember them. To be used in a `with` statement.
    """

    def __init__(
        self,
        target,
        validate=False,
        follow_links=False,
        buffer_size=100,
        persistence_path=None,
        document_handler=DocumentHandler.ENTRIES,
        **kwargs,
    ):
        self._targets = [os.path.abspath(path) for path in ([target] if isinstance(target, str) else target)]
        self._options = {"validate": validate, "document_handler": document_handler, **kwargs}
        self._follow_links, self._persistence_path = follow_links, persistence_path
        self._read_listeners, self._skip_listeners = [], []
        self._processed_files = {}
        self._waiting = queue.Queue(buffer_size)
        self._lock = threading.RLock()
        self._thread = None
        self._is_stopped = threading.Event()
        self._is_stopped.set()
        if persistence_path:
            try:
                self._processed_files = load_processed_files(persistence_path)
            except (OSError, TypeError):
                pass  # Nothing is remembered yet.

    def get_processed_files(self):
        """The files that were there when the reader was last run, with the times when they had last changed."""
        return {os.path.abspath(path): time for path, time in self._processed_files.items()}

    def set_processed_files(self, processed_files):
        """Says which files were read before."""
        self._processed_files = dict(processed_files)

    def register_read_listener(self, listener):
        """Calls a function with the path of each file before it is read."""
        self._read_listeners.append(listener)

    def register_skip_listener(self, listener):
        """Calls a function with path and error of each file that is skipped."""
        self._skip_listeners.append(listener)

    def get_buffered_descriptor_count(self):
        """How many descriptors wait to be taken."""
        return self._waiting.qsize()

    def start(self):
        """Begins to read; ValueError if that has begun."""
        with self._lock:
            if self._thread:
                raise ValueError("Already running, you need to call stop() first")
            self._is_stopped.clear()
            self._thread = threading.Thread(target=self._run, name="Descriptor reader", daemon=True)
            self._thread.start()

    def stop(self):
        """Reads no more."""
        with self._lock:
            self._is_stopped.set()
            while self._thread.is_alive():
                # Who waits for room must find some.
                self._drain()
                self._thread.join(0.01)
            self._drain()
            self._thread = None
            if self._persistence_path:
                try:
                    save_processed_files(self._persistence_path, self.get_processed_files())
                except (OSError, TypeError):
                    pass  # Everything will be read again.

    def _drain(self):
        try:
            while True:
                self._waiting.get_nowait()
        except queue.Empty:
            pass

    def __iter__(self):
        while not self._is_stopped.is_set():
            try:
                descriptor = self._waiting.get(timeout=0.1)
            except queue.Empty:
                continue
            if descriptor is FINISHED:
                return
            yield descriptor

    def _run(self):
        seen = {}
        for path in self._files():
            if self._is_stopped.is_set():
                break
            self._read(path, seen)
        self._processed_files = seen
        self._put(FINISHED)

    def _files(self):
        for target in self._targets:
            if not os.path.exists(target):
                self._skip(target, FileMissing())
            elif os.path.isdir(target):
                for root, _, names in os.walk(target, followlinks=self._follow_links):
                    yield from (os.path.join(root, name) for name in names)
            else:
                yield target

    def _put(self, descriptor):
        while not self._is_stopped.is_set():
            try:
                return self._waiting.put(descriptor, timeout=0.1)
            except queue.Full:
                continue

    def _read(self, path, seen):
        try:
            changed = seen[path] = int(os.stat(path).st_mtime)
        except OSError as exc:
            return self._skip(path, ReadFailed(exc))
        last = self._processed_files.get(path)
        if last and last >= changed:
            return self._skip(path, AlreadyRead(changed, last))
        if not os.path.isfile(path):
            return None  # A pipe may never end.
        kind = mimetypes.guess_type(path)
        if kind[0] in (None, "text/plain"):
            return self._read_file(path, kind)
        if system.is_tarfile(path):
            return self._read_archive(path)
        return self._skip(path, UnrecognizedType(kind))

    def _read_file(self, path, kind):
        self._tell(path)
        try:
            with open(path, "rb") as file:
                for descriptor in parse_file(file, **self._options):
                    if self._is_stopped.is_set():
                        return
                    self._put(descriptor)
        except TypeError:
            self._skip(path, UnrecognizedType(kind))
        except ValueError as exc:
            self._skip(path, ParsingFailure(exc))
        except OSError as exc:
            self._skip(path, ReadFailed(exc))

    def _read_archive(self, path):
        self._tell(path)
        try:
            with tarfile.open(path) as archive:
                for member in filter(tarfile.TarInfo.isfile, archive):
                    self._read_member(path, archive, member)
                    if self._is_stopped.is_set():
                        return
        except OSError as exc:
            self._skip(path, ReadFailed(exc))

    def _read_member(self, path, archive, member):
        try:
            with archive.extractfile(member) as file:
                for descriptor in parse_file(file, **self._options):
                    descriptor._set_path(path)
                    descriptor._set_archive_path(member.name)
                    self._put(descriptor)
        except (TypeError, ValueError) as exc:
            self._skip(path, ParsingFailure(exc))

    def _tell(self, path):
        for listener in self._read_listeners:
            listener(path)

    def _skip(self, path, error):
        for listener in self._skip_listeners:
            listener(path, error)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, exit_type, value, traceback):
        self.stop()
