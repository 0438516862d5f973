"""Reads an archive with stem's client for CollecTor: stem_collector.py URL"""

import datetime
import sys
import tempfile

import stem.descriptor.collector as collector
from stem.descriptor import Compression

# The client has no argument for the address.
collector.COLLECTOR_URL = sys.argv[1]

indexes = [collector.CollecTor(retries=0, timeout=20).index(kind) for kind in (Compression.GZIP, Compression.PLAINTEXT)]
assert indexes[0] == indexes[1], "the indexes differ"

client = collector.CollecTor(retries=0, timeout=20)
client.index(Compression.GZIP)
files = client.files("tordnsel")
with tempfile.TemporaryDirectory() as folder:
    # It checks the digest of the index only for files that are there already.
    path = files[0].download(folder, timeout=20, retries=0)
    with open(path, "rb") as file:
        assert len(file.read()) == files[0].size, "the size is not that of the index"
start = datetime.datetime(2024, 12, 16)
exits = list(client.get_exit_lists(start=start, timeout=20, retries=0))
print(f"{len(files)} file, {len(exits)} exits")
