// What a call costs, worked out apart from the program under test: exact, and rounded half up once at the end.

const scaled = (text, places) => {
  const [whole, fraction = ""] = text.split(".");
  return BigInt(whole + fraction.padEnd(places, "0"));
};

/** Micro-credits for so many tokens at prices in US dollars per million tokens, with the default price of a credit. */
export function charge(price, promptTokens, completionTokens, creditPrice = "0.08") {
  const picoDollars = scaled(price.prompt, 6) * BigInt(promptTokens) + scaled(price.completion, 6) * BigInt(completionTokens);
  const microDollarsPerCredit = scaled(creditPrice, 6);
  return (picoDollars + microDollarsPerCredit / 2n) / microDollarsPerCredit;
}
