"""Two people talk through a number that is neither's. Runs on `make run` as it is, and on your own exchange.

source .toritsugi/env
python examples/masked_call.py
"""

import os
import sys

from twilio.rest import Client

LINE = "+815010000009"  # a number that the account has, and nothing else uses
AIKO, BEN = "+819011110001", "+819022220002"

if not os.environ.get("KEY"):
    sys.exit("First, with make run in another terminal: source .toritsugi/env")
client = Client(*os.environ["KEY"].split(":"))
client.proxy.base_url = os.environ["EXCHANGE"]  # the one line that changes


def get_or_create(resources, unique_name, **wanted):
    """The one of this name, made where there is none yet: so this program can run again."""
    found = (one for one in resources.list() if one.unique_name == unique_name)
    return next(found, None) or resources.create(unique_name=unique_name, **wanted)


service = get_or_create(client.proxy.v1.services, "example")
if not service.phone_numbers.list():
    service.phone_numbers.create(phone_number=LINE)
session = get_or_create(service.sessions, "parcel-17", participants=[{"Identifier": AIKO}, {"Identifier": BEN}])
for person in session.participants.list():
    print(person.identifier, "dials", person.proxy_identifier)
print(f"Now dial 050-1000-0009 on Aiko's telephone, at {os.environ.get('NETWORK', 'your own')}: Ben's rings.")
