/** An agent as people write them: it knows nothing of keepwarm. Prints each answer's usage as a line of JSON. */
import { setTimeout as wait } from "node:timers/promises";
import Anthropic from "@anthropic-ai/sdk";

const [pauses = 0, pauseMs = 0] = process.argv.slice(2).map(Number);
const handbook = "The handbook explains at some length what the team agreed on. ".repeat(1_500);
const client = new Anthropic({ apiKey: "sk-ant-api-test", authToken: null });
const messages: Anthropic.MessageParam[] = [];

for (let turn = 0; turn <= pauses; turn++) {
  if (turn > 0) await wait(pauseMs);
  messages.push({ role: "user", content: `Question ${turn}, please.` });
  const answer = await client.messages
    .stream({
      model: "claude-sonnet-5-5",
      max_tokens: 256,
      cache_control: { type: "ephemeral" },
      system: [{ type: "text", text: handbook, cache_control: { type: "ephemeral" } }],
      messages,
    })
    .finalMessage();
  messages.push({ role: "assistant", content: answer.content });
  console.log(JSON.stringify(answer.usage));
}
