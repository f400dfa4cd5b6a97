/** Arguments that several commands take, checked as settings of their kind are. */
import { InvalidArgumentError } from "commander";
import * as config from "../config/index.ts";

function argumentOf<Value extends config.Scalar>({ schema, fromText, allowed }: config.Kind<Value>) {
  return (text: string): Value => {
    const result = schema.safeParse(fromText(text));
    if (!result.success) throw new InvalidArgumentError(`It must be ${allowed}.`);
    return result.data;
  };
}

/** A duration such as `6s`, `5m` or `1h`, in ms. */
export const duration = argumentOf(config.duration);

/** A duration such as `24h`, `7d` or `4w`, in ms. */
export const period = argumentOf(config.period);

export const portNumber = argumentOf(config.port);
