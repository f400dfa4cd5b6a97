import { describe, expect, it } from "vitest";
import { namedBy, sessionOf } from "../../src/capture/conversation-id.ts";

const UUID = "0f6e8a2c-6c7e-4d1e-9a3b-2f1c5d7e9b10";

describe("the conversation of a request", () => {
  it.each([
    ["our own header", [["X-Keepwarm-Conversation", "mine"]]],
    ["Claude Code's", [["x-claude-code-session-id", "mine"]]],
    ["OpenCode's", [["x-session-id", "mine"]]],
    [
      "ours before theirs",
      [
        ["x-session-id", "theirs"],
        ["x-claude-code-session-id", "theirs"],
        ["x-keepwarm-conversation", " mine "],
      ],
    ],
  ] satisfies [string, [string, string][]][])("is named by %s", (_, headers) => {
    expect(namedBy(headers)).toEqual({ conversationId: "mine", aside: false });
  });

  it.each([
    ["none", []],
    ["an empty one", [["x-session-id", " "]]],
    ["one that is no id", [["x-session-id", "x".repeat(201)]]],
  ] satisfies [string, [string, string][]][])("is not named by %s", (_, headers) => {
    expect(namedBy(headers)).toEqual({ conversationId: null, aside: false });
  });

  it("is its parent's for a sub-agent of OpenCode, and aside", () => {
    const headers: [string, string][] = [
      ["x-session-id", "ses_child"],
      ["x-parent-session-id", "ses_parent"],
    ];
    expect(namedBy(headers)).toEqual({ conversationId: "ses_parent", aside: true });
  });

  it("is its session's for a sub-agent of Claude Code, and aside", () => {
    const headers: [string, string][] = [
      ["x-claude-code-session-id", UUID],
      ["x-claude-code-agent-id", "a1b2"],
    ];
    expect(namedBy(headers)).toEqual({ conversationId: UUID, aside: true });
  });

  it.each([
    [JSON.stringify({ device_id: "d", account_uuid: "a", session_id: UUID }), UUID],
    [`user_abc_account_def_session_${UUID}`, UUID],
    ["somebody", null],
    ['{"session_id":7}', null],
    ['{"session_id":""}', null],
    ["null", null],
    ["{", null],
  ])("is in metadata.user_id %j as %j", (userId, sessionId) => {
    expect(sessionOf(userId)).toBe(sessionId);
  });
});
