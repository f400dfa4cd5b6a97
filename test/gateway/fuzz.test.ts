import { it } from "vitest";
import { compare } from "./fuzz/property.ts";

// As many again as there is time for: npm run test:chaos.
it("an exchange through the gateway is the exchange without it, whatever is on the wire", () =>
  compare(2_000));

it("nor is it another one where requests are held for their tier, and none is changed", () =>
  compare(1_000, undefined, { tier: "5m" }));
