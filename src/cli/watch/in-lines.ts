/** `keepwarm watch` where there is no screen: a line for each thing that happens, or each event as it comes. */
import type { ConsoleEvent, GatewayRecord } from "../../hub/index.ts";
import { printable } from "../printable.ts";
import type { Follower } from "./follow.ts";
import { clockTime, happenedText } from "./happened-text.ts";
import { NOTHING_SEEN, seen } from "./picture.ts";

type Write = (line: string) => void;

/** For people, and for what is made for them: `grep`, a log. */
export function tellInLines(write: Write, now: () => number): Follower {
  let picture = NOTHING_SEEN;
  return {
    onThere: ({ gatewayUrl, pid }) =>
      write(`${clockTime(now())}  listening to ${printable(gatewayUrl)}, process ${pid}`),
    onEvent(event) {
      picture = seen(picture, event);
      if (event.type !== "history") return;
      for (const happened of event.data.entries) write(happenedText(happened, picture.conversations));
    },
    onGone: (why) => write(`${clockTime(now())}  ${printable(why)}: waiting for the next one`),
  };
}

/** For programs: every event of the API, and between them that the gateway is there or has gone. */
export function tellAsJson(write: Write): Follower {
  const tell = (event: ConsoleEvent | Connection) => write(JSON.stringify(event));
  return {
    onThere: (record) => tell({ type: "connected", id: null, data: record }),
    onEvent: tell,
    onGone: (why) => tell({ type: "disconnected", id: null, data: { why } }),
  };
}

type Connection =
  | { readonly type: "connected"; readonly id: null; readonly data: GatewayRecord }
  | { readonly type: "disconnected"; readonly id: null; readonly data: { readonly why: string } };
