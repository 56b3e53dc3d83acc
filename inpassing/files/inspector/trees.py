"""Pages, outline, form fields and name trees, walked so that a cycle is met and not followed."""

from typing import Any, Protocol

from .reading import Reading

DEPTH = 64
NAME_TREES = (
    "/Dests",
    "/AP",
    "/JavaScript",
    "/Pages",
    "/Templates",
    "/IDS",
    "/URLS",
    "/EmbeddedFiles",
    "/AlternatePresentations",
    "/Renditions",
)


class View(Protocol):
    """Dictionaries and arrays as one reader sees them."""

    def root(self) -> Any:
        """The catalog."""

    def follow(self, value: Any) -> tuple[Any, Any]:
        """Identity (None for a value in place) and content of a value, through references."""

    def entry(self, item: Any, key: str) -> Any:
        """An entry of a dictionary, or None."""

    def is_dictionary(self, item: Any) -> bool:
        """True for a dictionary that is no stream."""

    def items(self, item: Any) -> list[Any]:
        """The elements of an array; of anything else none."""


def check(view: View, reading: Reading, max_pages: int) -> None:
    """Count the pages and note cycles in the reading's faults."""
    root = view.root()
    reading.pages = count_pages(view, root, reading, max_pages)
    _, outlines = view.follow(view.entry(root, "/Outlines"))
    if view.is_dictionary(outlines):
        check_outline(view, outlines, reading)
    _, form = view.follow(view.entry(root, "/AcroForm"))
    if view.is_dictionary(form):
        check_fields(view, form, reading)
    _, names = view.follow(view.entry(root, "/Names"))
    trees = [view.entry(root, "/PageLabels")]
    if view.is_dictionary(names):
        trees += [view.entry(names, key) for key in NAME_TREES]
    for tree in trees:
        check_name_tree(view, tree, reading)


def count_pages(view: View, root: Any, reading: Reading, max_pages: int) -> int:
    """Leaves of the page tree, at most one more than allowed; a node met twice is a fault."""
    pages = 0
    nodes: set[Any] = set()
    stack = [(view.entry(root, "/Pages"), 0)]
    while stack and pages <= max_pages:
        value, depth = stack.pop()
        identity, node = view.follow(value)
        if not view.is_dictionary(node):
            continue
        kids = view.items(view.follow(view.entry(node, "/Kids"))[1])
        if not kids:
            _, kind = view.follow(view.entry(node, "/Type"))
            pages += str(kind) != "/Pages"
            continue
        if depth > DEPTH or (identity is not None and identity in nodes):
            reading.faults.append("page tree")
            break
        nodes.add(identity)
        stack.extend((kid, depth + 1) for kid in reversed(kids))
    return pages


def check_outline(view: View, outlines: Any, reading: Reading) -> None:
    """An outline item met twice is a fault: a viewer would never come to the end."""
    seen: set[Any] = set()
    stack = [view.entry(outlines, "/First")]
    while stack:
        identity, item = view.follow(stack.pop())
        if not view.is_dictionary(item):
            continue
        if identity is not None and identity in seen:
            reading.faults.append("outline")
            return
        seen.add(identity)
        stack.extend((view.entry(item, "/Next"), view.entry(item, "/First")))


def check_fields(view: View, form: Any, reading: Reading) -> None:
    """A form field below itself is a fault; one that is listed twice is not."""
    above: list[Any] = []
    done: set[Any] = set()
    stack = [(field, 0) for field in view.items(view.follow(view.entry(form, "/Fields"))[1])]
    while stack:
        value, depth = stack.pop()
        del above[depth:]
        identity, field = view.follow(value)
        if not view.is_dictionary(field):
            continue
        if depth > DEPTH or (identity is not None and identity in above):
            reading.faults.append("form field")
            return
        kids = view.items(view.follow(view.entry(field, "/Kids"))[1])
        if not kids or (identity is not None and identity in done):
            continue
        done.add(identity)
        above.append(identity)
        stack.extend((kid, depth + 1) for kid in kids)


def check_name_tree(view: View, tree: Any, reading: Reading) -> None:
    """A node of a name or number tree met twice is a fault."""
    seen: set[Any] = set()
    stack = [tree]
    while stack:
        identity, node = view.follow(stack.pop())
        if not view.is_dictionary(node):
            continue
        if identity is not None and identity in seen:
            reading.faults.append("name tree")
            return
        seen.add(identity)
        stack.extend(view.items(view.follow(view.entry(node, "/Kids"))[1]))
