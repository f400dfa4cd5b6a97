/** What Dispatch's kernel gives its extensions, as far as keepwarm uses it. Nothing is imported from it. */
import * as z from "zod/mini";
import type { Logger, StorageNamespace, SurfaceProvider, SurfaceRegistry } from "../../host.ts";
import { manifest } from "./manifest.ts";

/** The type that a handle stands for is known to TypeScript alone. */
declare const stands: unique symbol;

export interface EventHook<Payload> {
  readonly kind: "event";
  readonly id: string;
  readonly [stands]?: (payload: Payload) => void;
}

export interface ServiceHandle<Service> {
  readonly kind: "service";
  readonly id: string;
  readonly [stands]?: Service;
}

export interface DispatchHost {
  /** Handlers are isolated from each other: one that throws is logged. */
  on<Payload>(hook: EventHook<Payload>, handler: (payload: Payload) => void): () => void;
  /** @throws when nobody provides it */
  getService<Service>(handle: ServiceHandle<Service>): Service;
  /** Later kernels have it. */
  provideService?<Service>(handle: ServiceHandle<Service>, service: Service): void;
  storage(namespace: string): StorageNamespace;
  readonly logger: Logger;
}

/** Refuses, by `error`, while the conversation generates or has no history. */
export interface DispatchWarmService {
  warm(
    conversationId: string,
    options?: { readonly cwd?: string; readonly modelName?: string },
  ): Promise<unknown>;
}

function hook(name: string): EventHook<unknown> {
  return { kind: "event", id: `session-orchestrator/${name}` };
}

function service<Service>(id: string): ServiceHandle<Service> {
  return { kind: "service", id };
}

export const HOOKS = {
  turnStarted: hook("turn-started"),
  turnSettled: hook("turn-settled"),
  warmCompleted: hook("warm-completed"),
  conversationClosed: hook("conversation-closed"),
  conversationCompacted: hook("conversation-compacted"),
} as const;

export const SERVICES = {
  warm: service<DispatchWarmService>("session-orchestrator/warm"),
  surfaces: service<SurfaceRegistry>("surface-registry/registry"),
  ownSurface: service<SurfaceProvider>(manifest.contributes.services[0]),
} as const;

const tokens = z.number().check(z.nonnegative());

/** `inputTokens` is the whole prompt. */
export const usageSchema = z.object({
  inputTokens: tokens,
  outputTokens: tokens,
  cacheReadTokens: tokens,
  cacheWriteTokens: tokens,
});

export const conversationSchema = z.object({ conversationId: z.string().check(z.minLength(1)) });

export const turnSchema = z.extend(conversationSchema, {
  cwd: z.exactOptional(z.string()),
  modelName: z.exactOptional(z.string()),
});

export const warmCompletedSchema = z.extend(conversationSchema, { usage: usageSchema });

export const warmAnswerSchema = z.union([usageSchema, z.object({ error: z.string() })]);
