export * from "@napi-rs/canvas";
