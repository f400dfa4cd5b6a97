import { expect, it } from "vitest";
import { invokedAs } from "../../src/cli/invoked-as.ts";

const CLONE = { argv: ["node", "/home/ada/kw/src/cli.ts"], env: { npm_package_name: "keepwarm" } };
const SAID =
  "no gateway is running: start a keepwarm gateway with keepwarm start, or run keepwarm run -- claude";

it("names commands as they can be typed in a clone, when npm ran them", () => {
  for (const script of ["start", "keepwarm", "demo"]) {
    expect(invokedAs(SAID, { ...CLONE, env: { ...CLONE.env, npm_lifecycle_event: script } })).toBe(
      "no gateway is running: start a keepwarm gateway with npm run -s keepwarm -- start, or run npm run -s keepwarm -- run -- claude",
    );
  }
});

it("leaves them alone where keepwarm is a command, whatever ran it", () => {
  expect(invokedAs(SAID, CLONE)).toBe(SAID);
  const installed = ["node", "/usr/lib/node_modules/keepwarm/dist/cli.js"];
  const env = { npm_package_name: "keepwarm", npm_lifecycle_event: "start" };
  expect(invokedAs(SAID, { argv: installed, env })).toBe(SAID);
  const other = { npm_package_name: "cathedral", npm_lifecycle_event: "start" };
  expect(invokedAs(SAID, { argv: CLONE.argv, env: other })).toBe(SAID);
});
