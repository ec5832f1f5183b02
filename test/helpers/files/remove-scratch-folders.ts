import { afterAll, afterEach, beforeEach } from "vitest";
import { countScratchFolders, removeScratchFolders } from "./scratch-folder.ts";

// Loaded before each test file: its hooks come first before a test, and last after it.
let before = 0;
beforeEach(() => {
  before = countScratchFolders();
});
afterEach(() => removeScratchFolders(before));
afterAll(() => removeScratchFolders(0));
