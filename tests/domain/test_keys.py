from dataclasses import dataclass, field

from hypothesis import example, given
from hypothesis import strategies as st

from domain.identifiers import encode_ulid
from domain.keys import (
    container_sort,
    containers_on_the_way,
    cut_key,
    missing_kinds,
    object_sort,
    successor,
)
from domain.names import check_object_name, is_container_name
from domain.resources import Kind

# Few characters, so that names collide and share prefixes: around `/`, at both ends of a plane, and what names forbid.
CHARACTERS = "ab/./\x01 !0\x7f\u00e4\ud7ff\ue000\uffff\U00010000\U0001f600\U0010ffff"
KEYS = st.text(CHARACTERS, min_size=1, max_size=12)
ANY_TEXT = st.text(max_size=12)


@given(KEYS | ANY_TEXT)
@example("a/b/c")
@example("a//b")
@example("./a/b")
@example("a/")
def test_a_cut_key_joined_again_is_the_key(key: str) -> None:
    cut = cut_key(key)

    readings = ["/".join([*cut.containers[:n], rest]) for n, rest in enumerate(cut.rests)]
    assert readings == [key] * len(cut.rests)


@given(KEYS)
def test_what_a_cut_calls_containers_may_be_containers_and_leaves_something_to_name(key: str) -> None:
    cut = cut_key(key)

    assert len(cut.containers) <= 2
    assert all(is_container_name(name) for name in cut.containers)
    assert all(cut.rests)


def test_a_cut_stops_where_a_segment_cannot_be_a_container() -> None:
    assert cut_key("foo").containers == ()
    assert cut_key("foo/").containers == ()
    assert cut_key("foo/bar").containers == ("foo",)
    assert cut_key("foo//bar").rests == ("foo//bar", "/bar")
    assert cut_key("./x/y").containers == ()
    assert cut_key("a b/x/y").containers == ()
    assert cut_key("a/b/c/d").rests == ("a/b/c/d", "b/c/d", "c/d")
    assert cut_key("a" * 255 + "/x").containers == ("a" * 255,)
    assert cut_key("a" * 256 + "/x").containers == ()


def test_missing_containers_become_a_collection_then_a_dataset() -> None:
    assert missing_kinds((), 2) == (Kind.COLLECTION, Kind.DATASET)
    assert missing_kinds((), 1) == (Kind.COLLECTION,)
    assert missing_kinds((Kind.COLLECTION,), 2) == (Kind.DATASET,)
    assert missing_kinds((Kind.DATASET,), 1) == ()
    assert missing_kinds((), 0) == ()


@dataclass
class Node:
    """A container of a model tree: its kind, the containers in it and its Objects' names."""

    id: str
    kind: Kind
    containers: dict[str, "Node"] = field(default_factory=dict[str, "Node"])
    objects: set[str] = field(default_factory=set[str])


class Tree:
    """Puts keys where the rule puts them, with what a PUT makes on their way."""

    def __init__(self, datasets: tuple[str, ...] = ()) -> None:
        self.size = 0
        self.root = self._node(Kind.PROJECT)
        for name in datasets:
            self.root.containers[name] = self._node(Kind.DATASET)

    def _node(self, kind: Kind) -> Node:
        self.size += 1
        return Node(encode_ulid(self.size << 70), kind)

    def put(self, key: str) -> tuple[str, str]:
        """Answer the key's place: the parent's id and the Object's name in it."""
        cut = cut_key(key)
        way: list[Node] = []
        for name in cut.containers:
            child = (way[-1] if way else self.root).containers.get(name)
            if child is None:
                break
            way.append(child)
        kinds = tuple(node.kind for node in way)
        depth = containers_on_the_way(cut, kinds)
        for kind, name in zip(missing_kinds(kinds, depth), cut.containers[len(way) : depth], strict=True):
            child = self._node(kind)
            (way[-1] if way else self.root).containers[name] = child
            way.append(child)
        parent = way[depth - 1] if depth else self.root
        name = cut.rests[depth]
        check_object_name(name, parent.kind)
        parent.objects.add(name)
        return parent.id, name

    def keys_by_sorts(self) -> list[str]:
        """Walk the tree by its Entries' sorts alone, as LIST does."""
        return list(self._walk(self.root, ""))

    def _walk(self, node: Node, path: str) -> list[str]:
        entries: dict[str, tuple[str, Node | None]] = {
            **{object_sort(node.id, name): (name, None) for name in node.objects},
            **{container_sort(node.id, name): (name, child) for name, child in node.containers.items()},
        }
        assert len(entries) == len(node.objects) + len(node.containers), "no two names share a sort"
        keys: list[str] = []
        for _, (name, child) in sorted(entries.items()):
            keys += [path + name] if child is None else self._walk(child, f"{path}{name}/")
        return keys


@given(st.sets(KEYS, max_size=25), st.sets(st.sampled_from(["a", "b", "ab", "!", "a!"])))
@example({"foo", "foo/", "foo/bar", "foo//bar", "foo0", "foo!/x", "./x", "a/b/c/d"}, {"foo"})
def test_entries_in_order_of_their_sorts_give_the_byte_order_of_the_keys(keys: set[str], datasets: set[str]) -> None:
    tree = Tree(tuple(sorted(datasets)))

    places = {key: tree.put(key) for key in sorted(keys)}

    assert tree.keys_by_sorts() == sorted(keys, key=str.encode)
    assert len(set(places.values())) == len(keys), "no two keys share a place"


@given(st.lists(KEYS, max_size=25, unique=True))
def test_a_keys_place_does_not_depend_on_the_order_of_arrival(keys: list[str]) -> None:
    one, other = Tree(), Tree()

    for key in keys:
        one.put(key)
    for key in reversed(keys):
        other.put(key)

    def shape(node: Node) -> object:
        return node.kind, node.objects, {name: shape(child) for name, child in node.containers.items()}

    assert shape(one.root) == shape(other.root)


@given(st.text(CHARACTERS, max_size=4), st.text(CHARACTERS, max_size=6))
@example("\ud7ff", "\ue000")
@example("a\uffff", "a\U00010000")
@example("\U0010ffff", "\U0010ffff")
def test_the_successor_is_above_exactly_what_begins_with_the_prefix_and_what_lies_below(prefix: str, text: str) -> None:
    bound = successor(prefix)

    is_below = not bound or text < bound
    assert is_below == (text.startswith(prefix) or text < prefix)
    assert not any("\ud800" <= character <= "\udfff" for character in bound)


def test_nothing_is_above_the_last_character() -> None:
    assert successor("") == ""
    assert successor("\U0010ffff\U0010ffff") == ""
    assert successor("a\U0010ffff") == "b"
