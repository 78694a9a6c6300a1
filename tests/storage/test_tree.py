"""Tree: edge, roots and proofs against RFC 9162 written as plainly as the RFC has it."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.tree import (
    EMPTY_ROOT,
    Edge,
    consistency_proof,
    inclusion_proof,
    is_consistent,
    is_included,
    range_hash,
    split,
)

LEAVES = [hashlib.sha256(b"leaf %d" % number).digest() for number in range(70_000)]


def naive_root(leaves):
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + naive_root(leaves[:k]) + naive_root(leaves[k:])).digest()


def naive_path(index, leaves):
    if len(leaves) == 1:
        return []
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if index < k:
        return [*naive_path(index, leaves[:k]), naive_root(leaves[k:])]
    return [*naive_path(index - k, leaves[k:]), naive_root(leaves[:k])]


def naive_subproof(old, leaves, whole):
    if old == len(leaves):
        return [] if whole else [naive_root(leaves)]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if old <= k:
        return [*naive_subproof(old, leaves[:k], whole), naive_root(leaves[k:])]
    return [*naive_subproof(old - k, leaves[k:], False), naive_root(leaves[:k])]


def perfect(height, index):
    return naive_root(LEAVES[index << height : (index + 1) << height])


@pytest.fixture(scope="module")
def roots():
    return [naive_root(LEAVES[:size]) for size in range(301)]


def test_roots_of_all_sizes_up_to_300_are_those_of_the_rfc(roots):
    edge = Edge.empty()
    assert edge.root() == EMPTY_ROOT == roots[0]
    for size in range(1, 301):
        edge.extend([LEAVES[size - 1]])
        assert edge.root() == roots[size]
        assert range_hash(perfect, 0, size) == roots[size]


def test_inclusion_proofs_of_all_sizes_up_to_300_are_those_of_the_rfc_and_hold(roots):
    for size in [*range(1, 70), *range(250, 262), 300]:
        for index in range(0, size, 1 if size < 70 else 7):
            proof = inclusion_proof(perfect, index, size)
            assert proof == naive_path(index, LEAVES[:size])
            assert is_included(LEAVES[index], index, size, proof, roots[size])
            assert not is_included(LEAVES[index + 1], index, size, proof, roots[size])
            assert not is_included(LEAVES[index], index, size, [*proof, EMPTY_ROOT], roots[size])
            assert not proof or not is_included(LEAVES[index], index, size, proof[:-1], roots[size])


def test_consistency_proofs_of_sizes_up_to_300_are_those_of_the_rfc_and_hold(roots):
    for new in [*range(1, 50), *range(254, 259), 300]:
        for old in range(1, new + 1, 1 if new < 50 else 11):
            proof = consistency_proof(perfect, old, new)
            assert proof == naive_subproof(old, LEAVES[:new], True)
            assert is_consistent((old, roots[old]), (new, roots[new]), proof)
            assert not is_consistent((old, roots[old - 1]), (new, roots[new]), proof)
            assert not is_consistent((old, roots[old]), (new, roots[new - 1]), proof)


@settings(max_examples=40, deadline=None)
@given(cuts=st.lists(st.integers(1, 700), min_size=1, max_size=8))
def test_however_leaves_arrive_the_tiles_and_the_root_are_the_same(cuts):
    edge, tiles, at = Edge.empty(), [], 0
    for cut in cuts:
        tiles += edge.extend(LEAVES[at : at + cut])
        at += cut
    assert edge.root() == naive_root(LEAVES[:at])
    assert [(tile.level, tile.tile) for tile in tiles] == [(0, number) for number in range(at // 256)]
    assert b"".join(tile.hashes for tile in tiles) == b"".join(LEAVES[: at - at % 256])
    assert edge.unfilled_hash() == hashlib.sha256(b"".join(LEAVES[at - at % 256 : at])).digest()


def test_a_tile_of_tiles_holds_the_roots_of_256_tiles():
    edge = Edge.empty()
    tiles = edge.extend(LEAVES[:66_000])
    [above] = [tile for tile in tiles if tile.level == 1]
    assert above.tile == 0
    assert split(above.hashes)[:3] == [naive_root(LEAVES[start : start + 256]) for start in (0, 256, 512)]
    assert edge.root() == naive_root(LEAVES[:66_000])


@pytest.mark.parametrize(("index", "size"), [(-1, 5), (5, 5), (0, 0)])
def test_there_is_no_proof_of_a_leaf_outside_the_tree(index, size):
    with pytest.raises(ValueError, match="is not in a tree"):
        inclusion_proof(perfect, index, size)


@pytest.mark.parametrize(("old", "new"), [(0, 5), (6, 5)])
def test_there_is_no_proof_from_nothing_or_backwards(old, new):
    with pytest.raises(ValueError, match="no proof leads"):
        consistency_proof(perfect, old, new)
