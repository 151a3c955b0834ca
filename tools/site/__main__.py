"""The documentation's site; it needs the extra `docs`: see CONTRIBUTING.md.

python -m tools.site build       build it with mkdocs, strictly, in build/mkdocs/site
python -m tools.site zensical    the same with zensical, in build/zensical/site
python -m tools.site check       both, and where links lead, and that nothing is taken from other hosts
python -m tools.site serve       build it, serve it on this machine, and build it again when a page changes
python -m tools.site look        open each page of the built site in Chromium, at two widths and in both colour schemes
python -m tools.site search      ask the built site's search, in Chromium, for what it is to find first
python -m tools.site diagrams    draw the diagrams that are written in Mermaid, with Chromium
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tools.chromium import BrowserError
from tools.site import built, diagrams, looking, searching, serving
from tools.site.building import BUILDERS, build, site_of
from tools.site.links import LinkError


def main() -> int:
    """Run one of the commands."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.site", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in ("build", "zensical", "check"):
        commands.add_parser(name)
    commands.add_parser("serve").add_argument("--port", type=int, default=8000)
    look = commands.add_parser("look")
    look.add_argument("--axe", type=Path, help="axe.min.js of the npm package axe-core: checks accessibility too")
    look.add_argument("--pictures", type=Path, help="a folder for a screenshot of each page")
    look.add_argument("--only", default="", help="only pages with this in their names, such as zh/reference")
    commands.add_parser("search")
    draw = commands.add_parser("diagrams")
    draw.add_argument("--mermaid", type=Path, required=True, help="dist/mermaid.min.js of the npm package mermaid")
    try:
        return run(parser.parse_args())
    except (LinkError, diagrams.DiagramError, BrowserError) as error:
        raise SystemExit(str(error)) from None


def run(arguments: argparse.Namespace) -> int:
    """Do what a command is for, and return the exit code."""
    match arguments.command:
        case "build":
            build("mkdocs")
        case "zensical":
            build("zensical")
        case "check":
            return check()
        case "serve":
            serving.serve_and_watch(arguments.port)
        case "look":
            return told(looking.look(site_of("mkdocs"), arguments.axe, arguments.pictures, arguments.only))
        case "search":
            return told(searching.search(site_of("mkdocs")))
        case "diagrams":
            told(diagrams.draw(arguments.mermaid))
    return 0


def check() -> int:
    """Build the site with both builders, and look for faults; 1 if there are any."""
    for builder in BUILDERS:
        build(builder)
    pages = [
        {path.relative_to(site_of(each)).as_posix() for path in site_of(each).rglob("*.html")} for each in BUILDERS
    ]
    found = [f"{page}: is not made by every builder" for page in sorted(pages[0] ^ pages[1])]
    return told(found + built.faults(site_of("mkdocs")))


def told(found: list[str]) -> int:
    """Print what was found; 1 if it is anything."""
    for each in found:
        print(each)
    print(f"{len(found)} found")
    return int(bool(found))


if __name__ == "__main__":
    raise SystemExit(main())
