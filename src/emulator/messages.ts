import { randomBytes } from "node:crypto";
import { answerTo } from "./answer.ts";
import { billInput, type InputBill } from "./billing.ts";
import { type Block, blocksOf } from "./blocks.ts";
import { type Breakpoint, breakpointsOf } from "./breakpoints.ts";
import { type Hit, PromptCache } from "./cache.ts";
import { Diagnostics } from "./diagnostics.ts";
import { directivesOf } from "./directives.ts";
import { ApiError } from "./errors.ts";
import { levelKeys } from "./invalidation.ts";
import { isObject, type Json, type JsonObject } from "./json.ts";
import { RateLimiter } from "./limits.ts";
import { knownModel } from "./models.ts";
import type { Settings } from "./options.ts";
import { type Prefix, prefixesOf, totalTokens } from "./prefix.ts";
import { type MessagesRequest, parseRequest } from "./request.ts";
import { deltaCount, type EmulatedMessage } from "./sse.ts";
import { Threads } from "./threads.ts";
import { usageOf } from "./usage.ts";
import { validateParameters, validateThread } from "./validate.ts";

/** Who asks, and when the request started: every lifetime counts from then. */
export interface Caller {
  readonly workspace: string;
  readonly betaHeader: string;
  readonly startedAt: number;
}

/** A request that has been accepted and priced, ready to be answered. */
export interface Turn {
  readonly message: EmulatedMessage;
  readonly stream: boolean;
  /** Milliseconds to wait before the response begins. */
  readonly delayMs: number;
  /** Milliseconds to wait between two deltas. */
  readonly paceMs: number;
  /** Deltas of the answer, so that a response in one piece takes as long as a stream. */
  readonly deltas: number;
  /** To be called when the response begins: its entries become readable. */
  begin(): void;
}

/** What a request asks of the cache and what it gets. */
interface Plan {
  readonly blocks: readonly Block[];
  readonly prefixes: readonly Prefix[];
  /** Those whose prefix is long enough to be cached. */
  readonly breakpoints: readonly Breakpoint[];
  readonly hit: Hit | null;
  readonly bill: InputBill;
}

/** POST /v1/messages without its transport. */
export class Messages {
  readonly cache: PromptCache;
  readonly limiter: RateLimiter;
  readonly #settings: Settings;
  readonly #diagnostics = new Diagnostics();
  readonly #threads = new Threads();

  constructor(settings: Settings) {
    this.#settings = settings;
    this.cache = new PromptCache({ "5m": settings.ttl5mMs, "1h": settings.ttl1hMs }, settings.readings);
    this.limiter = new RateLimiter(settings.limits, settings.enforceLimits);
  }

  /**
   * Accepts or refuses a request, and prices it by what is in the cache at this moment.
   * @throws ApiError
   */
  accept(sent: JsonObject, caller: Caller): Turn {
    const request = this.parse(sent, caller.betaHeader);
    validateParameters(request);
    if (isObject(sent.thread)) validateThread(request, hasMarkers(request));
    const body = this.#threads.unfold(sent);
    const whole = body === sent ? request : this.parse(body, caller.betaHeader);
    const plan = this.#plan(whole, caller);
    const limitKey = limitKeyOf(caller.workspace, request.model, request.speed);
    this.limiter.admit(limitKey, countedInput(plan.bill, request), caller.startedAt);
    // Only now is it a read: a request that the rate limit turned away refreshes nothing.
    if (plan.hit !== null) this.cache.refresh(plan.prefixes, plan.hit, caller.startedAt);
    return this.#turn(whole, body, plan, caller, limitKey);
  }

  /** POST /v1/messages/count_tokens. */
  countTokens(body: JsonObject, betaHeader: string): number {
    const request = this.parse({ max_tokens: 1, ...body }, betaHeader);
    return blocksOf(request).reduce((sum, block) => sum + block.tokens, 0);
  }

  parse(body: JsonObject, betaHeader: string): MessagesRequest {
    const request = parseRequest(body, betaHeader);
    if (this.#settings.unknownModels === "reject" && knownModel(request.model) === null) {
      throw new ApiError(404, `model: ${request.model}`);
    }
    return request;
  }

