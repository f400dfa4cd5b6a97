import { defineConfig } from "vitest/config";

/** Real agents, on real clocks. They are installed when they are missing, and so not part of `npm test`. */
export default defineConfig({
  test: {
    name: "hosts",
    include: ["test/hosts/*.test.ts"],
    globalSetup: "test/hosts/support/install.ts",
    allowOnly: false,
    passWithNoTests: false,
    testTimeout: 300_000,
    // Plugins are built there.
    hookTimeout: 120_000,
    // One agent's start must not make another's warm late.
    fileParallelism: false,
  },
});
