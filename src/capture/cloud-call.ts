/**
 * Messages requests in the shape that clouds give them: the model in the path, the rest in the body
 * (bedrock-sdk 1.1.2 and vertex-sdk 1.1.3, client.mjs).
 */
interface Cloud {
  readonly title: string;
  readonly path: RegExp;
}

const CLOUDS: readonly Cloud[] = [
  {
    title: "Bedrock",
    path: /\/model\/([^/?#]+)\/invoke(?:-with-response-stream)?\/?(?:$|[?#])/,
  },
  {
    title: "Vertex AI",
    path: /\/publishers\/anthropic\/models\/([^/?#]+):(?:stream)?[rR]awPredict(?:$|[?#])/,
  },
];

/** Of Anthropic's models, or a profile of which nobody can tell; the other endpoints of these paths have neither. */
const MAY_BE_CLAUDE = /claude|^arn:/i;

export interface CloudCall {
  readonly model: string;
  /** Why it cannot be repeated as it stands, as a sentence. */
  readonly notWarmable: string;
}

/** Null: it is in no cloud's shape. */
export function cloudCallOf(url: string): CloudCall | null {
  for (const { title, path } of CLOUDS) {
    const model = decoded(path.exec(url)?.[1]);
    if (!MAY_BE_CLAUDE.test(model)) continue;
    return {
      model,
      notWarmable: `The request is in the shape of ${title}, whose client signs and addresses each request anew, so it cannot be repeated from outside. Give keepwarm the client: keepwarm.wrap(client), with version 1 of its SDK or later.`,
    };
  }
  return null;
}

/** The body as the Messages API takes it, for reading alone. */
export function withModel(body: Uint8Array, model: string): Uint8Array {
  const open = body.indexOf(0x7b);
  if (open < 0) return body;
  return Buffer.concat([
    body.subarray(0, open + 1),
    Buffer.from(`"model":${JSON.stringify(model)},`),
    body.subarray(open + 1),
  ]);
}

function decoded(segment = ""): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
