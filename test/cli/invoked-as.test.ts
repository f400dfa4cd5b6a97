import { expect, it } from "vitest";
import { invokedAs } from "../../src/cli/invoked-as.ts";

const SAID =
  "no gateway is running: start a keepwarm gateway with keepwarm start, or run keepwarm run -- claude";
const clone = (script: string) => ["node", `/home/ada/kw/${script}.ts`];
const npm = { npm_package_name: "keepwarm", npm_lifecycle_event: "start" };

it("names commands as they can be typed in a clone, when npm ran them there", () => {
  const said =
    "no gateway is running: start a keepwarm gateway with npm run -s keepwarm -- start, or run npm run -s keepwarm -- run -- claude";
  expect(invokedAs(SAID, { argv: clone("src/cli"), env: npm, cwd: "/home/ada/kw" })).toBe(said);
  expect(invokedAs(SAID, { argv: clone("scripts/keepwarm"), env: {}, cwd: "/home/ada/kw" })).toBe(said);
});

it("names the clone in a folder of another project's", () => {
  expect(
    invokedAs("try keepwarm on, or keepwarm --version", {
      argv: clone("scripts/keepwarm"),
      env: {},
      cwd: "/home/ada/cathedral",
    }),
  ).toBe(
    "try npm --prefix /home/ada/kw run -s keepwarm -- on, or npm --prefix /home/ada/kw run -s keepwarm -- --version",
  );
});

it.each(["fleet status", "worker", "prewarm --check"])("names %s too", (command) => {
  expect(
    invokedAs(`try keepwarm ${command}`, { argv: clone("src/cli"), env: npm, cwd: "/home/ada/kw" }),
  ).toBe(`try npm run -s keepwarm -- ${command}`);
});

it("leaves them alone where keepwarm is a command, whatever ran it", () => {
  const cwd = "/home/ada/kw";
  expect(invokedAs(SAID, { argv: clone("src/cli"), env: {}, cwd })).toBe(SAID);
  expect(
    invokedAs(SAID, { argv: ["node", "/usr/lib/node_modules/keepwarm/dist/cli.js"], env: npm, cwd }),
  ).toBe(SAID);
  const other = { npm_package_name: "cathedral", npm_lifecycle_event: "start" };
  expect(invokedAs(SAID, { argv: clone("src/cli"), env: other, cwd })).toBe(SAID);
});
