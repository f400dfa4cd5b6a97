import { describe, expect, it } from "vitest";
import { recognise } from "../../src/agents/index.ts";

describe("which agent a command starts", () => {
  it.each([
    ["claude", "claude-code", 0],
    ["/home/ada/.local/bin/claude", "claude-code", 0],
    ["C:\\Users\\ada\\claude.exe", "claude-code", 0],
    ["opencode -s ses_1", "opencode", 0],
    ["pi --continue", "pi", 0],
    ["cline", "cline", 0],
    ["openclaw agent", "openclaw", 0],
    ["npx opencode-ai run", "opencode", 1],
    ["npx -y opencode-ai@1.18.33 run", "opencode", 2],
    ["npx --package opencode-ai -- opencode run", "opencode", 4],
    ["npx @anthropic-ai/claude-code", "claude-code", 1],
    ["npx @anthropic-ai/claude-code@latest -p hi", "claude-code", 1],
    ["npm exec -- opencode-ai run", "opencode", 3],
    ["npm x opencode-ai", "opencode", 2],
    ["pnpm dlx opencode-ai run", "opencode", 2],
    ["yarn dlx -q opencode-ai", "opencode", 3],
    ["bunx @earendil-works/pi-coding-agent", "pi", 1],
    ["bun x opencode-ai", "opencode", 2],
    ["node /usr/lib/node_modules/@earendil-works/pi-coding-agent/dist/cli.js -p hi", "pi", 1],
    ["node --import ./trace.mjs node_modules/cline/bin/cline", "cline", 3],
  ])("%s", (line, id, leading) => {
    const [command = "", ...args] = line.split(" ");
    expect(recognise(command, args)).toMatchObject({ agent: { id }, leading });
  });

  it.each([
    "node agent.mjs",
    "npx prettier opencode",
    "npm run claude",
    "bash -c claude",
    "claude-work",
    "npx",
    "python -m agent",
    "./my-claude",
  ])("%s is any program", (line) => {
    const [command = "", ...args] = line.split(" ");
    expect(recognise(command, args)).toMatchObject({ agent: { id: "any" }, leading: 0 });
  });
});
