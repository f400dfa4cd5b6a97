/** keepwarm in OpenCode's terminal: `/warm`, a key, a line at the prompt and a part of the sidebar. */
import type { Element } from "@opentui/solid";
import { WARM_ARGUMENTS } from "../native/index.ts";
import { createConversing } from "./conversing.ts";
import type { PressedKey, TerminalApi } from "./opencode-api.ts";
import { createStandings } from "./standings.ts";
import { typedWarm } from "./typed-warm.ts";

const TITLE = "keepwarm";
const KEY = "<leader>w";
const TOGGLE = "keepwarm.toggle";
/** Among the sidebar's parts, after what it says of the context. */
const ORDER = 150;
const TICK_MS = 1_000;
/** Above what the prompt does with a key. */
const KEY_PRIORITY = 1_000;
const TOAST_MS = 6_000;

/** How things get on the screen. */
type Drawing = Pick<typeof import("@opentui/solid"), "createElement" | "effect" | "insert" | "setProp"> &
  Pick<typeof import("solid-js"), "createSignal">;

/** Never rejects, and nothing of it throws into the terminal. */
export async function keepwarmTerminal(api: TerminalApi, options: unknown): Promise<void> {
  try {
    // Not at the top: OpenCode replaces what it finds there by its spelling, which minifying changes.
    const [solid, { createSignal }] = await Promise.all([import("@opentui/solid"), import("solid-js")]);
    show(api, keyIn(options), { ...solid, createSignal });
  } catch {
    // The terminal goes on without it.
  }
}

function show(api: TerminalApi, key: string | null, drawing: Drawing): void {
  const { createElement, createSignal, effect, insert, setProp } = drawing;
  const standings = createStandings(Date.now);
  const [version, setVersion] = createSignal(0);
  let drawn = 0;
  const draw = () => setVersion(++drawn);
  const toast = (message: string) => api.ui.toast({ title: TITLE, message, duration: TOAST_MS });
  const conversing = createConversing(api, {
    stands(session, standing) {
      standings.learn(session, standing);
      draw();
    },
    answer: toast,
    isEnabled: standings.isEnabled,
  });
  const harmless = <T>(fallback: T, act: () => T): T => {
    try {
      return act();
    } catch {
      return fallback;
    }
  };

  /** The conversation that is shown; a sub-agent's is the one that it works for. */
  const rootOf = (session: string) => api.state.session.get(session)?.parentID ?? session;
  function shownSession(): string | null {
    const { name, params } = api.route.current;
    return name === "session" && typeof params?.sessionID === "string" ? rootOf(params.sessionID) : null;
  }

  function carryOut(text: string): void {
    const session = shownSession();
    if (session === null) toast("Open a conversation first: each is kept warm, or not, by itself.");
    else conversing.ask(session, text);
  }

  function menu(): void {
    if (shownSession() === null) {
      carryOut("");
      return;
    }
    const choices = WARM_ARGUMENTS.map(({ value, description }) => ({ title: value, value, description }));
    api.ui.dialog.replace(() =>
      api.ui.DialogSelect({
        title: "Keep this conversation warm",
        options: choices,
        onSelect({ value }) {
          api.ui.dialog.clear();
          harmless(undefined, () => carryOut(value));
        },
      }),
    );
  }

  function press(pressed: PressedKey): void {
    const session = shownSession();
    if (session !== null) conversing.present(session, true);
    const typed = typedWarm(pressed, api);
    if (typed === null) return;
    pressed.consume();
    typed.editor.clear();
    if (typed.text === "") menu();
    else carryOut(typed.text);
  }

  const ends = [
    conversing.dispose,
    api.keymap.registerLayer({
      commands: [
        {
          name: "keepwarm.menu",
          title: "Keep this conversation warm",
          desc: "Keep this conversation's prompt cache warm: on, off, for how long",
          category: TITLE,
          namespace: "palette",
          slashName: "warm",
          run: () => harmless(undefined, menu),
        },
        {
          name: TOGGLE,
          title: "Keep this conversation warm, or not any more",
          desc: "Switch warming on or off",
          category: TITLE,
          namespace: "palette",
          run: () => harmless(undefined, () => carryOut("toggle")),
        },
      ],
      bindings: key === null ? [] : [{ key, cmd: TOGGLE }],
    }),
    api.keymap.intercept("key", (pressed) => harmless(undefined, () => press(pressed)), {
      priority: KEY_PRIORITY,
    }),
    listen("focus", true),
    listen("blur", false),
  ];

  function listen(name: "focus" | "blur", present: boolean): () => void {
    const heard = () =>
      harmless(undefined, () => {
        const session = shownSession();
        if (session !== null) conversing.present(session, present);
      });
    api.renderer.on(name, heard);
    return () => api.renderer.off(name, heard);
  }

  const ticking = setInterval(() => {
    harmless(undefined, () => {
      const session = shownSession();
      if (session !== null) conversing.look(session);
      if (standings.areCounting()) draw();
    });
  }, TICK_MS);
  api.lifecycle.onDispose(() => {
    clearInterval(ticking);
    for (const end of ends) harmless(undefined, end);
  });

  /** What `read` says of the session, for as long as that is on the screen. */
  function text(session: () => string, read: (session: string) => string | null): Element {
    const element = createElement("text");
    effect(() => setProp(element, "fg", api.theme.current.textMuted));
    effect(() => harmless(undefined, () => conversing.look(rootOf(session()))));
    insert(element, () => {
      version();
      return harmless("", () => read(rootOf(session())) ?? "");
    });
    return element;
  }

  api.slots.register({
    order: ORDER,
    slots: {
      session_prompt_right: (_, props) => text(() => props.session_id, standings.line),
      sidebar_content(_, props) {
        const box = createElement("box");
        const title = createElement("text");
        effect(() => setProp(title, "fg", api.theme.current.text));
        insert(title, () => "Keep warm");
        insert(box, title);
        insert(
          box,
          text(() => props.session_id, standings.sentences),
        );
        return box;
      },
    },
  });
}

/** Of the plugin's options in tui.json: `["…", { "key": "ctrl+y" }]`; false for none. */
function keyIn(options: unknown): string | null {
  if (typeof options !== "object" || options === null || !("key" in options)) return KEY;
  if (options.key === false) return null;
  return typeof options.key === "string" && options.key !== "" ? options.key : KEY;
}

export default { id: "keepwarm", tui: keepwarmTerminal };
