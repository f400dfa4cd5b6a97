/**
 * As much of OpenCode's plugin API as is used here (`@opentui/solid` and `@opencode-ai/plugin` 1.18.33: index.d.ts,
 * tui.d.ts). Those packages come with a renderer and half of OpenCode; a plugin is given all of it when it is loaded.
 */
import type { Element } from "@opentui/solid";

/** What each call of OpenCode's client resolves with. */
export interface Answer {
  readonly data?: unknown;
  readonly error?: unknown;
}

/** An event that a terminal takes for a command; what it does not know it leaves alone. */
export interface CommandEvent {
  readonly type: "tui.command.execute";
  readonly properties: { readonly command: string };
}

/** The client that plugins of the server get. */
export interface ServerClient {
  readonly session: {
    get(options: { path: { id: string } }): Promise<Answer>;
    update(options: { path: { id: string }; body: { metadata: Record<string, unknown> } }): Promise<Answer>;
  };
  readonly tui: { publish(options: { body: CommandEvent }): Promise<Answer> };
}

export interface ServerInput {
  readonly client: ServerClient;
}

/** What a request is made of; `agent` is who asks. */
export interface Asking {
  readonly sessionID: string;
  readonly agent: string;
  readonly model: { readonly providerID: string; readonly api?: { readonly npm?: string } };
  readonly provider?: { readonly source?: string };
}

export interface ServerHooks {
  event(input: { readonly event: unknown }): Promise<void>;
  "chat.headers"(input: Asking, output: { headers: Record<string, string> }): Promise<void>;
  "experimental.session.compacting"(input: { readonly sessionID: string }): Promise<void>;
  dispose(): Promise<void>;
}

/** The client that plugins of the terminal get. */
export interface TerminalClient {
  readonly tui: { publish(event: { body: CommandEvent }): Promise<Answer> };
}

export interface MenuOption {
  readonly title: string;
  readonly value: string;
  readonly description?: string;
}

export interface TerminalCommand {
  readonly name: string;
  readonly title: string;
  readonly desc: string;
  readonly category: string;
  readonly namespace: "palette";
  readonly slashName?: string;
  run(): void;
}

/** A key that is about to be looked up. */
export interface PressedKey {
  readonly event: {
    readonly name: string;
    readonly ctrl?: boolean;
    readonly shift?: boolean;
    readonly meta?: boolean;
  };
  consume(): void;
}

export interface Editor {
  readonly plainText: string;
  clear(): void;
}

type End = () => void;
type Slot = (context: unknown, props: { readonly session_id: string }) => Element;

export interface TerminalApi {
  readonly client: TerminalClient;
  readonly event: { on(type: string, handler: (event: unknown) => void): End };
  readonly route: {
    readonly current: { readonly name: string; readonly params?: { readonly sessionID?: unknown } };
  };
  readonly state: { readonly session: { get(id: string): { readonly parentID?: string } | undefined } };
  readonly theme: { readonly current: { readonly text: unknown; readonly textMuted: unknown } };
  readonly ui: {
    readonly dialog: { replace(render: () => Element): void; clear(): void; readonly open: boolean };
    DialogSelect(props: {
      readonly title: string;
      readonly options: readonly MenuOption[];
      onSelect(option: MenuOption): void;
    }): Element;
    toast(toast: { readonly title: string; readonly message: string; readonly duration: number }): void;
  };
  readonly keymap: {
    registerLayer(layer: {
      readonly commands: readonly TerminalCommand[];
      readonly bindings: readonly { readonly key: string; readonly cmd: string }[];
    }): End;
    intercept(name: "key", handler: (key: PressedKey) => void, options: { readonly priority: number }): End;
  };
  readonly renderer: {
    readonly currentFocusedEditor: Editor | null;
    on(name: "focus" | "blur", handler: () => void): unknown;
    off(name: "focus" | "blur", handler: () => void): unknown;
  };
  readonly slots: {
    register(plugin: { readonly order: number; readonly slots: Readonly<Record<string, Slot>> }): unknown;
  };
  readonly lifecycle: { onDispose(end: End): End };
}
