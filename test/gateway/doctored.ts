/** An upstream whose answers a test changes on their way. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { onTestFinished } from "vitest";

export interface Answer {
  status: number;
  readonly headers: Record<string, string>;
  body: string;
}

/** @returns the URL of a server that asks `url` and gives its answers changed */
export async function doctored(url: string, change: (answer: Answer) => void): Promise<string> {
  const server = createServer(async (request, response) => {
    const { host: _, connection: __, "content-length": ___, ...headers } = request.headers;
    const body = await buffer(request);
    const asked = await fetch(url + request.url, {
      method: request.method ?? "GET",
      headers: headers as Record<string, string>,
      ...(body.length > 0 ? { body } : {}),
    });
    const answer = {
      status: asked.status,
      headers: Object.fromEntries(asked.headers),
      body: await asked.text(),
    };
    change(answer);
    delete answer.headers["content-length"];
    delete answer.headers["transfer-encoding"];
    delete answer.headers.connection;
    response.writeHead(answer.status, answer.headers).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
