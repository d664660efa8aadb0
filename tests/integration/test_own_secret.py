"""The exchange's own secret changes while calls are under way, and while processes know different ones."""

import pytest

from tests.conftest import OWN_SECRET
from tests.integration.conftest import set_setting
from toritsugi.foundation import config, sealing

CALL = "CA" + "1" * 32
NEXT = "ff" * 32


@pytest.fixture
def another_process(cloud, clock):
    """Seals a text where these secrets are known, behind the back of the process that runs."""

    def seal(*secrets: str) -> str:
        before = config._settings, config._read_at
        set_setting(cloud, "own-secrets", ",".join(secrets))
        sealed = sealing.seal("1234", CALL)
        config._settings, config._read_at = before
        return sealed

    config.forget_settings()
    config.settings()
    return seal


def test_what_a_process_has_sealed_that_knows_more_is_read_by_looking_once(another_process, clock, wire):
    sealed = another_process(NEXT, OWN_SECRET)
    clock.shift(30)
    with wire.counting("ssm") as operations:
        assert sealing.unseal(sealed, CALL) == "1234"
        assert sealing.unseal(sealed, CALL) == "1234"
    assert len(operations) == 1


def test_what_a_process_seals_that_knows_less_is_read_by_one_that_knows_more(another_process, cloud):
    sealed = sealing.seal("1234", CALL)
    another_process(NEXT, OWN_SECRET)
    config.forget_settings()
    assert sealing.unseal(sealed, CALL) == "1234"
    assert sealing.seal("1234", CALL) != sealed


def test_while_a_path_is_sealed_with_nothing_of_ours_the_settings_are_not_read_for_each(another_process, clock, wire):
    sealed = another_process("a secret of somebody else's")
    another_process(OWN_SECRET)
    clock.shift(30)
    with wire.counting("ssm") as operations:
        assert [sealing.unseal(sealed, CALL) for _ in range(20)] == [""] * 20
    assert len(operations) == 1


def test_an_auth_token_of_the_account_opens_and_makes_nothing(cloud):
    settings = config.settings()
    sealed = sealing.seal("1234", CALL)
    set_setting(cloud, "own-secrets", settings.auth_tokens[0])
    assert sealing.unseal(sealed, CALL) == ""
    set_setting(cloud, "own-secrets", OWN_SECRET)
    set_setting(cloud, "auth-tokens", "another")
    assert sealing.unseal(sealed, CALL) == "1234"
