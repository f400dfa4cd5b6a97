import { defineConfig } from "vitest/config";

/** Real agents, on real clocks. They are installed when they are missing, and so not part of `npm test`. */
export default defineConfig({
  test: {
    name: "hosts",
    include: ["test/hosts/*.test.ts"],
    globalSetup: "test/hosts/support/install.ts",
    allowOnly: false,
    passWithNoTests: false,
    // For a machine of a third of the speed; what waits for something else gives up by itself before, and says what it saw.
    testTimeout: 900_000,
    // Plugins are built there.
    hookTimeout: 300_000,
    // A machine that is busy is no failure.
    expect: { poll: { timeout: 60_000 } },
    // One agent's start must not make another's warm late.
    fileParallelism: false,
  },
});
