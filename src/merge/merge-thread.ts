import { serveStreams } from "../tensors/write/serve-streams.ts";
import { openRemoteMerge } from "./remote-merge.ts";

// What a thread that merges runs.
serveStreams(openRemoteMerge);
