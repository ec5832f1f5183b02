import { defineConfig } from "vitest/config";

/** Tests that start the command line, a browser or other processes, load a model, or make whole checkpoints: minutes, where all the others together take about one. */
const MODEL = [
  "test/bench/**/*.test.ts",
  "test/cli/**/*.test.ts",
  "test/checkpoints/architectures.test.ts",
  "test/merge/{merge-threads,verify}.test.ts",
  "test/models/chat-template.test.ts",
  "test/models/llama-cpp/**/*.test.ts",
  "test/search/{run-search,killed-search}.test.ts",
  "test/sweep/plan/check-weights.test.ts",
  "test/sweep/run/**/*.test.ts",
  "test/page/{browser,live}.test.ts",
  "test/library/examples.test.ts",
];

export default defineConfig({
  test: {
    globalSetup: "test/helpers/files/temporary-folder.ts",
    setupFiles: "test/helpers/files/remove-scratch-folders.ts",
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // What is waited for comes at once, but for a busy machine.
    expect: { poll: { timeout: 30_000 } },
    // Two cores is the machine this project is developed for; every test that loads a model starts a process of its own.
    maxWorkers: 2,
    projects: [
      { extends: true, test: { name: "unit", include: ["test/**/*.test.ts"], exclude: MODEL } },
      { extends: true, test: { name: "model", include: MODEL } },
    ],
  },
});
