// What the engine of the page says of the golden cases. It is run by Node, and in Chromium: a function, and no module.
async ([at, cards, cases]) => {
  const { written } = await import(`${at}/decimal.js`);
  const { price, readCard, sumUp } = await import(`${at}/pricing.js`);
  const { thingsOf } = await import(`${at}/scenarios.js`);
  return cases.map((one) => {
    const lines = price(one.things ?? thingsOf(one.scenario), readCard(cards[one.card]), { tax: one.tax ?? false });
    const { amount, unknown } = sumUp(lines);
    const told = lines.map((line) => [line.what, written(line.quantity), line.rate && written(line.rate), line.amount && written(line.amount)]);
    return { total: written(amount), unknown: unknown.map((line) => line.what), lines: told };
  });
}
