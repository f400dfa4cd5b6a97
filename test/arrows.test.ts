import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";

type Case = [file: string, imported: string];

/** The cases that the project's linter refuses, when files of those paths hold those imports. */
function refused(cases: readonly Case[]): Case[] {
  const house = mkdtempSync(join(tmpdir(), "keepwarm-arrows-"));
  try {
    for (const name of ["biome.json", ".gitignore"]) cpSync(name, join(house, name));
    for (const [file, imports] of Map.groupBy(cases, ([path]) => path)) {
      mkdirSync(join(house, dirname(file)), { recursive: true });
      const lines = imports.map(([, imported], index) => `import { x as x${index} } from "${imported}";`);
      writeFileSync(join(house, file), lines.join("\n"));
    }
    const biome = join(process.cwd(), "node_modules/@biomejs/biome/bin/biome");
    const args = [
      "lint",
      "--only=style/noRestrictedImports",
      "--max-diagnostics=none",
      "--colors=off",
      "src",
    ];
    const { stderr } = spawnSync(process.execPath, [biome, ...args], { cwd: house, encoding: "utf8" });
    const found = [...stderr.matchAll(/^(\S+?):(\d+):\d+ lint\/style\/noRestrictedImports/gm)];
    return found.flatMap(([, file, line]) => {
      const hit = cases.filter(([path]) => path === file)[Number(line) - 1];
      return hit ? [hit] : [];
    });
  } finally {
    rmSync(house, { recursive: true });
  }
}

