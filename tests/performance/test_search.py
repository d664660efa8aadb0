"""The budget of a search: that every form of a name is found costs hardly more than that one form was."""

from tests.performance import search


def test_a_search_by_every_form_of_a_name_reads_hardly_more_than_by_one(exchange):
    found = search.measure(2_000)
    assert found.after.size < 1.25 * found.before.size
    assert found.after.queries == found.before.queries


def test_a_search_among_a_hundred_thousand_reads_no_shelf_in_more_than_four_queries(exchange):
    found = search.measure(2_000)
    share = search.CALLERS / found.callers
    assert found.after.size * share / 8 < 4 * search.PAGE
