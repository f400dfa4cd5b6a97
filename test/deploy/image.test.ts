import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { SERVER_PEERS } from "../../src/fleet/peers.ts";

const dockerfile = readFileSync("Dockerfile", "utf8");
const ignored = readFileSync(".dockerignore", "utf8").split("\n");
const developed: Readonly<Record<string, string>> = packageJson.devDependencies;

it("has what a worker needs, in the versions that are tested", () => {
  for (const peer of SERVER_PEERS) expect(dockerfile).toContain(` ${peer}@${developed[peer]}`);
});

it("has git, which the built-in artifact is made with", () => {
  const [, running = ""] = dockerfile.split(/^FROM .*(?<!AS build)$/m);
  expect(running).toMatch(/^RUN apt-get .*install .*\bgit\b/m);
});

it("is of the Node that is tested", () => {
  const images = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image);
  const [major] = (developed.node ?? "").split(".");
  expect(images).toEqual([`node:${major}-slim`, `node:${major}-slim`]);
});

it("takes no secret along, nor what was made elsewhere", () => {
  expect(ignored).toEqual(expect.arrayContaining([".git", "node_modules", "dist", ".env", "*.key"]));
  expect(dockerfile).not.toMatch(/^(ARG|ENV).*(KEY|TOKEN|PASSWORD)/m);
});

it("runs as nobody of importance", () => {
  expect(dockerfile.split("\n").filter((line) => line.startsWith("USER"))).toEqual(["USER node"]);
});
