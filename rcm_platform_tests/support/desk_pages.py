"""Pages of the operations desk, made in this process, and what a person reads on them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import unescape
from pathlib import Path

from streamlit.testing.v1 import AppTest

import rcm_platform.desk

APP = Path(rcm_platform.desk.__file__).with_name("app.py")
SECONDS = 60


class DeskPage:
    """One page of the desk, opened by its name with the parameters of an address; without a name
    the one that comes first."""

    def __init__(self, name: str | None = None, **asked: str | list[str]) -> None:
        self.app = AppTest.from_file(str(APP), default_timeout=SECONDS)
        self.run()
        if name:
            self.open(name, **asked)

    def open(self, name: str, **asked: str | list[str]) -> DeskPage:
        """Go to a page, in the same session."""
        self.app.switch_page(f"screens/{name}.py")
        self.app.query_params.clear()
        self.app.query_params.update(asked)
        self.app.run()
        assert not self.app.exception
        return self

    def run(self) -> DeskPage:
        """Look again."""
        self.app.run()
        assert not self.app.exception
        return self

    @property
    def markup(self) -> str:
        """What the page has of markup of our own, without the style."""
        bodies = (element.proto.body for element in self.app.get("html"))
        return "\n".join(body for body in bodies if not body.startswith("<style"))

    @property
    def text(self) -> str:
        """All words of the page."""
        said = [one.value for kind in ("warning", "error", "success", "markdown")
                for one in self.app.get(kind)]  # fmt: skip
        return _text("\n".join([self.markup, *said]))

    @property
    def title(self) -> str:
        return _text(re.findall(r"<h1>(.*?)</h1>", self.markup)[0])

    @property
    def tiles(self) -> dict[str, str]:
        """Label → value."""
        found = re.findall(
            r'<h3[^>]*>(.*?)(?:<span>.*?</span>)?</h3><div class="value">(.*?)</div>', self.markup
        )
        return {_text(label): _text(value) for label, value in found}

    def table(self, label: str) -> list[dict[str, str]]:
        """The rows of a table, by its headings."""
        [(_, heads, body)] = [
            found
            for found in re.findall(
                r'aria-label="([^"]*)"><table><thead>(.*?)</thead><tbody>(.*?)</tbody>', self.markup
            )
            if unescape(found[0]) == label
        ]
        names = [_text(one) for one in re.findall(r"<th[^>]*>(.*?)</th>", heads)]
        rows = re.findall(r"<tr>(.*?)</tr>", body)
        cells = [[_text(one) for one in re.findall(r"<td[^>]*>(.*?)</td>", row)] for row in rows]
        return [dict(zip(names, row, strict=True)) for row in cells]

    def column(self, label: str, heading: str) -> Sequence[str]:
        """One column of a table."""
        return [row[heading] for row in self.table(label)]


def _text(markup: str) -> str:
    return unescape(re.sub(r"<[^>]+>", " ", markup)).replace("\xa0", " ").strip()
