/** A gateway that says no. */
import { errorAnswer } from "./views/index.ts";

/** The gateway said no. `message` is its sentence. */
export class ControlError extends Error {
  override readonly name = "ControlError";
  /** HTTP status; 0 where there was no answer. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export function refusal(status: number, body: string): ControlError {
  const said = errorAnswer.safeParse(parseJson(body));
  return new ControlError(status, said.success ? said.data.error : `the gateway answered ${status}`);
}

export function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}
