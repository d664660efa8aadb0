"""A leg of a call changes state: its interaction is begun, or brought up to date."""

from toritsugi import interactions, webhooks


@webhooks.answers_with_nothing
def handler(callback: webhooks.Webhook) -> None:
    interactions.record(interactions.Leg.read(callback.path), callback.fields, webhooks.unseal)
