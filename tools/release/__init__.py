"""The checklist before a release: `python -m tools.release --check`. See CONTRIBUTING.md, *Releases*."""
