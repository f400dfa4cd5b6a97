// A mod that writes down what Claude Code tells mods, in the order in which it does, and asks like any other mod.
const moments = [];
let steps = 0;
let sent = 0;

export function register(on) {
  on("session.start", async ($, event, next) => {
    moments.push({ kind: "told", name: "session.start", event, sessionId: await $.session.id() });
    await $.command.register({ name: "ask-aside", description: "asks beside the conversation" });
    await keep($);
    return next(event);
  });
  on("session.end", async ($, event, next) => {
    moments.push({ kind: "told", name: "session.end", event });
    await keep($);
    return next(event);
  });
  on("turn.step", async function* ($, event, next) {
    const step = ++steps;
    moments.push({ kind: "step", step, event });
    const response = yield* next(event);
    moments.push({ kind: "stepped", step, response });
    await keep($);
    return response;
  });
  on("turn.complete", (_, event, next) => {
    moments.push({ kind: "told", name: "turn.complete", event });
    return next(event);
  });
  on("http.fetch", async (_, event, next) => {
    if (next.origin.plugin !== "engine") return next(event);
    const id = ++sent;
    moments.push({ kind: "sent", id, event });
    const answer = await next(event);
    moments.push({ kind: "answered", id, status: answer.value.status });
    return answer;
  });
  on("classic.*", (_, event, next) => {
    moments.push({ kind: "told", name: next.event, event });
    return next(event);
  });
  on("command.run", { command: "ask-aside" }, async ($) => {
    await $.model.fork({ prompt: "Anything else?" });
    await $.model.complete({ model: "claude-opus-5-5", prompt: "Anything else?" });
    return { text: "asked", isTextDisplayOnly: true };
  });
}

async function keep($) {
  const file = await $.env.get("KEEPWARM_TEST_MOMENTS");
  await $.fs.write(file, JSON.stringify(moments));
}
