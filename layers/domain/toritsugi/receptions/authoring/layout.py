"""Where the steps of a reception stand in its picture: in layers, the start on top, so that ways lead down.

A way that leads back up would cross everything; the picture names its end instead. A way over several layers has a
place in each of them, so that it passes between the steps; ways to the same step share it.
"""

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import NamedTuple

from toritsugi.receptions.authoring import graph
from toritsugi.receptions.authoring.graph import Steps

SWEEPS, MAX_WORK = 12, 20_000  # a large reception gets fewer, so that somebody who waits for its picture sees it


class Passage(NamedTuple):
    """Where a way to a step passes through a layer."""

    to: str
    layer: int


LayoutNode = str | Passage
Edge = tuple[LayoutNode, LayoutNode]
Back = dict[str, set[str]]
Links = defaultdict[LayoutNode, list[LayoutNode]]


@dataclass
class Layout:
    """Layers of steps and passages, from left to right, and where the middle of each is."""

    layers: list[list[LayoutNode]]
    middle: dict[LayoutNode, float]


def lay_out(steps: Steps, start: str, back: Back, widths: dict[str, float], gap: float) -> Layout:
    """The layout of steps of these widths, of which these ways lead back."""
    order = in_order(steps, start)
    depth = find_depth(steps, order, back)
    edges = split_ways(steps, order, back, depth)
    layers = arrange(order, edges, depth)
    return Layout(layers, place_nodes(layers, edges, widths, gap))


def in_order(steps: Steps, start: str) -> list[str]:
    """The steps as a call comes to them; last those to which only the owner's system leads."""
    return list(dict.fromkeys([*graph.reach(steps, start), *steps]))


def ways_of(steps: Steps, name: str) -> list[str]:
    """The steps to which this step leads, each once."""
    return list(dict.fromkeys(way.to for way in graph.ways(steps[name])))


def find_back(steps: Steps, start: str) -> Back:
    """Of each step where it leads back to, among the steps on the way to it; without that there are no circles."""
    back: Back = {name: set() for name in steps}
    done, on_the_way = set[str](), set[str]()

    def visit(name: str) -> None:
        done.add(name)
        on_the_way.add(name)
        for to in ways_of(steps, name):
            if to in on_the_way:
                back[name].add(to)
            elif to not in done:
                visit(to)
        on_the_way.remove(name)

    for name in in_order(steps, start):
        if name not in done:
            visit(name)
    return back


def find_depth(steps: Steps, order: Sequence[str], back: Back) -> dict[str, int]:
    """The layer of each step: as deep as the longest way to it."""
    depth = dict.fromkeys(order, 0)
    down = [(name, to) for name in order for to in ways_of(steps, name) if to not in back[name]]
    while deeper := {to: depth[name] + 1 for name, to in down if depth[to] <= depth[name]}:
        depth |= deeper
    return depth


def split_ways(steps: Steps, order: Sequence[str], back: Back, depth: dict[str, int]) -> list[Edge]:
    """The ways from each layer to the next."""
    edges: dict[Edge, None] = {}
    for name in order:
        for to in ways_of(steps, name):
            if to not in back[name]:
                stations: list[LayoutNode] = [name, *(Passage(to, at) for at in range(depth[name] + 1, depth[to])), to]
                edges |= dict.fromkeys(pairwise(stations))
    return list(edges)


def arrange(order: Sequence[str], edges: list[Edge], depth: dict[str, int]) -> list[list[LayoutNode]]:
    """The layers, each in the order in which the fewest ways cross, as far as a few sweeps find it."""
    nodes = dict.fromkeys([*order, *(node for edge in edges for node in edge)])
    layers: list[list[LayoutNode]] = [[] for _ in range(max(depth.values()) + 1)]
    for node in nodes:
        layers[node.layer if isinstance(node, Passage) else depth[node]].append(node)
    above, below = links(edges)
    best, fewest = layers, crossings(layers, below)
    for sweep in range(sweeps(edges)):
        if not fewest:
            break
        layers = [list(layer) for layer in layers]
        for layer, fixed, linked in turns(layers, above, below, down=sweep % 2 == 0):
            at = {node: float(place) for place, node in enumerate(fixed)}
            usual = {node: float(place) for place, node in enumerate(layer)}
            layer.sort(key=lambda node: mean([at[one] for one in linked[node]], usual[node]))
        if (count := crossings(layers, below)) < fewest:
            best, fewest = layers, count
    return best


def sweeps(edges: list[Edge]) -> int:
    """How often to go over so many ways."""
    return min(SWEEPS, 1 + MAX_WORK // (1 + len(edges)))


def links(edges: list[Edge]) -> tuple[Links, Links]:
    """Of each node what leads to it, and where it leads."""
    above: Links = defaultdict(list)
    below: Links = defaultdict(list)
    for one, other in edges:
        above[other].append(one)
        below[one].append(other)
    return above, below


def turns(
    layers: list[list[LayoutNode]], above: Links, below: Links, *, down: bool
) -> Iterator[tuple[list[LayoutNode], list[LayoutNode], Links]]:
    """Each layer with the one before it, from above or from below, and the links to that."""
    pairs = pairwise(layers) if down else pairwise(reversed(layers))
    return ((layer, fixed, above if down else below) for fixed, layer in pairs)


def mean(values: Sequence[float], usual: float) -> float:
    """The mean of the values; the `usual` one, if there are none."""
    return sum(values) / len(values) if values else usual


def crossings(layers: list[list[LayoutNode]], below: Links) -> int:
    """How often ways cross each other."""
    at = {node: place for layer in layers for place, node in enumerate(layer)}
    found = 0
    for layer in layers:
        ends: list[int] = []
        for node in layer:
            found += sum(len(ends) - bisect_right(ends, at[to]) for to in below[node])
            for to in below[node]:
                insort(ends, at[to])
    return found


def place_nodes(
    layers: list[list[LayoutNode]], edges: list[Edge], widths: dict[str, float], gap: float
) -> dict[LayoutNode, float]:
    """Where the middle of each node is: as straight below and above its neighbours as there is room for."""
    above, below = links(edges)
    middle: dict[LayoutNode, float] = {node: 0.0 for layer in layers for node in layer}
    for sweep in range(4 * sweeps(edges) + 1):  # the last one downwards
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            near = (above[node] + below[node] for node in layer)
            wishes = [mean([middle[one] for one in some], middle[node]) for node, some in zip(layer, near, strict=True)]
            middle |= dict(zip(layer, spread(wishes, distances(layer, widths, gap)), strict=True))
    return middle


def distances(layer: list[LayoutNode], widths: dict[str, float], gap: float) -> list[float]:
    """How far apart the middles of neighbours in a layer must be."""
    wide = [0.0 if isinstance(node, Passage) else widths[node] for node in layer]
    return [(a + b) / 2 + gap for a, b in pairwise(wide)]


def spread(wishes: list[float], apart: list[float]) -> list[float]:
    """The places nearest to the wishes that are in order, and so far apart: blocks that collide move together."""
    offsets = list(accumulate(apart, initial=0.0))
    blocks: list[tuple[float, int]] = []  # the mean of wishes, less the distance from the first, and how many they are
    for wish, offset in zip(wishes, offsets, strict=True):
        at, size = wish - offset, 1
        while blocks and blocks[-1][0] > at:
            before, many = blocks.pop()
            at, size = (at * size + before * many) / (size + many), size + many
        blocks.append((at, size))
    flat = [at for at, size in blocks for _ in range(size)]
    return [at + offset for at, offset in zip(flat, offsets, strict=True)]
