/** Dispatch, as far as keepwarm meets it: the kernel, its orchestrator's hooks and warm service, its surfaces. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { SurfaceProvider, SurfaceSpec, Usage } from "../../../src/host.ts";
import { createExtension, type DispatchExtension } from "../../../src/hosts/dispatch/index.ts";
import { createVirtualClock, settled } from "../../support/virtual-clock.ts";
import { Kernel } from "./kernel.ts";

export const MINUTE_MS = 60_000;
export const MODEL = "claude/claude-opus-5-5";
export const HIT: Usage = {
  inputTokens: 100_000,
  outputTokens: 1,
  cacheReadTokens: 99_500,
  cacheWriteTokens: 20,
};

export interface Warmed {
  readonly conversationId: string;
  readonly options: { readonly cwd?: string; readonly modelName?: string } | undefined;
}

/** What the warm service does: resolves with usage, refuses with a sentence, or rejects. */
export type Answer = () => Promise<Usage | { readonly error: string }>;

export interface WorldOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stateDirectory?: string;
  /** Whether there is a registry of surfaces. @default true */
  readonly surfaces?: boolean;
  /** @default the extension's source, on a clock that only the test moves */
  readonly extension?: DispatchExtension;
}

export async function setUp({ env = {}, stateDirectory, surfaces = true, ...given }: WorldOptions = {}) {
  const directory = stateDirectory ?? mkdtempSync(join(tmpdir(), "keepwarm-dispatch-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const clock = createVirtualClock();
  const kernel = new Kernel(clock);
  const warmed: Warmed[] = [];
  const providers = new Map<string, SurfaceProvider>();
  const generating = new Set<string>();
  let answer: Answer = async () => HIT;

  const orchestrator = {
    manifest: {
      id: "session-orchestrator",
      apiVersion: "^0.1.0",
      contributes: { services: ["session-orchestrator/warm"] },
    },
    activate(host: ReturnType<Kernel["hostFor"]>) {
      const warm = async (conversationId: string, options?: Warmed["options"]) => {
        warmed.push({ conversationId, options });
        if (generating.has(conversationId)) return { error: "conversation is generating" };
        const usage = await answer();
        if (usage !== HIT) return usage;
        kernel.emit("session-orchestrator/warm-completed", { conversationId, usage });
        return usage;
      };
      host.provideService({ kind: "service", id: "session-orchestrator/warm" }, { warm });
    },
  };
  const surfaceRegistry = {
    manifest: {
      id: "surface-registry",
      apiVersion: "^0.1.0",
      contributes: { services: ["surface-registry/registry"] },
    },
    activate(host: ReturnType<Kernel["hostFor"]>) {
      if (!surfaces) return;
      const register = (provider: SurfaceProvider) => {
        providers.set(provider.catalogEntry.id, provider);
        return () => void providers.delete(provider.catalogEntry.id);
      };
      host.provideService({ kind: "service", id: "surface-registry/registry" }, { register });
    },
  };
  const virtual = { now: clock.now, monotonicNow: clock.monotonicNow, timers: clock.timers };
  const extension =
    given.extension ?? createExtension({ env: { KEEPWARM_HOME: directory, ...env }, ...virtual });
  await kernel.boot([extension, surfaceRegistry, orchestrator]);
  onTestFinished(() => kernel.shutDown());

  const surface = () => {
    const provider = providers.get("cache-warming");
    if (provider === undefined) throw new Error("there is no surface");
    return provider;
  };
  const toggle = (conversationId: string) =>
    surface().invoke("cache-warming/toggle", undefined, { conversationId });

  /** A turn of some seconds, as the orchestrator tells of it. */
  async function turn(
    conversationId: string,
    told: { cwd?: string; modelName?: string } = {},
  ): Promise<void> {
    generating.add(conversationId);
    kernel.emit("session-orchestrator/turn-started", { conversationId, ...told });
    await clock.pass(5_000);
    generating.delete(conversationId);
    kernel.emit("session-orchestrator/turn-settled", { conversationId, ...told });
    await settled();
  }

  return {
    directory,
    clock,
    kernel,
    extension,
    warmed,
    providers,
    surface,
    toggle,
    turn,
    answerWith: (next: Answer) => {
      answer = next;
    },
    /** The person presses Dispatch's own button. */
    warmByHand: (conversationId: string) =>
      kernel.emit("session-orchestrator/warm-completed", { conversationId, usage: HIT }),
  };
}

export function statIn(spec: SurfaceSpec, label: string): string | undefined {
  return spec.fields.flatMap((field) =>
    field.kind === "stat" && field.label === label ? [field.value] : [],
  )[0];
}

/** What the front end's countdown is given. */
export function timesIn(spec: SurfaceSpec): unknown {
  return spec.fields.flatMap((field) => (field.kind === "custom" ? [field.payload] : []))[0];
}
