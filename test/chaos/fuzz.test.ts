import { it } from "vitest";
import { compare } from "../gateway/fuzz/property.ts";

it("100,000 exchanges through the gateway are those without it, whatever is on the wire", () =>
  compare(100_000));
