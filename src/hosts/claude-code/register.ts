/**
 * What Claude Code loads. It reads this module before it runs it: `on` and `$` are spelled out wherever they are used, each
 * variable by its own name, and no name is used twice, so that all of this stands here and nowhere else, and is not
 * shortened.
 */
import {
  type ClaudeCodeMod,
  completeEnvironment,
  createMod,
  type Engine,
  type ModOptions,
  readCommand,
  readSessionStart,
  type Surroundings,
} from "./inside.ts";
import type { Mod, On } from "./mod-api.ts";

/** @param options those that its person chose for the plugin, of which there are none */
export function register(on: On, options: ModOptions = {}): void {
  let mod: ClaudeCodeMod | null = null;
  harmless(completeEnvironment);

  on("session.start", async ($, event, next) => {
    await harmlessly(async () => {
      const env = await variables($);
      const made = createMod(engineOf($), options);
      if (!made.isWanted(env)) return;
      mod = made;
      const start = readSessionStart(event);
      const surroundings: Surroundings = {
        env,
        root: $.plugin.root,
        pid: await processId($),
        isInteractive: start?.isInteractive ?? false,
      };
      const id = await $.session.id();
      await mod.started(surroundings, typeof id === "string" ? id : null);
      // Without somebody at the prompt a hook answers, and nothing is noted of it.
      if (surroundings.isInteractive)
        await $.command.register({
          name: "warm",
          description: "keep this conversation's prompt cache warm while you are away",
          argumentHint: "[on | off | auto | 30m | always | interval 4m | now]",
          immediate: true,
        });
    });
    return next(event);
  });
  on("session.end", async (_, event, next) => {
    await harmlessly(async () => mod?.ended(event));
    return next(event);
  });

  on("turn.step", async function* (_, event, next) {
    const step = harmless(() => mod?.stepBegan(event) ?? null);
    let response: unknown = null;
    try {
      response = yield* next(event);
      return response;
    } finally {
      harmless(() => mod?.stepEnded(step ?? null, response));
    }
  });
  on("turn.complete", (_, event, next) => {
    harmless(() => mod?.turnEnded(event));
    return next(event);
  });

  on("http.fetch", async (_, event, next) => {
    const passing = mod?.leaving(event, next.origin.plugin);
    if (passing === undefined) return next(event);
    if (passing.answer !== undefined) return passing.answer;
    let answer: unknown;
    try {
      answer = await next(passing.event);
    } catch (error) {
      harmless(() => passing.failed());
      throw error;
    }
    // Nothing may fail any more: it has been sent.
    return harmless(() => passing.answered(answer)) ?? answer;
  }).catch((_, event, next) => {
    // Whatever went wrong: what was to be put in a request's place is not there, and it must not go out without.
    if (mod?.isOwn(event)) return mod.refused;
    return next(event);
  });

  on("classic.UserPromptSubmit", async (_, event, next) => {
    const answer = await harmlessly(async () => (await mod?.told(event)) ?? null);
    return answer == null ? next(event) : { block: answer, suppressOriginalPrompt: true };
  });
  on("classic.SessionStart", (_, event, next) => {
    hear(event);
    return next(event);
  });
  on("classic.PermissionRequest", (_, event, next) => {
    hear(event);
    return next(event);
  });
  on("classic.Notification", (_, event, next) => {
    hear(event);
    return next(event);
  });
  on("classic.Stop", (_, event, next) => {
    hear(event);
    return next(event);
  });
  on("classic.StopFailure", (_, event, next) => {
    hear(event);
    return next(event);
  });
  on("classic.PreCompact", (_, event, next) => {
    hear(event);
    return next(event);
  });
  on("classic.PostCompact", (_, event, next) => {
    hear(event);
    return next(event);
  });
  on("classic.PostModelSwitch", (_, event, next) => {
    hear(event);
    return next(event);
  });
  on("prompt.autocomplete", (_, event, next) => {
    harmless(() => mod?.typed());
    return next(event);
  });

  on("command.run", { command: "warm" }, async (_, event, next) => {
    const words = readCommand(event)?.args ?? "";
    const text = mod === null ? null : await harmlessly(async () => mod?.command(words) ?? null);
    return text == null ? next(event) : { text, isTextDisplayOnly: true };
  });

  function hear(event: unknown): void {
    void harmlessly(async () => mod?.told(event));
  }
}

