import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // A test that is only promised or focused is a failure, not a pass.
    allowOnly: false,
    passWithNoTests: false,
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          // These have configurations of their own: vitest.hosts.config.ts, vitest.chaos.config.ts.
          exclude: [
            "test/e2e/**",
            "test/browser/**",
            "test/fleet/**",
            "test/hosts/*.test.ts",
            "test/chaos/**",
            "**/node_modules/**",
          ],
          testTimeout: 20_000,
          // A machine that is busy is no failure.
          expect: { poll: { timeout: 10_000 } },
          sequence: { groupOrder: 0 },
        },
      },
      {
        // On real clocks: alone, so that no other test's work makes it late.
        test: { name: "e2e", include: ["test/e2e/*.test.ts"], sequence: { groupOrder: 1 } },
      },
      {
        // Workers and a real PostgreSQL, on real clocks.
        test: {
          name: "fleet",
          include: ["test/fleet/*.test.ts"],
          globalSetup: "test/fleet/setup.ts",
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // They mostly wait for the time that a warm is due.
          maxWorkers: 2,
          sequence: { groupOrder: 3 },
        },
      },
      {
        // A real Chromium at a real gateway, on real clocks.
        test: {
          name: "browser",
          include: ["test/browser/*.test.ts"],
          globalSetup: "test/browser/setup.ts",
          testTimeout: 60_000,
          hookTimeout: 30_000,
          fileParallelism: false,
          expect: { poll: { timeout: 10_000 } },
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