describe("the arrows of the house", () => {
  const forbidden: Case[] = [
    ["src/pure.ts", "./host.ts"],
    ["src/pure/when.ts", "../host.ts"],
    ["src/pure/when.ts", "../pure.ts"],
    ["src/pure/when.ts", "node:fs"],
    ["src/host.ts", "node:fs"],
    ["src/host.ts", "./pure.ts"],
    ["src/host.ts", "./pure/when.ts"],
    ["src/warmer.ts", "./pure/when.ts"],
    ["src/core/warming.ts", "../pure/when.ts"],
    ["src/cli/config.ts", "../pure/when.ts"],
    ["src/warmer.ts", "./anthropic/index.ts"],
    ["src/warmer.ts", "./plugin.ts"],
    ["src/core/warming.ts", "../storage/index.ts"],
    ["src/core/warming.ts", "../warmer.ts"],
    ["src/core/conversation.ts", "node:crypto"],
    ["src/policy/adaptive.ts", "../anthropic/index.ts"],
    ["src/policy/lab/simulate.ts", "../../anthropic/index.ts"],
    ["src/policy/lab/simulate.ts", "node:fs"],
    ["src/fleet/worker.ts", "../anthropic/send.ts"],
    ["src/fleet/worker.ts", "../capture/keeper.ts"],
    ["src/gateway/service.ts", "../fleet/worker.ts"],
    ["src/core/warming.ts", "../fleet/index.ts"],
    ["src/capture/keeper.ts", "../fleet/index.ts"],
    ["src/lab/run-lab.ts", "../policy/lab/simulate.ts"],
    ["src/lab/run-lab.ts", "../policy/adaptive.ts"],
    ["src/cli/lab.ts", "../lab/run-lab.ts"],
    ["src/ledger/ledger.ts", "../storage/index.ts"],
    ["src/audit/read.ts", "../storage/index.ts"],
    ["src/audit/prices.ts", "../anthropic/prices.ts"],
    ["src/cli/audit.ts", "../audit/read.ts"],
    ["src/prewarm/catalogue.ts", "../storage/index.ts"],
    ["src/prewarm/catalogue.ts", "../anthropic/prices.ts"],
    ["src/prewarm/cache/cache-warmer.ts", "../../anthropic/index.ts"],
    ["src/prewarm/cache/cache-warmer.ts", "node:fs"],
    ["src/gateway/service.ts", "../prewarm/catalogue.ts"],
    ["src/plugin.ts", "./anthropic/index.ts"],
    ["src/plugin.ts", "./ledger/rows.ts"],
    ["src/cli/report.ts", "../ledger/rows.ts"],
    ["src/anthropic/send.ts", "../warmer.ts"],
    ["src/anthropic/send.ts", "../storage/index.ts"],
    ["src/storage/memory.ts", "../anthropic/index.ts"],
    ["src/config/in-force.ts", "../anthropic/index.ts"],
    ["src/config/in-force.ts", "../storage/sqlite.ts"],
    ["src/emulator/cache.ts", "../pure.ts"],
    ["src/emulator/cache.ts", "../anthropic/index.ts"],
    ["src/hosts/sdk/keepwarm.ts", "../../anthropic/send.ts"],
    ["src/demo/index.ts", "../hosts/sdk/keepwarm.ts"],
    ["src/cli.ts", "./emulator/server.ts"],
    ["src/cli/config.ts", "../config/settings.ts"],
    ["src/cli/status.ts", "../hub/client.ts"],
    ["src/console/admission.ts", "../hub/proof.ts"],
    ["src/hub/views.ts", "../console/controlled.ts"],
    ["src/cli/install.ts", "../install/receipt.ts"],
    ["src/install/table.ts", "../hosts/native/native-host.ts"],
    ["src/hosts/pi/index.ts", "../native/native-host.ts"],
    ["src/hosts/sdk/keepwarm.ts", "../../hub/discover.ts"],
    ["src/warmer.ts", "./hub/index.ts"],
    ["src/plugin.ts", "./console/index.ts"],
    ["src/console/page/link/ask.ts", "../../../hub/index.ts"],
    ["src/console/page/link/ask.ts", "../../routes.ts"],
    ["src/console/page/link/proof.ts", "node:crypto"],
  ];

  it("forbid what would turn the house upside down", () => {
    expect(refused(forbidden).toSorted()).toEqual(forbidden.toSorted());
  });

  const allowed: Case[] = [
    ["src/pure.ts", "./pure/when.ts"],
    ["src/pure/when.ts", "./settings.ts"],
    ["src/warmer.ts", "./pure.ts"],
    ["src/warmer.ts", "./core/warming.ts"],
    ["src/core/warming.ts", "../pure.ts"],
    ["src/core/warming.ts", "./conversation.ts"],
    ["src/policy/adaptive.ts", "../pure.ts"],
    ["src/policy/lab/simulate.ts", "../facts.ts"],
    ["src/policy/lab/terms.ts", "../../pure.ts"],
    ["src/policy/tier-costs.ts", "./lab/simulate.ts"],
    ["src/lab/run-lab.ts", "../policy/lab/index.ts"],
    ["src/prewarm/catalogue.ts", "../anthropic/index.ts"],
    ["src/prewarm/catalogue.ts", "./cache/index.ts"],
    ["src/prewarm/cache/cache-warmer.ts", "../../host.ts"],
    ["src/gateway/service.ts", "../prewarm/index.ts"],
    ["src/plugin.ts", "./warmer.ts"],
    ["src/plugin.ts", "./ledger/index.ts"],
    ["src/cli/report.ts", "../ledger/index.ts"],
    ["src/anthropic/send.ts", "../host.ts"],
    ["src/anthropic/send.ts", "./usage.ts"],
    ["src/storage/memory.ts", "../pure.ts"],
    ["src/config/config-file.ts", "../storage/index.ts"],
    ["src/emulator/cache.ts", "./prefix.ts"],
    ["src/hosts/sdk/keepwarm.ts", "../../anthropic/index.ts"],
    ["src/cli/config.ts", "../config/index.ts"],
    ["src/console/admission.ts", "../hub/index.ts"],
    ["src/console/routes.ts", "./controlled.ts"],
    ["src/hub/views.ts", "../host.ts"],
    ["src/cli/status.ts", "../hub/index.ts"],
    ["src/cli/install.ts", "../install/index.ts"],
    ["src/hosts/pi/index.ts", "../native/index.ts"],
    ["src/console/page/link/ask.ts", "../../../hub/views/index.ts"],
    ["src/console/page/list/row.tsx", "../link/known.ts"],
  ];

  it("allow what runs downwards", () => {
    expect(refused(allowed)).toEqual([]);
  });
});
