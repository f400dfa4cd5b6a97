// A program on the Agent SDK, such as a person writes: each line of its input is a message of one conversation.
import { createInterface } from "node:readline";

const { query } = await import(process.env.KEEPWARM_TEST_AGENT_SDK);

async function* messages() {
  for await (const content of createInterface({ input: process.stdin })) {
    yield { type: "user", message: { role: "user", content }, parent_tool_use_id: null, session_id: "" };
  }
}

const options = { model: process.env.KEEPWARM_TEST_MODEL, allowedTools: ["Bash"] };
for await (const message of query({ prompt: messages(), options })) console.log(JSON.stringify(message));
