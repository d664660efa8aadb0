// The life of a few things by a client in TypeScript. What it says is compared by test_generated_clients.py.

async function main() {
  const [built, basePath, username, password, number] = process.argv.slice(2);
  const api = require(built);
  const key = new api.Configuration({ basePath, username, password });
  const callers = new api.CallersApi(key);
  const receptions = new api.ReceptionsApi(key);

  const made = await callers.putCaller({ number, callerRequest: { name: "Aiko", tags: ["VIP"] } });
  const found = await callers.listCallers({ tag: "VIP" });
  await callers.deleteCaller({ number, ifMatch: made.etag });
  const gone = await callers.fetchCaller({ number }).catch((error) => error.response.json());

  const saved = await receptions.putReception({ name: "desk", body: "steps:\n  hello:\n    say: Good morning\n" });
  const kept = await receptions.fetchReception({ name: "desk" });
  const picture = await receptions.drawReception({ name: "desk" });
  await receptions.dropReception({ name: "desk" });
  const wrong = await receptions.checkReception({ body: "steps: {}" }).catch((error) => error.response.json());
  const said = {
    made: [made.name, made.createdAt instanceof Date],
    found: found.callers.map((one) => one.number),
    gone: [gone.status, gone.code],
    saved: [saved.version, Object.keys(kept.document.steps), picture.startsWith("<svg")],
    wrong: [wrong.status, wrong.errors.length > 0],
  };
  console.log(JSON.stringify(said));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
