/** The gateway's settings, as a person may see and change them. */
import * as z from "zod/mini";

export type SettingValue = string | number | boolean;

export interface SettingView {
  /** As in the config file: `enableNew`. */
  readonly name: string;
  /** In force in the running gateway; null: not set. Durations are in ms. */
  readonly value: SettingValue | null;
  /** The same as a person would write it; "" where it is not set. */
  readonly text: string;
  /** What holds where nobody chose; null: not set. */
  readonly default: SettingValue | null;
  readonly origin: {
    readonly from: "default" | "file" | "environment" | "flag";
    /** Where exactly: `default`, `~/…/config.json:3`, `KEEPWARM_TIER`, `--tier`. */
    readonly where: string;
  };
  /** What it means. */
  readonly description: string;
  /** What it may be: "must be …". */
  readonly allowed: string;
  /** Every text there is, where those are few. */
  readonly choices: readonly string[];
  readonly kind: "switch" | "choice" | "number" | "text";
  /** It may be not set at all. */
  readonly optional: boolean;
  /** Why it cannot be changed here, as a sentence; null: it can, and what is chosen is in force at once. */
  readonly fixed: string | null;
  /** It can be changed while the gateway runs, unless a flag or the environment decides it. */
  readonly live: boolean;
}

export interface SettingsAnswer {
  /** The config file, there or not; with `~` for the home of the gateway's person. */
  readonly file: string;
  readonly settings: readonly SettingView[];
}

/** The body of `POST /v1/settings`. */
export interface SettingChange {
  readonly name: string;
  /** As text or as the value itself; null takes it out of the file, so that its default holds. */
  readonly value: SettingValue | null;
}

/** The answer to it. */
export interface SettingChanged extends SettingsAnswer {
  /** What else the person should know. */
  readonly note: string | null;
}

const settingValue = z.union([z.string(), z.number(), z.boolean()]);

const settings = {
  file: z.string(),
  settings: z.array(
    z.looseObject({
      name: z.string(),
      value: z.nullable(settingValue),
      text: z.string(),
      default: z.nullable(settingValue),
      origin: z.looseObject({
        from: z.enum(["default", "file", "environment", "flag"]),
        where: z.string(),
      }),
      description: z.string(),
      allowed: z.string(),
      choices: z.array(z.string()),
      kind: z.enum(["switch", "choice", "number", "text"]),
      optional: z.boolean(),
      fixed: z.nullable(z.string()),
      live: z._default(z.boolean(), true),
    }),
  ),
};

export const settingsAnswer = z.looseObject(settings);

export const settingChanged = z.looseObject({ ...settings, note: z.nullable(z.string()) });
