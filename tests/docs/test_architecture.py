"""The diagram is drawn once for light pages and once for dark ones: the same drawing in other colours."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def drawing(theme: str) -> tuple[str, str]:
    """Return the colours of a diagram and all the rest of it."""
    svg = (ROOT / "docs" / f"architecture-{theme}.svg").read_text(encoding="utf-8")
    [style] = re.findall(r"<style>.*</style>", svg, flags=re.DOTALL)
    return style, svg.replace(style, "")


def test_both_diagrams_draw_the_same_in_other_colours() -> None:
    (light, light_rest), (dark, dark_rest) = drawing("light"), drawing("dark")
    assert light_rest == dark_rest
    assert light != dark
    assert re.sub(r"#[0-9a-f]{6}", "#", light) == re.sub(r"#[0-9a-f]{6}", "#", dark)


def test_the_readme_shows_each_diagram_where_it_belongs() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert '<source media="(prefers-color-scheme: dark)" srcset="docs/architecture-dark.svg">' in readme
    assert 'src="docs/architecture-light.svg"' in readme


def test_relative_links_of_the_readmes_lead_somewhere() -> None:
    for page in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "data/README.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", text):
            assert ((ROOT / page).parent / target).exists(), f"{page} links to {target}"