  #plan(request: MessagesRequest, caller: Caller): Plan {
    const { readings } = this.#settings;
    const blocks = blocksOf(request);
    const keys = levelKeys(request, caller.workspace, readings);
    const prefixes = prefixesOf(blocks, keys, readings.lookBackUnit);
    const minimum = this.#settings.minimumTokens ?? request.spec.minimumTokens;
    // Too short a prefix is not an error: it is processed as if its marker were not there.
    const breakpoints = breakpointsOf(blocks, request.body.cache_control).filter(
      ({ index }) => (prefixes[index]?.tokens ?? 0) >= minimum,
    );
    const hit = this.cache.find(prefixes, breakpoints, caller.startedAt);
    const billed = breakpoints.map(({ index, ttl }) => ({ tokens: prefixes[index]?.tokens ?? 0, ttl }));
    return {
      blocks,
      prefixes,
      breakpoints,
      hit,
      bill: billInput(totalTokens(prefixes), hit?.tokens ?? 0, billed),
    };
  }

  #turn(request: MessagesRequest, body: JsonObject, plan: Plan, caller: Caller, limitKey: string): Turn {
    const directives = directivesOf(request);
    const answer = answerTo(request, directives, this.#settings.answerTokens);
    const cacheable = plan.bill.readTokens + plan.bill.write1hTokens + plan.bill.write5mTokens;
    const diagnosis = this.#diagnostics.diagnose(request, plan.blocks, cacheable, caller.workspace);
    const geo = request.body.inference_geo;
    const message: EmulatedMessage = {
      id: `msg_${randomBytes(12).toString("hex")}`,
      type: "message",
      role: "assistant",
      model: request.model,
      content: [...answer.content],
      container: null,
      stop_reason: answer.stopReason,
      stop_sequence: null,
      stop_details: null,
      diagnostics: diagnosis.reason === null ? null : { cache_miss_reason: diagnosis.reason },
      usage: usageOf({
        bill: plan.bill,
        outputTokens: answer.outputTokens,
        thinkingTokens: answer.thinkingTokens,
        speed: request.speed,
        inferenceGeo: typeof geo === "string" ? geo : "global",
      }),
    };
    return {
      message,
      stream: request.stream,
      delayMs: directives.delayMs ?? this.#settings.firstTokenDelayMs,
      paceMs: directives.paceMs ?? this.#settings.deltaDelayMs,
      deltas: deltaCount(message),
      begin: () => {
        this.#write(plan, request.model, caller.startedAt);
        this.limiter.spend(limitKey, answer.outputTokens, caller.startedAt);
        diagnosis.remember(message.id);
        this.#threads.hold(message.id, body, message.content as unknown as Json);
      },
    };
  }

  /**
   * One entry per breakpoint above the hit: those are the tokens that were billed as written. A breakpoint
   * inside the prefix that was read costs nothing and, in the strict reading, writes nothing.
   */
  #write(plan: Plan, model: string, startedAt: number): void {
    for (const { index, ttl } of plan.breakpoints) {
      const prefix = plan.prefixes[index];
      if (prefix === undefined || index <= (plan.hit?.index ?? -1)) continue;
      this.cache.write(prefix, ttl, model, startedAt);
    }
  }
}

/** Whose rate limit a request draws on: fast mode has a bucket of its own. */
export function limitKeyOf(workspace: string, model: string, speed: "fast" | "standard"): string {
  return JSON.stringify([workspace, knownModel(model)?.id ?? model, speed]);
}

function hasMarkers(request: MessagesRequest): boolean {
  return isObject(request.body.cache_control) || blocksOf(request).some((block) => block.marker !== null);
}

/** Input that counts towards the rate limit: cached reads do not, except on Haiku 3.5. */
function countedInput(bill: InputBill, request: MessagesRequest): number {
  const read = request.spec.readsCountTowardLimit ? bill.readTokens : 0;
  return bill.baseTokens + bill.write5mTokens + bill.write1hTokens + read;
}
