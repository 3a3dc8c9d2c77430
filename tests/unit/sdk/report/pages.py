"""Reading a page as a browser does: its elements, texts, and what it would load."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any, Final

VOID: Final = frozenset({"meta", "br", "hr", "col"})
_INLINE: Final = frozenset({"span", "b", "code"})
_LOADS: Final = frozenset({"src", "href", "srcset", "action", "background", "data", "xlink:href"})


@dataclass
class Page(HTMLParser):
    """A page that has been read; every element has to be closed where it was opened."""

    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    unclosed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    @classmethod
    def read(cls, content: bytes) -> "Page":
        page = cls()
        page.feed(content.decode())
        page.close()
        assert page.unclosed == []
        return page

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        assert len(dict(attrs)) == len(attrs), f"{tag} has an attribute twice"
        if tag not in _INLINE:
            self.words.append(" ")
        if tag not in VOID:
            self.unclosed.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.unclosed.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.unclosed[-1:] != ["style"]:
            self.words.append(data)

    @property
    def text(self) -> str:
        """All words, with single spaces."""
        return " ".join("".join(self.words).replace("\u00a0", " ").split())

    @property
    def tags(self) -> set[str]:
        return {tag for tag, _ in self.elements}

    def attributes(self, name: str) -> list[str]:
        """Return the values of an attribute, wherever it is."""
        return [str(attributes[name]) for _, attributes in self.elements if name in attributes]

    @property
    def loaded(self) -> list[str]:
        """What a browser would load or lead to."""
        return [value for name in _LOADS for value in self.attributes(name)]

    @property
    def handlers(self) -> list[str]:
        """Attributes that run scripts."""
        return [name for _, attributes in self.elements for name in attributes if name.startswith("on")]

    def of(self, tag: str) -> list[dict[str, Any]]:
        """Return the attributes of each element of a kind."""
        return [attributes for each, attributes in self.elements if each == tag]
