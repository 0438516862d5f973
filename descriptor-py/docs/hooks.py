"""What the pages show that is made when they are built: the field reference, and what the programs on them print."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import tordesc
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

HERE = Path(__file__).resolve().parent
SAMPLE = HERE.parents[1] / "examples" / "data" / "archive"
MOVING = HERE.parent / "MOVING-FROM-STEM.md"
MISSING = "# Moving from stem\n\n`MOVING-FROM-STEM.md` is not in this copy of the source."
#: Of what a program prints, so many lines are shown.
LINES = 20
#: Where programs run, with the sample data beside them; the pictures that they make are taken from there.
RUN = Path(tempfile.mkdtemp(prefix="tordesc-docs-"))


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    types = [{name: f"reference/{name}.md"} for name in tordesc.schema()]
    config.nav.append({"Field reference": ["reference/index.md", *types]})
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    shutil.copytree(SAMPLE, RUN, dirs_exist_ok=True)
    index = ["# Field reference", "", "Every type that is read, with its columns.", "", "| type | what it is |", "| --- | --- |"]
    for name, table in tordesc.schema().items():
        files.append(File.generated(config, f"reference/{name}.md", content=tordesc.schema(name, format="markdown")))
        index.append(f"| [{name}]({name}.md) | {first_sentence(table['doc'])} |")
    files.append(File.generated(config, "reference/index.md", content="\n".join(index)))
    moving = MOVING.read_text().replace("(README.md)", "(index.md)") if MOVING.exists() else MISSING
    files.append(File.generated(config, "moving-from-stem.md", content=moving))
    run("tutorial.py")
    files.append(File.generated(config, "relays.svg", abs_src_path=str(RUN / "relays.svg")))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Puts what a program prints in place of `{{ output PROGRAM }}`."""
    return re.sub(r"^\{\{ output (\S+) \}\}$", lambda found: block(run(found[1])), markdown, flags=re.MULTILINE)


def on_post_build(config: MkDocsConfig) -> None:
    shutil.rmtree(RUN)


def run(program: str) -> str:
    """What a program prints. Fails if it fails."""
    settings = {"MPLBACKEND": "svg", "PYTHONHASHSEED": "0"}
    command = [sys.executable, str(HERE / "snippets" / program)]
    done = subprocess.run(command, cwd=RUN, env=os.environ | settings, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{program} failed:\n{done.stderr}")
    return done.stdout


def block(text: str) -> str:
    lines = text.rstrip().splitlines()
    if len(lines) > LINES:
        lines[LINES - 1 :] = ["…"]
    return "\n".join(["```text", *lines, "```"])


def first_sentence(doc: str) -> str:
    return " ".join(doc.split()).split(". ")[0].rstrip(".") + "."
