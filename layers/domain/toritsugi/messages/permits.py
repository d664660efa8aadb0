"""Which answers may be sent: to nobody to whom we would not write of our own accord, and no more than is allowed."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from toritsugi.foundation.errors import ExchangeStopped, LimitReached, RequestRefused
from toritsugi.foundation.segments import measure_text
from toritsugi.limits import charges, switch, usage
from toritsugi.messages.inbound import TextContext


@contextmanager
def permitted_answer(context: TextContext, now: float, tell: usage.Tell) -> Iterator[TextContext]:
    """The same text with its answer, if that may be sent; else without one, and why.

    An answer is counted, and taken back where what is done inside fails.
    """
    use, permitted = permit_answer(context, now, tell)
    try:
        yield permitted
    except BaseException:
        if use:
            usage.release(use, now)
        raise


def permit_answer(context: TextContext, now: float, tell: usage.Tell) -> tuple[usage.Use | None, TextContext]:
    """What an answer uses, counted, and the text with the answer; or nothing, and the text without one, and why."""
    if not context.answer:
        return None, context
    text = context.text
    from toritsugi.lines import destinations  # it is heavy, and of most texts nothing is to be answered

    try:
        destinations.check_destination(text.number, message=True)
        switch.check_stop(context.known.switch)
        yen = charges.yen_of_text(text.number, measure_text(context.answer).segments)
        use = usage.Use(text.line, texts=1, yen=yen)
        usage.reserve(use, switch.limits_of(context.known.switch), now, tell)
    except RequestRefused:
        return None, replace(context, answer="", unanswered="not allowed")
    except ExchangeStopped:
        return None, replace(context, answer="", unanswered="stopped")
    except LimitReached:
        return None, replace(context, answer="", unanswered="limit reached")
    return use, context
