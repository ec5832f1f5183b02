import { describe, expect, test } from "vitest";
import { GeneratedText } from "../../../src/models/llama-cpp/generated-text.ts";
import { TokenTexts } from "../../../src/models/llama-cpp/token-texts.ts";

/** Tokens that are bytes: what a byte-level vocabulary falls back to. */
const bytes = new TokenTexts({
  detokenize: (tokens) => new TextDecoder().decode(Uint8Array.from(tokens)),
  isEogToken: (token) => token === 0,
});

function pushAll(text: GeneratedText, content: string): number {
  let pushed = 0;
  for (const byte of new TextEncoder().encode(content)) {
    pushed++;
    if (text.push(byte)) break;
  }
  return pushed;
}

describe("the text of a completion", () => {
  test("comes out whole when characters are spread over tokens", () => {
    const text = new GeneratedText(bytes, []);
    pushAll(text, "π ≈ 3 😀!");
    expect(text.text()).toBe("π ≈ 3 😀!");
    expect(text.tokens).toHaveLength(14);
  });

  test("ends before a stop string that was completed by the last of several tokens", () => {
    const text = new GeneratedText(bytes, ["\n\nQ:", "END"]);
    expect(pushAll(text, "4\n\nQ: and more")).toBe(5);
    expect(text.text()).toBe("4");
  });

  test("finds a stop string that has characters of several bytes", () => {
    const text = new GeneratedText(bytes, ["é"]);
    expect(pushAll(text, "caféx")).toBe(5);
    expect(text.text()).toBe("caf");
  });

  test("goes on past bytes that are no character", () => {
    const text = new GeneratedText(bytes, ["stop"]);
    for (const byte of [0xff, 0xff, 0xff, 0xff, 0xff]) expect(text.push(byte)).toBe(false);
    pushAll(text, "stop");
    expect(text.stopped).toBe(true);
  });

  test("knows the token that completed the first </think>", () => {
    const text = new GeneratedText(bytes, []);
    pushAll(text, "<think>a</think>b</think>");
    expect(text.thinkingTokens).toBe(16);
  });

  test("counts thinking from <think> on, wherever that is", () => {
    const text = new GeneratedText(bytes, []);
    expect(text.tokensOfThinking("Assistant: <think>\n")).toBe(0);
    expect(text.tokensOfThinking("Assistant:")).toBeUndefined();
    pushAll(text, "Well. <think>abc");
    expect(text.tokensOfThinking("Assistant:")).toBe(3);
    expect(text.tokensOfThinking("Assistant: <think>\n")).toBe(16);
    pushAll(text, "</think>");
    expect(text.tokensOfThinking("Assistant: <think>\n")).toBeUndefined();
  });
});
