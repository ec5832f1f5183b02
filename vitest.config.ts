import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 60_000,
    // Two cores is the machine this project is developed for; every test that loads a model starts a process of its own.
    maxWorkers: 2,
  },
});
