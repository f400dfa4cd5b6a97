import { defineConfig } from "vitest/config";

/** What takes long, and whole processes that are stopped and killed: `npm run test:chaos`. */
export default defineConfig({
  test: {
    allowOnly: false,
    passWithNoTests: false,
    include: ["test/chaos/*.test.ts"],
    // On real clocks: one after the other, so that no other test's work makes one late.
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 30_000 } },
  },
});
