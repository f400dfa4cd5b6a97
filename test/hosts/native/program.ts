/**
 * A program with keepwarm inside it: has one conversation, says how it stands, and has nothing more to do then, unless
 * it is asked to stay. `node program.ts <url of the API> [stay]`
 */
import { createNativeHost, fetchWatching, namedBySession } from "../../../src/hosts/native/index.ts";

const [url = "", stay] = process.argv.slice(2);
const host = createNativeHost({ name: "robot", watching: fetchWatching, namedBy: namedBySession });
const fetch = host.watch(globalThis.fetch);

const ask = async (question: string) => {
  const response = await fetch(`${url}/v1/messages`, {
    method: "POST",
    headers: {
      "x-api-key": "sk-ant-api03-of-a-test",
      "anthropic-version": "2023-06-01",
      "content-type": "application/json",
      "x-session-id": "ses_1",
    },
    body: JSON.stringify({
      model: "claude-opus-5-5",
      max_tokens: 100,
      cache_control: { type: "ephemeral" },
      messages: [{ role: "user", content: `${question} ${"lorem ipsum ".repeat(20_000)}` }],
    }),
  });
  await response.text();
};

await host.command("ses_1", "always");
await ask("hello");
// Until the answer has been taken in, as an agent would have gone on to wait for its person.
while (host.statusLine("ses_1")?.startsWith("warm ") !== true) {
  await new Promise((resolve) => setTimeout(resolve, 5));
}
console.log(host.statusLine("ses_1"));
if (stay !== undefined) setInterval(() => {}, 60_000);
