import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { AGENTS } from "../../src/agents/index.ts";

const sections = readFileSync("docs/agents.md", "utf8").split(/^## /m);

describe("docs/agents.md", () => {
  it.each(AGENTS.map((agent) => [agent.title, agent] as const))(
    "says of %s what keepwarm says",
    (title, agent) => {
      const section = sections.find((text) => text.startsWith(`${title}\n`)) ?? "";
      const said = section.replace(/\s+/g, " ");
      expect(said).toContain(agent.tried);
      for (const sentence of agent.switchesOff) expect(said).toContain(sentence);
      if (agent.use.startsWith("keepwarm run")) expect(said).toContain(agent.use);
      else for (const [word] of agent.use.matchAll(/\S+[.:/]\S+\w/g)) expect(said).toContain(word);
    },
  );
});
