"""What is asked again, and what is an answer: only a failed condition is a no."""

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st
from pynamodb.exceptions import CancellationReason, TransactWriteError, VerboseClientError

from toritsugi.foundation.conflicts import CONFLICTS, MAX_CONFLICT_TRIES, PASSING, tried_again
from toritsugi.foundation.errors import Contended
from toritsugi.foundation.transactions import CONDITION_FAILED, refusals, write_transaction

CODES = [CONDITION_FAILED, "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded", "ValidationError"]


def of_row(code):
    return ClientError({"Error": {"Code": code, "Message": "on purpose"}}, "PutItem")


def of_transaction(codes):
    reasons = [CancellationReason(code=code) if code else None for code in codes]
    answer = {"Error": {"Code": "TransactionCanceledException", "Message": "on purpose"}}
    return TransactWriteError(
        "on purpose", VerboseClientError(answer, "TransactWriteItems", cancellation_reasons=reasons)
    )


def write(*errors):
    """A write that meets these errors, one after the other, and then is done."""
    left = list(errors)

    def carry_out():
        if left:
            raise left.pop(0)
        return "done"

    return carry_out


@pytest.mark.parametrize("code", sorted(PASSING))
def test_what_passes_is_asked_again_a_few_times(code):
    assert tried_again(write(*[of_row(code)] * (MAX_CONFLICT_TRIES - 1))) == "done"
    with pytest.raises(Contended if code in CONFLICTS else ClientError):
        tried_again(write(*[of_row(code)] * MAX_CONFLICT_TRIES))


@given(st.lists(st.sampled_from([None, *CODES]), min_size=1, max_size=8).filter(any))
def test_a_transaction_is_refused_only_where_nothing_but_conditions_was_in_the_way(codes):
    seen = set(codes) - {None}
    if seen & PASSING:
        assert tried_again(write(of_transaction(codes))) == "done"
        return
    with pytest.raises(TransactWriteError) as raised:
        tried_again(write(of_transaction(codes)))
    if seen == {CONDITION_FAILED}:
        with refusals() as places:
            raise raised.value
        assert places == {place for place, code in enumerate(codes) if code}
    else:
        with pytest.raises(TransactWriteError), refusals():
            raise raised.value


def test_a_transaction_in_progress_is_asked_after_and_one_that_was_canceled_begins_anew():
    transaction = write_transaction()
    transaction.take_another_token(set())
    first = transaction._client_request_token
    transaction.take_another_token({"TransactionInProgressException"})
    assert transaction._client_request_token == first
    transaction.take_another_token({"TransactionCanceledException", "TransactionConflict"})
    assert transaction._client_request_token != first
