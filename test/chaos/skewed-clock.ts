/** Loaded before a program: its wall clock is off by CHAOS_SKEW_MS, as one that nobody has set. */
const skewMs = Number(process.env.CHAOS_SKEW_MS ?? 0);
const RealDate = Date;

globalThis.Date = new Proxy(RealDate, {
  construct: (target, values: unknown[], as) =>
    Reflect.construct(target, values.length === 0 ? [target.now() + skewMs] : values, as),
  get: (target, name) => (name === "now" ? () => target.now() + skewMs : Reflect.get(target, name, target)),
});
