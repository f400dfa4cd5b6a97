// A plugin of OpenCode that writes down what OpenCode tells its plugins, and what it sends. It runs inside OpenCode,
// and imports nothing of ours.
import { appendFileSync } from "node:fs";

const EVENTS = /^(session\.(created|updated|deleted|compacted|idle)|(permission|question)\.)/;
const MARK = "x-keepwarm-test-asking";

let asked = 0;

function write(line) {
  appendFileSync(process.env.KEEPWARM_TEST_RECORDING, `${JSON.stringify(line)}\n`);
}

function shortened({ type, properties }) {
  const { info, sessionID } = properties;
  if (!info) return { type, properties: { sessionID } };
  const { id, parentID, time } = info;
  return { type, properties: { info: { id, parentID, time: { archived: time?.archived } } } };
}

export default {
  id: "recorder",
  async server() {
    const { fetch } = globalThis;
    globalThis.fetch = Object.assign((input, init) => {
      const { [MARK]: asking, ...headers } = Object.fromEntries(new Headers(init?.headers));
      if (asking === undefined) return fetch(input, init);
      const named = Object.entries(headers).filter(([name]) => /^(x-.*session.*|anthropic-.*)$/.test(name));
      write({ kind: "sent", asking: Number(asking), headers: Object.fromEntries(named), body: init.body });
      return fetch(input, { ...init, headers });
    }, fetch);
    return {
      async event({ event }) {
        if (EVENTS.test(event.type)) write({ kind: "event", event: shortened(event) });
      },
      async "chat.headers"({ sessionID, agent, model, provider }, output) {
        const { providerID, api } = model;
        const asking = {
          sessionID,
          agent,
          model: { providerID, api: { npm: api?.npm } },
          provider: { source: provider?.source },
        };
        output.headers[MARK] = String(++asked);
        write({ kind: "asking", number: asked, asking });
      },
      async "experimental.session.compacting"({ sessionID }) {
        write({ kind: "compacting", sessionID });
      },
    };
  },
};
