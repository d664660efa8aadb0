// The life of a service by Twilio's SDK for Node. What it says is compared by test_proxy_by_the_sdks.py.

const twilio = require("twilio");

async function main() {
  const [exchange, key, secret, line, aiko, ben] = process.argv.slice(2);
  const client = twilio(key, secret, key.startsWith("AC") ? {} : { accountSid: process.env.ACCOUNT_SID });
  client.proxy.baseUrl = exchange; // the one line that changes
  const services = client.proxy.v1.services;
  const { sid } = await services.create({ uniqueName: "by-node", defaultTtl: 600 });
  const service = services(sid);
  await service.phoneNumbers.create({ phoneNumber: line });
  const participants = [{ Identifier: aiko }, { Identifier: ben }].map((person) => JSON.stringify(person));
  const made = await service.sessions.create({ uniqueName: "parcel", participants });
  const session = service.sessions(made.sid);
  const people = await session.participants.list();
  await session.participants(people[0].sid).messageInteractions.create({ body: "It is here." });
  for (let number = 0; number < 4; number++) await service.sessions.create({ ttl: 60 });
  const refused = await service.sessions.create({ uniqueName: "parcel" }).catch((error) => [error.status, error.code]);
  const said = {
    mode: made.mode,
    created: made.dateCreated instanceof Date,
    people: people.map((person) => person.identifier),
    listed: (await service.sessions.list({ pageSize: 2 })).length,
    happened: (await session.interactions.list()).map((one) => one.type),
    closed: (await session.update({ status: "closed" })).closedReason,
    opened: (await session.update({ status: "in-progress" })).status,
    refused,
    removed: await session.participants(people[1].sid).remove(),
    gone: [await session.remove(), await service.remove()],
    missing: await service.fetch().catch((error) => error.status),
  };
  console.log(JSON.stringify(said));
}

main().catch((error) => { console.error(error); process.exit(1); });