function engineOf($: Mod): Engine {
  return {
    complete: (request, signal) => $.model.complete(request, { signal }),
    showStatus: (text) => $.ui.status(text),
    files: {
      read: (path) => $.fs.read(path),
      write: (path, text) => $.fs.write(path, text),
      list: (path) => $.fs.list(path),
      exists: (path) => $.fs.exists(path),
    },
    store: {
      get: (key) => $.store.get(key),
      set: (key, value) => $.store.set(key, value),
      delete: (key) => $.store.delete(key),
      keys: () => $.store.keys(),
    },
  };
}

async function variables($: Mod): Promise<Surroundings["env"]> {
  const [
    baseUrl,
    home,
    config,
    enableNew,
    keepWarm,
    maxUsdPerPause,
    maxUsdPerDay,
    minPrefixTokens,
    allowSubscription,
    budgetThinking,
    maxWarms,
    maxHeldMb,
    ttl5m,
    ttl1h,
    warmTokens,
    prices,
  ] = await Promise.all([
    $.env.get("ANTHROPIC_BASE_URL"),
    $.env.get("KEEPWARM_HOME"),
    $.env.get("KEEPWARM_CONFIG"),
    $.env.get("KEEPWARM_ENABLE_NEW"),
    $.env.get("KEEPWARM_KEEP_WARM"),
    $.env.get("KEEPWARM_MAX_USD_PER_PAUSE"),
    $.env.get("KEEPWARM_MAX_USD_PER_DAY"),
    $.env.get("KEEPWARM_MIN_PREFIX_TOKENS"),
    $.env.get("KEEPWARM_ALLOW_SUBSCRIPTION"),
    $.env.get("KEEPWARM_BUDGET_THINKING"),
    $.env.get("KEEPWARM_MAX_WARMS"),
    $.env.get("KEEPWARM_MAX_HELD_MB"),
    $.env.get("KEEPWARM_TTL_5M"),
    $.env.get("KEEPWARM_TTL_1H"),
    $.env.get("KEEPWARM_WARM_TOKENS"),
    $.env.get("KEEPWARM_PRICES"),
  ]);
  return {
    ANTHROPIC_BASE_URL: baseUrl,
    KEEPWARM_HOME: home,
    KEEPWARM_CONFIG: config,
    KEEPWARM_ENABLE_NEW: enableNew,
    KEEPWARM_KEEP_WARM: keepWarm,
    KEEPWARM_MAX_USD_PER_PAUSE: maxUsdPerPause,
    KEEPWARM_MAX_USD_PER_DAY: maxUsdPerDay,
    KEEPWARM_MIN_PREFIX_TOKENS: minPrefixTokens,
    KEEPWARM_ALLOW_SUBSCRIPTION: allowSubscription,
    KEEPWARM_BUDGET_THINKING: budgetThinking,
    KEEPWARM_MAX_WARMS: maxWarms,
    KEEPWARM_MAX_HELD_MB: maxHeldMb,
    KEEPWARM_TTL_5M: ttl5m,
    KEEPWARM_TTL_1H: ttl1h,
    KEEPWARM_WARM_TOKENS: warmTokens,
    KEEPWARM_PRICES: prices,
  };
}

async function processId($: Mod): Promise<number | null> {
  const { CLAUDE_PID: pid } = await $.process.hookEnv();
  return pid !== undefined && /^\d+$/.test(pid) ? Number(pid) : null;
}

/** A fault of ours is nobody's but ours: Claude Code goes on as if we were not there. */
function harmless<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}

async function harmlessly<T>(act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act();
  } catch {
    return undefined;
  }
}
