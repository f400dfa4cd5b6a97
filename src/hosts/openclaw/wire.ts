/**
 * What leaves this process by undici, which OpenClaw asks its models with, and what comes of it: by the channels that
 * undici tells of its requests on (docs/api/DiagnosticsChannel.md in it). Nothing of it can be changed or held up here.
 *
 * Not by an address of our own in place of the API's: OpenClaw compacts, clears old tool results, and asks for an hour's
 * entry at api.anthropic.com alone, and a conversation must not depend on whether we are there.
 */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { HeaderPairs } from "../../anthropic/index.ts";

export interface SentRequest {
  readonly url: string;
  readonly headers: HeaderPairs;
  /** All of it, as it was sent. */
  readonly body: Uint8Array;
  /** The `traceparent` that it was sent with. */
  readonly traceparent: string;
}

export interface Answering {
  began(status: number, headers: HeaderPairs): void;
  chunk(chunk: Uint8Array): void;
  /** It is over: complete, broken off or given up. */
  ended(): void;
}

/** Told of each Messages request with a `traceparent`, once it has left. Returns who hears of its answer. */
export type Hear = (request: SentRequest) => Answering | null;

interface Passing {
  readonly url: string;
  readonly headers: HeaderPairs;
  readonly traceparent: string;
  chunks: Uint8Array[];
  answering: Answering | null;
}

const PATH = /\/v1\/messages\/?(?:$|\?)/;

/** Returns the way to end it. */
export function watchWire(hear: Hear): () => void {
  const passing = new WeakMap<object, Passing>();

  function created(request: object): void {
    if (Reflect.get(request, "method") !== "POST") return;
    const path: unknown = Reflect.get(request, "path");
    if (typeof path !== "string" || !PATH.test(path)) return;
    const headers = pairsOf(Reflect.get(request, "headers"));
    const traceparent = headers.find(([name]) => name.toLowerCase() === "traceparent")?.[1];
    if (traceparent === undefined) return;
    const url = `${String(Reflect.get(request, "origin"))}${path}`;
    passing.set(request, { url, headers, traceparent, chunks: [], answering: null });
  }

  function sent(request: object): void {
    const known = passing.get(request);
    if (known === undefined) return;
    const { url, headers, traceparent, chunks } = known;
    known.chunks = [];
    known.answering = hear({ url, headers, traceparent, body: Buffer.concat(chunks) });
    if (known.answering === null) passing.delete(request);
  }

  function over(request: object): void {
    passing.get(request)?.answering?.ended();
    passing.delete(request);
  }

  const listeners = {
    create: created,
    bodyChunkSent: (request: object, message: object) =>
      passing.get(request)?.chunks.push(bytesOf(Reflect.get(message, "chunk"))),
    bodySent: sent,
    headers(request: object, message: object) {
      const response: unknown = Reflect.get(message, "response");
      if (!isObject(response)) return;
      const status = Number(Reflect.get(response, "statusCode"));
      // What comes before the answer itself is none.
      if (status >= 200)
        passing.get(request)?.answering?.began(status, pairsOf(Reflect.get(response, "headers")));
    },
    bodyChunkReceived: (request: object, message: object) =>
      passing.get(request)?.answering?.chunk(bytesOf(Reflect.get(message, "chunk"))),
    trailers: over,
    error: over,
  };

  const subscribed = Object.entries(listeners).map(([name, listen]) => {
    const channel = `undici:request:${name}`;
    // It is told in the middle of a request, which must not hear of a fault of ours.
    const heard = (message: unknown) => {
      try {
        const request: unknown = isObject(message) ? Reflect.get(message, "request") : null;
        if (isObject(message) && isObject(request)) listen(request, message);
      } catch {
        // Then it is not captured, and nothing is sent for it.
      }
    };
    subscribe(channel, heard);
    return () => unsubscribe(channel, heard);
  });
  return () => {
    for (const end of subscribed) end();
  };
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** A copy: its owner may use it again. */
function bytesOf(chunk: unknown): Uint8Array {
  if (typeof chunk === "string") return new TextEncoder().encode(chunk);
  return chunk instanceof Uint8Array ? chunk.slice() : new Uint8Array();
}

/** Headers as undici has them: names and values in turn, as text or bytes, or an object. */
function pairsOf(headers: unknown): HeaderPairs {
  if (Array.isArray(headers)) {
    const names = headers.filter((_, at) => at % 2 === 0);
    return names.flatMap((name, at) =>
      valuesOf(headers[2 * at + 1]).map((value) => [latin1(name), value] as const),
    );
  }
  if (!isObject(headers)) return [];
  return Object.entries(headers).flatMap(([name, values]) =>
    valuesOf(values).map((value) => [name, value] as const),
  );
}

function valuesOf(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).map(latin1);
}

function latin1(value: unknown): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString("latin1") : String(value);
}
