import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 20_000,
    // A test that is only promised or focused is a failure, not a pass.
    allowOnly: false,
    passWithNoTests: false,
  },
});
