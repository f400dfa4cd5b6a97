import { describe, expect, it } from "vitest";
import { marker, request, rig, text, user } from "./harness.ts";

const CREATE = request({ thread: { type: "create" }, messages: [user(text("one", 20))] });

describe("a server-held thread", () => {
  it("5: goes on from its last response with the new messages only", async () => {
    const { post, bill } = await rig();
    const first = await post(CREATE);
    const thread = { type: "continue", previous_message_id: first.body.id };
    const answered = first.body.usage.output_tokens;
    expect(await bill(request({ thread, messages: [user(text("two", 10))] }))).toEqual([
      0,
      0,
      0,
      30 + answered,
    ]);
  });

  it("5: can be continued from a response only once", async () => {
    const { post } = await rig();
    const first = await post(CREATE);
    const next = request({ thread: { type: "continue", previous_message_id: first.body.id } });
    expect((await post(next)).status).toBe(200);
    const again = await post(next);
    expect(again.status).toBe(400);
    expect(again.body.error.details).toEqual({ error_code: "thread_already_continued" });
  });

  it("5: does not support cache_control, on a block or at the top level", async () => {
    const { post } = await rig();
    for (const marked of [
      { ...CREATE, ...marker() },
      { ...CREATE, system: [text("s", 5, "5m")] },
    ]) {
      const reply = await post(marked);
      expect(reply.status).toBe(400);
      expect(reply.body.error.details).toEqual({
        error_code: "thread_unsupported_request",
        unsupported: ["cache_control"],
      });
    }
  });

  it("5: is not found under an unknown response", async () => {
    const { post } = await rig();
    const reply = await post(request({ thread: { type: "continue", previous_message_id: "msg_gone" } }));
    expect(reply.status).toBe(404);
    expect(reply.body.error.details).toEqual({ error_code: "thread_not_found" });
  });
});
