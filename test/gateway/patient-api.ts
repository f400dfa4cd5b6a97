/** An upstream by which a test sees how many warms are on their way at once. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** An API that answers at once, except warms, which wait until they are let go. */
export async function patientApi() {
  const waiting = new Set<() => void>();
  const api = { warms: 0, most: 0, now: 0, release };
  function release(): void {
    for (const go of waiting) go();
  }

  const usage = {
    input_tokens: 3,
    cache_read_input_tokens: 9_000,
    cache_creation_input_tokens: 0,
    output_tokens: 0,
  };
  const answer = JSON.stringify({
    type: "message",
    id: "m",
    role: "assistant",
    content: [],
    stop_reason: "end_turn",
    usage,
  });
  const server = createServer((request, response) => {
    let isWarm = false;
    request.on("data", (chunk: Buffer) => {
      isWarm ||= chunk.subarray(0, 200).includes('"max_tokens":0');
    });
    request.on("end", () => {
      const go = () => {
        waiting.delete(go);
        if (isWarm) api.now--;
        response.writeHead(200, { "content-type": "application/json" }).end(answer);
      };
      if (!isWarm) return go();
      api.warms++;
      api.most = Math.max(api.most, ++api.now);
      waiting.add(go);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { api, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** One turn of a conversation of that name. */
export async function ask(url: string, id: string, system: string): Promise<void> {
  const answer = await fetch(`${url}/v1/messages`, {
    method: "POST",
    headers: { "x-api-key": "sk-ant-api03-x", "x-keepwarm-conversation": id },
    body: JSON.stringify({
      model: "claude-opus-5-5",
      max_tokens: 9,
      cache_control: { type: "ephemeral" },
      system,
      messages: [{ role: "user", content: "Hi" }],
    }),
  });
  await answer.arrayBuffer();
}
