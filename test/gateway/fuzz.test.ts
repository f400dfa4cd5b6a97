import { it } from "vitest";
import { compare } from "./fuzz/property.ts";

// As many again as there is time for: npm run test:chaos.
it("an exchange through the gateway is the exchange without it, whatever is on the wire", () =>
  compare(2_000));
