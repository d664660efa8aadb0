"""`toritsugi rates`: an operator pulls what the account pays, sees it, and prices by it."""


def test_rates_are_pulled_listed_shown_and_used(exchange):
    pulled = exchange.succeeds("rates", "pull", "JP", "US")
    assert (pulled["countries"], pulled["currency"], pulled["unread"]) == (["JP", "US"], "USD", [])
    assert exchange.succeeds("rates", "list")[0]["name"] == pulled["card"]
    shown = exchange.succeeds("rates", "show")
    assert (shown["name"], len(shown["rates"])) == (pulled["card"], pulled["rates"])
    priced = exchange.succeeds("price", "mobile", "61s", "--stage", exchange.stage)
    assert priced["card"] == pulled["card"]
    assert "own" in {line["certainty"] for line in priced["lines"]}


def test_one_card_is_compared_with_none(exchange):
    exchange.succeeds("rates", "pull")
    said = exchange.types("rates", "compare")
    assert (said.code, "No card was pulled before" in said.err) == (1, True), said.err


def test_a_country_that_there_is_not_is_refused_in_a_sentence(exchange):
    said = exchange.types("rates", "pull", "Japan")
    assert (said.code, "JAPAN is no country" in said.err) == (1, True), said.err
