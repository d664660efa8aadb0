"""Which answers may be sent: to nobody to whom we would not write of our own accord, and no more than is allowed."""

from dataclasses import replace

from toritsugi.foundation.errors import ExchangeStopped, LimitReached, RequestRefused
from toritsugi.limits import charges, switch, usage
from toritsugi.messages.inbound import TextContext
from toritsugi.messages.segments import measure_text


def permit_answer(context: TextContext, now: float, tell: usage.Tell) -> TextContext:
    """The same text with its answer, counted, if that may be sent; else without one, and why."""
    if not context.answer:
        return context
    text = context.text
    from toritsugi.lines import destinations  # it is heavy, and of most texts nothing is to be answered

    try:
        destinations.check_destination(text.number, message=True)
        switch.check_stop(context.known.switch)
        yen = charges.yen_a_text(text.number) * measure_text(context.answer).segments
        usage.reserve(usage.Use(text.line, texts=1, yen=yen), switch.limits_of(context.known.switch), now, tell)
    except RequestRefused:
        return replace(context, answer="", unanswered="not allowed")
    except ExchangeStopped:
        return replace(context, answer="", unanswered="stopped")
    except LimitReached:
        return replace(context, answer="", unanswered="limit reached")
    return context
