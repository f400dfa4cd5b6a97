/** One question to a control API, over a connection of its own. */
import { text } from "node:stream/consumers";
import type * as z from "zod/mini";
import { type Asked, type ProvenConnection, UnprovenError } from "./connection.ts";
import { ControlError, parseJson, refusal } from "./control-error.ts";

/** @throws {ControlError} when the gateway says no; {UnprovenError} when what answers is not the gateway */
export async function askOver<T>(
  connect: () => Promise<ProvenConnection>,
  asked: Asked,
  schema: z.ZodMiniType<T>,
): Promise<T> {
  const connection = await connect();
  try {
    return read(await exchange(connection, asked), schema);
  } finally {
    connection.close();
  }
}

/** @throws {ControlError} for the two ids that a URL cannot carry, because they mean its folders */
export function conversationPath(conversationId: string, rest: string): string {
  if (conversationId === "." || conversationId === "..") {
    throw new ControlError(400, `${conversationId} cannot be used as a conversation's id here`);
  }
  return `/v1/conversations/${encodeURIComponent(conversationId.toWellFormed())}${rest}`;
}

export function nullIfUnknown(error: unknown): null {
  if (error instanceof ControlError && error.status === 404) return null;
  throw error;
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

async function exchange(connection: ProvenConnection, asked: Asked): Promise<Answer> {
  try {
    const answer = await connection.send(asked);
    return { status: answer.statusCode ?? 0, body: await text(answer) };
  } catch (error) {
    if (error instanceof UnprovenError) throw error;
    throw new ControlError(0, "the gateway went away before it had answered");
  }
}

function read<T>({ status, body }: Answer, schema: z.ZodMiniType<T>): T {
  if (status < 200 || status > 299) throw refusal(status, body);
  const parsed = schema.safeParse(parseJson(body));
  if (parsed.success) return parsed.data;
  throw new ControlError(status, "the gateway's answer is of a version that this keepwarm does not know");
}
