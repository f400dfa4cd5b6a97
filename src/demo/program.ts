/** An ordinary program on the Anthropic SDK: one conversation with pauses. It knows nothing of keepwarm. */
import type Anthropic from "@anthropic-ai/sdk";

export const MODEL = "claude-opus-5-5";

const QUESTIONS = [
  "Read the handbook and tell me what it is about.",
  "I am back from a meeting. Which chapter should I read first?",
  "Lunch is over. What does chapter 7 say about retries?",
  "One more thing before I go home: summarise our conversation.",
];

/** The context every turn carries: about 60,000 tokens of it. */
const HANDBOOK = Array.from(
  { length: 2_000 },
  (_, line) =>
    `${line + 1}. In chapter ${Math.floor(line / 100) + 1} the handbook explains at some length, and with examples, what the team agreed on.`,
).join("\n");

export interface ConverseOptions {
  /** Called before each question but the first: how long its person is away. */
  readonly pause: () => Promise<void>;
  readonly onAnswer: (turn: number, usage: Anthropic.Usage) => void;
}

/** Asks every question, streamed, with the conversation so far as its context. */
export async function converse(client: Anthropic, { pause, onAnswer }: ConverseOptions): Promise<void> {
  const messages: Anthropic.MessageParam[] = [];
  for (const [index, question] of QUESTIONS.entries()) {
    if (index > 0) await pause();
    messages.push({ role: "user", content: question });
    const answer = await client.messages
      .stream({
        model: MODEL,
        max_tokens: 1_024,
        cache_control: { type: "ephemeral" },
        system: [{ type: "text", text: HANDBOOK, cache_control: { type: "ephemeral" } }],
        messages,
      })
      .finalMessage();
    messages.push({ role: "assistant", content: answer.content });
    onAnswer(index + 1, answer.usage);
  }
}
