import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { createFeed } from "../../src/console/feed.ts";
import { createRoutes } from "../../src/console/routes.ts";
import { conversationView } from "../../src/hub/views/conversation.ts";
import { controlledInMemory } from "../support/controlled-in-memory.ts";

const page = readFileSync("docs/control.md", "utf8");

it("docs/control.md has every route, and no other", () => {
  const controlled = controlledInMemory();
  const feed = createFeed({ controlled, onError: () => {} });
  const { routes } = createRoutes({ controlled, feed, onError: () => {}, heartbeatMs: 1_000 });
  const there = routes
    .filter(({ method }) => method !== "ALL")
    .map(({ method, path }) => `${method} ${path}`);
  const told = [...page.matchAll(/^\| `((?:GET|POST) \/v1[^`?]*)/gm)].map(([, route]) => route);
  expect(told.toSorted()).toEqual(there.toSorted());
});

it("docs/control.md has every field of a conversation", () => {
  const [, section = ""] = page.split("### A conversation\n");
  const [table = ""] = section.split("\n\n");
  const told = table
    .split("\n")
    .flatMap((row) => [...(row.split("|")[1] ?? "").matchAll(/`(\w+)`/g)].map(([, name]) => name));
  expect(told.toSorted()).toEqual(Object.keys(conversationView.shape).toSorted());
});
