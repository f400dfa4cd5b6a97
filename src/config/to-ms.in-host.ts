/** The units that the library beside this takes, which is larger by what it can do besides. */
const UNITS: readonly (readonly [RegExp, number])[] = [
  [/^m(?:illi)?s(?:ec(?:ond)?s?)?$/, 1],
  [/^s(?:ec(?:ond)?s?)?$/, 1_000],
  [/^m(?:in(?:ute)?s?)?$/, 60_000],
  [/^h(?:(?:ou)?rs?)?$/, 3_600_000],
  [/^d(?:ays?)?$/, 86_400_000],
  [/^w(?:eeks?)?$/, 604_800_000],
  [/^y(?:(?:ea)?rs?)?$/, 31_557_600_000],
];

export function toMs(text: string): number {
  const [, count, unit = ""] = /^(\d+(?:\.\d+)?) *([a-z]+)$/i.exec(text) ?? [];
  const found = UNITS.find(([names]) => names.test(unit.toLowerCase()));
  return found === undefined ? Number.NaN : Number(count) * found[1];
}
