"""Runs the programs of stem's tutorials about descriptors, with nothing changed but their imports, with both packages.

programs.py SOURCE: SOURCE is stem's source package. Both must print the same. There is no network: what programs ask
for is answered out of stem's test data.
"""

import base64
import email.message
import hashlib
import io
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import tarfile
import tempfile
import traceback
import urllib.request
from pathlib import Path

#: What is left out because it needs something else than descriptors.
ELSEWHERE = {
    "descriptor_from_orport.py": "asks an ORPort",
    "check_digests.py": "is for Python 2",
}

#: What is random, or told by the clock.
MASKS = (
    (r"Unnamed\d+ \([\d.]+", "NAME"),
    (r"router demo.*", "ROUTER"),
    (r"published [\d: -]+", "TIME"),
    (r"(\\n|\n)[A-Za-z0-9+/=]{40,64}", ""),
    (r"Total time: .*|Time per .*", "TIME"),
    (r"from http://\S+|from DirPort \S+", "URL"),
)

#: Answers, by the end of the URL, as files of stem's test data.
ANSWERS = {
    "/consensus": "metrics_consensus",
    "/authority": "metrics_vote",
    "/bandwidth": "bandwidth_file_v1.2",
    "/server/all": "metrics_server_desc_multiple",
    "/extra/all": "extrainfo_relay_descriptor",
}


def archive(path, *files):
    """A tarball of files."""
    with tarfile.open(path, "w") as tar:
        for number, (kind, file) in enumerate(files):
            content = file.read_bytes()
            if kind and not content.startswith(b"@type"):
                content = f"@type {kind} 1.0\n".encode() + content
            member = tarfile.TarInfo(f"member-{number}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))


def furnish(folder, data, program):
    """The files that programs look for."""
    shutil.copy(data / "descriptor_archive.tar", folder / "server-descriptors-2015-11.tar")
    archive(folder / "extra-infos-2015-11.tar", ("extra-info", data / "extrainfo_relay_descriptor"))
    archive(folder / "consensuses-2015-11.tar", ("network-status-consensus-3", data / "metrics_consensus"))
    archive(folder / "microdescs-2015-11.tar", ("microdescriptor", data / "cached-microdescs"))
    shutil.copy(data / "metrics_consensus", folder / "cached-consensus")
    dump = "metrics_consensus" if "consensus" in program else "metrics_server_desc_multiple"
    shutil.copy(data / dump, folder / "descriptor_dump")


def serve(data, folder):
    """Answers instead of the network."""
    tarball = folder / "server-descriptors-2015-11.tar"
    index = {
        "index_created": "2030-01-01 00:00",
        "directories": [
            {
                "path": "archive",
                "files": [
                    {
                        "path": tarball.name,
                        "size": tarball.stat().st_size,
                        "sha256": base64.b64encode(hashlib.sha256(tarball.read_bytes()).digest()).decode(),
                        "types": ["server-descriptor 1.0"],
                        "first_published": "2000-01-01 00:00",
                        "last_published": "2099-01-01 00:00",
                        "last_modified": "2030-01-01 00:00",
                    }
                ],
            }
        ],
    }

    def urlopen(request, timeout=None):
        url = request if isinstance(request, str) else request.full_url
        if "index.json" in url:
            import lzma

            content = lzma.compress(json.dumps(index).encode()) if url.endswith(".xz") else json.dumps(index).encode()
        elif url.endswith(".tar"):
            content = tarball.read_bytes()
        else:
            name = next((name for end, name in ANSWERS.items() if url.endswith(end)), "example_descriptor")
            # Asked with @type, relays answer without.
            content = re.sub(rb"\A@type .*\n", b"", (data / name).read_bytes())
        answer = io.BytesIO(content)
        answer.headers = email.message.Message()
        answer.headers["Content-Encoding"] = "identity"
        return answer

    urllib.request.urlopen = urlopen


def child(program, source, who, folder):
    """Runs one program in this process."""
    text = program.read_text()
    if who == "stem":
        sys.path.insert(0, str(source))
    else:
        text = re.sub(
            r"^( *)import (stem\S*)", r"\1import tordesc.\2; from tordesc import stem", text, flags=re.MULTILINE
        )
        text = re.sub(r"^( *)from (stem\S*) import", r"\1from tordesc.\2 import", text, flags=re.MULTILINE)
    # The folders of their author are not here.
    text = re.sub(r"/home/atagar/(?:\S*/)?|/tmp/", f"{folder}/", text)
    data = source / "test/unit/descriptor/data"
    serve(data, folder)
    os.chdir(folder)
    os.environ["HOME"] = str(folder)
    sys.argv = [program.name]
    path = folder / program.name
    path.write_text(text)
    end = "done"
    try:
        runpy.run_path(str(path), run_name="__main__")
    except SystemExit:
        pass
    except BaseException as error:
        traceback.print_exc()
        end = type(error).__name__
    print(f"\n{end}")


def output(program, source, who):
    """What a program prints, line by line in order; the last one says how it ended."""
    with tempfile.TemporaryDirectory() as folder:
        furnish(Path(folder), source / "test/unit/descriptor/data", program.name)
        command = [sys.executable, __file__, str(source), str(program), who, folder]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        text = done.stdout.replace(folder, "FOLDER")
    for pattern, mask in MASKS:
        text = re.sub(pattern, mask, text)
    *lines, end = text.strip().splitlines() or ["nothing"]
    return sorted(lines), end, done.stderr


def main(source):
    programs = sorted((source / "docs/_static/example").glob("*.py"))
    about = [path for path in programs if "stem.descriptor" in path.read_text()]
    assert about, "no programs were found"
    bad = ran = 0
    for program in about:
        if program.name in ELSEWHERE:
            print(f"{program.name}: left out, it {ELSEWHERE[program.name]}")
            continue
        ran += 1
        theirs, ours = output(program, source, "stem"), output(program, source, "tordesc")
        if theirs[1] != "done" and ours[1] != theirs[1]:
            print(f"{program.name}: stem itself ends with {theirs[1]}; here it ends with {ours[1]}")
            bad += ours[1] != "done"
        elif ours[:2] != theirs[:2]:
            bad += 1
            print(
                f"FAILED {program.name}: stem prints\n{theirs[0][:8]} {theirs[1]}\nand here it prints\n{ours[0][:8]} {ours[1]}\n{ours[2]}"
            )
        elif theirs[1] != "done":
            print(f"{program.name}: ends with {theirs[1]} in both")
        else:
            print(f"{program.name}: the same, {len(ours[0])} lines")
    print(f"stem's programs: {ran - bad} of {ran} do here what they do in stem")
    return 1 if bad else 0


if __name__ == "__main__":
    root = Path(sys.argv[1]).resolve()
    if len(sys.argv) > 2:
        child(Path(sys.argv[2]), root, sys.argv[3], Path(sys.argv[4]))
    else:
        sys.exit(main(root))
